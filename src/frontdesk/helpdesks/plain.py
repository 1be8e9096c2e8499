"""The text of a reply that came as HTML: paragraphs, line breaks, and where links go."""

from __future__ import annotations

import re
from html.parser import HTMLParser

__all__ = ["text_of"]

_BREAKS = frozenset({"br", "p", "div", "li", "tr", "h1", "h2", "h3"})
_UNSEEN = frozenset({"script", "style"})


def text_of(html: str) -> str:
    """``html`` as plain text."""
    reading = _Reading()
    reading.feed(html)
    reading.close()
    lines = (" ".join(line.split()) for line in "".join(reading.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reading(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self._unseen = 0
        self._target = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """A break, a link, or what nobody reads."""
        if tag in _BREAKS:
            self.said.append("\n- " if tag == "li" else "\n")
        if tag in _UNSEEN:
            self._unseen += 1
        if tag == "a":
            self._target = dict(attrs).get("href") or ""

    def handle_endtag(self, tag: str) -> None:
        """The end of a paragraph; behind a link, where it goes."""
        if tag == "p":
            self.said.append("\n")
        if tag in _UNSEEN:
            self._unseen = max(0, self._unseen - 1)
        if tag == "a":
            if self._target.startswith(("https://", "http://")) and self._target not in "".join(
                self.said[-1:]
            ):
                self.said.append(f" ({self._target})")
            self._target = ""

    def handle_data(self, data: str) -> None:
        """Text; its own line breaks mean nothing."""
        if not self._unseen:
            self.said.append(re.sub(r"\s", " ", data))
