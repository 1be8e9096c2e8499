"""Writes docs/settings.md from the settings themselves: ``python docs/settings.py``. A test compares."""

from __future__ import annotations

from pathlib import Path

from frontdesk.settings import Settings

HEAD = """# Settings

Read once from the environment at start; a wrong one stops the start with a sentence. Written by
`python docs/settings.py` from `src/frontdesk/settings.py`.

| variable | default | meaning |
|---|---|---|
"""
TAIL = """
`make run` also takes `PORT` (8000), `SHOP_PORT` (8001) and `SHOP_DATABASE_URL` (empty: the embedded server).
Models read their providers' own variables: `OPENAI_API_KEY`, `OPENAI_BASE_URL`, `ANTHROPIC_API_KEY`, …

Secrets may stand in files, as Docker, Kubernetes and systemd hand them over: `FRONTDESK_SECRET_FILE=/run/secrets/frontdesk`
is read for `FRONTDESK_SECRET`, and so for every setting and for `OPENAI_API_KEY_FILE`, `ANTHROPIC_API_KEY_FILE`, ….
"""


def text() -> str:
    """The whole page."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = field.default
        shown = "" if default in ("", ()) else f"`{default}`"
        rows.append(f"| `FRONTDESK_{name.upper()}` | {shown} | {field.description} |")
    return HEAD + "\n".join(rows) + "\n" + TAIL


if __name__ == "__main__":
    Path(__file__).with_suffix(".md").write_text(text(), encoding="utf-8")
