"""One deadline for all that a request asks of PostgreSQL: three slow calls one after the other are as long as one."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from contextvars import ContextVar

__all__ = ["CALL_SECONDS", "aside", "deadline", "leave", "until"]

# A server that is stopped, not gone, answers nothing and closes nothing; a customer is told so within 5 s.
CALL_SECONDS = 4.0
_until: ContextVar[float | None] = ContextVar("frontdesk_database_until", default=None)


@contextmanager
def deadline() -> Generator[None]:
    """What is asked within it has CALL_SECONDS from now on, all together. Step aside from it for what takes longer."""
    token = _until.set(asyncio.get_running_loop().time() + CALL_SECONDS)
    try:
        yield
    finally:
        _until.reset(token)


@contextmanager
def aside() -> Generator[None]:
    """What is waited for within it is not PostgreSQL's answer: it has no deadline, and the one around it moves on."""
    shared, began = _until.get(), asyncio.get_running_loop().time()
    token = _until.set(None)
    try:
        yield
    finally:
        _until.reset(token)
        if shared is not None:
            _until.set(shared + asyncio.get_running_loop().time() - began)


def leave() -> None:
    """A task that was begun within a deadline goes on without it."""
    _until.set(None)


def until() -> float:
    """When what is asked now must be over, by the loop's clock."""
    end = asyncio.get_running_loop().time() + CALL_SECONDS
    shared = _until.get()
    return end if shared is None else min(end, shared)
