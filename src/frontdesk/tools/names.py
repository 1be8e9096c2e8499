"""Names of fields and columns: taken apart however they are written, and which of them read like a secret."""

from __future__ import annotations

import re
from functools import lru_cache

__all__ = ["is_secret", "snake", "words_of"]

_HUMPS = re.compile(r"([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])")
_APART = re.compile(r"[^a-z0-9]+")
MOST_CHARS = 200  # of a name that is taken apart: a longer one is nobody's, and is not kept in memory either
_SECRET = re.compile(
    r"pass(word|wd|phrase|code)|pwd|hash|salt|secret|token|(api|access)_?key|private|(?<!fo)otp|mfa|cvv|cvc|iban|"
    r"(card|account)_?(number|no($|_))|(^|_)ssn|ssn($|_)|tax_?(id|number)|national_?id|passport|fingerprint|"
    r"(^|_)ip_?addr|user_?agent|session|cookie|signature|webhook|credential|cost_?price|"
    r"(^|_)(pin|pan|ip|nonce|internal|fraud|risk|margin|staff|admin)($|_)"
)


def words_of(name: str) -> list[str]:
    """``customerId``, ``customer-id`` and ``customer_id`` are the words customer and id; what is not ASCII is a gap."""
    return list(_words(name)) if len(name) <= MOST_CHARS else [name.lower()]


@lru_cache(100_000)
def _words(name: str) -> tuple[str, ...]:
    return tuple(word for word in _APART.split(_spaced(name)) if word)


def snake(name: str) -> str:
    """``OrderItems`` and ``order-items`` as ``order_items``; letters of every script stay."""
    return re.sub(r"\W+", "_", _spaced(name)).strip("_") or "row"


def is_secret(name: str) -> bool:
    """Whether a field or column of this name is kept from every model and customer."""
    return name.startswith("_") or len(name) > MOST_CHARS or bool(_SECRET.search(snake(name)))


def _spaced(name: str) -> str:
    return _HUMPS.sub(r"\1\3_\2\4", name).lower()
