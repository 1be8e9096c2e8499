"""The hot window: the last turns of a conversation as a model reads them, kept ready outside PostgreSQL.

A cache of what PostgreSQL holds, and never believed: an entry says after how many audit entries of the conversation it
was made, and PostgreSQL, which is asked to store the message anyway, gives the window again where there are more by
now. A store that has lost an entry, or holds an old one, costs that look-up and nothing else.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, Protocol
from uuid import UUID

import orjson

from frontdesk.database.redis import RedisGone, RedisLink
from frontdesk.domain import TurnInput, TurnResult

__all__ = ["MemoryWindows", "RedisWindows", "Window", "Windows", "key_of"]

KEEP_SECONDS = 3600
Row = list[Any]  # sequence number, message, reply, steps, actions: as the database's window_of gives it


class Windows(Protocol):
    """Where windows are kept."""

    async def get(self, key: str) -> bytes | None:
        """What was put under ``key`` last, if it is still there."""
        ...

    async def put(self, key: str, value: bytes) -> None:
        """Keep a value in the place of what stands there."""
        ...

    async def forget(self, key: str) -> None:
        """Keep nothing under ``key`` any more."""
        ...


class MemoryWindows:
    """In this process, for an hour: for a notebook, or one server. The ones put longest ago are forgotten."""

    def __init__(self, most: int = 10_000) -> None:
        self._most = most
        self._kept: OrderedDict[str, tuple[float, bytes]] = OrderedDict()  # when it was put, and what

    async def get(self, key: str) -> bytes | None:
        """See ``Windows.get``."""
        self._let_go()
        return self._kept[key][1] if key in self._kept else None

    async def put(self, key: str, value: bytes) -> None:
        """See ``Windows.put``."""
        self._kept[key] = monotonic(), value
        self._kept.move_to_end(key)
        self._let_go()

    async def forget(self, key: str) -> None:
        """See ``Windows.forget``."""
        self._kept.pop(key, None)

    def _let_go(self) -> None:
        """Of what is too much or too old; the oldest stands first."""
        end = monotonic() - KEEP_SECONDS
        while self._kept and (len(self._kept) > self._most or next(iter(self._kept.values()))[0] <= end):
            self._kept.popitem(last=False)


class RedisWindows:
    """In Redis, for an hour; while it is gone, nowhere."""

    def __init__(self, link: RedisLink) -> None:
        self._link = link

    async def get(self, key: str) -> bytes | None:
        """See ``Windows.get``."""
        try:
            return await self._link.get(f"frontdesk:window:{key}")
        except RedisGone:
            return None

    async def put(self, key: str, value: bytes) -> None:
        """See ``Windows.put``."""
        try:
            await self._link.put(f"frontdesk:window:{key}", value, KEEP_SECONDS)
        except RedisGone:
            return

    async def forget(self, key: str) -> None:
        """See ``Windows.forget``. While Redis is gone it is not: what it holds ends within the hour."""
        with suppress(RedisGone):
            await self._link.delete(f"frontdesk:window:{key}")


def key_of(principal_key: str) -> str:
    """What a principal's newest window is kept under: a hash, which names nobody."""
    return hashlib.sha256(principal_key.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Window:
    """The turns of ``conversation`` when it had ``audited`` audit entries, oldest first."""

    conversation: UUID
    audited: int
    rows: list[Row]

    @classmethod
    def read(cls, value: bytes | None) -> Window | None:
        """What ``written`` wrote; None for nothing, and for what cannot be read."""
        try:
            conversation, audited, rows = orjson.loads(value or b"null")
            return cls(UUID(conversation), audited, rows)
        except (TypeError, ValueError):
            return None

    def written(self) -> bytes:
        """As bytes."""
        return orjson.dumps([str(self.conversation), self.audited, self.rows])

    def after(self, turn: TurnInput, result: TurnResult, steps: list[Any], most: int) -> Window | None:
        """The window with a turn that has just been stored behind it; None where it may yet change.

        What has become of an action is asked anew at each turn, so a window with one is not kept. The turn itself is
        one audit entry; were there others beside it, the count is wrong and the window is not believed.
        """
        if result.actions or any(row[4] for row in self.rows):
            return None
        row: Row = [turn.seq, turn.message, result.reply, steps or None, None]
        return Window(self.conversation, self.audited + 1, [*self.rows, row][-most:])
