"""PDF: each page is a section with the anchor ``page=N``; larger lines are headings."""

from __future__ import annotations

import io
import logging
import re
from collections import Counter
from datetime import datetime
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import DependencyError, PyPdfError

from frontdesk.knowledge.formats.parsed import MAX_TEXT, Malformed, Parsed, clean
from frontdesk.knowledge.formats.plain import escaped

MAX_PAGES = 1000
_BULLET = re.compile(r"\s*[•·▪‣◦●○■\uf0b7\uf0a7–]\s*")
_NUMBERED = re.compile(r"\s*\d{1,3}[.)]\s+\S")
_PAGE_NUMBER = re.compile(
    r"(?:page|seite|página|p\.)?\s*\d{1,4}(?:\s*(?:/|of|von|de|sur)\s*\d{1,4})?", re.IGNORECASE
)
_ENDED = re.compile(r"[.!?:;。！？…][\"'”’)\]]*\Z")
_FILE_NAME = re.compile(
    r"\.(docx?|pdf|indd|odt|pptx?|xlsx?)\Z|\A(untitled|document\d*|microsoft word)\b", re.IGNORECASE
)
_LARGER = 1.15

Line = tuple[str, float]  # text, size of its letters


def parse(data: bytes) -> Parsed:
    """A PDF. Raises Malformed."""
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    try:
        reader = _opened(data)
        pages = _pages(reader)
        fields, title = _properties(reader)
    except (Malformed, MemoryError, RecursionError):
        raise
    except DependencyError:
        raise Malformed("is encrypted in a way that cannot be read: save it without a password") from None
    except Exception:  # noqa: BLE001 - pypdf raises whatever a broken document makes it trip over
        raise Malformed("is not a PDF that can be read") from None
    if not any(pages):
        raise Malformed("holds no text: a scan has to go through text recognition first")
    return Parsed(_markdown(pages), fields, title)


def _opened(data: bytes) -> PdfReader:
    """The document. pypdf bounds every stream it unpacks (75 MB), the process bounds all of them."""
    reader = PdfReader(io.BytesIO(data), strict=False)
    if reader.is_encrypted:
        try:
            opened = reader.decrypt("")
        except PyPdfError:
            opened = 0
        if not opened:
            raise Malformed("is encrypted: save it without a password")
    if len(reader.pages) > MAX_PAGES:
        raise Malformed(f"more than {MAX_PAGES} pages")
    return reader


def _pages(reader: PdfReader) -> list[list[Line]]:
    pages: list[list[Line]] = []
    size = 0
    for page in reader.pages:
        lines = _lines(page)
        size += sum(len(text) for text, _ in lines)
        if size > MAX_TEXT:
            raise Malformed(f"larger than {MAX_TEXT // 1_000_000} MB of text")
        pages.append(lines)
    return _without_running(pages)


def _lines(page: PageObject) -> list[Line]:
    """The page's lines in reading order, each with the size most of its letters have."""
    pieces: list[Line] = []

    def visit(text: str, _cm: Any, matrix: Any, _font: Any, size: float | None) -> None:
        if text:
            pieces.append(
                (text, abs(float(size or 0)) * (abs(float(matrix[3])) or abs(float(matrix[1])) or 1.0))
            )

    page.extract_text(visitor_text=visit)
    lines: list[Line] = []
    current: list[str] = []
    sizes: Counter[float] = Counter()
    for text, size in pieces:
        for position, part in enumerate(clean(text).split("\n")):
            if position:
                lines.append(_line(current, sizes))
                current, sizes = [], Counter()
            current.append(part)
            sizes[round(size, 1)] += len(part.strip())
    lines.append(_line(current, sizes))
    return _trimmed(lines)


def _line(parts: list[str], sizes: Counter[float]) -> Line:
    return " ".join("".join(parts).split()), sizes.most_common(1)[0][0] if sizes else 0.0


def _trimmed(lines: list[Line]) -> list[Line]:
    while lines and not lines[0][0]:
        lines.pop(0)
    while lines and (not lines[-1][0] or _PAGE_NUMBER.fullmatch(lines[-1][0])):
        lines.pop()
    return lines


def _without_running(pages: list[list[Line]]) -> list[list[Line]]:
    """Without the first and last lines that return on most pages: running headers and footers."""
    if len(pages) < 3:
        return pages
    for edge in (0, -1):
        for _ in range(2):
            seen = Counter(re.sub(r"\d+", "#", page[edge][0]) for page in pages if page)
            text, count = seen.most_common(1)[0] if seen else ("", 0)
            if count * 2 <= len(pages) or not text:
                break
            for page in pages:
                if page and re.sub(r"\d+", "#", page[edge][0]) == text:
                    page.pop(edge)
    return pages


def _markdown(pages: list[list[Line]]) -> str:
    sizes: Counter[float] = Counter()
    for page in pages:
        for text, size in page:
            sizes[size] += len(text)
    usual = sizes.most_common(1)[0][0] if sizes else 0.0
    larger = sorted({size for size in sizes if usual and size > usual * _LARGER}, reverse=True)[:4]
    parts: list[str] = []
    for number, page in enumerate(pages, 1):
        if page:
            parts.append(f"# {{#page={number}}}")
            parts += _blocks(page, larger, number)
    return "\n\n".join(parts)


def _blocks(page: list[Line], larger: list[float], number: int) -> list[str]:
    """Paragraphs, list items and headings of a page."""
    blocks: list[str] = []
    current = ""
    for text, size in [*page, ("", 0.0)]:
        heading = size in larger and 0 < len(text.split()) <= 16
        item = _BULLET.match(text)
        if current and (not text or heading or item or _NUMBERED.match(text) or _ended(current, text, page)):
            blocks.append(current)
            current = ""
        if heading:
            blocks.append(f"{'#' * (larger.index(size) + 2)} {escaped(text)} {{#page={number}}}")
        elif item:
            current = "- " + escaped(text[item.end() :])
        elif text:
            current = _joined(current, escaped(text))
    return blocks


def _ended(current: str, text: str, page: list[Line]) -> bool:
    """Whether a paragraph ends with a line that stops short and ends a sentence."""
    longest = max((len(line) for line, _ in page), default=0)
    last = current.rsplit("\n", 1)[-1]
    return bool(_ENDED.search(current)) and len(last) < 0.75 * longest and text[:1].isupper()


def _joined(current: str, text: str) -> str:
    """A line put behind the one before it; a word divided at the line's end is put together."""
    last = current.rsplit("\n", 1)[-1]
    if len(last) > 2 and last.endswith("-") and last[-2].isalpha() and text[:1].islower():
        return current[:-1] + text
    return f"{current}\n{text}" if current else text


def _properties(reader: PdfReader) -> tuple[dict[str, Any], str]:
    """When it was changed, its language, and its title unless that is a file's name."""
    fields: dict[str, Any] = {}
    said = reader.metadata
    title = " ".join(str(said.title).split())[:300] if said and isinstance(said.title, str) else ""
    changed = said.modification_date if said else None
    if isinstance(changed, datetime):
        fields["updated"] = changed
    language = reader.trailer["/Root"].get_object().get("/Lang")  # type: ignore[union-attr]
    if isinstance(language, str):
        fields["lang"] = language
    return fields, "" if _FILE_NAME.search(title) else title
