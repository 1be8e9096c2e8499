"""Articles cut into passages that can be found, quoted and linked to.

A passage is what stands under one heading, as plain text: a table row becomes a sentence, a link its text.
Small neighbours under the same parent are put together, long sections cut between paragraphs; tables, lists
and code stay whole. A paragraph that begins with a bold question is a section of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from frontdesk.knowledge.article import Article
from frontdesk.knowledge.formats.blocks import Block, read
from frontdesk.knowledge.formats.inline import CLOSE, CODE, COMMAND, OPEN, plain

SMALL, LARGE = 20, 180  # words: smaller is put with a neighbour, larger is cut
HUGE = 400  # words: a paragraph that is longer is cut between its sentences
MANY = 60  # rows or items: a table or list of more is cut between them
FIRST = 300  # characters of code that stand for a passage of nothing else
JOIN = " › "
POINTER = 0.28  # a sentence of which this share is a link to another page answers nothing itself

# "The steps are in Warranty." and "Warranty explains the steps."
_REFERS = re.compile(
    f"^[^,:;{OPEN}]*\\b(?:in|see|on|under|at|page|read)(?: the page)? {OPEN}[^{CLOSE}]*{CLOSE}[.!]?$"
    f"|^(?:The page )?{OPEN}[^{CLOSE}]*{CLOSE} (?:explains?|describes?|shows?|tells?|lists?|has|says?)\\b",
    re.IGNORECASE,
)
_LINKED = re.compile(f"{OPEN}(.*?){CLOSE}", re.DOTALL)
_ENDED = re.compile(r"[.!?:;。！？…][\"'”’)\]\ue001]*\s*$")
_BREAK = re.compile(
    r"(?<=[.!?])(?<!\b[A-Z]\.)(?<!e\.g\.)(?<!i\.e\.)\s+(?=[\"“'(\ue000]*[A-Z0-9À-ÖØ-ÞΑ-ΩА-ЯЁ¿¡])"
    r"|(?<=[。！？][」』）”’])|(?<=[。！？])(?![。！？」』）”’\ue001])"
)
_BULLET = re.compile(r"^\s*(?:[-*] |\d+\. )?")
_ITEM = re.compile(r"\s*(?:[-*]|\d+\.) \S")
_WIDE = re.compile(r"[\u3040-\u30ff\u3400-\u9fff]")
_RELATED = re.compile(
    r"\W*(?:related|see also|(?:further|additional) reading|(?:further|additional) (?:resources|links)|more (?:articles|help|information)|read (?:more|next)|learn more|next steps?"
    r"|what'?s next|verwandte|siehe auch|weitere|mehr (?:zum|dazu)|art[ií]culos relacionados|otros art[ií]culos"
    r"|ver tamb|v[ée]ase|temas relacionados|articles (?:connexes|associ|li[ée]s)|voir (?:aussi|[ée]galement)|artigos|veja"
    r"|articoli|vedi anche|gerelateerd|zie ook|powiązane|relaterad|相关|關聯|関連|관련)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Chunk:
    """A passage: its heading path (without the title), the anchor to link to, and its plain text.

    ``sentences`` are those of the text, in order, a table's row, a list's item and code of a single line being
    one each, without those that only point to another page ("The steps are in …"). Longer code is none, unless
    there is nothing else: then its first lines are one.
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
    """What stands under one heading. ``label`` is that heading's own text, "" where the section goes on."""

    path: tuple[str, ...]
    anchor: str
    label: str = ""
    alone: bool = False  # never put together with a neighbour
    blocks: list[Block] = field(default_factory=list[Block])

    @property
    def words(self) -> int:
        return sum(words(block.text) for block in self.blocks)

    @property
    def links(self) -> bool:
        """Whether nothing but links to other pages stands here."""
        return all(block.links for block in self.blocks)

    @property
    def related(self) -> bool:
        """Whether it is called "Related articles" or the like, and holds nothing but links to wherever."""
        links = [block.linked for block in self.blocks if not block.text.endswith((":", "："))]
        return bool(_RELATED.match(self.label)) and bool(links) and all(links)


