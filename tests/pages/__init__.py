"""Runs what the documentation says: each fenced block of a page is executed, compared, or excused with a reason."""
