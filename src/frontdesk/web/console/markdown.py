"""Messages as the widget shows them: Markdown as HTML, in which nothing runs and nothing is fetched.

Tags in a text are shown as text, images stay their description, links go to http(s), mailto and tel only. What nests
deeper than anybody writes, or has more marks, is shown as it was written. nh3 behind it lets through what is named here
and no more.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import nh3
from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup, escape

from frontdesk.domain import Json

__all__ = ["DEEPEST", "markdown", "unmarked"]

DEEPEST = 16
MOST_MARKS = 500  # of the worst 8,000 characters 0.2 s of reading; replies have some fifty
MOST_CELLS = 2000  # a table fills its short rows: 1,300 bars came to 30,000 cells and two seconds
SAFE = re.compile(r"(?:https?://|mailto:|tel:)", re.IGNORECASE)
TAGS = {
    "p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "div",
    "table", "thead", "tbody", "tr", "th", "td",
}  # fmt: skip
ATTRIBUTES = {
    "a": {"href", "target", "class", "aria-label"},
    "div": {"class", "tabindex", "role", "aria-label"},
    "ol": {"start"},
    **{name: {"dir"} for name in ("p", "li", "th", "td", "blockquote")},
}
OWN_DIRECTION = ("paragraph_open", "list_item_open", "th_open", "td_open", "blockquote_open")
FRAMES = {"table_open": "Table", "fence": "Code", "code_block": "Code"}  # what scrolls by itself
MARK = re.compile(r"[\[*_|~`<!>&-]")
# Without these, and without a line that begins as a block does, a text is paragraphs of lines: most messages are.
INLINE = re.compile(r"[\\`*_\[\]<&~|]|https?://", re.IGNORECASE)
BLOCK = re.compile(r"^ *[#>+=\d\t-]|^ {4}", re.MULTILINE)
BARE = re.compile(
    r"\[(?P<n>\d{1,2})\]|(?P<url>https?://[^\s<>\"'`\])}*]*[^\s<>\"'`\])}*.,;:!?])", re.IGNORECASE
)


def markdown(text: str, citations: Sequence[Json] = ()) -> Markup:
    """``text`` as safe HTML; ``[1]`` in it leads to the citation of that number: ``{"n", "url", "title"}``."""
    if _plain(text):
        return _paragraphs(text)
    tokens = [] if _laborious(text) else READER.parse(text)
    if not tokens or _depth(tokens) > DEEPEST:
        return Markup('<p class="written" dir="auto">{}</p>').format(text)
    addresses = {str(each.get("n")): each for each in citations if SAFE.match(str(each.get("url") or ""))}
    for token in tokens:
        if token.children is not None:
            token.children = list(_linked(token.children, addresses))
    made = nh3.clean(
        READER.renderer.render(list(_framed(tokens)), READER.options, {}),
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes={"http", "https", "mailto", "tel"},
        link_rel="noopener noreferrer",
    )
    return Markup(made)  # noqa: S704  (what this module is for)


def unmarked(text: str) -> str:
    """``text`` on one line and without its marks, as a list shows it."""
    if _plain(text) or _laborious(text):
        return " ".join(text.split())
    tokens = READER.parse(text)
    inner = (child for token in tokens for child in (token.children or [token]))
    return " ".join("".join(t.content or " " * t.block or " " * (t.tag == "br") for t in inner).split())


def _plain(text: str) -> bool:
    return not INLINE.search(text) and not BLOCK.search(text)


def _laborious(text: str) -> bool:
    """Whether reading it takes longer than others should wait: by its marks, its lines and the cells of a table."""
    lines = text.split("\n")
    if len(lines) > MOST_MARKS or len(MARK.findall(text)) + len(BLOCK.findall(text)) > MOST_MARKS:
        return True
    widest = max(line.count("|") for line in lines)
    return widest > 0 and (widest + 1) * len(lines) > MOST_CELLS


def _paragraphs(text: str) -> Markup:
    """What the reader makes of a text without a mark, in a hundredth of the time."""
    parts = [[line.strip() for line in part.strip().split("\n")] for part in re.split(r"\n[ \t]*\n", text)]
    made = [Markup("<br>\n").join(lines) for lines in parts]
    return Markup("\n").join(Markup('<p dir="auto">{}</p>').format(each) for each in made if each)


def _reader() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True, "maxNesting": DEEPEST + 4})
    made.enable(["table", "strikethrough"])
    made.validateLink = lambda url: SAFE.match(url) is not None  # type: ignore[method-assign]
    made.add_render_rule("image", _described)
    return made


def _depth(tokens: Sequence[Token]) -> int:
    """How many elements stand around the innermost one, in blocks or in a line."""
    return max(
        max((t.level for t in token.children), default=0) if token.children else token.level
        for token in tokens
        if token.children or token.type != "inline"
    )


def _described(_: Any, tokens: Sequence[Token], at: int, *__: Any) -> str:
    return str(escape(tokens[at].content or "image"))


def _framed(tokens: Iterable[Token]) -> Iterator[Token]:
    """Headings as bold lines, directions by the text itself, and a frame that the keyboard reaches around what is wide."""
    for token in tokens:
        if token.type in OWN_DIRECTION:
            token.attrSet("dir", "auto")
        if token.type in ("heading_open", "heading_close"):
            opens = token.type == "heading_open"
            bold = Token("strong_open" if opens else "strong_close", "strong", token.nesting)
            line = Token("paragraph_open", "p", token.nesting, block=True)
            yield from (line, bold) if opens else (bold, line)
            continue
        if token.type in FRAMES:
            yield Token("frame_open", "div", 1, attrs={
                "class": "wide", "tabindex": "0", "role": "group", "aria-label": FRAMES[token.type],
            })  # fmt: skip
        if token.type == "fence":
            token.info = ""  # a language is nothing that is shown
        yield token
        if token.type in (*FRAMES, "table_close") and token.type != "table_open":
            yield Token("frame_close", "div", -1)


def _linked(tokens: Iterable[Token], addresses: dict[str, Json]) -> Iterator[Token]:
    """With links for citations and bare addresses; all links open beside the console."""
    inside, address, empty = 0, "", False
    for token in tokens:
        inside += (token.type == "link_open") - (token.type == "link_close")
        if token.type == "link_open":
            address = str(token.attrGet("href") or "")
            token.attrs = {"href": address, "target": "_blank"}
            empty = True
        elif token.type == "link_close" and empty:
            yield Token("text", "", 0, content=address)
        else:
            empty = empty and not token.content
        if token.type == "text" and not inside:
            yield from _pieces(token.content, addresses)
        else:
            yield token


def _pieces(text: str, addresses: dict[str, Json]) -> Iterator[Token]:
    done = 0
    for found in BARE.finditer(text):
        attributes: dict[str, str | int | float] = {"target": "_blank"}
        if number := found["n"]:
            if number not in addresses:
                continue
            cited = addresses[number]
            attributes |= {
                "href": str(cited["url"]),
                "class": "cite",
                "aria-label": f"Source {number}: {cited.get('title')}",
            }
        else:
            attributes["href"] = found["url"]
        yield Token("text", "", 0, content=text[done : found.start()])
        yield Token("link_open", "a", 1, attrs=attributes)
        yield Token("text", "", 0, content=number or found[0])
        yield Token("link_close", "a", -1)
        done = found.end()
    yield Token("text", "", 0, content=text[done:])


READER = _reader()
