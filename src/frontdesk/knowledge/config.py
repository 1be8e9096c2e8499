"""``knowledge.toml``: which sources the knowledge base has, and how it is kept.

The file belongs to the developer. It holds no secret: a header's value may be ``env:NAME``, which is read from
the environment when the file is.
"""

from __future__ import annotations

import difflib
import importlib
import os
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from frontdesk.domain import Visibility
from frontdesk.errors import FrontdeskError, SettingsError
from frontdesk.knowledge.article import Source
from frontdesk.knowledge.cron import check_cron
from frontdesk.knowledge.declared import Knowledge

MAX_BYTES = 1_000_000
RESERVED = {"drafts"}  # articles that were written here

_SECRET = re.compile(r"auth|cookie|token|key|secret|password|session", re.IGNORECASE)
_LOCALE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")
T = TypeVar("T", bound="_Table")


class _Table(BaseModel):
    """A table of the file: what it may hold, and nothing else."""

    model_config = ConfigDict(extra="forbid", strict=True)


class _Knowledge(_Table):
    embeddings: str = ""
    answer_at: float = Field(0, ge=0, le=1)
    schedule: str = ""
    locale: str = "en"


class _Any(_Table):
    kind: str
    name: str = Field("", max_length=100)
    url: str = ""
    visibility: Visibility = "public"
    locale: str = ""
    products: list[str] = []


class _Folder(_Any):
    folder: str = Field(min_length=1)
    include: list[str] = []
    exclude: list[str] = []


class _Git(_Any):
    repository: str = Field(min_length=1)
    branch: str = ""
    folder: str = ""
    include: list[str] = []
    exclude: list[str] = []


class _Web(_Any):
    hosts: list[str] = []
    include: list[str] = []
    exclude: list[str] = []
    selector: str = ""
    headers: dict[str, str] = {}
    allow: list[str] = []


class _Sitemap(_Web):
    address: str = Field(min_length=1)


class _Urls(_Web):
    urls: list[str]


class _Zendesk(_Any):
    file: str = Field(min_length=1)
    restricted: Visibility = "internal"


class _Intercom(_Any):
    file: str = Field(min_length=1)


class _Questions(_Any):
    file: str = Field(min_length=1)
    columns: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class _Kind:
    table: type[_Any]
    # Loaded when a source of the kind is there: aiohttp takes a third of a second to import.
    module: str
    paths: tuple[str, ...] = ()


KINDS: dict[str, _Kind] = {
    "folder": _Kind(_Folder, "folder:Folder", ("folder",)),
    "git": _Kind(_Git, "git:Git"),
    "sitemap": _Kind(_Sitemap, "web:Sitemap"),
    "urls": _Kind(_Urls, "web:Urls"),
    "zendesk": _Kind(_Zendesk, "exports:Zendesk", ("file",)),
    "intercom": _Kind(_Intercom, "exports:Intercom", ("file",)),
    "questions": _Kind(_Questions, "questions:Questions", ("file",)),
}


def load(path: str | Path, environment: Mapping[str, str] = os.environ) -> Knowledge:
    """The file at ``path``; paths in it are relative to it. Raises SettingsError, which names table and key."""
    path = Path(path)
    data = _read(path)
    if unknown := sorted(data.keys() - {"knowledge", "source"}):
        near = _near(unknown[0], ("knowledge", "source"))
        raise SettingsError(f"{path.name}: there is no table {unknown[0]!r}{near}")
    knowledge = _knowledge(f"{path.name}, [knowledge]", data.get("knowledge", {}))
    tables = data.get("source", [])
    if not isinstance(tables, list):
        raise SettingsError(f"{path.name}: write each source as a table of its own, [[source]]")
    # Said outright, it goes before a guess at a page's language; a source or a page may say otherwise.
    locale = knowledge.locale if "locale" in knowledge.model_fields_set else ""
    sources: list[Source] = []
    for number, table in enumerate(cast("list[object]", tables), 1):
        where = f"{path.name}, [[source]] {number}"
        source = _source(where, table, path.parent, environment, locale)
        if source.name in RESERVED or source.name in {other.name for other in sources}:
            raise SettingsError(f"{where}: the name {source.name!r} is taken; give it another name")
        sources.append(source)
    return Knowledge(sources=sources, **knowledge.model_dump())


