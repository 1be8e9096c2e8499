"""Scenarios: conversations written down with what must come of them, run against a desk and judged."""
