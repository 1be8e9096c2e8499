"""Articles cut into passages that can be found, quoted and linked to.

A passage is what stands under one heading, as plain text: a table row becomes a sentence, a link its text.
Small neighbours under the same parent are put together, long sections cut between paragraphs; tables and
lists stay whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from markdown_it import MarkdownIt
from markdown_it.token import Token

from frontdesk.knowledge.load import Article

VERSION = 2  # raise it when chunks come out differently: every article is then cut again
SMALL, LARGE = 20, 180  # words: smaller is put with a neighbour, larger is cut
JOIN = " › "
POINTER = 0.28  # a sentence of which this share is a link to another page answers nothing itself

_OPEN, _CLOSE = "\ue000", "\ue001"  # around a link to another page, until sentences are told apart
# "The steps are in Warranty." and "Warranty explains the steps."
_REFERS = re.compile(
    f"^[^,:;{_OPEN}]*\\b(?:in|see|on|under|at|page|read)(?: the page)? {_OPEN}[^{_CLOSE}]*{_CLOSE}[.!]?$"
    f"|^(?:The page )?{_OPEN}[^{_CLOSE}]*{_CLOSE} (?:explains?|describes?|shows?|tells?|lists?|has|says?)\\b",
    re.IGNORECASE,
)
_LINKED = re.compile(f"{_OPEN}(.*?){_CLOSE}", re.DOTALL)
_MARKDOWN = MarkdownIt("commonmark").enable("table")
_ENDED = re.compile(r"[.!?:;。！？…][\"'”’)\]\ue001]*\s*$")
_BREAK = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!e\.g\.)(?<!i\.e\.)\s+(?=[\"“'(\ue000]*[A-Z0-9ÀÁÄÉÈÖÜÑ¿¡])|(?<=[。！？])"
)
_BULLET = re.compile(r"^\s*(?:[-*] |\d+\. )?")
_KRAMDOWN = re.compile(r"^\s*\{:[^}]*\}\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: its heading path (without the title), the anchor to link to, and its plain text.

    ``sentences`` are those of the text, in order, a table's row and a list's item being one each, without
    those that only point to another page ("The steps are in …").
    """

    position: int
    heading: str
    anchor: str
    text: str
    sentences: tuple[str, ...]

    def embedded(self, title: str) -> list[str]:
        """What is embedded: each sentence behind the heading it stands under, or else the article's title."""
        where = self.heading.rsplit(JOIN, 1)[-1] or title
        return [f"{where}. {sentence}" for sentence in self.sentences]


@dataclass(slots=True)
class _Section:
    path: tuple[str, ...]
    anchor: str
    blocks: list[str] = field(default_factory=list[str])

    @property
    def words(self) -> int:
        return sum(len(block.split()) for block in self.blocks)


def chunk(article: Article) -> list[Chunk]:
    """The passages of ``article``, in order. An article without text is one passage: its title."""
    sections = [s for s in _sections(article) if s.blocks]
    pieces = [piece for section in _merged(sections) for piece in _cut(section)]
    if not pieces:
        pieces = [_Section((), "", [article.title])]
    return [_chunk(position, piece) for position, piece in enumerate(pieces)]


def _chunk(position: int, piece: _Section) -> Chunk:
    marked = "\n\n".join(piece.blocks)
    parts = sentences(marked)
    telling = [part for part in parts if not _points_elsewhere(part)] or parts
    return Chunk(position, JOIN.join(piece.path), piece.anchor, _plain(marked), tuple(map(_plain, telling)))


def _points_elsewhere(sentence: str) -> bool:
    linked = sum(len(text.split()) for text in _LINKED.findall(sentence))
    return linked >= POINTER * len(sentence.split()) or bool(_REFERS.search(sentence))


def _plain(text: str) -> str:
    return text.replace(_OPEN, "").replace(_CLOSE, "")


def sentences(text: str) -> list[str]:
    """The sentences of a passage's plain text. A heading or a label on a line of its own is none."""
    found: list[str] = []
    for block in text.split("\n\n"):
        lines = block.split("\n")
        if len(lines) == 1 and not _ENDED.search(block):
            continue
        found += [part for line in lines for part in _BREAK.split(_BULLET.sub("", line)) if part]
    return found or [line.strip() for line in text.split("\n") if line.strip()][:1]


def anchor_of(heading: str, taken: dict[str, int]) -> str:
    """GitHub's anchor of a heading; a repeated one gets -1, -2, …"""
    slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    count = taken.get(slug, 0)
    taken[slug] = count + 1
    return f"{slug}-{count}" if count else slug


