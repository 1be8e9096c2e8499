"""Arguments out of the customer's words: ids by shape, dates, numbers, choices, e-mail, phone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from frontdesk.models.local import parameters as kinds
from frontdesk.models.local.parameters import Parameter, shape
from frontdesk.models.local.text import plain
from frontdesk.models.local.times import NUMBERS, SAID_DAY, clock, day, days, duration, said_day

_TOKEN = re.compile(r"(?<![\w.@/:-])#?\s?([A-Za-z]{0,6}[-_]?\d[\dA-Za-z]*(?:-[\dA-Za-z]+)*)(?![\w@]|[.,:]\d)")
_NAMED = re.compile(
    r"(?:\b(?:order|parcel|package|purchase|shipment|delivery|reference|ref|booking|appointment|loan|reservation|return|invoice)s?\.?(?: (?:number|no\.?|nr\.?|id|is|was))*[ :]*#?\s?|#\s?)$",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"^\s?(?:€|\$|£|%|(?:eur|euros?|usd|dollars?|bucks|pounds?|gbp|quid|chf|days?|weeks?|months?|years?|hours?|hrs?|minutes?|mins?|items?|things?|pieces?|pcs|times|points?|pts|miles|stars?|coins?|credits?|cents?|bonus|loyalty|am|pm|cm|mm|kg|km|ml|o'?clock|st|nd|rd|th|people|percent|of the|"
    r"january|february|march|april|may|june|july|august|september|october|november|december|jan|feb|mar|apr|jun|jul|aug|sept?|oct|nov|dec)\b)",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    r"(?:[€$£]\s?|\b(?:eur|usd|gbp|chf|at number|house|size|apartment|flat|apt|street|since|in (?:january|february|march|april|may|june|july|august|september|october|november|december)|"
    r"january|february|march|april|may|june|july|august|september|october|november|december) |[+*/^=] ?)$",
    re.IGNORECASE,
)
_NOT = re.compile(
    r"\b(?:not|instead of|rather than|isn'?t|other than|except)(?: (?:the|my|about|order|parcel|number|for|no\.?))*\s?#?\s?$",
    re.IGNORECASE,
)
_NEVER_IDS = re.compile(
    r"^(?:\d+(?:st|nd|rd|th|x|am|pm|cm|mm|kg|g|ml|km|eur|usd|k|h|min|days?)|(?:19|20)\d\d-\d\d?-\d\d?|covid-?19|24/7|\d{1,2}h\d\d|mp3|b2b|a4|4k)$",
    re.IGNORECASE,
)


MOST = 40  # numbers of a message that may be ids: no customer asks about more at once
# Characters around a number that say what it is; all of them would cost the square of a long message.
NEAR = 80
_VERBS = "its was has yes does arrives ships comes shows needs looks seems says keeps contains gets goes stays reads plus always sometimes perhaps besides orders thanks costs means appears remains"
_NO_PLURALS = frozenset(_VERBS.split())


@dataclass(frozen=True, slots=True)
class Reference:
    """A token that may be an id: as the customer wrote it, whether a word before it says so, whether it is denied."""

    text: str
    named: bool
    denied: bool
    lead: str = ""  # the words before it


@lru_cache(maxsize=16)  # a turn asks of the same few texts for each tool and argument
def references(text: str) -> tuple[Reference, ...]:
    """The first ``MOST`` tokens with a digit that are no amount, date, duration or quantity."""
    found: list[Reference] = []
    for match in _TOKEN.finditer(text):
        if len(found) == MOST:
            break
        token, after = match[1], text[match.end() : match.end() + NEAR]
        lead = text[max(match.start(1) - NEAR, 0) : match.start(1)]
        named = bool(_NAMED.search(lead))
        if _NEVER_IDS.match(token) or _UNIT.match(after) or (_BEFORE.search(lead) and not named):
            continue
        if token.isdigit() and re.search(r"[+*/^=]\s?$|x\^$", lead):
            continue
        if token.isdigit() and not named and _counts(after):
            continue
        found.append(Reference(token, named, bool(_NOT.search(lead)), lead))
    return tuple(found)


def _counts(after: str) -> bool:
    """ "300 vouchers": a number before a plural is how many there are of them."""
    word = re.match(r"\s([a-z]{3,}s)\b", after.lower())
    return bool(word) and word[1] not in _NO_PLURALS and not word[1].endswith(("ss", "us", "is"))


def identifiers(text: str, parameter: Parameter, known: Iterable[str] = ()) -> tuple[str, ...]:
    """The ids in the text that fit the parameter, in order, once each; denied ones ("not 123") left out."""
    text = _closed_up(parameter, text)
    same = {token.lower(): token for token in known}
    shapes = [re.compile(shape(token), re.IGNORECASE) for token in same.values()]
    chosen: list[str] = []
    denied = {r.text for r in references(text) if r.denied}
    for reference in references(text):
        token = reference.text
        alike = parameter.fits(token) or any(s.fullmatch(token) for s in shapes)
        if not parameter.shapes and shapes and not reference.named:
            alike = any(s.fullmatch(token) for s in shapes)
        alike = alike or bool(
            token.isdigit() and parameter.prefix and parameter.fits(parameter.prefix + token)
        )
        if token not in denied and (alike or reference.named or _called(parameter, reference)):
            known_as = same.get(token.lower())
            chosen.append(parameter.marked(known_as) if known_as else parameter.written(token))
    return tuple(dict.fromkeys(chosen))


def _closed_up(parameter: Parameter, text: str) -> str:
    """ "HB 4821" and "hb-4821" as HB4821, where ids look like that."""
    letters = parameter.prefix.rstrip("-")
    spaced = rf"\b{letters}[ .#-]{{1,2}}(?=\d{{3}})"
    return re.sub(spaced, parameter.prefix, text, flags=re.IGNORECASE) if letters else text


def _called(parameter: Parameter, reference: Reference) -> bool:
    """ "Flight BA432" names the id that ``flight_number`` wants, whatever it looks like."""
    thing = re.escape(parameter.thing.split()[-1])
    return bool(
        re.search(rf"\b{thing}s?(?: (?:number|no\.?|nr\.?|id|is))*[ :#]*$", reference.lead, re.IGNORECASE)
    )


def values(parameters: Sequence[Parameter], text: str) -> dict[str, Any]:
    """What the text says of each parameter, ids left out; several dates go to the parameters in their order."""
    found = {p.name: value(p, text) for p in parameters if p.kind not in (kinds.ID, kinds.WORDS)}
    dated = [p for p in parameters if p.kind == kinds.DATE and p.required]
    if len(dated) > 1:
        found |= dict(zip((p.name for p in dated), days(text, len(dated)), strict=True))
    return {name: said for name, said in found.items() if said is not None}


def value(parameter: Parameter, text: str) -> Any:
    """A value of the parameter's kind in the text, or None."""
    if parameter.kind == kinds.ENUM:
        return choice(parameter.choices, text)
    if parameter.kind == kinds.INTEGER:
        return duration(parameter.label, text) or counted(parameter.label, text) or integer(text)
    reader = _READERS.get(parameter.kind)
    if reader:
        return reader(text)
    return _free(parameter, text) if parameter.kind == kinds.TEXT else None


