"""Writes the transcript in README.md by asking the running demo: ``make transcript``. A test compares."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

from tests.demo import Demo

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- transcript[^\n]*-->\n).*?(<!-- /transcript -->)", re.DOTALL)
QUESTIONS = (
    "Where is my order 789?",
    "and what about 456?",
    "What does shipping to Norway cost?",
    "Do you rent out tents?",
    "I'd rather talk to a human",
)


def transcript(demo: Demo) -> str:
    """The questions and what was answered, as Markdown."""
    conversation = demo.begin()
    lines: list[str] = []
    for question in QUESTIONS:
        answer = demo.say(question, conversation_id=conversation)
        reply = re.sub(r"T-\d+", "T-1001", answer["reply"])  # its number depends on who asked before
        lines += [f"**{question}**", ""]
        lines += [f"> {line}".rstrip() for line in reply.splitlines()]
        for citation in answer["citations"]:
            lines += [">", f"> [{citation['n']}] *{citation['title']}*"]
        lines.append("")
    return "\n".join(lines)


def current() -> str:
    """What stands in the README."""
    found = BLOCK.search(README.read_text(encoding="utf-8"))
    return found[0] if found else ""


def block(text: str) -> str:
    """The whole block around a transcript."""
    head = "<!-- transcript: written by `make transcript`, compared by tests/test_demo.py -->\n"
    return f"{head}{text}<!-- /transcript -->"


def main() -> None:
    """Start the demo, ask, write."""
    with tempfile.TemporaryDirectory() as folder:
        demo = Demo(Path(folder) / "data")
        try:
            made = block(transcript(demo))
        finally:
            demo.stop()
    README.write_text(BLOCK.sub(lambda _: made, README.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