def words(text: str) -> int:
    """How many words ``text`` has; scripts without spaces by their characters."""
    return len(plain(text).split()) + int(len(_WIDE.findall(text)) / 1.7)


def chunk(article: Article) -> list[Chunk]:
    """The passages of ``article``, in order. An article without text is one passage: its title."""
    sections = _telling([section for section in _sections(article) if section.blocks])
    pieces = [piece for section in _merged(sections) for piece in _cut(section)]
    if not pieces:
        pieces = [_Section((), "", blocks=[Block(article.title)])]
    return [_chunk(position, piece) for position, piece in enumerate(pieces)]


def _chunk(position: int, piece: _Section) -> Chunk:
    parts = _said((block.text, bool(block.pieces)) for block in piece.blocks)
    telling = [part for part in parts if not _points_elsewhere(part)] or parts
    text = plain("\n\n".join(block.text for block in piece.blocks))
    return Chunk(position, JOIN.join(piece.path), piece.anchor, text, tuple(map(plain, telling)))


def _points_elsewhere(sentence: str) -> bool:
    linked = sum(len(text.split()) for text in _LINKED.findall(sentence))
    return linked >= POINTER * len(sentence.split()) or bool(_REFERS.search(sentence))


def sentences(text: str) -> list[str]:
    """The sentences of a passage's plain text. A heading or a label on a line of its own is none."""
    return _said((block, False) for block in text.split("\n\n"))


def _said(blocks: Iterable[tuple[str, bool]]) -> list[str]:
    """The sentences in ``blocks``, each a text and whether it is a table or a list."""
    found: list[str] = []
    seen: list[str] = []
    for text, listed in blocks:
        lines = text.split("\n")
        seen += lines
        if len(lines) == 1 and not (
            listed or text[:1] == COMMAND or _ENDED.search(text) or _ITEM.match(text)
        ):
            continue
        found += [sentence for line in lines for sentence in _of_line(line)]
    return found or _first(seen)


def _of_line(line: str) -> list[str]:
    bare = _BULLET.sub("", line)
    if bare[:1] == CODE:
        return []
    parts = [bare] if bare[:1] == COMMAND else _BREAK.split(bare)
    return [part.strip() for part in parts if part.strip()]


def _first(lines: list[str]) -> list[str]:
    """What stands for a text without a sentence: its first line; of code, the first lines."""
    lines = [line for line in lines if line.strip()]
    code = [line for line in lines if CODE in line]
    if not code:
        return [line.strip() for line in lines[:1]]
    said = "\n".join(code)
    return [said if len(said) <= FIRST else said[:FIRST].rpartition("\n")[0] or said[:FIRST]]


def anchor_of(heading: str, taken: dict[str, int]) -> str:
    """GitHub's anchor of a heading; a repeated one gets -1, -2, …"""
    slug = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
    count = taken.get(slug, 0)
    taken[slug] = count + 1
    return f"{slug}-{count}" if count else slug


# ------------------------------------------------------------------ blocks to sections
def _sections(article: Article) -> Iterator[_Section]:
    taken: dict[str, int] = {}
    levels: list[tuple[int, str, str]] = []  # level, text, anchor
    title = article.title.casefold()
    current = _Section((), "")
    for part in read(article.body):
        if isinstance(part, Block):
            current.blocks.append(part)
            continue
        yield current
        levels = [known for known in levels if known[0] < part.level]
        around = levels[-1][2] if levels else ""
        anchor = around if part.anchor is None else part.anchor
        if part.text and part.anchor == "":
            anchor = anchor_of(part.text, taken)
        if part.text or part.anchor:
            levels.append((part.level, part.text, anchor))
        path = tuple(name for _, name, _ in levels if name and name.casefold() != title)
        current = _Section(path, anchor, part.text, alone=part.anchor is None and bool(part.text))
    yield current


