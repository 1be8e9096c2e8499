"""A table of questions and answers."""

from __future__ import annotations

import csv
import hashlib
import io
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from frontdesk.errors import DeclarationError, SourceUnavailable
from frontdesk.knowledge.article import HTML, MARKDOWN, VISIBILITIES, Raw, Unreadable
from frontdesk.knowledge.sources.base import address
from frontdesk.knowledge.sources.loaded import Loaded

MAX_FILE = 50_000_000
LONGEST_CELL = 1_000_000
DELIMITERS = ",;\t|"
COLUMNS: dict[str, tuple[str, ...]] = {
    "question": ("question", "questions", "q", "title", "frage", "pregunta", "ask", "prompt"),
    "answer": ("answer", "answers", "a", "reply", "response", "body", "antwort", "respuesta", "réponse"),
    "id": ("id", "key", "slug"),
    "locale": ("locale", "language", "lang"),
    "visibility": ("visibility", "audience", "access"),
    "products": ("products", "product"),
    "tags": ("tags", "labels"),
    "updated": ("updated", "updated at", "last updated", "modified", "date"),
    "valid_from": ("valid from",),
    "valid_until": ("valid until", "valid to", "expires"),
    "url": ("url", "link", "permalink"),
}

_MARKUP = re.compile(r"</(?:p|div|ul|ol|li|a|b|strong|em|h[1-6]|table)>|<br ?/?>", re.IGNORECASE)


@dataclass(frozen=True, eq=False)
class Questions(Loaded):
    """A CSV file with a question and an answer in each row; each row is a page of its own.

    The delimiter is a comma, a semicolon, a tab or a bar, whichever the first row holds; the text is UTF-8, or
    UTF-16 with its mark, as spreadsheets write it. ``columns`` names columns that are called otherwise than
    ``COLUMNS`` knows: ``{"question": "What they ask"}``. A page's path comes from the row's id, else from its
    question, so that a row put in between changes no other. Answers are Markdown, or HTML where they hold tags.
    """

    columns: Mapping[str, str] = field(default_factory=dict[str, str], kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if unknown := self.columns.keys() - COLUMNS.keys():
            raise DeclarationError(f"columns has no {min(unknown)}: it names some of {', '.join(COLUMNS)}")

    def _load(self) -> dict[str, Raw | Unreadable]:
        rows = list(self._rows(_text(Path(self.file), self.name)))
        names = Counter(_name(row) for _, row in rows if isinstance(row, dict))
        pages: dict[str, Raw | Unreadable] = {}
        for number, row in rows:
            if isinstance(row, str):
                pages[f"row-{number}"] = Unreadable(f"row-{number}", f"row {number}: {row}")
                continue
            path = _name(row)
            if names[path] > 1 and not row.get("id"):
                path += "-" + _digest(row["answer"])[:8]
            if path in pages:
                twice = "its id" if row.get("id") else "the same question and answer"
                reason = f"row {number}: {twice} stands in a row above too"
                pages[f"row-{number}"] = Unreadable(f"row-{number}", reason)
            else:
                pages[path] = self._page(path, row)
        return pages

    def _rows(self, text: str) -> Iterator[tuple[int, dict[str, str] | str]]:
        """Each row below the first with its number as a spreadsheet counts: its cells, or what is wrong."""
        csv.field_size_limit(LONGEST_CELL)
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
        places = self._places(next(reader, []))
        number = 1
        while True:
            number += 1
            line = reader.line_num + 1
            try:
                cells = next(reader)
            except StopIteration:
                return
            except csv.Error:
                if reader.line_num > line:
                    # Rows below may have been taken for its text: they must not look removed.
                    sentence = (
                        f"Row {number} of {self.name} (line {line}) opens a quotation mark that nothing"
                    )
                    raise SourceUnavailable(
                        f"{sentence} closes, or is too long; nothing was removed."
                    ) from None
                yield number, "its quotation marks do not match, or a cell is too long"
                continue
            if any(cell.strip() for cell in cells):
                yield number, _row(cells, places)

    def _places(self, header: list[str]) -> dict[str, int]:
        """Column → place in a row. Raises SourceUnavailable when question or answer has none."""
        heads = [_plain(head) for head in header]
        places: dict[str, int] = {}
        for column, synonyms in COLUMNS.items():
            wanted = (_plain(self.columns[column]),) if column in self.columns else synonyms
            found = [heads.index(word) for word in wanted if word in heads]
            if found:
                places[column] = found[0]
            elif column in self.columns or column in {"question", "answer"}:
                raise SourceUnavailable(
                    f"{self.name} has no column for the {column}; "
                    f'name it in columns, such as {{ {column} = "…" }}. Nothing was removed.'
                )
        return places

    def _page(self, path: str, row: dict[str, str]) -> Raw:
        said: dict[str, Any] = {
            key: row[key] for key in row if key not in {"question", "answer", "id", "url"}
        }
        for column in ("products", "tags"):
            said[column] = [word.strip() for word in re.split(r"[,;|]", row.get(column, "")) if word.strip()]
        answer = row["answer"]
        # An answer that begins with a line is no front matter.
        text = f"\\{answer}" if answer.startswith(("---", "+++")) else answer
        media = HTML if _MARKUP.search(answer) else MARKDOWN
        return Raw(
            path,
            text.encode("utf-8", "replace"),
            media,
            address(row.get("url", "")),
            self._given(title=row["question"], **said),
        )


def _text(file: Path, name: str) -> str:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE + 1)
    except OSError as error:
        raise SourceUnavailable(f"The file of {name} cannot be read: {error.strerror}.") from None
    if len(data) > MAX_FILE:
        raise SourceUnavailable(f"The file of {name} is larger than {MAX_FILE // 1_000_000} MB.")
    coding = "utf-16" if data[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    try:
        text = data.decode(coding)
    except UnicodeDecodeError:
        raise SourceUnavailable(f"The file of {name} is not UTF-8; save it as CSV UTF-8.") from None
    return text.replace("\x00", "")


def _delimiter(text: str) -> str:
    """The one that the first line holds most of."""
    first = text.lstrip().split("\n", 1)[0]
    return max(DELIMITERS, key=first.count)


def _row(cells: list[str], places: dict[str, int]) -> dict[str, str] | str:
    row = {column: cells[place].strip() for column, place in places.items() if place < len(cells)}
    for column in ("question", "answer"):
        if not row.get(column):
            return f"it has no {column}"
    row["visibility"] = row.get("visibility", "").lower()
    if row["visibility"] and row["visibility"] not in VISIBILITIES:
        return f"its visibility is none of {', '.join(VISIBILITIES)}"
    return row


def _name(row: dict[str, str]) -> str:
    """The row's path: its locale as a folder, where it has one, so that translations share an id."""
    folder = f"{_slug(row['locale'])}/" if row.get("locale") else ""
    if row.get("id"):
        return folder + _slug(row["id"])
    words = " ".join(row["question"].casefold().split())
    return f"{folder}{_slug(row['question'])}-{_digest(words)[:10]}"


def _slug(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].strip("-")
    return slug or "row"


def _digest(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode("utf-8", "replace")).hexdigest()


def _plain(head: str) -> str:
    return " ".join(head.casefold().replace("_", " ").replace("-", " ").split())
