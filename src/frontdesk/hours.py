"""When people are there: a desk's opening hours, and what may honestly be promised by them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from frontdesk.errors import DeclarationError

__all__ = ["BusinessHours"]

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
SPAN = re.compile(r"(\d{1,2})(?::(\d\d))?\s*[-–]\s*(\d{1,2})(?::(\d\d))?")
LOOK_DAYS = 30  # how far ahead the next opening is looked for


@dataclass(frozen=True)
class BusinessHours:
    """``BusinessHours("Europe/Berlin", {"mon-fri": "9-17", "sat": "10-13:30"}, holidays=["2026-12-25"])``.

    ``reply_time`` is promised within them until enough waits were measured. Raises DeclarationError for what cannot
    be read.
    """

    timezone: str
    week: Mapping[str, str]
    holidays: Sequence[str] = ()
    reply_time: str = "1 hour"
    _spans: dict[int, list[tuple[time, time]]] = field(
        init=False, default_factory=dict[int, list[tuple[time, time]]]
    )

    def __post_init__(self) -> None:
        """Read it once, so that a mistake stops the start."""
        try:
            ZoneInfo(self.timezone)
        except (ZoneInfoNotFoundError, ValueError):
            raise DeclarationError(f"hours: {self.timezone!r} is no time zone: write Europe/Berlin") from None
        for days, spans in self.week.items():
            for day in _days(days):
                self._spans.setdefault(day, []).extend(_span(span) for span in spans.split(","))
        self._closed  # noqa: B018  (reads the holidays)

    @cached_property
    def _closed(self) -> frozenset[date]:
        try:
            return frozenset(date.fromisoformat(day) for day in self.holidays)
        except ValueError:
            raise DeclarationError('hours: write holidays as "2026-12-25"') from None

    def open(self, at: datetime) -> bool:
        """Whether somebody is there at ``at``, which names its time zone."""
        here = at.astimezone(ZoneInfo(self.timezone))
        return any(start <= here.time() < end for start, end in self._on(here.date()))

    def opens_at(self, at: datetime) -> datetime | None:
        """The next opening after ``at``, with this time zone; None for none in the next 30 days."""
        here = at.astimezone(ZoneInfo(self.timezone))
        for ahead in range(LOOK_DAYS):
            day = here.date() + timedelta(days=ahead)
            for start, _ in sorted(self._on(day)):
                if ahead or start > here.time():
                    return datetime.combine(day, start, here.tzinfo)
        return None

    def opens(self, at: datetime) -> str:
        """The same in words: ``today at 9:00``, ``tomorrow at 9:00``, ``Monday at 9:00``; "" for none soon."""
        opening = self.opens_at(at)
        if opening is None:
            return ""
        ahead = (opening.date() - at.astimezone(opening.tzinfo).date()).days
        name = ("today", "tomorrow")[ahead] if ahead < 2 else NAMES[opening.weekday()]
        if ahead > 6:
            name = f"{opening.day} {opening:%B}"
        return f"{name} at {opening.hour}:{opening.minute:02d}"

    def _on(self, day: date) -> list[tuple[time, time]]:
        return [] if day in self._closed else self._spans.get(day.weekday(), [])


def _days(text: str) -> list[int]:
    first, _, last = text.strip().lower().partition("-")
    if first[:3] not in DAYS or (last or first)[:3] not in DAYS:
        raise DeclarationError(f'hours: {text!r} is no day: write "mon-fri" or "sat"')
    start, end = DAYS.index(first[:3]), DAYS.index((last or first)[:3])
    return [day % 7 for day in range(start, end + 1 + (7 if end < start else 0))]


def _span(text: str) -> tuple[time, time]:
    found = SPAN.fullmatch(text.strip())
    hours = [int(found[n] or 0) for n in range(1, 5)] if found else []
    if (
        not hours
        or hours[0] > 23
        or hours[2:] > [24, 0]
        or hours[1] > 59
        or hours[3] > 59
        or hours[:2] >= hours[2:]
    ):
        raise DeclarationError(f'hours: {text!r} cannot be read: write "9-17" or "9:30-12, 13-17:30"')
    return time(hours[0], hours[1]), time.max if hours[2] == 24 else time(hours[2], hours[3])
