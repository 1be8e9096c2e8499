"""Words of a model and ids of customers as values of a column's type; what does not fit exactly fits nothing."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import sqlalchemy as sa

INTEGER = re.compile(r"0|-?[1-9][0-9]{0,18}")
LONGEST = 2000  # characters of one value


def owns(kind: sa.types.TypeEngine[Any]) -> bool:
    """Whether a column of this type can hold a customer's id."""
    whole = isinstance(kind, sa.Numeric) and not isinstance(kind, sa.Float) and kind.scale in (0, None)
    return isinstance(kind, sa.Integer | sa.String | sa.Uuid) or whole


def fitted(text: str, kind: sa.types.TypeEngine[Any]) -> Any:
    """``text`` as a value of ``kind``; None where it is none. "007", " 7" and "٧" are not the number 7.

    Databases are kinder than that: MySQL finds 7 for '7 or so'.
    """
    if isinstance(kind, sa.Boolean):
        return {"true": True, "false": False}.get(text.lower())
    if isinstance(kind, sa.Integer | sa.Numeric):
        return int(text) if INTEGER.fullmatch(text) and abs(int(text)) < 2**63 else None
    if isinstance(kind, sa.Uuid):
        return _uuid(text)
    if isinstance(kind, sa.Enum) and kind.enums and text not in kind.enums:
        return None
    return text if "\x00" not in text else None


def _uuid(text: str) -> UUID | None:
    try:
        value = UUID(text)
    except ValueError:
        return None
    return value if str(value) == text else None


def is_customer(stored: Any, customer: str) -> bool:
    """Whether ``stored`` is the id ``customer``, to the letter.

    Asked again of each row, since some databases take "Anna", "anna" and "anna " for equal.
    """
    if isinstance(stored, Decimal):
        stored = int(stored) if stored == int(stored) else stored
    return str(stored) == customer


def is_date(kind: sa.types.TypeEngine[Any]) -> bool:
    """Whether a column of this type is filtered by from … until."""
    return isinstance(kind, sa.Date | sa.DateTime)


def day(value: date, kind: sa.types.TypeEngine[Any], *, after: bool = False) -> date | datetime:
    """The first moment of ``value``, or of the day after, as a column of ``kind`` compares it; days are UTC's."""
    value = value + timedelta(days=1) if after else value
    if not isinstance(kind, sa.DateTime):
        return value
    return datetime.combine(value, time.min, UTC if kind.timezone else None)


def plain(value: Any) -> Any:
    """A value of a row as a tool gives it on: bounded, and no bytes."""
    if isinstance(value, str):
        return value[:LONGEST]
    return None if isinstance(value, bytes | memoryview) else value
