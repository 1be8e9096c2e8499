"""Postal addresses in a customer's words: street with its number, postal code, city."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Dutch, British, Canadian, and those of digits alone: "1015 CJ", "SW3 4UD", "K1A 0B1", "10119".
_CODE = r"(?:\d{4} ?[A-Z]{2}|[A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2}|[A-Z]\d[A-Z] ?\d[A-Z]\d|(?:[A-Z]{1,2}-)?\d{4,5}(?:-\d{3,4})?)"
_CITY = r"[A-ZÀ-Þ][\w'’-]+(?: (?:[A-ZÀ-Þ][\w'’-]+|am|an der|aan|den|de|la|le|sur|upon|of))*"
_ASIDE = re.compile(r"\([^()]{0,300}\)")
_PLACE = re.compile(rf"\b(?P<code>{_CODE})[ ,]+(?P<city>{_CITY})")
_STREET = re.compile(
    r"(?:\d{1,4}[a-zA-Z]?,? (?:[\w'’.-]+ ){0,4}[A-Za-zÀ-ÿ'’.-]{2,}|(?:[A-Za-zÀ-ÿ'’.-]{2,}[ ]){1,4}\d{1,4} ?[a-zA-Z]?(?:[-/]\d{1,4})?)\s*$"
)
# What stands between the rest of the sentence and the street.
_LEAD = re.compile(
    r".*(?:\b(?:to|at|is|address|an die|an den|an|in die|nach|au|aux|à la|à|chez|a la|a|naar|for|of|please|now|instead|sister|friend|moved)\b(?: the| der| dem| des)?|[:,;.!])\s+",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Address:
    """What of an address was said; ``span`` is where."""

    street: str = ""
    postal_code: str = ""
    city: str = ""
    span: tuple[int, int] = (0, 0)


def address(text: str) -> Address | None:
    """The last address in a text: with its postal code and city; the street where there is one before them."""
    text = _ASIDE.sub(lambda aside: " " * len(aside[0]), text)
    place = next(reversed(list(_PLACE.finditer(text))), None)
    if place is None:
        return None
    street, begin = "", place.start()
    before = text[: place.start()].rstrip(" ,")
    lead = _LEAD.match(before)
    tail = before[lead.end() if lead else 0 :]
    found = _STREET.search(tail)
    if found and any(c.isalpha() for c in found[0]):
        street = found[0].strip()
        begin = len(before) - len(tail) + found.start()
    city = place["city"].rstrip(".,")
    if not street and re.fullmatch(r"\d{4,5}", place["code"]) is None and not before:
        return Address("", place["code"], city, (begin, place.end()))
    return Address(street, place["code"], city, (begin, place.end()))


_ALONE = re.compile(
    r"\b(?:to|an die|au|naar)\s+(\d{1,4}[a-zA-Z]? [A-Za-zÀ-ÿ'’ ]{3,30}|[A-Za-zÀ-ÿ'’ ]{3,30} \d{1,4}[a-zA-Z]?)\s*(?:[,.;!]|please|$)"
)


def street_alone(text: str) -> str:
    """A street with its number behind "to", where no postal code follows it."""
    found = _ALONE.search(text)
    return found[1].strip() if found and not re.match(r"(?:order|my|the)\b", found[1]) else ""


def without_address(text: str) -> str:
    """The text with blanks where an address is: its house number and postal code are no ids."""
    found = address(text)
    if not found or not found.street:
        return text
    begin, end = found.span
    return text[:begin] + " " * (end - begin) + text[end:]


_PARTS = {
    "street": re.compile(r"^(?:street|street_address|street_and_number|address_line_?1|address1|line1)$"),
    "postal_code": re.compile(r"^(?:postal_?code|post_?code|zip|zip_?code|plz)$"),
    "city": re.compile(r"^(?:city|town|place)$"),
}


def part_of(name: str) -> str:
    """Which part of an address an argument of this name is: "street", "postal_code", "city" or ""."""
    return next((part for part, names in _PARTS.items() if names.match(name)), "")
