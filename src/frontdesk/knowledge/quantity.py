"""Durations, amounts and percentages in text, in English, German, French and Spanish.

What a reply claims is compared with what a passage says (policies/grounding.py), and what one article says with
what another does (conflict.py). Units that are exactly worth each other are put in one: two weeks are 14 days,
a year is 12 months; a month is no number of days, and a business day is a day.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

Bounds = tuple[Decimal, ...]

_NUMBER_WORDS = (
    "one eins ein eine einen einem einer einmal un une uno una",
    "two zwei deux dos",
    "three drei trois tres",
    "four vier quatre cuatro",
    "five fünf cinq cinco",
    "six sechs six seis",
    "seven sieben sept siete",
    "eight acht huit ocho",
    "nine neun neuf nueve",
    "ten zehn dix diez",
    "eleven elf onze once",
    "twelve zwölf douze doce",
)
WORDS = {word: n for n, line in enumerate(_NUMBER_WORDS, 1) for word in line.split()}
# "A day" is a rate and "one day" a story more often than a deadline: only after these words do they count.
_ARTICLES = frozenset(["a", "an", "ein", "eine", "einen", "einem", "einer", "un", "une", "una"])
_LEADS_TO = re.compile(
    r"\b(?:within|in|after|for|up to|takes?|lasts?|about|at least|at most|under|less than|than|next|until|(?:days?|hours?|weeks?|tage|jours|días) (?:to|or|bis|à|a)|binnen|innerhalb|innert"
    r"|nach|für|dauert|sous|dans|pendant|après|dure|en|dentro de|durante|tras|después de|tarda)"
    r"(?: (?:about|just|only|roughly|around|einer?|von|d'|de|un délai d[e'])){0,2} ?$",
    re.IGNORECASE,
)

# Family and worth of a unit; months and years make a family of their own.
_UNIT_WORDS: tuple[tuple[str, int, str], ...] = (
    ("time", 1, "minute minutes min mins minuten minuto minutos"),
    ("time", 60, "hour hours hr hrs stunde stunden heure heures hora horas"),
    (
        "time",
        1440,
        "day days tag tage tagen tages werktag werktage werktagen arbeitstag arbeitstage arbeitstagen"
        " kalendertag kalendertage kalendertagen jour jours día días dia dias",
    ),
    ("time", 10080, "week weeks woche wochen semaine semaines semana semanas"),
    ("time", 20160, "fortnight fortnights"),
    ("month", 1, "month months monat monate monaten monats mois mes meses"),
    ("month", 12, "year years yr yrs jahr jahre jahren jahres an ans année années año años"),
)
_UNITS = {word: (family, worth) for family, worth, words in _UNIT_WORDS for word in words.split()}

_N = rf"\d{{1,5}}(?:[.,]\d{{1,3}})?|(?:{'|'.join(sorted({*WORDS, 'a', 'an'}, key=len, reverse=True))})(?![^\W\d_])"
_BETWEEN = r"(?:\s?[-–—]\s?|\s(?:to|or|and|bis|oder|und|à|ou|et|a|o|y)\s)"
_KIND = r"(?:\s|-|\xa0)?(?:(?:business|working|calendar|full|more|further|additional|consecutive|other|extra|whole|weitere[nr]?|ganze[nr]?)[\s-]){0,2}"
DURATION = re.compile(
    rf"(?<![\w.,])({_N})(?:{_BETWEEN}({_N}))?{_KIND}({'|'.join(sorted(_UNITS, key=len, reverse=True))})(?![^\W\d_])",
    re.IGNORECASE,
)
_AVAILABLE = re.compile(
    r"\b(?:24|twenty-four) hours (?:a|per|every) day\b|\b(?:7|seven) days (?:a|per|every) week\b|\b365 days (?:a|per) year\b",
    re.IGNORECASE,
)
# A tool's own words: "return_window_days": 14, "hours_left": "3".
_KEYED = re.compile(
    rf'(?:"|_|\b)({"|".join(sorted(_UNITS, key=len, reverse=True))})(?:_\w{{1,30}})?"\s*:\s*"?(\d{{1,5}}(?:\.\d+)?)',
    re.IGNORECASE,
)
_MONEY = {
    "€": "EUR",
    "euro": "EUR",
    "euros": "EUR",
    "$": "USD",
    "dollar": "USD",
    "dollars": "USD",
    "£": "GBP",
    "pound": "GBP",
    "pounds": "GBP",
    "%": "%",
    "percent": "%",
    "prozent": "%",
}
_CODES = r"EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|CAD|AUD|JPY"
_SIGN = rf"[€$£%]|(?:{_CODES}|euros?|dollars?|pounds?|percent|prozent)\b"
_SUM = r"\d{1,3}(?:[.,\s’']\d{3})+(?:[.,]\d{1,2})?(?!\d)|\d+(?:[.,]\d{1,2})?(?!\d)"
_AMOUNT = re.compile(rf"({_SIGN})\s?({_SUM})|(?<![\w.,])({_SUM})\s?({_SIGN})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Quantity:
    """One quantity: ``unit`` is what makes it comparable ("time" in minutes, "month", "EUR", "%").

    ``values`` holds one number, or the two bounds of a range. ``text`` is how it is written, ``start`` where.
    """

    unit: str
    values: Bounds
    text: str
    start: int


def durations(text: str) -> list[Quantity]:
    """The durations of ``text``, "24 hours a day" left out: it says always."""
    return list(_durations(_AVAILABLE.sub(lambda m: " " * len(m[0]), text)))


def without_durations(text: str) -> str:
    """``text`` without its durations, so that their numbers are not looked at twice."""
    return DURATION.sub(" ", _AVAILABLE.sub(" ", text))


def _durations(text: str) -> Iterator[Quantity]:
    for match in DURATION.finditer(text):
        first, second, unit = match[1].lower(), (match[2] or "").lower(), match[3].lower()
        family, worth = _UNITS[unit]
        if first in _ARTICLES | {"one"} and not second and not _counts(text, match.start(), first, unit):
            continue
        values = tuple(value * worth for word in (first, second) if word and (value := _value(word)))
        if values:
            yield Quantity(family, values, match[0], match.start())


def _counts(text: str, start: int, number: str, unit: str) -> bool:
    """Whether "a week" is a deadline here: "in a minute" says soon, "a day" per day."""
    if unit.startswith("min"):
        return False
    return number == "one" or bool(_LEADS_TO.search(text[max(0, start - 40) : start]))


def keyed_durations(text: str) -> set[tuple[str, Decimal]]:
    """What JSON says of durations by its keys: ``"window_days": 14``, as (unit, value)."""
    found: set[tuple[str, Decimal]] = set()
    for unit, number in _KEYED.findall(text):
        family, worth = _UNITS[unit.lower()]
        if (value := _value(number)) is not None:
            found.add((family, value * worth))
    return found


def amounts(text: str) -> list[Quantity]:
    """The amounts of money and percentages of ``text``."""
    found: list[Quantity] = []
    for match in _AMOUNT.finditer(text):
        sign, number = (match[1], match[2]) if match[1] else (match[4], match[3])
        unit = _MONEY.get(sign.lower(), sign.upper())
        if (value := _money(number)) is not None and not (unit == "%" and match[1]):
            found.append(Quantity(unit, (value,), match[0], match.start()))
    return found


def quantities(text: str) -> list[Quantity]:
    """Durations, amounts and percentages, in the order in which they stand."""
    return sorted([*durations(text), *amounts(text)], key=lambda each: each.start)


def _value(word: str) -> Decimal | None:
    if word in WORDS or word in _ARTICLES:
        return Decimal(WORDS.get(word, 1))
    return _decimal(word.replace(",", "."))


def _money(text: str) -> Decimal | None:
    """1,234.50 and 1.234,50 alike: the last mark is the decimal one unless three digits follow it."""
    digits = re.sub(r"[\s’']", "", text)
    split = re.fullmatch(r"(.*)[.,](\d{1,2})", digits)
    whole, cents = (split[1], split[2]) if split else (digits, "0")
    return _decimal(f"{re.sub('[.,]', '', whole)}.{cents}")


def _decimal(text: str) -> Decimal | None:
    try:
        return Decimal(text).normalize()
    except InvalidOperation:
        return None
