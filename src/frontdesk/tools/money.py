"""Money, limits and times as they are declared and as a model writes them: read exactly, or refused."""

from __future__ import annotations

import re
from datetime import timedelta
from decimal import Decimal
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from frontdesk.domain import Limit, Money
from frontdesk.errors import DeclarationError

__all__ = ["MoneyArgument", "duration", "limits", "money"]

# ASCII only: to Decimal and to \d the digits of every script are numbers, to the customer they are not.
AMOUNT = r"[0-9]{1,9}(?:\.[0-9]{1,2})?"
CURRENCY = r"[A-Z]{3}"
MONEY = re.compile(rf"(?:({AMOUNT}) ?({CURRENCY})|({CURRENCY}) ?({AMOUNT}))")
WINDOWS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
    "week": timedelta(weeks=1),
    "month": timedelta(days=30),
}
LIMIT = re.compile(
    rf"(?:(?P<count>[0-9]{{1,9}})|(?P<amount>{AMOUNT}) (?P<currency>{CURRENCY}))"
    rf"(?:/(?P<window>call|{'|'.join(WINDOWS)}))?(?: per (?P<scope>[a-z_][a-z0-9_]*))?"
)
DURATION = re.compile(r"([0-9]{1,4}) (second|minute|hour|day)s?")
NOT_MONEY = "is an amount with its currency, such as 24.95 EUR"


def money(value: object) -> Money:
    """``"24.95 EUR"``, ``"EUR 24.95"`` or ``{"amount": "24.95", "currency": "EUR"}``; positive, exact, in ASCII.

    Raises ValueError for anything else: a sign, an exponent, more than two decimals, a number without a currency.
    """
    if isinstance(value, Money):
        value = str(value)
    if isinstance(value, dict):
        value = f"{value.get('amount')} {value.get('currency')}"
    found = MONEY.fullmatch(value.strip()) if isinstance(value, str) else None
    if not found:
        raise ValueError(NOT_MONEY)
    amount = Decimal(found[1] or found[4]).quantize(Decimal("0.01"))
    if amount <= 0:
        raise ValueError("is more than nothing")
    return Money(amount, found[2] or found[3])


MoneyArgument = Annotated[
    Money,
    PlainValidator(money),
    PlainSerializer(lambda m: {"amount": str(m.amount), "currency": m.currency}),
    WithJsonSchema({"type": "string", "description": NOT_MONEY, "examples": ["24.95 EUR"]}),
]


def limits(title: str, word: str, declared: str | list[str] | tuple[str, ...] | None) -> tuple[Limit, ...]:
    """The limits in ``"3/day"`` or ``["3/day", "200 EUR/day per shop"]``. Raises DeclarationError."""
    texts = [declared] if isinstance(declared, str) else list(declared or ())
    return tuple(_limit(title, word, text) for text in texts)


def _limit(title: str, word: str, text: Any) -> Limit:
    found = LIMIT.fullmatch(text) if isinstance(text, str) else None
    if not found:
        raise DeclarationError(
            f'{title}: {word}={text!r} is no limit: write "3/day", "100 EUR/call", "200 EUR/day", '
            '"5000 EUR/day per shop" or "1 per order_id"'
        )
    window, scope = found["window"], found["scope"] or "customer"
    if window is None and found["scope"] is None and found["currency"]:
        window = "call"  # "100 EUR" alone is said of one call
    if window == "call":
        if found["scope"] or not found["currency"]:
            raise DeclarationError(
                f'{title}: {word}={text!r}: of one call only money is limited, "100 EUR/call"'
            )
        scope = "call"
    elif window is None and found["scope"] is None:
        raise DeclarationError(
            f'{title}: {word}={text!r}: say of what: "{text}/day" or "{text} per order_id"'
        )
    most = Decimal(found["count"] or found["amount"])
    return Limit(most, found["currency"] or "", WINDOWS.get(window or ""), scope, text)


def duration(title: str, word: str, text: str) -> timedelta:
    """``"10 minutes"``. Raises DeclarationError."""
    found = DURATION.fullmatch(text) if isinstance(text, str) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    length = timedelta(**{f"{found[2]}s": int(found[1])}) if found else timedelta(0)
    if not timedelta(seconds=1) <= length <= timedelta(days=30):
        raise DeclarationError(f'{title}: {word}={text!r} is no time: write "10 minutes", at most "30 days"')
    return length
