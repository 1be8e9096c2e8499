"""What a text says of the arguments of a change: addresses, e-mail addresses old and new, amounts, ticket numbers."""

from __future__ import annotations

import re
from typing import Any

from frontdesk.models.local import parameters as kinds
from frontdesk.models.local import slots
from frontdesk.models.local.addresses import address, part_of, street_alone, without_address
from frontdesk.models.local.catalog import Entry
from frontdesk.models.local.smalltalk import answers_nothing
from frontdesk.models.local.text import NUMBERED, content_words, in_english


def stated(entry: Entry, text: str) -> dict[str, Any]:
    """What a text says of a tool's arguments, its id and what must be looked up left out."""
    found = address(text)
    given: dict[str, Any] = {}
    for parameter in entry.parameters:
        part = part_of(parameter.name)
        if part:
            value: Any = getattr(found, part) if found else street_alone(text) if part == "street" else ""
        elif parameter.kind == kinds.EMAIL:
            value = _email(parameter.name, text)
        elif parameter.kind == kinds.MONEY:
            value = slots.money(text)
        elif parameter.kind == kinds.WORDS:
            said = parameter.required and not bare_wish(entry, text) and not answers_nothing(text)
            value = text if said else ""
        elif parameter.kind in (kinds.ID, kinds.IDS) or (
            parameter.kind == kinds.TEXT and not parameter.required
        ):
            value = ""
        else:
            value = slots.value(parameter, without_address(text))
        if value not in ("", None):
            given[parameter.name] = value
    return given


_WISHING = frozenset(
    content_words("want need like please send get give make start money back whole full all number")
)


def bare_wish(entry: Entry, text: str) -> bool:
    """ "Refund order 1954 please": nothing but what the tool itself is for, so no reason and no details."""
    words = NUMBERED.sub(" ", in_english(text))
    return content_words(words) <= entry.stems | _WISHING


def tickets(message: str) -> list[str]:
    """Numbers of tickets: letters and digits, "TK1043"."""
    return [m.upper() for m in re.findall(r"\b[A-Za-z]{1,4}-?\d{2,8}\b", message)]


_FROM = r"\b(?:from|old|current|present|von|de|van|not)\b[^@]{0,30}?"


def _email(name: str, text: str) -> str | None:
    """The e-mail address that an argument of this name takes: the new one stands last, the old one behind "from"."""
    found = [m.rstrip(".") for m in re.findall(slots.MAIL, text)]
    old = re.search(_FROM + f"({slots.MAIL})", text, re.IGNORECASE)
    is_old = bool(re.search(r"current|old|present|from", name))
    if len(found) > 1:
        before = old[1].rstrip(".") if old else found[0]
        return before if is_old else next((m for m in reversed(found) if m != before), found[-1])
    if not found:
        return None
    return found[0] if is_old == bool(old) else None


def with_amount(money: Any, number: str) -> str:
    """The same money with another number."""
    currency = str(money).split()[-1] if isinstance(money, str) else str(money.get("currency", ""))
    return f"{number.replace(',', '.')} {currency}"
