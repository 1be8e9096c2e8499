"""A folder of Markdown files to articles. A file that cannot be read is reported and stops nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any, cast, get_args

import yaml

from frontdesk.domain import Visibility
from frontdesk.errors import KnowledgeFolderMissing
from frontdesk.knowledge.article import Article, Unreadable

SUFFIXES = {".md", ".markdown"}
MAX_BYTES = 2_000_000
VISIBILITIES: tuple[str, ...] = get_args(Visibility)

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?)(?:\n|\A)---[ \t]*(?:\n|\Z)", re.DOTALL)
_HEADING = re.compile(r"^#{1,6}[ \t]+(.+?)[ \t]*#*[ \t]*$", re.MULTILINE)
_LOCALE = re.compile(r"\A[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})?\Z")
_LOCALE_IN_NAME = re.compile(r"\A(.+?)\._?([a-z]{2}(?:-[A-Z]{2})?)\Z")


class _Malformed(ValueError):
    """What is wrong with a file, as a sentence."""


def paths(folder: Path) -> list[Path]:
    """The Markdown files below ``folder``, sorted, without hidden ones and links that lead out of it.

    Raises KnowledgeFolderMissing.
    """
    if not folder.is_dir():
        raise KnowledgeFolderMissing
    root = folder.resolve()
    found: list[Path] = []
    for path in sorted(folder.rglob("*")):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and not hidden and path.resolve().is_relative_to(root):
            found.append(path)
    return [path for path in found if path.is_file()]


def load(folder: Path) -> Iterator[Article | Unreadable]:
    """Each article below ``folder``, or why it is none. Raises KnowledgeFolderMissing."""
    for path in paths(folder):
        yield read(path, folder)


def read(path: Path, folder: Path) -> Article | Unreadable:
    """One file as an article, or why it is none."""
    relative = path.relative_to(folder).as_posix().encode("utf-8", "replace").decode()
    try:
        data = path.read_bytes() if path.stat().st_size <= MAX_BYTES else b""
        if not data and path.stat().st_size:
            return Unreadable(relative, f"larger than {MAX_BYTES // 1_000_000} MB")
        return parse(relative, data)
    except OSError as error:
        return Unreadable(relative, f"cannot be read: {error.strerror}")
    except _Malformed as error:
        return Unreadable(relative, str(error))


def parse(path: str, data: bytes) -> Article:
    """The article in ``data``. Raises ValueError with a sentence when it is malformed."""
    front, body = _split(_decode(data))
    stem, locale = _name(path)
    visibility, warning = _visibility(front.get("visibility"))
    heading = _HEADING.search(body)
    last = stem.rsplit("/", 1)[-1].replace("-", " ").replace("_", " ").capitalize()
    title = str(front.get("title") or (heading[1] if heading else "") or last)
    return Article(
        path=path,
        slug=stem,
        title=" ".join(title.split())[:300],
        body=body,
        locale=_locale(front.get("locale", front.get("lang")), locale),
        visibility=visibility,
        updated=_date(front.get("updated")),
        products=_words(front.get("products")),
        tags=_words(front.get("tags")),
        warning=warning,
    )


def _decode(data: bytes) -> str:
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _Malformed("not UTF-8") from None
    if "\x00" in text:
        raise _Malformed("contains a NUL character: not a text file")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _split(text: str) -> tuple[dict[str, Any], str]:
    if not re.match(r"---[ \t]*\n", text):
        return {}, text
    match = _FRONT_MATTER.match(text)
    if match is None:
        raise _Malformed("the front matter has no end: a line of --- is missing")
    try:
        front = yaml.safe_load(match[1])
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark is not None else ""
        raise _Malformed(f"the front matter is not YAML{where}") from None
    if front is not None and not isinstance(front, dict):
        raise _Malformed("the front matter is not a list of 'name: value' lines")
    return cast("dict[str, Any]", front or {}), text[match.end() :]


def _name(path: str) -> tuple[str, str]:
    """Slug and locale from a path: ``returns/how-to.es.md`` → (``returns/how-to``, ``es``)."""
    stem = path.rsplit(".", 1)[0]
    match = _LOCALE_IN_NAME.match(stem)
    stem, locale = (match[1], match[2]) if match else (stem, "")
    if stem.endswith("/index"):
        stem = stem.removesuffix("/index")
    return stem, locale


def _visibility(value: object) -> tuple[Visibility, str]:
    """Fails closed: what is not understood is for staff only."""
    if value is None:
        return "public", ""
    word = str(value).strip().lower()
    if word in VISIBILITIES:
        return cast("Visibility", word), ""
    allowed = ", ".join(VISIBILITIES)
    return "internal", f"unknown visibility, treated as internal; write one of {allowed}"


def _locale(declared: object, from_name: str) -> str:
    # YAML 1.1 reads an unquoted ``no`` (Norwegian) as False.
    word = "no" if declared is False else str(declared or from_name or "en")
    return word.replace("_", "-") if _LOCALE.match(word) else "en"


def _date(value: object) -> date | None:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)[:10])
    except ValueError:
        return None


def _words(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        return ()
    return tuple(word for item in cast("list[object]", value) if (word := str(item).strip()))[:50]
