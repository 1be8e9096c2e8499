"""Help centers as Zendesk and Intercom export them, in the shapes of their APIs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, cast

from frontdesk.domain import Visibility
from frontdesk.errors import DeclarationError, SourceUnavailable
from frontdesk.knowledge.article import HTML, VISIBILITIES, Raw, Unreadable, strictest
from frontdesk.knowledge.sources.base import MAX_BYTES, TOO_LARGE, address
from frontdesk.knowledge.sources.loaded import Loaded
from frontdesk.knowledge.sources.records import Record, records

_PLAIN = re.compile(r"[^A-Za-z0-9_-]+")


class _Version(NamedTuple):
    """One article in one language, and when that was last changed."""

    path: str
    changed: str
    page: Raw | Unreadable | None  # None: not published


class _Export(Loaded):
    def _version(
        self, record: Record, article: object, locale: str, published: bool, **given: Any
    ) -> _Version:
        path = "/".join(_PLAIN.sub("-", part) for part in (locale, _text(article)) if part)
        changed = _day(record.get("edited_at") or record.get("updated_at"))
        when = _text(record.get("updated_at")).rjust(20, "0")
        if not published:
            return _Version(path, when, None)
        body = _text(record.get("body")).encode("utf-8", "replace")
        title = " ".join(_text(record.get("title")).split())
        if not body.strip() or not title:
            return _Version(path, when, Unreadable(path, "has no text" if title else "has no title"))
        if len(body) > MAX_BYTES:
            return _Version(path, when, Unreadable(path, TOO_LARGE))
        url = address(_text(record.get("html_url") or record.get("url")))
        said = self._given(title=title, locale=locale, updated=changed, **given)
        return _Version(path, when, Raw(path, body, HTML, url, said))

    def _load(self) -> Mapping[str, Raw | Unreadable]:
        latest: dict[str, _Version] = {}
        for version in self._versions():
            known = latest.get(version.path)
            if known is None or version.changed > known.changed:
                latest[version.path] = version
        pages = {version.path: version.page for version in latest.values() if version.page is not None}
        if not pages:
            raise SourceUnavailable(
                f"The export of {self.name} holds no published article; nothing was removed."
            )
        return pages

    def _versions(self) -> Iterator[_Version]:
        raise NotImplementedError


@dataclass(frozen=True, eq=False)
class Zendesk(_Export):
    """The articles of a Zendesk help center, as ``/api/v2/help_center/articles.json`` gives them.

    ``file`` is one answer of that API, a list of them, one object a line, or a folder of such files; sections,
    translations (``/translations.json``, or sideloaded) and user segments may stand beside them. Drafts are
    left out; each translation is a page of its own, ``en-us/360012``.

    An article that is limited to a user segment is for ``customers`` where the export holds the segment and says
    that it is all who are signed in; one of staff, of tags or of organizations is ``internal``: not every
    customer may read it. Of a segment that the export does not hold nobody knows: its articles get the
    visibility ``restricted``, by default ``internal``. Export the user segments too, or set
    ``restricted="customers"`` where no article is limited to your own agents.
    """

    restricted: Visibility = field(default="internal", kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.restricted not in VISIBILITIES:
            raise DeclarationError(f"restricted of a Zendesk source is one of {', '.join(VISIBILITIES)}")

    def _versions(self) -> Iterator[_Version]:
        found = list(records(Path(self.file), self.name, _of_zendesk))
        segments = {_text(record.get("id")): record for record in found if "user_type" in record}
        articles: dict[str, list[Record]] = {}
        for record in found:
            if "user_type" not in record and "source_id" not in record:
                articles.setdefault(_text(record.get("id")), []).append(record)
        for key, same in articles.items():
            # The same article may stand in several lists, once for each language.
            visibility = strictest(*(self._visibility(article, segments) for article in same))
            for article in same:
                yield self._one(article, key, visibility, _names(article.get("label_names")))
                for translation in _dicts(article.get("translations")):
                    yield self._one(translation, key, visibility, _names(article.get("label_names")))
        for translation in (record for record in found if "source_id" in record):
            yield self._translated(translation, articles, segments)

    def _translated(
        self, record: Record, articles: dict[str, list[Record]], segments: Mapping[str, Record]
    ) -> _Version:
        key = _text(record.get("source_id"))
        same = articles.get(key)
        if same is None:
            # Who may see it stands with the article.
            version = self._one(record, key, "internal", [])
            reason = "translates an article that is not in the export"
            return version._replace(page=Unreadable(version.path, reason) if version.page else None)
        visibility = strictest(*(self._visibility(article, segments) for article in same))
        return self._one(record, key, visibility, _names(same[0].get("label_names")))

    def _one(self, record: Record, article: str, visibility: Visibility, tags: list[str]) -> _Version:
        locale = _text(record.get("locale"))
        published = record.get("draft") in (None, False)
        return self._version(record, article, locale, published, visibility=visibility, tags=tags)

    def _visibility(self, article: Record, segments: Mapping[str, Record]) -> Visibility:
        several = article.get("user_segment_ids")
        named = [
            article.get("user_segment_id"),
            *(cast("list[object]", several) if isinstance(several, list) else []),
        ]
        keys = [_text(key) for key in named if key is not None]
        return strictest(self.visibility, *(self._of_segment(segments.get(key)) for key in keys))

    def _of_segment(self, segment: Record | None) -> Visibility:
        if segment is None:
            return self.restricted
        narrow = any(segment.get(key) for key in ("tags", "or_tags", "organization_ids", "group_ids"))
        return "internal" if narrow or segment.get("user_type") != "signed_in_users" else "customers"


@dataclass(frozen=True, eq=False)
class Intercom(_Export):
    """The articles of an Intercom help center, as ``GET /articles`` gives them.

    ``file`` is one answer of that API, a list of them, one object a line, or a folder of such files. Only what
    is published is read; each translation is a page of its own, ``fr/42``.
    """

    def _versions(self) -> Iterator[_Version]:
        for article in records(Path(self.file), self.name, _of_intercom):
            key = _text(article.get("id"))
            own = _text(article.get("default_locale")) or self.locale
            tags = article.get("tags")
            names = [
                _text(tag.get("name")) for tag in _dicts(tags.get("tags") if isinstance(tags, dict) else tags)
            ]
            yield self._version(article, key, own, article.get("state") == "published", tags=names)
            translated = article.get("translated_content")
            if not isinstance(translated, dict):
                continue
            for locale, content in cast("dict[str, object]", translated).items():
                if isinstance(content, dict) and locale != own:
                    record = cast("Record", content)
                    published = record.get("state") == "published"
                    yield self._version(record, key, locale, published, tags=names)


def _of_zendesk(record: Record) -> bool:
    if "user_type" in record and "id" in record:
        return True
    if "source_id" in record:
        return _text(record.get("source_type")).lower() == "article" and "body" in record
    return "id" in record and "title" in record and "body" in record


def _of_intercom(record: Record) -> bool:
    return all(key in record for key in ("id", "title", "body", "state"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else str(value) if isinstance(value, int) else ""


def _dicts(value: object) -> list[Record]:
    return (
        [part for part in cast("list[Any]", value) if isinstance(part, dict)]
        if isinstance(value, list)
        else []
    )


def _names(value: object) -> list[str]:
    return (
        [part for part in cast("list[Any]", value) if isinstance(part, str)]
        if isinstance(value, list)
        else []
    )


def _day(value: object) -> str:
    """The day of an ISO time, or of seconds since 1970."""
    if isinstance(value, int) and 0 < value < 2**33:
        return datetime.fromtimestamp(value, UTC).date().isoformat()
    match = re.match(r"\d{4}-\d{2}-\d{2}", _text(value))
    return match[0] if match else ""
