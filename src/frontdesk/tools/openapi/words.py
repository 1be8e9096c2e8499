"""Names taken apart, however a document writes them."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["words_of"]

_HUMPS = re.compile(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])")
_APART = re.compile(r"[^a-z0-9]+")


def words_of(name: str) -> list[str]:
    """``customerId``, ``customer-id`` and ``customer_id`` are the words customer and id."""
    return list(_words(name))


@lru_cache(100_000)
def _words(name: str) -> tuple[str, ...]:
    apart = _HUMPS.sub(r"\1\3_\2\4", name)
    return tuple(word for word in _APART.split(apart.lower()) if word)
