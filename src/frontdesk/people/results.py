"""A tool's arguments and results in words: names with values, of a list how many and the first ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

__all__ = ["shortened", "told", "words"]

LONGEST, VALUE, MOST = 240, 80, 3  # characters of all and of one value; items of a list
MONEY = {"amount", "currency"}


def words(name: str) -> str:
    """``order_id`` as ``order id``."""
    return " ".join(name.replace("_", " ").split())


def shortened(text: str, most: int) -> str:
    """``text`` on one line, cut at a word."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1].rsplit(" ", 1)[0] + " …"


def told(value: object, beside: Mapping[str, Any] | None = None) -> str:
    """``status shipped, total 249.00 EUR``; without what stands in ``beside`` with the same name and value."""
    known = {(name, str(given)) for name, given in (beside or {}).items()}
    return shortened(_told(value, known), LONGEST)


def _told(value: object, known: set[tuple[str, str]]) -> str:
    if isinstance(value, list):
        return _listed(cast("list[object]", value), known)
    if not isinstance(value, dict):
        return _scalar(value)
    items = cast("dict[str, object]", value)
    if set(items) == MONEY:
        return f"{items['amount']} {items['currency']}"
    if len(items) == 1 and isinstance(inner := next(iter(items.values())), list):
        return _listed(cast("list[object]", inner), known)
    parts = [_named(name, inner) for name, inner in items.items() if (name, str(inner)) not in known]
    return ", ".join(filter(None, parts))


def _listed(values: list[object], known: set[tuple[str, str]]) -> str:
    if not values:
        return "none"
    shown = "; ".join(filter(None, (_told(each, known) for each in values[:MOST])))
    count = f"{len(values)} found" if len(values) > 1 else "one found"
    return f"{count}: {shown}" + (" …" if len(values) > MOST else "")


def _named(name: str, value: object) -> str:
    if isinstance(value, list):
        many = cast("list[object]", value)
        return f"{len(many)} {words(name)}" if many else ""
    inner = _told(value, set()) if isinstance(value, dict) else _scalar(value)
    return f"{words(name)} {inner}" if inner else ""


def _scalar(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return shortened(str(value), VALUE)
