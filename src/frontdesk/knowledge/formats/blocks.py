"""Markdown to headings and blocks of plain text: the one place that knows markdown-it's tokens."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from frontdesk.knowledge.formats.emphasis import tokenize
from frontdesk.knowledge.formats.inline import all_links, code, inline, only_links, plain, text_of

QUESTION = 7  # the level of a bold question: under every heading
_ANCHOR = re.compile(r"\{#([^{}\s]{0,200})\}[ \t]*#*[ \t]*\Z")
_Q = re.compile(r"Q(?:uestion)?\s?\d{0,3}\s?[:.)]\s+")
_SPOKEN = re.compile(
    r"Q(?:uestion)?\s?\d{0,3}[:.)]\s+(\S.{2,290}?[?？])(?:\s+(?:A(?:nswer)?\s?\d{0,3}[:.)]\s+)?(\S.*))?",
    re.DOTALL,
)
_A = re.compile(r"A(?:nswer)?\s?\d{0,3}[:.)]\s+")
_LABEL_WORDS, _SHORTEST = 12, 8


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading; without ``text`` the section before it goes on. ``anchor`` None: it has none of its own and
    takes that of the section around it; "": GitHub's."""

    level: int
    text: str
    anchor: str | None = ""


@dataclass(frozen=True, slots=True)
class Block:
    """Text that belongs together. ``pieces`` are a table's rows or a list's items, where it may be cut.

    ``links`` says that it is a list of nothing but links to other pages; ``linked``, that nothing in it stands
    outside of links, to wherever, except to people.
    """

    text: str
    pieces: tuple[str, ...] = ()
    links: bool = False
    linked: bool = False


def _anchors(state: StateCore) -> None:
    """Explicit anchors, taken off headings before what is in them can be read as a mark."""
    for position, token in enumerate(state.tokens[:-1]):
        if token.type == "heading_open":
            inline = state.tokens[position + 1]
            found = _ANCHOR.search(inline.content)
            if found:
                inline.content = inline.content[: found.start()].rstrip()
                token.meta["anchor"] = found[1] or None


_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
_MARKDOWN.core.ruler.before("inline", "anchors", _anchors)
_MARKDOWN.inline.ruler.at("emphasis", tokenize)


def read(body: str) -> Iterator[Heading | Block]:
    """Headings and blocks of a Markdown text, in order."""
    tokens = _MARKDOWN.parse(body)
    position = 0
    asked = False
    while position < len(tokens):
        token = tokens[position]
        end = _end(tokens, position)
        if token.type == "heading_open":
            asked = False
            yield Heading(
                int(token.tag[1]), plain(inline(tokens[position + 1])), token.meta.get("anchor", "")
            )
        elif token.type == "paragraph_open":
            for part in _paragraph(tokens[position + 1], asked=asked):
                asked = part.text != "" if isinstance(part, Heading) else asked
                yield part
        elif block := _block(tokens[position : end + 1]):
            yield block
        position = end + 1


def _end(tokens: Sequence[Token], start: int) -> int:
    """Index of the token that closes the block which begins at ``start``."""
    depth = 0
    for position in range(start, len(tokens)):
        depth += tokens[position].nesting
        if depth == 0:
            return position
    return len(tokens) - 1


def _paragraph(token: Token, *, asked: bool) -> Iterator[Heading | Block]:
    text = inline(token)
    if not text:
        return
    bold, rest = _bold(token)
    if bold.endswith(("?", "？")) and len(bold) > _SHORTEST:
        yield Heading(QUESTION, _Q.sub("", bold, count=1), None)
        if rest:
            yield Block(_A.sub("", rest, count=1))
    elif spoken := _SPOKEN.fullmatch(text):
        yield Heading(QUESTION, plain(spoken[1]), None)
        if spoken[2]:
            yield Block(spoken[2])
    else:
        if asked and bold and not rest and len(bold.split()) <= _LABEL_WORDS:
            yield Heading(QUESTION, "", None)  # another bold line ends the answer
        yield Block(_A.sub("", text, count=1) if asked else text, linked=all_links([token]))


