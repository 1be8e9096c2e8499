"""HTML tags and JSX components in a Markdown page, each set aside as a mark on one line."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from frontdesk.knowledge.formats.parsed import listed
from frontdesk.knowledge.formats.protect import Kept

OPEN, CLOSE = "\ue012", "\ue013"
MARK = re.compile(f"{OPEN}(\\d+){CLOSE}")
_START = re.compile(r"<(?:(/?)([A-Za-z$_][\w.-]{0,80})(?=[\s/>])|/?>)")
_SPACE = re.compile(r"\s*")
_NAME = re.compile(r"[^\s\"'<>/={}`]{1,200}")
_VALUE = re.compile(r"\"[^\"]{0,8000}\"|'[^']{0,8000}'|[^\s\"'{}<>`=]{1,2000}")
_STRING = re.compile(r"""\A\s*(?:"([^"]*)"|'([^']*)'|`([^`$]*)`)\s*\Z""")
_STRINGS = re.compile(r"""["'`]([^"'`\n]{1,200})["'`]""")
LIMIT = 20_000  # characters of one tag
UNCLOSED = 20  # so many brackets without an end, and the rest are taken for text

VOID = listed(
    """
    area base br col embed hr img input link meta source track wbr
    """
)
INLINE = listed(
    """
    a abbr acronym b bdi bdo big br button cite code data del dfn em font i img input ins kbd label mark
    q rp rt ruby s samp small span strike strong sub sup time tt u var wbr
    """
)
BLOCK = listed(
    """
    address article aside blockquote body caption center col colgroup dd details dialog dir div dl dt
    fieldset figcaption figure footer h1 h2 h3 h4 h5 h6 header hgroup hr html li main menu meta ol p
    picture pre search section source summary table tbody td tfoot th thead tr track ul
    """
)
GONE = listed(
    """
    script style iframe form noscript template object svg head nav select textarea video audio canvas
    math embed link base title applet frameset option
    """
)
KNOWN = INLINE | BLOCK | GONE | VOID


@dataclass(slots=True)
class Tag:
    """One tag; ``alone`` says that nothing closes it. A generator's shortcode has a name that begins with %."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    closing: bool = False
    alone: bool = False

    @property
    def component(self) -> bool:
        """Whether it is a component (``<Callout>``, ``<Tabs.Tab>``) and no HTML."""
        return self.name[0].isupper() or self.name[0] in "$_" or "." in self.name

    @property
    def hidden(self) -> bool:
        """Whether a browser would not show it."""
        said = self.attributes
        style = said.get("style", "").replace(" ", "").lower()
        unseen = "hidden" in said or "display:none" in style or "visibility:hidden" in style
        return unseen or said.get("aria-hidden") == "true"


class Tags:
    """The tags of a page, by the number in their mark."""

    def __init__(self, kept: Kept) -> None:
        self._found: list[Tag] = []
        self._kept = kept
        self._unclosed = 0

    def add(self, tag: Tag) -> str:
        """The mark that stands for ``tag``."""
        self._found.append(tag)
        return f"{OPEN}{len(self._found) - 1}{CLOSE}"

    def __getitem__(self, number: int) -> Tag:
        return self._found[number] if number < len(self._found) else Tag("span", alone=True)

    def take(self, text: str, *, mdx: bool) -> str:
        """``text`` with every tag replaced by its mark. What only looks like one stays, as text."""
        parts: list[str] = []
        done = position = 0
        while (start := _START.search(text, position)) is not None:
            end = self._read(text, start, mdx=mdx)
            if end is None:
                position = start.end()
                continue
            parts.append(text[done : start.start()])
            if end[1] is not None:
                parts.append(self.add(end[1]))
            done = position = end[0]
        return "".join([*parts, text[done:]])

    def _read(self, text: str, start: re.Match[str], *, mdx: bool) -> tuple[int, Tag | None] | None:
        """Where the tag ends, and the tag (None for a JSX fragment); None when it is no tag."""
        name = start[2]
        if name is None:
            return (start.end(), None) if mdx else None
        tag = Tag(name if name[0].isupper() or "." in name else name.lower(), closing=bool(start[1]))
        end = self._attributes(text, start.end(), tag)
        if end is None:
            return None
        if not tag.component and tag.name not in KNOWN:
            # <your-name> is what a reader should put there; <x-widget data-a="b"> is a tag.
            if not tag.attributes and not tag.closing and not tag.alone and not mdx:
                return None
            tag.name = "span"
        tag.alone = tag.alone or tag.name in VOID
        return end, tag

    def _attributes(self, text: str, position: int, tag: Tag) -> int | None:
        limit = position + LIMIT
        while position < limit:
            position = _SPACE.match(text, position, limit).end()  # type: ignore[union-attr]
            if text.startswith(">", position):
                return position + 1
            if text.startswith("/>", position):
                tag.alone = True
                return position + 2
            following = self._attribute(text, position, tag)
            if following is None:
                return None
            position = following
        return None

    def _balanced(self, text: str, position: int) -> int:
        """As ``balanced``, but a page of brackets that nothing closes is not searched for ever."""
        end = balanced(text, position) if self._unclosed < UNCLOSED else -1
        self._unclosed += end < 0
        return end

    def _attribute(self, text: str, position: int, tag: Tag) -> int | None:
        if text.startswith("{", position):  # {...spread}
            end = self._balanced(text, position)
            return end if end > 0 else None
        if text.startswith("/", position):
            return position + 1
        name = _NAME.match(text, position)
        if name is None:
            return None
        position = name.end()
        value = _SPACE.match(text, position, position + 200)
        after = value.end() if value else position
        if not text.startswith("=", after):
            tag.attributes.setdefault(name[0].lower(), "")
            return position
        return self._value(text, after + 1, name[0].lower(), tag)

    def _value(self, text: str, position: int, name: str, tag: Tag) -> int | None:
        space = _SPACE.match(text, position, position + 200)
        position = space.end() if space else position
        if text.startswith("{", position):
            end = self._balanced(text, position)
            if end > 0:
                tag.attributes.setdefault(name, _expression(text[position + 1 : end - 1], name))
            return end if end > 0 else None
        value = _VALUE.match(text, position)
        if value is None:
            return None
        said = value[0]
        said = said[1:-1] if said[0] in "\"'" else said
        tag.attributes.setdefault(name, " ".join(self._kept.inline(said).split()))
        return value.end()


def _expression(source: str, name: str) -> str:
    """The string an attribute's expression is; for a list of strings, these with a line each."""
    string = _STRING.match(source)
    if string:
        return next((s for s in string.groups() if s), "")
    if name == "items":
        return "\n".join(_STRINGS.findall(source[:4000]))
    return ""


def balanced(text: str, start: int) -> int:
    """Behind the bracket that closes the one at ``start``; -1 when none does within LIMIT characters."""
    depth = 0
    quote = ""
    position, limit = start, min(len(text), start + LIMIT)
    while position < limit:
        sign = text[position]
        if quote:
            if sign == "\\":
                position += 1
            elif sign == quote or (sign == "\n" and quote != "`"):
                quote = ""
        elif sign in '"`' or (sign == "'" and not text[position - 1].isalnum()):
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            depth -= 1
            if depth == 0:
                return position + 1
        position += 1
    return -1
