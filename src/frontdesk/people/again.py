"""Work that is looked for again and again in each process, and a task's end."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import structlog

from frontdesk.errors import DatabaseUnavailable

__all__ = ["ended", "looking"]

log = structlog.get_logger("frontdesk.people")


async def looking(work: Callable[[], Awaitable[bool]], seconds: float, what: str) -> None:
    """Do ``work`` until it says that nothing is due, look again after ``seconds``, and so on; ``what`` is for the log."""
    while True:
        try:
            while await work():
                pass
        except DatabaseUnavailable:
            log.warning("database gone; it waits", what=what)
        except Exception as error:  # noqa: BLE001  whatever it is, what is due must go on being looked for
            log.warning("not done", what=what, error=type(error).__name__)
        await asyncio.sleep(seconds)


async def ended(task: asyncio.Task[None] | None) -> None:
    """Cancel a task that was begun, and wait until it has ended."""
    if task:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
