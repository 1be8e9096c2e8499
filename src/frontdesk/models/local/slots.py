"""Arguments out of the customer's words: ids by shape, dates, numbers, choices, e-mail, phone."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from frontdesk.models.local import parameters as kinds
from frontdesk.models.local.parameters import Parameter, shape
from frontdesk.models.local.says import MONTHS
from frontdesk.models.local.text import plain

_TOKEN = re.compile(r"(?<![\w.@/-])#?\s?([A-Za-z]{0,6}[-_]?\d[\dA-Za-z]*(?:-[\dA-Za-z]+)*)(?![\w@]|[.,]\d)")
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


_VERBS = "its was has yes does arrives ships comes shows needs looks seems says keeps contains gets goes stays reads plus always sometimes perhaps besides orders thanks costs means appears remains"
_NO_PLURALS = frozenset(_VERBS.split())


@dataclass(frozen=True, slots=True)
class Reference:
    """A token that may be an id: as the customer wrote it, whether a word before it says so, whether it is denied."""

    text: str
    named: bool
    denied: bool


def references(text: str) -> list[Reference]:
    """Every token with a digit that is no amount, date, duration or quantity."""
    found: list[Reference] = []
    for match in _TOKEN.finditer(text):
        token, before, after = match[1], text[: match.start()], text[match.end() :]
        lead = before + match[0][: match[0].index(token)]
        named = bool(_NAMED.search(lead))
        if _NEVER_IDS.match(token) or _UNIT.match(after) or (_BEFORE.search(lead) and not named):
            continue
        if token.isdigit() and re.search(r"[+*/^=]\s?$|x\^$", lead):
            continue
        if token.isdigit() and not named and _counts(after):
            continue
        found.append(Reference(token, named, bool(_NOT.search(lead))))
    return found


def _counts(after: str) -> bool:
    """ "300 vouchers": a number before a plural is how many there are of them."""
    word = re.match(r"\s([a-z]{3,}s)\b", after.lower())
    return bool(word) and word[1] not in _NO_PLURALS and not word[1].endswith(("ss", "us", "is"))


def identifiers(text: str, parameter: Parameter, known: Iterable[str] = ()) -> tuple[str, ...]:
    """The ids in the text that fit the parameter, in order, once each; denied ones ("not 123") left out."""
    same = {token.lower(): token for token in known}
    shapes = [re.compile(shape(token), re.IGNORECASE) for token in same.values()]
    chosen: list[str] = []
    denied = {r.text for r in references(text) if r.denied}
    for reference in references(text):
        token = reference.text
        alike = parameter.fits(token) or any(s.fullmatch(token) for s in shapes)
        if not parameter.shapes and shapes and not reference.named:
            alike = any(s.fullmatch(token) for s in shapes)
        if token not in denied and (alike or reference.named):
            chosen.append(same.get(token.lower(), parameter.written(token)))
    return tuple(dict.fromkeys(chosen))


def value(parameter: Parameter, text: str) -> Any:
    """A value of the parameter's kind in the text, or None."""
    if parameter.kind == kinds.ENUM:
        return choice(parameter.choices, text)
    if parameter.kind == kinds.INTEGER:
        return duration(parameter.label, text) or integer(text)
    reader = _READERS.get(parameter.kind)
    if reader:
        return reader(text)
    return _free(parameter, text) if parameter.kind == kinds.TEXT else None


def choice(choices: Sequence[str], text: str) -> str | None:
    """The one choice whose words all stand in the text; None when none or several do."""
    low = f" {re.sub(r'[^a-z0-9]+', ' ', plain(text))} "
    said = [c for c in choices if f" {re.sub(r'[^a-z0-9]+', ' ', c.lower()).strip()}" in low]
    longest = [c for c in said if not any(c != other and c.lower() in other.lower() for other in said)]
    return longest[0] if len(longest) == 1 else None