def _knowledge(where: str, given: object) -> _Knowledge:
    knowledge = _checked(where, _Knowledge, given)
    _check_locale(where, knowledge.locale)
    try:
        if knowledge.schedule:
            check_cron(knowledge.schedule)
    except SettingsError as error:
        raise SettingsError(f"{where}: {error.detail}") from None
    return knowledge


def _check_locale(where: str, locale: str) -> None:
    if not _LOCALE.fullmatch(locale):
        raise SettingsError(f"{where}: locale is a language such as 'en' or 'pt-BR'")


def _read(path: Path) -> dict[str, Any]:
    try:
        with path.open("rb") as stream:
            data = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise SettingsError(f"{path.name} cannot be read: {error.strerror}") from None
    if len(data) > MAX_BYTES:
        raise SettingsError(f"{path.name} is larger than {MAX_BYTES // 1_000_000} MB")
    try:
        return tomllib.loads(data.decode())
    except UnicodeDecodeError:
        raise SettingsError(f"{path.name} is not UTF-8") from None
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        place = re.search(r"\(at .*\)", str(error))
        raise SettingsError(f"{path.name} is not TOML {place[0] if place else ''}".rstrip()) from None


def _source(where: str, table: object, folder: Path, environment: Mapping[str, str], locale: str) -> Source:
    if not isinstance(table, dict):
        raise SettingsError(f"{where}: write it as a table, [[source]]")
    given = dict(cast("dict[str, Any]", table))
    word = given.get("kind")
    kind = KINDS.get(word) if isinstance(word, str) else None
    if kind is None:
        near = _near(word, KINDS) if isinstance(word, str) else ""
        raise SettingsError(f"{where}: kind is one of {', '.join(KINDS)}{near}")
    if kind.table is _Sitemap and "url" in given and "address" not in given:
        # A page of a sitemap has its own address: url can only mean the sitemap's.
        given["address"] = given.pop("url")
    options = _checked(where, kind.table, given).model_dump(exclude_unset=True, exclude={"kind"})
    if locale or "locale" in options:
        options["locale"] = options.get("locale") or locale
        _check_locale(where, options["locale"])
    for key in kind.paths:
        options[key] = folder / Path(options[key]).expanduser()
    if "repository" in options:
        options["repository"] = _repository(options["repository"], folder)
    if "headers" in options:
        options["headers"] = _headers(where, options["headers"], environment)
    return _made(where, kind, options)


def _made(where: str, kind: _Kind, options: dict[str, Any]) -> Source:
    module, _, name = kind.module.partition(":")
    maker = getattr(importlib.import_module(f"frontdesk.knowledge.sources.{module}"), name)
    try:
        return maker(**options)
    except FrontdeskError as error:
        raise SettingsError(f"{where}: {error.detail}") from None


def _repository(written: str, folder: Path) -> str:
    """A path becomes absolute; an address stays."""
    if re.match(r"[A-Za-z0-9+.-]+:|[^/]+@[^/]+:|-", written):
        return written
    return str(folder / Path(written).expanduser())


def _headers(where: str, headers: dict[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, value in headers.items():
        variable = value.removeprefix("env:")
        if variable == value:
            if _SECRET.search(name):
                raise SettingsError(
                    f"{where}: headers.{name} stands in the file; write env:NAME and set NAME"
                )
            found[name] = value
        elif not environment.get(variable):
            raise SettingsError(
                f"{where}: headers.{name} names a variable of the environment that is not set"
            )
        else:
            found[name] = environment[variable]
    return found


def _checked(where: str, table: type[T], given: object) -> T:
    try:
        return table.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
    key = ".".join(map(str, first["loc"]))
    if first["type"] == "extra_forbidden":
        raise SettingsError(f"{where}: there is no key {key!r}{_near(key, table.model_fields)}")
    if first["type"] == "missing":
        raise SettingsError(f"{where}: the key {key!r} is missing")
    said = first["msg"].removeprefix("Input should be ")
    raise SettingsError(f"{where}: {key or 'it'} should be {said}")


def _near(word: str, known: Mapping[str, object] | tuple[str, ...]) -> str:
    near = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