def _bold(token: Token) -> tuple[str, str]:
    """The text in bold that a paragraph begins with, and what follows it."""
    children = [child for child in token.children or [] if child.type != "text" or child.content]
    if not children or children[0].type != "strong_open":
        return "", ""
    depth = 0
    for position, child in enumerate(children):
        depth += (child.type == "strong_open") - (child.type == "strong_close")
        if depth == 0:
            return plain(text_of(children[: position + 1])), text_of(children[position + 1 :])
    return "", ""


def _block(tokens: Sequence[Token]) -> Block | None:
    kind = tokens[0].type
    if kind == "table_open":
        rows = tuple(_rows(tokens))
        return Block("\n".join(rows), rows) if rows else None
    if kind in {"bullet_list_open", "ordered_list_open"}:
        items = tuple(_items(tokens))
        text = "\n".join(items)
        return Block(text, items, only_links(text), all_links(tokens)) if text else None
    if kind in {"fence", "code_block"}:
        text = code(tokens[0])
        return Block(text) if text else None
    parts = [text for text in _parts(tokens) if text]
    return Block("\n".join(parts)) if parts else None


def _parts(tokens: Sequence[Token]) -> Iterator[str]:
    """Texts of a quote: its paragraphs, and its tables and lists as ever."""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        end = position
        if token.type == "inline":
            yield inline(token)
        elif token.type in {"fence", "code_block"}:
            yield code(token)
        elif token.type in {"table_open", "bullet_list_open", "ordered_list_open"}:
            end = _end(tokens, position)
            block = _block(tokens[position : end + 1])
            yield block.text if block else ""
        position = end + 1


# ------------------------------------------------------------------ tables
def _rows(tokens: Sequence[Token]) -> Iterator[str]:
    """Each row of a table as ``Country: Norway; Cost: 14.95 EUR``."""
    names: list[str] | None = None
    cells: list[str] = []
    alone = True
    for position, token in enumerate(tokens):
        if token.type in {"th_open", "td_open"}:
            cells.append(inline(tokens[position + 1]))
        elif token.type == "tr_close":
            if names is None:
                names = cells
            else:
                alone = False
                yield _row(names, cells)
            cells = []
    if alone and names and any(names):
        yield "; ".join(filter(None, names))


def _row(names: list[str], cells: list[str]) -> str:
    if not any(names) and len(cells) == 2 and all(cells):
        return f"{cells[0].rstrip(':')}: {cells[1]}"
    pairs = zip(names, cells, strict=False)
    return "; ".join(_cell(name, cell) for name, cell in pairs if cell)


def _cell(name: str, cell: str) -> str:
    """``Zone: 1``, but not ``Zone: Zone 1``."""
    return f"{name}: {cell}" if name and not cell.casefold().startswith(name.casefold()) else cell


# ------------------------------------------------------------------ lists
def _items(tokens: Sequence[Token]) -> Iterator[str]:
    """Each item of the outer list, its lines numbered and indented as in the article."""
    lines: list[str] = []
    for depth, line in _lines(tokens):
        if depth == 0 and lines:
            yield "\n".join(lines)
            lines = []
        lines.append(line)
    if lines:
        yield "\n".join(lines)


def _lines(tokens: Sequence[Token]) -> Iterator[tuple[int, str]]:
    """Lines of a list; 0 for one that begins an item of the outer list, else 1."""
    counters: list[int | None] = []
    mark = ""
    position = 0
    while position < len(tokens):
        token = tokens[position]
        texts: list[str] = []
        if token.type == "ordered_list_open":
            start = token.attrGet("start")
            counters.append(int(start) if start is not None else 1)
        elif token.type == "bullet_list_open":
            counters.append(None)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            counters.pop()
        elif token.type == "list_item_open":
            number = counters[-1]
            mark = "- " if number is None else f"{number}. "
            counters[-1] = None if number is None else number + 1
        elif token.type == "inline":
            # A step of a procedure is never a mere pointer, even if it is all link.
            texts = [inline(token) if counters[-1] is None else plain(inline(token))]
        elif token.type in {"fence", "code_block"}:
            texts = code(token).split("\n")
        elif token.type == "table_open":
            end = _end(tokens, position)
            texts = list(_rows(tokens[position : end + 1]))
            position = end
        for text in filter(None, texts):
            outer = len(counters) == 1 and bool(mark)
            yield int(not outer), "  " * (len(counters) - 1) + (mark or "  ") + text
            mark = ""
        position += 1
