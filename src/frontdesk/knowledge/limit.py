"""What a tool is declared to allow: ``limits={"return window": "14 days", "refund": "at most 100 EUR"}``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from frontdesk.errors import DeclarationError
from frontdesk.knowledge.quantity import quantities

IN_DESCRIPTION = (
    "\n\nLimits: "  # stands between what a tool is for and what it allows, where a model reads it
)
Side = Literal["exact", "most", "least"]
Span = tuple[Decimal, Decimal]

_SPELT_WORDS = """
thirteen 13 fourteen 14 fifteen 15 sixteen 16 seventeen 17 eighteen 18 nineteen 19
twenty 20 thirty 30 forty 40 fifty 50 sixty 60 seventy 70 eighty 80 ninety 90
"""
_SMALL_NUMBERS = """
one 1 two 2 three 3 four 4 five 5 six 6 seven 7 eight 8 nine 9 ten 10 eleven 11 twelve 12
"""


def _numbers(text: str) -> dict[str, int]:
    listed = text.split()
    return {word: int(number) for word, number in zip(listed[::2], listed[1::2], strict=True)}


_SPELT, _COUNTS = _numbers(_SPELT_WORDS), _numbers(_SMALL_NUMBERS)
_ONES = {word: number for word, number in _COUNTS.items() if number < 10}
_WORDED = re.compile(rf"\b({'|'.join(_SPELT)})(?:[ -]({'|'.join(_ONES)}))?\b", re.IGNORECASE)
_COUNT = re.compile(rf"(?<![\w.,:/€$£-])(\d{{1,6}}|{'|'.join(_COUNTS)})(?![\w%€$£/:-]|[.,]\d)", re.IGNORECASE)
_MOST = re.compile(
    r"\b(?:(?:expires?|ends?|lapses?|closes?) after|at most|up to|no more than|not more than|no later than|at the latest|(?:maximum|max\.?|limit)(?: [^\W\d]+){0,4}:?|within"
    r"|under|below|less than|limited to|not exceed|by)\s*$",
    re.IGNORECASE,
)
_LEAST = re.compile(
    r"\b(?:at least|no less than|not less than|(?:minimum|min\.?)(?: [^\W\d]+){0,4}:?|more than|over|above|from|exceeds?|exceeding"
    r"|after)\s*$",
    re.IGNORECASE,
)
# Words that say what kind of thing a limit is, not of what: a page seldom uses the same one.
_KIND_WORDS = """
window period time deadline limit limits maximum minimum max min most least cap duration length term days day hours hour
weeks week months month years year amount number count total per each longest shortest highest lowest
"""
_SMALL_WORDS = "a an and at by for from in is of on or the to with within you your can be are we are our it"
KINDS, SMALL = frozenset(_KIND_WORDS.split()), frozenset(_SMALL_WORDS.split())
DAY = Decimal(1440)
WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")


@dataclass(frozen=True, slots=True)
class Measure:
    """A quantity that others of its kind are compared with.

    ``kind`` is "time" (the span in minutes), a currency, "%" or "count"; ``working`` says business days.
    """

    kind: str
    span: Span
    side: Side
    text: str
    start: int
    working: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """One declared limit of a tool, as a person reads it and as numbers."""

    tool: str
    name: str
    text: str
    measure: Measure

    @property
    def topic(self) -> tuple[str, ...]:
        """The words of the name that say what is limited."""
        return tuple(word for word in words(self.name) if word not in KINDS)


def words(text: str) -> list[str]:
    """The words of ``text`` that mean something, in lower case."""
    return [word for match in WORD.findall(text) if (word := match.lower()) not in SMALL]


def limit(tool: str, name: object, text: object) -> Limit:
    """One entry of ``limits``. Raises DeclarationError with what to write instead."""
    where = f"{tool}: limits={{{str(name)[:60]!r}: {str(text)[:60]!r}}}"
    if not isinstance(name, str) or not any(word not in KINDS for word in words(name)):
        raise DeclarationError(f'{where}: name what is limited in words, "return window" for example')
    found = measures(text) if isinstance(text, str) else []
    if isinstance(text, str) and not found:
        found = counts(text)
    if len(found) != 1 or (found[0].kind != "time" and found[0].span[0] != found[0].span[1]):
        raise DeclarationError(
            f'{where}: write one quantity: "14 days", "5 business days", "at most 100 EUR", "15 %" or "3 vouchers"'
        )
    return Limit(tool, name.strip(), str(text).strip(), found[0])


def measures(text: str) -> list[Measure]:
    """The durations, amounts and percentages of ``text``."""
    text = spelt_out(text)
    found: list[Measure] = []
    for quantity in quantities(text):
        low, high = min(quantity.values), max(quantity.values)
        kind = "time" if quantity.unit in {"time", "month"} else quantity.unit
        if quantity.unit == "month":  # 28 to 31 days, so that "one month" and "30 days" do not disagree
            low, high = (low // 12 * 365 + low % 12 * 28) * DAY, (high // 12 * 366 + high % 12 * 31) * DAY
        working = bool(re.search(r"\b(?:business|working)", quantity.text, re.IGNORECASE))
        side = _side(text[: quantity.start])
        found.append(Measure(kind, (low, high), side, quantity.text.strip(), quantity.start, working))
    return found


def counts(text: str) -> list[Measure]:
    """The plain numbers of ``text`` that are part of no other quantity."""
    text = spelt_out(text)
    taken = [(q.start, q.start + len(q.text)) for q in quantities(text)]
    found: list[Measure] = []
    for match in _COUNT.finditer(text):
        if not any(first <= match.start() < last for first, last in taken):
            value = Decimal(_COUNTS.get(match[1].lower(), 0) or match[1])
            found.append(
                Measure("count", (value, value), _side(text[: match.start()]), match[0], match.start())
            )
    return found


def spelt_out(text: str) -> str:
    """``thirty days`` as ``30 days``; the smaller numbers are read as words anyway."""
    return _WORDED.sub(lambda m: str(_SPELT[m[1].lower()] + _ONES.get((m[2] or "").lower(), 0)), text)


def _side(before: str) -> Side:
    return "most" if _MOST.search(before) else "least" if _LEAST.search(before) else "exact"