# ------------------------------------------------------------------ Markdown to sections
def _sections(article: Article) -> Iterator[_Section]:
    tokens = _MARKDOWN.parse(_KRAMDOWN.sub("", article.body))
    taken: dict[str, int] = {}
    levels: list[tuple[int, str]] = []
    current = _Section((), "")
    position = 0
    while position < len(tokens):
        token = tokens[position]
        if token.type == "heading_open" and token.level == 0:
            yield current
            text = _plain(_inline(tokens[position + 1]))
            level = int(token.tag[1])
            levels = [known for known in levels if known[0] < level] + [(level, text)]
            path = tuple(name for _, name in levels if name and name.casefold() != article.title.casefold())
            current = _Section(path, anchor_of(text, taken))
            position += 3
            continue
        end = _end(tokens, position)
        text = _block(tokens[position : end + 1])
        if text:
            current.blocks.append(text)
        position = end + 1
    yield current


def _end(tokens: list[Token], start: int) -> int:
    """Index of the token that closes the block which begins at ``start``."""
    depth = 0
    for position in range(start, len(tokens)):
        depth += tokens[position].nesting
        if depth == 0:
            return position
    return len(tokens) - 1


def _block(tokens: list[Token]) -> str:
    kind = tokens[0].type
    if kind == "table_open":
        return "\n".join(_rows(tokens))
    if kind in {"bullet_list_open", "ordered_list_open"}:
        return "\n".join(_items(tokens))
    if kind in {"fence", "code_block"}:
        return tokens[0].content.strip()
    return "\n".join(text for token in tokens if token.type == "inline" and (text := _inline(token)))


def _inline(token: Token) -> str:
    """The text of an inline token as a person reads it: no marks, no addresses, no HTML."""
    parts: list[str] = []
    pages: list[bool] = []
    for child in token.children or []:
        if child.type in {"text", "code_inline"} or child.type == "image":
            parts.append(child.content)
        elif child.type in {"softbreak", "hardbreak"}:
            parts.append(" ")
        elif child.type == "link_open":
            pages.append("://" not in str(child.attrGet("href")))
            parts.append(_OPEN * pages[-1])
        elif child.type == "link_close":
            parts.append(_CLOSE * pages.pop())
    return " ".join("".join(parts).split())


def _rows(tokens: list[Token]) -> Iterator[str]:
    """Each row of a table as ``Country: Norway; Cost: 14.95 EUR``."""
    names: list[str] = []
    cells: list[str] = []
    for position, token in enumerate(tokens):
        if token.type in {"th_open", "td_open"}:
            cells.append(_inline(tokens[position + 1]))
        elif token.type == "tr_close":
            if not names:
                names = cells
            else:
                yield _row(names, cells)
            cells = []


def _row(names: list[str], cells: list[str]) -> str:
    pairs = zip(names, cells, strict=False)
    return "; ".join(_cell(name, cell) for name, cell in pairs if cell)


def _cell(name: str, cell: str) -> str:
    """``Zone: 1``, but not ``Zone: Zone 1``."""
    return f"{name}: {cell}" if name and not cell.casefold().startswith(name.casefold()) else cell


def _items(tokens: list[Token]) -> Iterator[str]:
    """Each item of a list on a line of its own, numbered as in the article, nested ones indented."""
    counters: list[int | None] = []
    mark = ""
    for position, token in enumerate(tokens):
        if token.type == "ordered_list_open":
            counters.append(int(token.attrGet("start") or 1))
        elif token.type == "bullet_list_open":
            counters.append(None)
        elif token.type in {"ordered_list_close", "bullet_list_close"}:
            counters.pop()
        elif token.type == "list_item_open":
            number = counters[-1]
            mark = "- " if number is None else f"{number}. "
            counters[-1] = None if number is None else number + 1
        elif token.type == "inline" and (text := _inline(tokens[position])):
            # A step of a procedure is never a mere pointer, even if it is all link.
            text = text if counters[-1] is None else _plain(text)
            yield "  " * (len(counters) - 1) + (mark or "  ") + text
            mark = ""


# ------------------------------------------------------------------ sections to passages
def _merged(sections: list[_Section]) -> list[_Section]:
    """Small sections put together with the neighbour before them, while both have the same parent."""
    merged: list[_Section] = []
    for section in sections:
        before = merged[-1] if merged else None
        if before is not None and _belong(before, section):
            before.blocks += [section.path[-1], *section.blocks]
        else:
            merged.append(_Section(section.path, section.anchor, list(section.blocks)))
    return merged


def _belong(before: _Section, section: _Section) -> bool:
    together = before.words + section.words
    small = min(before.words, section.words) < SMALL
    parent = section.path[:-1]
    return bool(section.path) and small and together <= LARGE and parent in {before.path, before.path[:-1]}


def _cut(section: _Section) -> Iterator[_Section]:
    """A long section cut between its blocks; a block that is itself too long stays whole."""
    blocks: list[str] = []
    for block in section.blocks:
        words = sum(len(b.split()) for b in blocks)
        if blocks and words + len(block.split()) > LARGE:
            yield _Section(section.path, section.anchor, blocks)
            blocks = []
        blocks.append(block)
    if blocks:
        yield _Section(section.path, section.anchor, blocks)
