"""The output gate: what a reply may say, whoever wrote it.

Pure functions over text. A reply is plain Markdown without HTML, images or unknown links; its citations
point to passages that were really read; and each amount, date, id and link in it stands in a tool's result,
a passage, what is remembered, or the customer's own words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from frontdesk.domain import Citation, Passage

IMAGE = re.compile(r"!\[([^\]\n]{0,300})\]\([^)\n]{0,2000}\)")
HTML = re.compile(r"<(?:!--|/?[A-Za-z][^<>]{0,2000})>?")
LINK = re.compile(r"\[([^\]\n]{1,300})\]\(([^)\s]{1,2000})[^)\n]{0,200}\)")
URL = re.compile(r"\b[a-z][a-z0-9+.-]{1,20}://[^\s)>\]\"']+", re.IGNORECASE)
MARK = re.compile(r"\s?\[(\d{1,3})\](?!\()")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\u202a-\u202e\u2066-\u2069]")

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
ISO_DATE = re.compile(r"\b(\d{4})-(\d{2})-(\d{2})(?!\d)")
DAY_MONTH = re.compile(rf"\b(\d{{1,2}})(?:st|nd|rd|th)?\s+({MONTH})\b\.?,?(?:\s+(\d{{4}}))?", re.IGNORECASE)
MONTH_DAY = re.compile(rf"\b({MONTH})\.?\s+(\d{{1,2}})(?:st|nd|rd|th)?\b(?:,?\s+(\d{{4}}))?", re.IGNORECASE)
NUMBER = re.compile(r"\d+(?:[.,  ’']\d{3})*(?:[.,]\d+)?")
AFTER = re.compile(r"\d|[.,]\d")  # what goes on as the same number
DECIMAL = re.compile(r"(.*)[.,](\d+)")

SMALL = 10  # counts up to here ("two parcels", list numbers) need no source


def clean(reply: str) -> str:
    """The reply without images, HTML, control characters, and links to anything but https."""
    reply = CONTROL.sub("", reply)
    reply = IMAGE.sub(lambda m: m[1], reply)
    reply = LINK.sub(lambda m: m[0] if m[2].startswith(("https://", "mailto:")) else m[1], reply)
    reply = URL.sub(lambda m: m[0] if m[0].lower().startswith("https://") else "", reply)
    return HTML.sub("", reply).strip()


def cite(reply: str, passages: Sequence[Passage]) -> tuple[str, list[Citation]]:
    """The reply with its citations numbered from 1, and those citations; a made-up mark is removed."""
    order: list[int] = []

    def renumber(match: re.Match[str]) -> str:
        n = int(match[1])
        if not 1 <= n <= len(passages):
            return ""
        if n not in order:
            order.append(n)
        return match[0].replace(match[1], str(order.index(n) + 1))

    text = MARK.sub(renumber, reply)
    used = [passages[n - 1] for n in order]
    return text, [
        Citation(
            n, f"{p.title} › {p.heading}" if p.heading and p.heading != p.title else p.title, p.url, p.text
        )
        for n, p in enumerate(used, start=1)
    ]


def unsupported(reply: str, evidence: Iterable[str]) -> list[str]:
    """The amounts, dates, ids and links of a reply that stand nowhere in the evidence."""
    reply = MARK.sub("", reply)
    source = "\n".join(evidence)
    missing = [url for url in URL.findall(reply) if url.rstrip(".,;:!?*_") not in source]
    reply = URL.sub(" ", reply)
    # What stands there word for word is looked for first: reading all of a window's numbers costs more.
    dates = sorted(date for date in _dates(reply) if not _stands(_iso(date), source))
    if dates:
        known = _dates(source)
        missing += [_iso(date) for date in dates if not any(_same_day(date, other) for other in known)]
    bare = MONTH_DAY.sub(" ", DAY_MONTH.sub(" ", ISO_DATE.sub(" ", reply)))
    numbers = {_plain(n) for n in NUMBER.findall(bare) if not _is_small(n) and not _stands(n, source)}
    if numbers:
        missing += sorted(n for n in numbers - _numbers(source) if not _is_small(n))
    return missing


def _stands(number: str, source: str) -> bool:
    """Whether a number or an ISO date stands in the source as written, not as a part of another number."""
    at = source.find(number)
    while at >= 0:
        end = at + len(number)
        before, after = source[max(0, at - 1) : at], source[end : end + 2]
        if not (before.isdigit() or before in {".", ","} or AFTER.match(after)):
            return True
        at = source.find(number, at + 1)
    return False


def _iso(date: tuple[int, int, int]) -> str:
    return "{:04d}-{:02d}-{:02d}".format(*date)


def _dates(text: str) -> set[tuple[int, int, int]]:
    """Dates as (year or 0, month, day)."""
    found = {(int(y), int(m), int(d)) for y, m, d in ISO_DATE.findall(text)}
    found |= {(int(y or 0), MONTHS[m.lower()], int(d)) for d, m, y in DAY_MONTH.findall(text)}
    found |= {(int(y or 0), MONTHS[m.lower()], int(d)) for m, d, y in MONTH_DAY.findall(text)}
    return found


def _same_day(one: tuple[int, int, int], other: tuple[int, int, int]) -> bool:
    return one[1:] == other[1:] and (one[0] == other[0] or not one[0] or not other[0])


def _numbers(text: str) -> set[str]:
    """Numbers in one spelling: 1,234.50 and 1234.5 are the same."""
    return {_plain(match) for match in NUMBER.findall(text)}


def _plain(number: str) -> str:
    """One spelling of a number: the last point or comma is the decimal one unless three digits follow it."""
    whole, fraction = number, ""
    if (split := DECIMAL.fullmatch(number)) and len(split[2]) != 3:
        whole, fraction = split[1], split[2].rstrip("0")
    digits = re.sub(r"\D", "", whole)
    return f"{digits}.{fraction}" if fraction else digits


def _is_small(number: str) -> bool:
    return number.isdigit() and len(number) <= 2 and int(number) <= SMALL
