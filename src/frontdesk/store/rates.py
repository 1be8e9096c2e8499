"""How often somebody may do something: exact moving windows, in PostgreSQL, in Redis, or in this process's memory.

One contract: ``take`` counts once under each of several names, or, where one of them is full, under none.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from frontdesk.database import Database
from frontdesk.database.redis import RedisGone, RedisLink

__all__ = ["MemoryRates", "PostgresRates", "Rate", "Rates", "RedisRates", "shared_rates"]

FORGET_EVERY = 1000  # counts, after which what no window holds is deleted


@dataclass(frozen=True, slots=True)
class Rate:
    """At most ``most`` in any ``seconds`` under one name; ``key`` is what the name is kept by."""

    key: bytes
    most: int
    seconds: float

    @classmethod
    def of(cls, name: str, most: int, seconds: float) -> Rate:
        """A rate of ``name``, which is kept by its hash: no store learns who wrote."""
        return cls(hashlib.sha256(name.encode()).digest()[:16], most, seconds)


class Rates(Protocol):
    """Where is counted."""

    async def take(self, rates: Sequence[Rate]) -> float:
        """Count once under each; the seconds to wait where one is full, and nothing was counted. 0.0: counted."""
        ...


class MemoryRates:
    """In this process, bounded: the names not used for longest are forgotten."""

    def __init__(self, most_names: int = 100_000) -> None:
        self._most = most_names
        self._windows: OrderedDict[bytes, deque[float]] = OrderedDict()

    def __len__(self) -> int:
        """How many names are remembered."""
        return len(self._windows)

    async def take(self, rates: Sequence[Rate]) -> float:
        """See ``Rates.take``."""
        now, windows = time.time(), [self._windows.get(rate.key) or deque[float]() for rate in rates]
        wait = 0.0
        for rate, window in zip(rates, windows, strict=True):
            while window and window[0] <= now - rate.seconds:
                window.popleft()
            if len(window) >= rate.most:
                wait = max(wait, window[-rate.most] + rate.seconds - now)
        if wait:
            return wait
        for rate, window in zip(rates, windows, strict=True):
            window.append(now)
            self._windows[rate.key] = window
            self._windows.move_to_end(rate.key)
        while len(self._windows) > self._most:
            self._windows.popitem(last=False)
        return 0.0


class PostgresRates:
    """In the database that all replicas share, by its clock: one statement, which waits for no disk."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._taken = 0

    async def take(self, rates: Sequence[Rate]) -> float:
        """See ``Rates.take``. Raises DatabaseUnavailable."""
        ordered = sorted(rates, key=lambda rate: rate.key)
        row = await self._database.call(
            "take_rates",
            [rate.key for rate in ordered],
            [rate.most for rate in ordered],
            [rate.seconds for rate in ordered],
        )
        await self._tidy()
        return float(row[0]) if row else 0.0

    async def give_back(self, rate: Rate, *, every: bool = False) -> None:
        """Take back what was counted last under a name, or all of it. Raises DatabaseUnavailable."""
        await self._database.call("give_back_rate", rate.key, every)

    async def _tidy(self) -> None:
        self._taken += 1
        if self._taken % FORGET_EVERY == 0:
            await self._database.call("forget_rates")


SCRIPT = """
local time = redis.call('TIME')
local now, wait = time[1] + time[2] / 1000000, 0
for i, key in ipairs(KEYS) do
  local most, seconds = tonumber(ARGV[2 * i - 1]), tonumber(ARGV[2 * i])
  local first = redis.call('LINDEX', key, 0)
  while first and tonumber(first) <= now - seconds do
    redis.call('LPOP', key)
    first = redis.call('LINDEX', key, 0)
  end
  local full = redis.call('LINDEX', key, -most)
  if full then wait = math.max(wait, tonumber(full) + seconds - now) end
end
if wait == 0 then
  for i, key in ipairs(KEYS) do
    redis.call('RPUSH', key, string.format('%.6f', now))
    redis.call('PEXPIRE', key, math.ceil(ARGV[2 * i] * 1000))
  end
end
return tostring(wait)
"""


class RedisRates:
    """In Redis, by its clock, as one script; while Redis is gone, in ``otherwise``."""

    def __init__(self, link: RedisLink, otherwise: Rates) -> None:
        self._link = link
        self._otherwise = otherwise

    async def take(self, rates: Sequence[Rate]) -> float:
        """See ``Rates.take``. Raises what ``otherwise`` raises while Redis is gone."""
        keys = [b"frontdesk:rate:" + rate.key for rate in rates]
        values = [value for rate in rates for value in (rate.most, rate.seconds)]
        try:
            return float(await self._link.script(SCRIPT, keys, values))
        except RedisGone:
            return await self._otherwise.take(rates)


def shared_rates(database: Database, link: RedisLink | None) -> Rates:
    """Where all replicas count together: in Redis where there is one, else in PostgreSQL."""
    here = PostgresRates(database)
    return RedisRates(link, here) if link else here
