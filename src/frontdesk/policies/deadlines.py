"""Deadlines in a reply: durations, times of day and weekdays that neither a tool nor a passage names.

"Within 5 days" is a promise however small its number is. Its number and unit must stand in the evidence; exact
equivalents count (two weeks are 14 days), and so do the bounds of a range and a tool's ``"window_days": 14``.
What a customer tells of the time behind them ("I have waited three weeks") may be said back, not promised.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from frontdesk.knowledge.quantity import Quantity, durations, keyed_durations

Claim = tuple[str, Decimal]
LOOKS = 20

CLOCK = re.compile(
    r"\b([01]?\d|2[0-4])(?:[:.]([0-5]\d))?\s?(a\.?m\b|p\.?m\b)|\b([01]?\d|2[0-4]):([0-5]\d)\b"
    r"|(?<![-:\d.,])([01]?\d|2[0-4])\s?(?:h|Uhr)\b(?!\w)",
    re.IGNORECASE,
)
_STAMP = re.compile(r"T([01]\d|2[0-3]):([0-5]\d)")
_SPAN = re.compile(r"\b(\d{1,2})\s?(?:-|–|to|and)\s?(\d{1,2})\s?[ap]\.?m", re.IGNORECASE)
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAY = re.compile(rf"\b(?:on|by|until|till|before|next|this) ({'|'.join(_DAYS)})s?\b", re.IGNORECASE)
_ANY_WEEKDAY = re.compile(rf"\b({'|'.join(day[:3] for day in _DAYS)})", re.IGNORECASE)
_ISO = re.compile(r"\b(\d{4})-(\d\d)-(\d\d)")
# The time behind a customer, and what is ahead of them.
_BEHIND = re.compile(
    r"\b(?:ago|wait\w*|sorry|since|already|you (?:said|say|mentioned|told|wrote|asked|describe)|for (?:the )?(?:last|past)"
    r"|vor|seit|warte\w*|leid|désolé\w*|depuis|attend\w*|hace|desde|esper\w*|lamento|siento)\b",
    re.IGNORECASE,
)
_AHEAD = re.compile(
    r"\b(?:within|in|up to|by|no later than|at most|next|another|innerhalb|binnen|sous|dans|dentro de|en) (?:the (?:next )?)?$",
    re.IGNORECASE,
)
_EMPHASIS = re.compile(r"[*_`~]+")
_SENTENCE_END = re.compile(r"[.!?]\s|\n")


def unsupported_deadlines(reply: str, source: str, told: str) -> list[str]:
    """The durations, times of day and weekdays of ``reply`` that ``source`` does not name, as written.

    ``told`` is what the customer said. All three are plain text or JSON.
    """
    claimed, clocks, weekdays = _promised(reply)
    return [
        *_durations(reply, claimed, source, told),
        *_clocks(clocks, f"{source}\n{told}"),
        *_weekdays(weekdays, f"{source}\n{told}"),
    ]


@lru_cache(maxsize=4)  # a receipt asks of the same line with one source after the other
def _promised(reply: str) -> tuple[tuple[Quantity, ...], tuple[tuple[str, int], ...], frozenset[str]]:
    """Its durations, times of day (as written and in minutes) and weekdays."""
    clocks = tuple((match[0], _clock(match)) for match in CLOCK.finditer(reply))
    return tuple(durations(reply)), clocks, frozenset(m[1].lower() for m in WEEKDAY.finditer(reply))


def _durations(reply: str, claimed: Iterable[Quantity], source: str, told: str) -> list[str]:
    unseen = [claim for claim in claimed if not _stands(claim.text, source)]
    if not unseen:
        return []
    known = _claims(source)
    unseen = [claim for claim in unseen if not _claims_of(claim) <= known]
    said = _claims(told) if unseen else set[Claim]()
    return sorted({c.text for c in unseen if not (_claims_of(c) <= said and _is_behind(reply, c))})


def _claims(text: str) -> set[Claim]:
    text = text.replace(
        "\\n", "\n"
    )  # as JSON writes it, a line's end would be the letter before its first word
    found = {claim for quantity in durations(text) for claim in _claims_of(quantity)}
    return found | keyed_durations(text)


def _claims_of(quantity: Quantity) -> set[Claim]:
    return {(quantity.unit, value) for value in quantity.values}


def _is_behind(reply: str, claim: Quantity) -> bool:
    """Whether the sentence speaks of the time a customer has waited, rather than promising some."""
    before = reply[: claim.start]
    begins = max((match.end() for match in _SENTENCE_END.finditer(before)), default=0)
    after = _SENTENCE_END.search(reply, claim.start)
    sentence = reply[begins : after.start() if after else len(reply)]
    return bool(_BEHIND.search(sentence)) and not _AHEAD.search(before)


def _stands(text: str, source: str) -> bool:
    """Whether it stands in the source as written and is not the end of a larger number."""
    at = source.find(text)
    for _ in range(LOOKS):
        if at < 0:
            break
        before = source[max(0, at - 1) : at]
        after = source[at + len(text) : at + len(text) + 1]
        if not (before.isalnum() or before in {".", ",", "-", "–"} or after.isalpha()):
            return True
        at = source.find(text, at + 1)
    return False


def _clocks(claimed: Collection[tuple[str, int]], source: str) -> list[str]:
    if not claimed:
        return []
    known = {_clock(match) for match in CLOCK.finditer(source)}
    known |= {int(hour) * 60 + int(minute) for hour, minute in _STAMP.findall(source)}
    for first, last in _SPAN.findall(source):  # "9 to 5 pm": which half the first is in, nobody says
        known |= {int(first) * 60, (int(first) * 60 + 720) % 1440, (int(last) * 60 + 720) % 1440}
    return sorted({text.strip() for text, clock in claimed if clock not in known})


def _clock(match: re.Match[str]) -> int:
    """Minutes since midnight."""
    hour, minute = match[1] or match[4] or match[6], match[2] or match[5] or "0"
    half = (match[3] or "").lower()[:1]
    hours = int(hour) % 12 + 12 * (half == "p") if half else int(hour)
    return (hours * 60 + int(minute)) % 1440


def _weekdays(claimed: Collection[str], source: str) -> list[str]:
    if not claimed:
        return []
    known = {found.lower() for found in _ANY_WEEKDAY.findall(source)}
    known |= {_DAYS[day.weekday()][:3] for parts in _ISO.findall(source) if (day := _date(*parts))}
    return sorted(day.capitalize() for day in claimed if day[:3] not in known and not _between(day, source))


def _between(day: str, source: str) -> bool:
    """Monday to Friday names the days between them."""
    for first, last in re.findall(
        rf"({'|'.join(_DAYS)})s?(?: to |\s?[–-]\s?| through )({'|'.join(_DAYS)})", source.lower()
    ):
        if _DAYS.index(first) <= _DAYS.index(day) <= _DAYS.index(last):
            return True
    return False


def _date(year: str, month: str, day: str) -> date | None:
    try:
        return date(int(year), int(month), int(day))
    except ValueError:
        return None
