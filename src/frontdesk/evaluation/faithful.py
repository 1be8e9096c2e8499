"""Whether a reply says only what was shown: an e-mail address, a date, an amount, a number of three digits or more.

It is written apart from the output gate (policies/grounding.py) on purpose: what judges the gate must not share its faults.
It reads numbers more generously than the gate does, so what it reports was really made up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import lru_cache

__all__ = ["made_up"]

EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
MONTHS = (
    "january januar janvier enero gennaio januari janeiro",
    "february februar février febrero febbraio februari fevereiro",
    "march märz mars marzo maart março",
    "april avril abril aprile",
    "may mai mayo maggio mei maio",
    "june juni juin junio giugno junho",
    "july juli juillet julio luglio julho",
    "august août agosto augustus",
    "september septembre septiembre settembre setembro",
    "october oktober octobre octubre ottobre outubro",
    "november novembre noviembre novembro",
    "december dezember décembre diciembre dicembre dezembro",
)
NAMES = {name: n for n, names in enumerate(MONTHS, 1) for name in (*names.split(), names[:3])}
MONTH = "|".join(sorted(map(re.escape, NAMES), key=len, reverse=True))
ISO = re.compile(r"\b\d{4}-(\d{2})-(\d{2})(?!\d)")
NUMERIC = re.compile(r"\b(\d{1,2})([./-])(\d{1,2})\2\d{4}\b")
DAY_FIRST = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th|er|\.)?(?: of| de)? ({MONTH})\b\.?(?:,?(?: de| del)? \d{{4}})?",
    re.IGNORECASE,
)
MONTH_FIRST = re.compile(rf"\b({MONTH})\.? (\d{{1,2}})(?:st|nd|rd|th)?\b(?:,? \d{{4}})?", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,'’\u00a0\u202f]\d+)*")
CURRENCY = re.compile(
    r"(?:[$€£¥%]|EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CAD|euros?\b|dollars?\b|pounds?\b)", re.IGNORECASE
)
FEW_DIGITS = 3  # a number of fewer, without a currency, may be a count

Day = tuple[int, int]


def made_up(reply: str, shown: Iterable[str]) -> list[str]:
    """The details of ``reply`` that stand in none of the texts ``shown``, as they are written, each once."""
    source = "\n".join(shown)
    missing = [place for place in EMAIL.findall(reply) if place.rstrip(".").lower() not in source.lower()]
    rest = EMAIL.sub(" ", reply)
    known_days = _all_days(source)
    for written, days in _days(rest):
        if not days & known_days:
            missing.append(written.rstrip("."))
        rest = rest.replace(written, " ", 1)
    known = _all_numbers(source)
    missing += [number for number in _telling(rest) if not _is_known(number, known)]
    return list(dict.fromkeys(missing))


def _telling(text: str) -> Iterator[str]:
    """The numbers that need a source."""
    for found in NUMBER.finditer(text):
        beside = text[max(0, found.start() - 4) : found.start()], text[found.end() : found.end() + 8]
        money = re.search(rf"{CURRENCY.pattern}\s?$", beside[0], re.IGNORECASE) or re.match(
            rf"\s?{CURRENCY.pattern}", beside[1], re.IGNORECASE
        )
        if money or sum(char.isdigit() for char in found[0]) >= FEW_DIGITS:
            yield found[0]


def _is_known(number: str, known: frozenset[Decimal]) -> bool:
    """Whether one reading of it is known, or it is a list whose parts all are."""
    parts = re.split(r"\D", number)
    return bool(_readings(number) & known) or (
        len(parts) > 1 and all(Decimal(part) in known for part in parts)
    )


def _readings(number: str) -> set[Decimal]:
    """``1,234.50`` is 1234.5; ``1.234`` is 1234, or a little more than one."""
    parts = re.split(r"\D", number)
    whole = Decimal("".join(parts))
    return {whole} if len(parts) == 1 else {whole, Decimal(f"{''.join(parts[:-1])}.{parts[-1]}")}


@lru_cache(maxsize=256)
def _all_numbers(source: str) -> frozenset[Decimal]:
    found: set[Decimal] = set()
    for number in NUMBER.findall(source):
        found |= _readings(number)
        found.update(Decimal(part) for part in re.split(r"\D", number))
    return frozenset(found)


@lru_cache(maxsize=256)
def _all_days(source: str) -> frozenset[Day]:
    return frozenset(day for _, days in _days(source) for day in days)


def _days(text: str) -> Iterator[tuple[str, set[Day]]]:
    """Each date as it is written, with the (month, day) it may mean."""
    for found in ISO.finditer(text):
        yield found[0], {(int(found[1]), int(found[2]))}
    for found in NUMERIC.finditer(text):
        one, other = int(found[1]), int(found[3])
        yield found[0], {(one, other), (other, one)}
    for found in DAY_FIRST.finditer(text):
        yield found[0], {(NAMES[found[2].lower()], int(found[1]))}
    for found in MONTH_FIRST.finditer(text):
        yield found[0], {(NAMES[found[1].lower()], int(found[2]))}
