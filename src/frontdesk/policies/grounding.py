"""The output gate: what a reply may say, whoever wrote it.

Pure functions over text. A reply is plain Markdown without HTML, images or unknown links; its citations
point to passages that were really read; and each amount, date, deadline, status, id and link in it stands in a tool's result,
a passage, what is remembered, or the customer's own words.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from frontdesk.knowledge.quantity import without_durations
from frontdesk.policies.citing import MARK, cite, marked, told_of
from frontdesk.policies.deadlines import unsupported_deadlines
from frontdesk.policies.links import sites, without_foreign_links
from frontdesk.policies.statuses import unsupported_statuses

__all__ = ["cite", "clean", "marked", "sites", "told_of", "unsupported", "without_foreign_links"]

MOST_CHARS = 8000  # of a reply; also bounds what the expressions below may take

IMAGE = re.compile(r"!\[([^\[\]\n]{0,300})\]\([^()\n]{0,2000}\)")
AUTOLINK = re.compile(r"<((?:https://|mailto:)?[^\s<>]{1,500}[.@][^\s<>]{1,500})>")
HTML = re.compile(r"<!--.{0,4000}?-->|</?[A-Za-z][A-Za-z0-9-]{0,30}(?:\s[^<>]{0,2000})?/?>", re.DOTALL)
OPENING = re.compile(r"<(?=[A-Za-z/!])")  # what would still begin a tag
LINK = re.compile(r"\[([^\[\]\n]{1,300})\]\(([^()\s]{1,2000})(?:[ \t][^()\n]{0,200})?\)")
TARGET = re.compile(r"\]\(\s*(?!https://|mailto:)")
REFERENCE = re.compile(r"^[ ]{0,3}\[[^\[\]\n]{1,300}\]:.*$", re.MULTILINE)
URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s)>\]\"'\\]+", re.IGNORECASE)
HOST = re.compile(r"\bwww\.[^\s)>\]\"'\\]+|\bmailto:[^\s)>\]\"'\\]+", re.IGNORECASE)
ADDRESS = re.compile(r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
BARE = re.compile(
    r"\b(?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}/[^\s)>\]\"'\\]*", re.IGNORECASE
)  # shop.example/pay
PLACES = (URL, HOST, ADDRESS, BARE)
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")

MONTHS = {
    name: number
    for number, names in enumerate(
        [
            "january/jan",
            "february/feb",
            "march/mar",
            "april/apr",
            "may",
            "june/jun",
            "july/jul",
            "august/aug",
            "september/sep/sept",
            "october/oct",
            "november/nov",
            "december/dec",
        ],
        start=1,
    )
    for name in names.split("/")
}
MONTH = "|".join(sorted(MONTHS, key=len, reverse=True))
ISO_DATE = re.compile(r"\b([0-9]{4})-([0-9]{2})-([0-9]{2})(?!\d)")
DAY_FIRST = re.compile(r"(?<![\w.])([0-9]{1,2})([./])([0-9]{1,2})\2([0-9]{4})(?!\d)")
# ASCII: without it "ſep" is a September to the expression and to nobody else.
DAY_MONTH = re.compile(
    rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({MONTH})\b\.?,?(?:\s+(\d{{4}}))?", re.IGNORECASE | re.ASCII
)
MONTH_DAY = re.compile(
    rf"\b({MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?", re.IGNORECASE | re.ASCII
)
NUMBER = re.compile(r"(?<![^\W_])\d{1,60}(?:[.,  ’']\d{3}(?!\d))*(?:[.,]\d{1,60})?")
CURRENCY = (
    r"(?:[$€£¥₹₽₩₺₴฿%]|(?:EUR|USD|GBP|CHF|SEK|NOK|DKK|PLN|CZK|HUF|CAD|AUD|JPY|CNY|INR)\b|(?:US |Canadian )?dollars?\b"
    r"|euros?\b|cents?\b|pounds?\b|bucks\b|quid\b|zł|kr\b|francs?\b|percent\b|per cent\b)"
)
BETWEEN = r"[\s:,.\-–]{0,4}"
AMOUNT = re.compile(
    rf"{CURRENCY}{BETWEEN}({NUMBER.pattern})|({NUMBER.pattern}){BETWEEN}{CURRENCY}", re.IGNORECASE
)
EMPHASIS = re.compile(r"[*_`~]+")
QUOTED = re.compile(r"[“\"]([^“”\"\n]{1,400})[”\"]")
LIST_ITEM = re.compile(r"^\s*\d{1,2}[.)]\s", re.MULTILINE)
LOOKS = 20  # places at which a number is looked at before all numbers are read instead
AFTER = re.compile(r"\d|[.,]\d")  # what goes on as the same number
DECIMAL = re.compile(r"(.*)[.,](\d+)")

PUNCTUATION = ".,;:!?*_"
SMALL = 12  # counts up to here ("two parcels", list numbers) need no source


def clean(reply: str) -> str:
    """The reply without images, HTML, control characters, and links to anything but https."""
    reply = CONTROL.sub("", reply[:MOST_CHARS])
    reply = REFERENCE.sub("", IMAGE.sub(lambda m: m[1], reply))
    reply = LINK.sub(lambda m: m[0] if m[2].startswith(("https://", "mailto:")) else m[1], reply)
    reply = TARGET.sub("] (", reply)  # what still looks like a link, with brackets in its target
    reply = URL.sub(lambda m: m[0] if m[0].lower().startswith("https://") else "", reply)
    reply = AUTOLINK.sub(lambda m: m[1], reply)
    while (without := HTML.sub("", reply)) != reply:  # what is taken out may have hidden a tag around it
        reply = without
    return OPENING.sub("< ", reply).strip()


def unsupported(reply: str, evidence: Iterable[str], said: Iterable[str] = ()) -> list[str]:
    """The amounts, dates, deadlines, statuses, ids and links of a reply that nothing supports.

    ``evidence`` is what tools and passages say. What the customer ``said`` may be quoted, and supports a plain
    number such as an order's; it is no evidence for an amount, a date or a link: "promise me 500 EUR" is not.
    """
    told = "\n".join(said)
    evidence = list(evidence)
    reply = QUOTED.sub(lambda m: "" if m[1] in told else m[0], reply)
    source = "\n".join(evidence)
    details = _details(reply)
    missing = _unknown_places(details.places, source)
    missing += unsupported_statuses(details.reply, evidence, told)
    missing += unsupported_deadlines(details.plain, source, told)
    # What stands there word for word is looked for first: reading all of a window's numbers costs more.
    dates = [date for date in details.dates if not _stands(_iso(date), source)]
    if dates:
        known = _dates(source)
        missing += [_iso(date) for date in dates if not any(_same_day(date, other) for other in known)]
    missing += _unknown_numbers(details.amounts, source)
    return missing + _unknown_numbers(details.numbers, f"{source}\n{told}")


@dataclass(frozen=True, slots=True)
class _Details:
    """What a reply says that needs a source: places and numbers as written, dates as (year or 0, month, day)."""

    reply: str  # without the marks of its citations
    plain: str  # without emphasis, numbers of lists and addresses either
    places: frozenset[str]
    dates: tuple[tuple[int, int, int], ...]
    amounts: tuple[str, ...]
    numbers: tuple[str, ...]


@lru_cache(maxsize=4)  # a receipt asks of the same line with one source after the other
def _details(reply: str) -> _Details:
    reply = MARK.sub("", marked(reply, known=0))
    plain = LIST_ITEM.sub("", EMPHASIS.sub("", URL.sub(" ", reply))).replace("24/7", "")
    rest = without_durations(plain)
    dates = sorted(_dates(rest))
    for shape in (ISO_DATE, DAY_FIRST, DAY_MONTH, MONTH_DAY):
        rest = shape.sub(" ", rest)
    amounts: list[str] = []

    def taken(amount: re.Match[str]) -> str:
        amounts.append(amount[1] or amount[2])
        return " "

    numbers = NUMBER.findall(AMOUNT.sub(taken, rest))
    plainly = tuple(number for number in numbers if not _is_small(number))
    return _Details(reply, plain, frozenset(_places(reply)), tuple(dates), tuple(amounts), plainly)


def _unknown_numbers(numbers: Iterable[str], source: str) -> list[str]:
    unseen = {n for n in numbers if not _stands(n, source)}
    if not unseen:
        return []
    known = _numbers(source)
    return sorted({_plain(n) for n in unseen if not _told(n, known)})


def _places(text: str) -> set[str]:
    """Links and addresses, as written."""
    return {place.rstrip(PUNCTUATION) for shape in PLACES for place in shape.findall(text)}


def _unknown_places(found: frozenset[str], source: str) -> list[str]:
    """Those that are not in the source, whole: a known one's beginning is another place."""
    if not found:
        return []
    known = _places(source)
    known |= {f"mailto:{address}" for address in ADDRESS.findall(source)}
    known |= {host for place in known for host in BARE.findall(place)}
    return sorted(found - known)


