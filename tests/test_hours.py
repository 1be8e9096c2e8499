"""When people are there, and what is promised by it."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from frontdesk import BusinessHours
from frontdesk.errors import DeclarationError

BERLIN = ZoneInfo("Europe/Berlin")
DESK = BusinessHours(
    "Europe/Berlin", {"mon-fri": "9:30-12, 13-17", "sat": "10-13:30"}, holidays=["2026-12-25"]
)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("when", "open_", "next_"),
    [
        ("2026-11-27T09:29", False, "today at 9:30"),  # a Friday
        ("2026-11-27T09:30", True, "today at 13:00"),
        ("2026-11-27T12:00", False, "today at 13:00"),
        ("2026-11-27T16:59:59", True, "tomorrow at 10:00"),
        ("2026-11-27T17:00", False, "tomorrow at 10:00"),
        ("2026-11-28T13:30", False, "Monday at 9:30"),
        ("2026-11-29T10:00", False, "tomorrow at 9:30"),
        ("2026-12-25T10:00", False, "tomorrow at 10:00"),  # a holiday
        ("2026-12-24T18:00", False, "Saturday at 10:00"),
    ],
)
def test_spans_days_and_holidays(when: str, open_: bool, next_: str) -> None:
    assert (DESK.open(_at(when)), DESK.opens(_at(when))) == (open_, next_)


@pytest.mark.parametrize(
    ("utc", "open_"),
    [
        ("2026-03-27T08:45+00:00", True),  # 9:45 in winter
        ("2026-03-30T07:45+00:00", True),  # 9:45 in summer
        ("2026-03-30T15:15+00:00", False),  # 17:15 in summer
        ("2026-10-26T08:15+00:00", False),  # 9:15 in winter again
    ],
)
def test_the_clock_on_the_wall_counts_when_clocks_change(utc: str, open_: bool) -> None:
    assert DESK.open(datetime.fromisoformat(utc)) is open_


def test_a_span_over_the_change_itself_and_to_midnight() -> None:
    night = BusinessHours("Europe/Berlin", {"sat-mon": "0-24"})
    assert night.open(_at("2026-03-29T03:30"))
    assert night.open(_at("2026-03-29T23:59:59"))
    assert not night.open(_at("2026-03-31T00:00"))


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"timezone": "Berlin"}, "write Europe/Berlin"),
        ({"week": {"someday": "9-17"}}, 'write "mon-fri" or "sat"'),
        ({"week": {"mon": "9"}}, 'write "9-17"'),
        ({"week": {"mon": "17-9"}}, 'write "9-17"'),
        ({"week": {"mon": "9-25"}}, 'write "9-17"'),
        ({"week": {"mon": "24-24"}}, 'write "9-17"'),
        ({"week": {"mon": "9-24:30"}}, 'write "9-17"'),
        ({"week": {"mon": "9:75-17"}}, 'write "9-17"'),
        ({"holidays": ["25.12.2026"]}, 'write holidays as "2026-12-25"'),
    ],
)
def test_a_mistake_is_told_with_what_to_write(given: dict[str, Any], sentence: str) -> None:
    with pytest.raises(DeclarationError, match=sentence):
        BusinessHours(**{"timezone": "Europe/Berlin", "week": {"mon-fri": "9-17"}} | given)
