"""A page's fenced blocks, in order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^>]+?) -->\n)?^```(?P<info>[^\n`]*)\n(?P<text>.*?)^```$",
    re.DOTALL | re.MULTILINE,
)


@dataclass(frozen=True)
class Block:
    """``language`` and ``file`` are the words behind the fence; ``adds`` where a ``+`` follows them.

    ``reason`` says why it is not run: the comment on the line above.
    """

    page: str
    line: int
    language: str
    file: str
    adds: bool
    text: str
    reason: str

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks(page: Path) -> list[Block]:
    """All blocks of a page."""
    text = page.read_text(encoding="utf-8")
    found = []
    for match in BLOCK.finditer(text):
        language, file, *more = [*match["info"].split(), "", ""]
        line = text.count("\n", 0, match.start("info")) + 1
        found.append(
            Block(
                page.name,
                line,
                language,
                file,
                "+" in more,
                match["text"],
                " ".join((match["reason"] or "").split()),
            )
        )
    return found
