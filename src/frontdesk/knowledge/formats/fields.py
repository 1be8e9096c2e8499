"""What a page says of itself, and what its source says of it, as values an article can hold.

What is not understood fails closed: an unknown visibility, a draft, a validity date that is none are for
staff only, and the warning says so.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, cast

from frontdesk.domain import Visibility
from frontdesk.knowledge.article import VISIBILITIES, strictest
from frontdesk.knowledge.formats.parsed import clean

_UPDATED = (
    "updated",
    "last_updated",
    "lastupdated",
    "lastmod",
    "last_modified_at",
    "last_modified",
    "modified",
)
_CHANGED = (*_UPDATED, "modified_at", "updated_at", "last_update", "date")
_FROM = ("valid_from", "validfrom", "publishdate", "publish_date")
_UNTIL = ("valid_until", "validuntil", "valid_to", "expires", "expires_at", "expirydate", "expiry_date")
_NO = {"false", "no", "0", "off", "none", ""}
_YES = {"true", "yes", "1", "on", "published", "public"}
_FORMATS = ("%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%B %d, %Y", "%b %d, %Y", "%d %B %Y", "%d %b %Y")


def text(value: object, limit: int = 300) -> str:
    """A scalar as one line of text; "" for anything else (never ``str()`` of a list that may hold itself)."""
    if isinstance(value, str):
        sound = (
            clean(value[: limit * 4]).encode("utf-8", "replace").decode()
        )  # YAML can write lone surrogates
        return " ".join(sound.split())[:limit]
    if isinstance(value, bool | int | float | date) and not (isinstance(value, int) and abs(value) > 10**18):
        return str(value)
    return ""


def words(value: object) -> tuple[str, ...]:
    """A list, or text with commas, as at most 50 short texts."""
    parts: Sequence[object] = ()
    if isinstance(value, str):
        parts = value[:10_000].split(",")
    elif isinstance(value, list | tuple):
        parts = cast("Sequence[object]", value)
    elif value is not None:
        parts = (value,)
    found = [word for part in parts[:200] if (word := text(part, 100))]
    return tuple(dict.fromkeys(found))[:50]


def first(fields: Mapping[str, Any], *names: str) -> Any:
    """The first of ``names`` that is there and not empty."""
    return next((fields[name] for name in names if fields.get(name) not in (None, "")), None)


def day(value: object) -> date | None:
    """A date as people write it, or None."""
    if isinstance(value, Mapping):
        value = cast("Mapping[str, object]", value).get("date")
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    written = text(value, 60)
    try:
        return date.fromisoformat(written[:10])
    except ValueError:
        pass
    for form in _FORMATS:
        try:
            return datetime.strptime(written, form).replace(tzinfo=UTC).date()
        except ValueError:
            continue
    return None


def updated(fields: Mapping[str, Any]) -> date | None:
    """When the page was last changed, by the first name that holds a date."""
    return next((found for name in _CHANGED if (found := day(fields.get(name)))), None)


def valid(fields: Mapping[str, Any]) -> tuple[date | None, date | None, str]:
    """From when until when the page holds, and a warning when a date is none."""
    start, end = first(fields, *_FROM), first(fields, *_UNTIL)
    days = day(start), day(end)
    if (start is not None and days[0] is None) or (end is not None and days[1] is None):
        return *days, "a validity date is not a date, treated as internal; write it as 2026-12-31"
    return *days, ""


def visibility(fields: Mapping[str, Any], given: Mapping[str, Any]) -> tuple[Visibility, str]:
    """The strictest of all that is said, and a warning."""
    said = [source[name] for source in (fields, given) for name in ("visibility", "access") if name in source]
    known: list[Visibility | None] = [_visibility(value) for value in said if value is not None]
    warning = ""
    if None in known:
        allowed = ", ".join(VISIBILITIES)
        warning = f"unknown visibility, treated as internal; write one of {allowed}"
    if _draft(fields):
        known.append("internal")
        warning = warning or "a draft, hidden or unlisted page: only staff see it"
    return strictest("public", *(each or "internal" for each in known)), warning


def _visibility(value: object) -> Visibility | None:
    word = text(value, 40).lower()
    return next((known for known in VISIBILITIES if known == word), None)


def _draft(fields: Mapping[str, Any]) -> bool:
    """Whether the page says in any way that it is not published; an unclear word counts as yes."""
    marked = [fields.get(name) for name in ("draft", "hidden", "unlisted")]
    if any(value is not None and text(value).lower() not in _NO for value in marked):
        return True
    published = fields.get("published")
    if published is not None and day(published) is None and text(published).lower() not in _YES:
        return True
    state = text(fields.get("status")).lower()
    return bool(re.fullmatch(r"draft|unpublished|archived|private|hidden|in[ _-]review", state))