def choice(choices: Sequence[str], text: str) -> str | None:
    """The one choice whose words all stand in the text; None when none or several do."""
    hour = clock(text) if all(_HOUR.fullmatch(c) for c in choices) else None
    if hour:
        return next((c for c in choices if c.zfill(5) == hour), None)
    low = f" {re.sub(r'[^a-z0-9]+', ' ', plain(text))} "
    low = _LEFT.sub(" ", low) if len(_LEFT.sub(" ", low).split()) > 1 else low
    said = [c for c in choices if f" {re.sub(r'[^a-z0-9]+', ' ', c.lower()).strip()}" in low]
    longest = [c for c in said if not any(c != other and c.lower() in other.lower() for other in said)]
    return longest[0] if len(longest) == 1 else None


_HOUR = re.compile(r"\d{1,2}:\d\d")
_LEFT = re.compile(r" (?:not|too|so|very|instead of|rather than|from) (?:an? |the |my )?\w+(?= )")


def _free(parameter: Parameter, text: str) -> str | None:
    """Words for a text argument: quoted, or after its own name, or a capitalised name in the sentence."""
    quoted = re.search(r"[\"“«']([^\"”»']{2,80})[\"”»']", text)
    if quoted and " " not in quoted[1][:1]:
        return quoted[1].strip()
    label = parameter.name.replace("_", " ")
    named = re.search(
        rf"\b{re.escape(label)}(?: is| to| called| of|:)+ ([^.,;!?\n]{{2,80}})", text, re.IGNORECASE
    )
    beside = re.search(rf"\b(?i:{re.escape(label)}) ([A-Z0-9][\w-]*(?: [A-Z0-9][\w-]*)*)", text)
    if named or beside:
        return (named or beside)[1].strip()  # pyright: ignore[reportOptionalSubscript]
    proper = re.findall(
        r"(?<=[a-z,] )[A-Z][\w'-]*(?: (?:(?:of|the|and|de|von|van|to|in|a) )*[A-Z][\w'-]*)*", text
    )
    proper = list(dict.fromkeys(name for name in proper if not _NO_NAME.match(name)))
    return proper[-1] if len(proper) == 1 else None


