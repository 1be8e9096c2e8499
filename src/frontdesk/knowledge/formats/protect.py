"""Code set aside while a page's dialect is read: nothing in it is a tag, a template or a mark."""

from __future__ import annotations

import re

OPEN, CLOSE = "\ue010", "\ue011"
_MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
_FENCE = re.compile(r"((?:[ \t]|>|[-*+][ \t]|\d{1,9}[.)][ \t])*)(`{3,}|~{3,})(.*)")
_TICKS = re.compile(r"`+")
_INDENT = re.compile(r"[ \t]*")
_LANGUAGE = re.compile(r"[\w+#.-]{1,40}")


class Kept:
    """Pieces of text, each with a mark that stands for it."""

    def __init__(self) -> None:
        self._pieces: list[str] = []

    def keep(self, text: str) -> str:
        """The mark that stands for ``text``."""
        self._pieces.append(text)
        return f"{OPEN}{len(self._pieces) - 1}{CLOSE}"

    def inline(self, text: str) -> str:
        """``text`` with marks replaced as they are (for an attribute's value)."""
        return _MARK.sub(self._piece, text)

    def restore(self, text: str) -> str:
        """``text`` with its marks replaced; every line of a piece begins where its mark stood."""
        return "\n".join(self._line(line) for line in text.split("\n"))

    def _line(self, line: str) -> str:
        match = _MARK.search(line)
        if match is None:
            return line
        piece = self._piece(match)
        if "\n" in piece:
            before = "".join(c if c in " \t>" else " " for c in line[: match.start()])
            piece = piece.replace("\n", "\n" + before)
        # What is kept may hold marks itself (code inside a table), but only of what was kept before it.
        return line[: match.start()] + _MARK.sub(self._piece, piece) + self._rest(line[match.end() :])

    def _rest(self, line: str) -> str:
        return _MARK.sub(self._piece, line)

    def _piece(self, match: re.Match[str]) -> str:
        position = int(match[1])
        return self._pieces[position] if position < len(self._pieces) else ""


def protect(text: str, kept: Kept) -> str:
    """``text`` with its code fences and code spans set aside, each fence on one line."""
    lines: list[str] = []
    block: list[str] = []
    fence: tuple[str, str] | None = None  # what stands before the fence, and its ticks
    for line in text.split("\n"):
        if fence is None:
            found = _FENCE.fullmatch(line)
            if found and not (found[2][0] == "`" and "`" in found[3]):
                fence = found[1], found[2]
                language = _LANGUAGE.match(found[3].strip())
                block = [found[2] + (language[0] if language else "")]
            else:
                lines.append(line)
            continue
        bare = line.strip().lstrip("> ")
        if bare and set(bare) == {fence[1][0]} and len(bare) >= len(fence[1]):
            lines.append(fence[0] + kept.keep("\n".join([*block, fence[1]])))
            fence = None
        else:
            block.append(_dedented(line, fence[0]))
    if fence is not None:
        lines.append(fence[0] + kept.keep("\n".join([*block, fence[1]])))
    return _spans("\n".join(lines), kept)


def _dedented(line: str, before: str) -> str:
    """A line of a fence without the quote marks and the indentation of the fence itself."""
    for mark in before:
        if mark == ">":
            line = line.lstrip(" ").removeprefix(">")
        elif line[:1] in {" ", "\t"}:
            line = line[1:]
    return line


def _spans(text: str, kept: Kept) -> str:
    return "\n\n".join(_paragraph(part, kept) if "`" in part else part for part in text.split("\n\n"))


def _paragraph(text: str, kept: Kept) -> str:
    runs = [(run.start(), run.end()) for run in _TICKS.finditer(text)]
    following: dict[int, int] = {}  # length of a run → the next run of that length, from the right
    closes: list[int] = [-1] * len(runs)
    for position in range(len(runs) - 1, -1, -1):
        length = runs[position][1] - runs[position][0]
        closes[position] = following.get(length, -1)
        following[length] = position
    parts: list[str] = []
    done = position = 0
    while position < len(runs):
        start, close = runs[position][0], closes[position]
        if close < 0 or (start and text[start - 1] == "\\"):
            position += 1
            continue
        parts += [text[done:start], kept.keep(text[start : runs[close][1]].replace("\n", " "))]
        done = runs[close][1]
        position = close + 1
    return "".join([*parts, text[done:]])
