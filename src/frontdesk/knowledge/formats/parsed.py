"""What a parser hands over, and how it says no."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

MAX_TEXT = 2_000_000  # characters of text a page may hold


class Malformed(ValueError):
    """Why a page is no article, as a sentence without any of its text."""


@dataclass(slots=True)
class Parsed:
    """A page as Markdown. ``fields`` is what it says of itself, with lower-case names and ``_`` for ``-``.

    ``title`` is a title of lower worth than a heading: a PDF's metadata, a web page's window title.
    """

    body: str
    fields: dict[str, Any] = field(default_factory=dict[str, Any])
    title: str = ""
    warning: str = ""


def listed(words: str) -> frozenset[str]:
    """Words with spaces between them, as a set."""
    return frozenset(words.split())


def decode(data: bytes) -> str:
    """Text of a file that must be UTF-8. Raises Malformed."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Malformed("not UTF-8") from None
    if "\x00" in text:
        raise Malformed("contains a NUL character: not a text file")
    return clean(text)


def clean(text: str) -> str:
    """Line ends as ``\\n``; without control characters and the private characters our own passes use as marks."""
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.translate(_DROPPED)


_DROPPED: dict[int, str | None] = dict.fromkeys(
    [*range(9), 11, 12, *range(14, 32), 127, 0xFEFF, 0x200B, 0xAD]
)
_DROPPED.update(dict.fromkeys(range(0xE000, 0xE040)))
_DROPPED[0x2028] = _DROPPED[0x2029] = "\n"
