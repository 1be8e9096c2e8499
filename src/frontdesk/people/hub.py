"""What happened, for every open console: one LISTEN connection a process, handed on to whoever subscribes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import orjson
import psycopg
import structlog
from psycopg import AsyncConnection
from psycopg.conninfo import make_conninfo

from frontdesk.database import TCP
from frontdesk.people.again import ended

__all__ = ["EVERYTHING", "Happened", "PeopleHub"]

log = structlog.get_logger("frontdesk.people")
CHANNEL = "frontdesk_people"
AGAIN_SECONDS = 1.0
MOST_WAITING = 1000  # a subscriber that is further behind is told that everything may have changed


@dataclass(frozen=True, slots=True)
class Happened:
    """``what`` of ``conversation``: message, mode, ticket, action; or everything, after a lost connection."""

    conversation: str
    what: str


EVERYTHING = Happened("", "everything")


class PeopleHub:
    """Use ``start`` and ``stop``."""

    def __init__(self, conninfo: str) -> None:
        self._conninfo = make_conninfo(conninfo, connect_timeout=5, **TCP)
        self._queues: set[asyncio.Queue[Happened | None]] = set()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to listen."""
        self._task = asyncio.create_task(self._listen())

    async def stop(self) -> None:
        """End, and let every subscriber end."""
        for queue in self._queues:
            queue.put_nowait(None)
        await ended(self._task)

    @asynccontextmanager
    async def subscribe(self) -> AsyncGenerator[asyncio.Queue[Happened | None]]:
        """A queue of what happens from now on; None: the process is stopping."""
        queue: asyncio.Queue[Happened | None] = asyncio.Queue()
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)

    async def _listen(self) -> None:
        while True:
            try:
                connection = await AsyncConnection.connect(self._conninfo, autocommit=True)
                async with connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    self._tell(EVERYTHING)  # to who was there before us, after a start too
                    async for notice in connection.notifies():
                        self._tell(_read(notice.payload))
            except (psycopg.Error, OSError) as error:
                log.warning("people not heard of; will listen again", error=type(error).__name__)
            await asyncio.sleep(AGAIN_SECONDS)

    def _tell(self, happened: Happened) -> None:
        for queue in self._queues:
            if queue.qsize() >= MOST_WAITING:
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(EVERYTHING)
            else:
                queue.put_nowait(happened)


def _read(payload: str) -> Happened:
    """What a notice says; everything may have changed by one that cannot be read."""
    try:
        told = orjson.loads(payload)
        return Happened(str(told["conversation"]), str(told["what"]))
    except (ValueError, TypeError, LookupError):
        return EVERYTHING