def _free(parameter: Parameter, text: str) -> str | None:
    """Words for a text argument: quoted, or after its own name, or a capitalised name in the sentence."""
    quoted = re.search(r"[\"“«']([^\"”»']{2,80})[\"”»']", text)
    if quoted and " " not in quoted[1][:1]:
        return quoted[1].strip()
    label = parameter.name.replace("_", " ")
    named = re.search(
        rf"\b{re.escape(label)}(?: is| to| called| of|:)+ ([^.,;!?\n]{{2,80}})", text, re.IGNORECASE
    )
    if named:
        return named[1].strip()
    proper = re.findall(
        r"(?<=[a-z,] )[A-Z][\w'-]*(?: (?:(?:of|the|and|de|von|van|to|in|a) )*[A-Z][\w'-]*)*", text
    )
    proper = [name for name in proper if name not in ("I", "I'm", "I'd", "I've")]
    return proper[-1] if len(proper) == 1 else None


MAIL = r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+"


def email(text: str) -> str | None:
    """An e-mail address."""
    match = re.search(MAIL, text)
    return match[0].rstrip(".") if match else None


def phone(text: str) -> str | None:
    """A phone number of at least seven digits, as written."""
    match = re.search(r"\+?\d[\d ()/-]{5,}\d", text)
    return match[0].strip() if match and sum(c.isdigit() for c in match[0]) >= 7 else None


_COUNTED = "zero one two three four five six seven eight nine ten eleven twelve"
_NUMBERS = {word: n for n, word in enumerate(_COUNTED.split())}


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
    return int(word) if word.isdigit() else 1 if word in ("a", "an", "one", "another") else _NUMBERS.get(word)


def integer(text: str) -> int | None:
    """A whole number in digits or in words up to twelve; the day of a date is none."""
    if len(text.split()) <= 3 and re.search(r"\bone\b", text, re.IGNORECASE) and not re.search(r"\d", text):
        return 1
    text = _SAID_DAY.sub(" ", text)
    found = re.findall(r"(?<![\w.,-])\d{1,4}(?![\w.,-]\d|\w)", text)
    if len(found) == 1:
        return int(found[0])
    said = [_NUMBERS[w] for w in re.findall(r"[a-z]+", text.lower()) if w in _NUMBERS and w != "one"]
    return said[0] if len(said) == 1 and not found else None


def boolean(text: str) -> bool | None:
    """A plain yes or no."""
    low = plain(text)
    yes, no = (
        re.search(r"\b(?:yes|yeah|yep|sure|true|please do)\b", low),
        re.search(r"\b(?:no|nope|not|false)\b", low),
    )
    return None if bool(yes) == bool(no) else bool(yes)


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


_SAID_DAY = re.compile(
    rf"\b(?:day after tomorrow|tomorrow(?: (?:morning|afternoon|evening|night))?|today|tonight|(?:(?:this|next|on|coming) )?(?:{'|'.join(_WEEKDAYS)})s?"
    rf"|\d{{4}}-\d\d?-\d\d?|\d{{1,2}}[./]\d{{1,2}}(?:[./]\d{{2,4}})?|(?:the )?\d{{1,2}}(?:st|nd|rd|th)?(?: of)? (?:{_MONTH})(?:,? \d{{4}})?"
    rf"|(?:{_MONTH}) \d{{1,2}}(?:st|nd|rd|th)?(?:,? \d{{4}})?|(?:next|this) (?:week(?:end)?|month))\b",
    re.IGNORECASE,
)


def said_day(text: str) -> str | None:
    """The customer's own words for a day: "next Monday" stays "next Monday"."""
    match = _SAID_DAY.search(text)
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


_READERS: dict[str, Any] = {
    kinds.DATE: day,
    kinds.DAY_SAID: said_day,
    kinds.NUMBER: number,
    kinds.MONEY: money,
    kinds.INTEGER: integer,
    kinds.BOOLEAN: boolean,
    kinds.EMAIL: email,
    kinds.PHONE: phone,
}