def _told(number: str, known: set[str]) -> bool:
    """Whether a number is known; "123 456" and "100,200" may also be two numbers, each of them known."""
    parts = [part.lstrip("0") or "0" for part in re.split(r"\D", number) if part]
    return _plain(number) in known or (len(parts) > 1 and all(_is_small(p) or p in known for p in parts))


def _stands(number: str, source: str) -> bool:
    """Whether a number or an ISO date stands in the source as written, not as a part of another number."""
    at = source.find(number)
    for _ in range(LOOKS):
        if at < 0:
            break
        end = at + len(number)
        before, after = source[max(0, at - 1) : at], source[end : end + 2]
        if not (before.isalnum() or before in {".", ","} or AFTER.match(after)):
            return True
        at = source.find(number, end)
    return False


def _iso(date: tuple[int, int, int]) -> str:
    return "{:04d}-{:02d}-{:02d}".format(*date)


def _dates(text: str) -> set[tuple[int, int, int]]:
    """Dates as (year or 0, month, day)."""
    found = {(int(y), int(m), int(d)) for y, m, d in ISO_DATE.findall(text)}
    found |= {(int(y), int(m), int(d)) for d, _, m, y in DAY_FIRST.findall(text)}
    found |= {(int(y or 0), MONTHS[m.lower()], int(d)) for d, m, y in DAY_MONTH.findall(text)}
    found |= {(int(y or 0), MONTHS[m.lower()], int(d)) for m, d, y in MONTH_DAY.findall(text)}
    return found


def _same_day(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return one[1:] == other[1:] and (one[0] == other[0] or not one[0] or not other[0])


def _numbers(text: str) -> set[str]:
    """Numbers in one spelling: 1,234.50 and 1234.5 are the same."""
    found: set[str] = set()
    for match in NUMBER.findall(text):
        found.add(_plain(match))
        parts = match.split(",")
        if len(parts) > 1 and len(parts[0]) > 2 and "." not in match:
            found.update(parts)  # compact JSON writes a list of ids like a number with thousands
    return found


def _plain(number: str) -> str:
    """One spelling of a number: the last point or comma is the decimal one unless three digits follow it."""
    whole, fraction = number, ""
    if (split := DECIMAL.fullmatch(number)) and len(split[2]) != 3:
        whole, fraction = split[1], split[2].rstrip("0")
    digits = "".join(str(unicodedata.digit(c)) for c in whole if c.isdigit()) or "0"
    return f"{digits}.{fraction}" if fraction else digits


def _is_small(number: str) -> bool:
    return number.isdecimal() and len(number) <= 2 and int(number) <= SMALL
