"""Times in the customer's words: how long, which day or days, and at what hour."""

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


_ORDINAL = r"(?:st|nd|rd|th)?(?: of)?"
_TO = r"\s?(?:-|–|to|until|till|through|and)\s?(?:the )?"
_FROM_TO = re.compile(
    rf"\b(\d{{1,2}}){_ORDINAL}{_TO}(\d{{1,2}}){_ORDINAL} ({_MONTH})\b(?:,? (\d{{4}}))?", re.IGNORECASE
)
_FROM_TO_AMERICAN = re.compile(
    rf"\b({_MONTH}) (\d{{1,2}})(?:st|nd|rd|th)?{_TO}(\d{{1,2}})(?:st|nd|rd|th)?\b(?!:)(?:,? (\d{{4}}))?",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(\d{4})$")
_UP_TO = re.compile(
    r"\b(?:until|till|to|through|leav\w+|depart\w*|check\w* ?out)(?: on| the| be)* $", re.IGNORECASE
)
_STAYS = re.compile(r"\b(\d{1,2}|[a-z]+) (night|day|week)s?\b")


def days(text: str, count: int, today: date | None = None) -> list[str | None]:
    """The dates of a text for ``count`` arguments that want one each, in order; None for one that was not said.

    "3 to 5 May" are two, "from 3 May for two nights" as well; "until 5 May" alone is the second.
    """
    spelled = _FROM_TO.sub(r"\1 \3 \4 to \2 \3 \4", text)
    spelled = _FROM_TO_AMERICAN.sub(r"\2 \1 \4 to \3 \1 \4", spelled).replace("  ", " ")
    said = list(SAID_DAY.finditer(spelled))
    year = _YEAR.search(said[-1][0].strip()) if said else None
    found: list[str | None] = []
    for match in said:
        whole = match[0] if not year or _YEAR.search(match[0]) else f"{match[0]} {year[1]}"
        found.append(day(whole, today) or day(match[0], today))
    if count > 1 and len(found) == 1 and found[0]:
        stay = _STAYS.search(plain(text))
        length = _counted(stay[1]) if stay else None
        if stay and length:
            found.append((date.fromisoformat(found[0]) + timedelta(length * _DAYS[stay[2]])).isoformat())
        elif _UP_TO.search(spelled[: said[0].start()][-80:]):
            found.insert(0, None)
    return [*found, *[None] * count][:count]


_CLOCK = re.compile(
    r"(?<![\w.,:/-])(\d{1,2})(?:(?::|\.(?=\d\d ?(?:[ap]\.?m|uhr|o'?clock)))(\d\d)|h(\d\d)?)? ?(a\.?m\b\.?|p\.?m\b\.?|o'?clock|uhr)?(?![\w:]|[.,]\d)",
    re.IGNORECASE,
)
_AT = re.compile(r"\b(?:at|until|till|by|around|about|before|after|um|bis|gegen) $", re.IGNORECASE)
_NO_NOUN = re.compile(
    r"^ ?(?:[.,!?;]|$|\n|(?:on|for|today|tonight|tomorrow|please|instead|in the|if|with|and|or)\b)",
    re.IGNORECASE,
)
_LATE = re.compile(r"\b(?:evening|tonight|afternoon|dinner|abends?)\b", re.IGNORECASE)


def clock(text: str) -> str | None:
    """An hour of the day as ``19:30``: "7.30 pm", "19:30", "half past seven", "noon", "at 7 in the evening"."""
    words = re.sub(r"[a-z]+", lambda m: str(NUMBERS.get(m[0].lower(), m[0])), text, flags=re.IGNORECASE)
    words = re.sub(r"\bhalf past (\d{1,2})\b(?!:)", r"\1:30", words, flags=re.IGNORECASE)
    words = re.sub(r"\b(?:noon|midday)\b", "12:00", words, flags=re.IGNORECASE)
    for match in _CLOCK.finditer(words):
        plainly = match[2] or match[3] or match[4] or words.strip() == match[0]
        said = _AT.search(words, max(match.start() - 12, 0), match.start()) and _NO_NOUN.match(
            words[match.end() : match.end() + 20]
        )
        hour, minute = int(match[1]), int(match[2] or match[3] or 0)
        if not (plainly or said) or hour > 23 or minute > 59:
            continue
        late = (match[4] or "").lower().startswith("p") or (hour <= 11 and bool(_LATE.search(words)))
        hour = hour % 12 + 12 * late if match[4] and match[4][0].lower() in "ap" else hour + 12 * late
        return f"{hour % 24:02d}:{minute:02d}"
    return None


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