def _telling(sections: list[_Section]) -> list[_Section]:
    """Without sections of mere links: "Related articles", or a list of them at the end of the article."""
    if all(section.links or section.related for section in sections):
        return sections
    last = len(sections) - 1
    return [
        section
        for position, section in enumerate(sections)
        if not (section.related or (section.links and position == last))
    ]


# ------------------------------------------------------------------ sections to passages
def _merged(sections: list[_Section]) -> list[_Section]:
    """Small sections put together with the neighbour before them, while both have the same parent."""
    merged: list[_Section] = []
    for section in sections:
        before = merged[-1] if merged else None
        if before is not None and _belong(before, section):
            label = [Block(section.label)] if section.label else []
            before.blocks += [*label, *section.blocks]
        else:
            merged.append(
                _Section(section.path, section.anchor, section.label, section.alone, [*section.blocks])
            )
    return merged


def _belong(before: _Section, section: _Section) -> bool:
    if before.alone or section.alone:
        return False
    if section.anchor.startswith("page=") and section.anchor != before.anchor:
        return False  # a passage stands on one page, which is what is linked to
    together = before.words + section.words
    small = min(before.words, section.words) < SMALL
    parent = section.path[:-1]
    return bool(section.path) and small and together <= LARGE and parent in {before.path, before.path[:-1]}


def _cut(section: _Section) -> Iterator[_Section]:
    """A long section cut between its blocks; one that is itself too long is cut where that can be done."""
    blocks: list[Block] = []
    size = 0
    for block in chain.from_iterable(map(_small_enough, section.blocks)):
        more = words(block.text)
        if blocks and size + more > LARGE:
            leading = [blocks.pop()] if len(blocks) > 1 and _leads(blocks[-1]) else []
            yield _Section(section.path, section.anchor, section.label, blocks=blocks)
            blocks, size = leading, sum(words(block.text) for block in leading)
        blocks.append(block)
        size += more
    if blocks:
        yield _Section(section.path, section.anchor, section.label, blocks=blocks)


def _leads(block: Block) -> bool:
    """Whether ``block`` only opens what comes after it: "You need:", or a step whose text follows."""
    return words(block.text) < SMALL and (block.text.endswith((":", "：")) or len(block.pieces) == 1)


def _small_enough(block: Block) -> Iterator[Block]:
    """``block``, or what it is cut into: a table by its rows, a list by its items, text by its sentences."""
    if len(block.pieces) > MANY:
        for start in range(0, len(block.pieces), MANY):
            pieces = block.pieces[start : start + MANY]
            yield Block("\n".join(pieces), pieces, block.links)
    elif block.pieces or "\n" in block.text or words(block.text) <= HUGE:
        yield block
    else:
        yield from (Block(text) for text in _parts(block.text))


def _parts(text: str) -> Iterator[str]:
    """A long paragraph in parts of at most LARGE words, between sentences; a longer sentence between words."""
    part: list[str] = []
    size = 0
    if text[:1] == CODE:
        yield from (CODE + line for line in _short(text[1:]))
        return
    for sentence in _BREAK.split(text):
        for piece in _short(sentence):
            more = words(piece)
            if part and size + more > LARGE:
                yield " ".join(part)
                part, size = [], 0
            part.append(piece)
            size += more
    if part:
        yield " ".join(part)


def _short(sentence: str) -> Iterator[str]:
    if words(sentence) <= LARGE:
        yield sentence
        return
    step = LARGE if len(sentence.split()) > LARGE else 0
    parts = sentence.split()
    if step:
        yield from (" ".join(parts[start : start + step]) for start in range(0, len(parts), step))
    else:  # a script without spaces
        yield from (sentence[start : start + LARGE] for start in range(0, len(sentence), LARGE))
