"""Pages that are written by programs."""
