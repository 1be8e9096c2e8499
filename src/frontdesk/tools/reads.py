"""What was read in this turn, kept until it ends, so that nothing is asked twice."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

__all__ = ["kept", "remembering"]

_KEPT: ContextVar[dict[Any, bytes] | None] = ContextVar("frontdesk_reads", default=None)


@contextmanager
def remembering(kept: dict[Any, bytes]) -> Generator[None]:
    """Keep in ``kept`` what is read inside: the answers of one turn, of one customer."""
    before = _KEPT.set(kept)
    try:
        yield
    finally:
        _KEPT.reset(before)


def kept() -> dict[Any, bytes]:
    """What was read before in this turn; outside of one, nothing, and nothing stays."""
    found = _KEPT.get()
    return {} if found is None else found
