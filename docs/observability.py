"""Writes the metrics' table into docs/observability.md: ``python -m docs.observability``. A test compares."""

from __future__ import annotations

import re
from pathlib import Path

from frontdesk.telemetry import metrics

BEGIN, END = "<!-- metrics -->\n", "<!-- /metrics -->\n"


def metrics_table() -> str:
    """Each metric with its labels and what it is."""
    rows = [
        f"| `{m.name}` | {m.kind} | {', '.join(f'`{label}`' for label in m.labels)} | {m.about} |"
        for m in metrics.DECLARED
    ]
    return "\n".join(["| metric | kind | labels | what |", "|---|---|---|---|", *rows]) + "\n"


if __name__ == "__main__":
    page = Path(__file__).with_suffix(".md")
    text = page.read_text(encoding="utf-8")
    between = re.compile(re.escape(BEGIN) + ".*?" + re.escape(END), re.DOTALL)
    page.write_text(between.sub(lambda _: BEGIN + metrics_table() + END, text), encoding="utf-8")
