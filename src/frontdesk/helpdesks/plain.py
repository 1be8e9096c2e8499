"""The text of a reply that came as HTML: paragraphs, line breaks, and where links go."""

from __future__ import annotations

import re
from html import unescape

__all__ = ["text_of"]

# Each form ends at the next bracket: whatever is in the text, it is read once. `html.parser` takes quadratic time for
# tags without an end, and raises for some.
_MARKUP = re.compile(r"<!--|<(?P<end>/?)(?P<tag>[a-zA-Z][^\s<>/]*+)(?P<rest>[^<>]*+)>|<[!?/][^<>]*+>")
_TARGET = re.compile(r"""(?<![^\s"'])href\s*=\s*(?:"([^"]*)"|'([^']*)'|([^\s"']+))""", re.IGNORECASE)
_BREAKS = dict.fromkeys(("br", "p", "div", "tr", "h1", "h2", "h3"), "\n") | {"li": "\n- "}
_UNSEEN = frozenset({"script", "style"})


def text_of(html: str) -> str:
    """``html`` as plain text. Takes time linear in its length, and never raises."""
    reading, place, comments = _Reading(), 0, True
    while markup := _MARKUP.search(html, place):
        reading.data(html[place : markup.start()])
        place = markup.end()
        if markup["tag"]:
            reading.tag(markup["tag"].lower(), markup["rest"], ends=bool(markup["end"]))
        elif markup.group() == "<!--":
            end = html.find("-->", place) if comments else -1
            comments = end >= 0  # none ends behind one that does not
            if comments:
                place = end + len("-->")
            else:
                reading.data("<!--")
    reading.data(html[place:])
    lines = (" ".join(line.split()) for line in "".join(reading.said).split("\n"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


class _Reading:
    def __init__(self) -> None:
        self.said: list[str] = []
        self._unseen = ""  # the tag that is read by nobody
        self._target = ""

    def tag(self, name: str, attributes: str, *, ends: bool) -> None:
        """A break, a link and behind it where it goes, or what nobody reads."""
        if self._unseen:
            if ends and name == self._unseen:
                self._unseen = ""
        elif ends:
            if name == "p":
                self.said.append("\n")
            if name == "a":
                if self._target and self._target not in "".join(self.said[-1:]):
                    self.said.append(f" ({self._target})")
                self._target = ""
        else:
            if name in _BREAKS:
                self.said.append(_BREAKS[name])
            if name in _UNSEEN and not attributes.endswith("/"):
                self._unseen = name
            if name == "a":
                self._target = _target(attributes)

    def data(self, text: str) -> None:
        """Text; its own line breaks mean nothing."""
        if text and not self._unseen:
            self.said.append(re.sub(r"\s", " ", _unescaped(text)))


def _target(attributes: str) -> str:
    found = _TARGET.search(attributes)
    target = _unescaped(next(filter(None, found.groups()), "")) if found else ""
    return target if target.startswith(("https://", "http://")) else ""


def _unescaped(text: str) -> str:
    try:
        return unescape(text)
    except ValueError:  # a number of more digits than Python reads
        return text
