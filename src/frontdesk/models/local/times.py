"""Times in the customer's words: how long, and which day."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

from frontdesk.models.local.says import MONTHS
from frontdesk.models.local.text import plain

_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"
NUMBERS = {word: n for n, word in enumerate(_COUNTED.split())}
_DAYS = {"day": 1, "night": 1, "week": 7, "fortnight": 14}
_HOURS = {"minute": 1, "hour": 60}
_LASTS = re.compile(
    r"\b(\d{1,4}|[a-z]+)(?: more| extra| full)? (day|night|week|fortnight|minute|hour|month|year)s?\b"
)


def duration(label: str, text: str) -> int | None:
    """A time in the unit that an argument is named after: "a week" is 7 ``days``, "two weeks" are 2 ``weeks``."""
    unit = next((w.rstrip("s") for w in label.split() if _LASTS.fullmatch(f"1 {w}")), "")
    match = _LASTS.search(plain(text)) if unit else None
    count = _counted(match[1]) if match else None
    if not match or count is None:
        return None
    if (
        match[1] in ("a", "an")
        and len(text.split()) > 5
        and not re.search(r"\bby $", plain(text)[: match.start()])
    ):
        return None  # "I have had it for a week" in a story
    for scale in (_DAYS, _HOURS):
        if unit in scale and match[2] in scale:
            whole, rest = divmod(count * scale[match[2]], scale[unit])
            return None if rest else whole
    return count if match[2] == unit else None


def _counted(word: str) -> int | None:
    return int(word) if word.isdigit() else 1 if word in ("a", "an", "one", "another") else NUMBERS.get(word)


_WEEK = "monday tuesday wednesday thursday friday saturday sunday"
_WEEKDAYS: list[str] = [*_WEEK.split()]
_MONTH = "|".join(f"{m.lower()}|{m[:3].lower()}" for m in MONTHS)


def day(text: str, today: date | None = None) -> str | None:
    """A date as ``2025-01-10``: ISO, 10.1.2025, "10 January", "tomorrow", "next Monday" (the next one to come)."""
    low, today = plain(text), today or datetime.now(UTC).date()
    for word, days in (("day after tomorrow", 2), ("tomorrow", 1), ("today", 0), ("tonight", 0)):
        if re.search(rf"\b{word}\b", low):
            return (today + timedelta(days=days)).isoformat()
    written = _written_date(text.lower(), today)
    if written:
        return written.isoformat()
    weekday = re.search(rf"\b({'|'.join(_WEEKDAYS)})\b", low)
    if weekday:
        ahead = (_WEEKDAYS.index(str(weekday[1])) - today.weekday() - 1) % 7 + 1
        return (today + timedelta(days=ahead)).isoformat()
    return None


SAID_DAY = re.compile(
    rf"\b(?:day after tomorrow|tomorrow(?: (?:morning|afternoon|evening|night))?|today|tonight|(?:(?:this|next|on|coming) )?(?:{'|'.join(_WEEKDAYS)})s?"
    rf"|\d{{4}}-\d\d?-\d\d?|\d{{1,2}}[./]\d{{1,2}}(?:[./]\d{{2,4}})?|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})(?:,? \d{{4}})?"
    rf"|(?:{_MONTH}) \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|(?:next|this) (?:week(?:end)?|month))\b",
    re.IGNORECASE,
)


def said_day(text: str) -> str | None:
    """The customer's own words for a day: "next Monday" stays "next Monday"."""
    match = SAID_DAY.search(text)
    return match[0] if match else None


def _written_date(low: str, today: date) -> date | None:
    iso = re.search(r"\b(\d{4})-(\d{1,2})-(\d{1,2})\b", low)
    dotted = re.search(r"\b(\d{1,2})[./](\d{1,2})[./](\d{4})\b", low)
    spelled = re.search(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?(?: of)? ({_MONTH})\b(?:,? (\d{{4}}))?", low)
    american = re.search(rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? (\d{{4}}))?", low)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if dotted:
            return date(int(dotted[3]), int(dotted[2]), int(dotted[1]))
        if spelled:
            return _coming(int(spelled[1]), spelled[2], spelled[3], today)
        return _coming(int(american[2]), american[1], american[3], today) if american else None
    except ValueError:
        return None


def _coming(dayed: int, month: str, year: str | None, today: date) -> date:
    index = next(i for i, name in enumerate(MONTHS, 1) if name.lower().startswith(month[:3]))
    found = date(int(year) if year else today.year, index, dayed)
    return found if year or found >= today else found.replace(year=today.year + 1)
