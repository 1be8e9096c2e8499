"""A stretch of time as people type it: ``--since 7d``, or ``--from 2026-11-01 --to 2026-11-30``."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeVar

import click

from frontdesk.errors import SettingsError

UNITS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}
MOST = timedelta(days=3650)
Command = TypeVar("Command", bound=Callable[..., Any])


def since_option(default: str | None) -> Callable[[Command], Command]:
    """``--since``; the command gets it as text, for ``ago``."""
    return click.option(
        "--since", default=default, show_default=default is not None, help="how far back: 24h, 7d, 4w"
    )


def ago(text: str, now: datetime) -> datetime:
    """When ``text`` ("7d") began. Raises SettingsError with a sentence for what is none."""
    match = re.fullmatch(r"(\d{1,5})([hdw])", text.strip())
    length = int(match[1]) * UNITS[match[2]] if match else timedelta(0)
    if not timedelta(0) < length <= MOST:
        raise SettingsError(f"--since {text}: write hours, days or weeks, as in 24h, 7d or 4w")
    return now - length


def between(since: str, first: str | None, last: str | None) -> tuple[datetime, datetime]:
    """(from, until) of the options: ``--from`` and ``--to`` are days in UTC, the last one included.

    Raises SettingsError for what is no day, and for a period that ends before it begins.
    """
    now = datetime.now(UTC)
    until = _day("--to", last) + timedelta(days=1) if last else now
    begin = _day("--from", first) if first else ago(since, until)
    if begin >= until:
        raise SettingsError("--from must be before --to, and not in the future")
    return begin, until


def _day(option: str, text: str) -> datetime:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise SettingsError(f"{option} {text}: write a day as 2026-11-01") from None
    if not 1970 <= day.year <= 9000:
        raise SettingsError(f"{option} {text}: write a day as 2026-11-01")
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
