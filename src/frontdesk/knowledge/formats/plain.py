"""Plain text: paragraphs, lists and underlined headings as they stand; nothing in it is a mark."""

from __future__ import annotations

import re

from frontdesk.knowledge.formats.parsed import MAX_TEXT, Malformed, Parsed, decode

_MARKS = re.compile(r"([\\`*_\[\]<>#|~])")
_BULLET = re.compile(r"([ \t]{0,12})([-*+•·▪‣◦–])[ \t]+(?=\S)")
_INDENT = re.compile(r"[ \t]{0,400}")


def parse(data: bytes) -> Parsed:
    """A text file. Raises Malformed."""
    if len(data) > MAX_TEXT:
        raise Malformed(f"larger than {MAX_TEXT // 1_000_000} MB of text")
    text = decode(data).strip("\n")
    first = text.partition("\n\n")[0].strip()
    title = (
        first if "\n" not in first and 0 < len(first) <= 100 and not first.endswith((".", ",", ";")) else ""
    )
    return Parsed("\n".join(map(_line, text.split("\n"))), title=title)


def _line(line: str) -> str:
    bullet = _BULLET.match(line)
    if bullet:
        return " " * min(8, len(bullet[1].expandtabs(4)) // 2 * 2) + "- " + escaped(line[bullet.end() :])
    if set(line.strip()) in ({"="}, {"-"}) and len(line.strip()) > 2:
        return line.strip()
    return escaped(_INDENT.sub("", line, count=1))


def escaped(text: str) -> str:
    """``text`` as Markdown that reads the same."""
    return _MARKS.sub(r"\\\1", text)