_NO_NAME = re.compile(
    r"(?:I(?:'\w+)?|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*|(?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)$"
)
MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"


def email(text: str) -> str | None:
    """An e-mail address."""
    match = re.search(MAIL, text)
    return match[0].rstrip(".") if match else None


def phone(text: str) -> str | None:
    """A phone number of at least seven digits, as written."""
    match = re.search(r"\+?\d[\d ()/-]{5,}\d", text)
    return match[0].strip() if match and sum(c.isdigit() for c in match[0]) >= 7 else None


def number(text: str) -> float | None:
    """An amount: the one beside a currency first, else the only number in the text."""
    beside = re.search(
        r"(?:[€$£]\s?(\d+(?:[.,]\d{1,2})?))|(\d+(?:[.,]\d{1,2})?)\s?(?:€|\$|£|eur|euros?|usd|dollars?|pounds?)\b",
        text,
        re.IGNORECASE,
    )
    if beside:
        return float((beside[1] or beside[2]).replace(",", "."))
    found = re.findall(r"(?<![\w.-])\d+(?:[.,]\d{1,2})?(?![\w-])", text)
    return float(found[0].replace(",", ".")) if len(found) == 1 else None


_CURRENCIES = {
    "€": "EUR",
    "$": "USD",
    "£": "GBP",
    "euro": "EUR",
    "euros": "EUR",
    "dollar": "USD",
    "dollars": "USD",
    "pound": "GBP",
    "pounds": "GBP",
    "quid": "GBP",
    "francs": "CHF",
}
_AMOUNT = re.compile(
    r"(?:(€|\$|£|\b(?:eur|usd|gbp|chf)\b)\s?(\d{1,7}(?:[.,]\d{1,2})?)(?![\d.,]*\d))|(?<![\w.,])(\d{1,7}(?:[.,]\d{1,2})?)\s?(€|\$|£|(?:eur|usd|gbp|chf|euros?|dollars?|pounds?|quid|francs)\b)",
    re.IGNORECASE,
)


def money(text: str) -> str | None:
    """An amount with the currency that was said: "24.95 EUR"; the last one, which corrects the others."""
    found = list(_AMOUNT.finditer(text))
    if not found:
        return None
    sign, number = (found[-1][1], found[-1][2]) if found[-1][1] else (found[-1][4], found[-1][3])
    return f"{number.replace(',', '.')} {_CURRENCIES.get(sign.lower(), sign.upper())}"


def integer(text: str) -> int | None:
    """A whole number in digits or in words up to twelve; the day of a date is none."""
    if len(text.split()) <= 3 and re.search(r"\bone\b", text, re.IGNORECASE) and not re.search(r"\d", text):
        return 1
    text = _HOUR.sub(" ", SAID_DAY.sub(" ", text))
    found = re.findall(r"(?<![\w.,-])\d{1,4}(?![\w.,-]\d|\w)", text)
    if len(found) == 1:
        return int(found[0])
    said = [NUMBERS[w] for w in re.findall(r"[a-z]+", text.lower()) if w in NUMBERS and w != "one"]
    return said[0] if len(said) == 1 and not found else None


_PEOPLE = "people|persons?|guests?|adults?|seats?|of us|pax"
_COUNTS = re.compile(r"people|person|guest|adult|seat|party|traveller|passenger")


def counted(label: str, text: str) -> int | None:
    """A number before what the argument is named after: "for one person" of ``people``, "two bags" of ``bags``."""
    nouns = _PEOPLE if _COUNTS.search(label) else rf"{re.escape(label.split()[-1].rstrip('s'))}s?"
    match = re.search(rf"\b(\d{{1,4}}|{'|'.join(NUMBERS)}) (?:[a-z]+ )?(?:{nouns})\b", text.lower())
    if not match:
        return None
    return int(match[1]) if match[1].isdigit() else NUMBERS[match[1]]


def boolean(text: str) -> bool | None:
    """A plain yes or no."""
    low = plain(text)
    yes, no = (
        re.search(r"\b(?:yes|yeah|yep|sure|true|please do)\b", low),
        re.search(r"\b(?:no|nope|not|false)\b", low),
    )
    return None if bool(yes) == bool(no) else bool(yes)


_READERS: dict[str, Any] = {
    kinds.DATE: day,
    kinds.TIME: clock,
    kinds.DAY_SAID: said_day,
    kinds.NUMBER: number,
    kinds.MONEY: money,
    kinds.INTEGER: integer,
    kinds.BOOLEAN: boolean,
    kinds.EMAIL: email,
    kinds.PHONE: phone,
}
