"""R6: ten times as many messages as the process can answer, for as long as is asked for.

First it is measured how many messages a second one process answers. Then ten times as many are sent every second,
whatever comes back (nobody waits for an answer before the next one writes), a tenth of them as streams. Each request
must be answered: a message that is taken with 200 (or 202), any other with 429 or 503 and ``Retry-After``. When it is
over, the process must answer a new customer within 1 s again, at most 10 s later. Then each message that was taken has
one turn and one reply, and of one that was refused nothing is stored.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.servers import rows, servers

TIMES = 10
MEASURED_SECONDS, AT_ONCE = 3.0, 64
TICK = 0.02
RECOVERS_WITHIN, ANSWERS_WITHIN = 10.0, 1.0
CUSTOMERS = 2000
OPEN_FILES = 8000  # requests under way; a generator that has more open than it may is no load but a fault
STREAM = {"accept": "text/event-stream"}

STORED = """
SELECT t.client_message_id AS id, count(DISTINCT t.id) AS turns, bool_and(t.status = 'done') AS done,
  count(m.body) AS replies
FROM turns t LEFT JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1
WHERE t.client_message_id LIKE %s GROUP BY 1
"""


class Load:
    """What is sent to one process, and what it said."""

    def __init__(self, client: aiohttp.ClientSession, name: str) -> None:
        self._client = client
        self._name = name
        self._n = 0
        self.tally = Tally()
        self.taken: set[str] = set()
        self.refused: set[str] = set()
        self.under_way: set[asyncio.Task[None]] = set()

    async def one(self) -> int:
        """One message; the status that answered it, 0 where there was no answer."""
        self._n += 1
        n, identity = self._n, f"{self._name}-{self._n}"
        body = {"user_id": f"c{n % CUSTOMERS}", "message": f"note {n}", "client_message_id": identity}
        headers, began = STREAM if n % 10 == 0 else {}, time.monotonic()
        try:
            async with self._client.post("/support/chat", json=body, headers=headers) as answer:
                status, told = answer.status, await answer.read()
        except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
            self.tally.counts[type(error).__name__] += 1
            self.tally.problems.append(f"{identity}: no answer: {type(error).__name__}")
            return 0
        self.tally.counts[str(status)] += 1
        if status in (200, 202):
            self.taken.add(identity)
            self.tally.slowest("taken and answered", time.monotonic() - began)
        else:
            self.tally.expect(status in (429, 503), f"{identity}: status {status}")
            self.tally.expect("retry-after" in answer.headers, f"{identity}: {status} without Retry-After")
            if b"database_unavailable" not in told:  # of that one nobody knows
                self.refused.add(identity)
            self.tally.slowest("refused", time.monotonic() - began)
        return status

    async def capacity(self) -> float:
        """Messages a second, as many at once as keep it busy."""
        await asyncio.gather(*(self.one() for _ in range(AT_ONCE)))  # what is slow only once
        began = time.monotonic()

        async def on_and_on() -> int:
            answered = 0
            while time.monotonic() - began < MEASURED_SECONDS:
                answered += await self.one() == 200
            return answered

        counted = await asyncio.gather(*(on_and_on() for _ in range(AT_ONCE)))
        return sum(counted) / (time.monotonic() - began)

    async def pour(self, a_second: float, seconds: float) -> None:
        """So many a second, whatever comes back; returns when the last has been sent."""
        began, sent = time.monotonic(), 0
        while (passed := time.monotonic() - began) < seconds:
            for _ in range(int(a_second * passed) - sent):
                sent += 1
                if len(self.under_way) < OPEN_FILES:
                    task = asyncio.create_task(self._unseen())
                    self.under_way.add(task)
                    task.add_done_callback(self.under_way.discard)
                else:
                    self.tally.counts["not sent"] += 1
            await asyncio.sleep(TICK)

    async def _unseen(self) -> None:
        await self.one()

    async def recovers(self) -> float:
        """Seconds until a new message is answered in time."""
        began = time.monotonic()
        while time.monotonic() - began < 60:
            asked = time.monotonic()
            if await self.one() == 200 and time.monotonic() - asked <= ANSWERS_WITHIN:
                break
            await asyncio.sleep(0.1)
        return time.monotonic() - began


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """One process with the queue that it has by default."""
    async with servers(1, FRONTDESK_QUEUE_LIMIT="2000") as (url, _, clients):
        measured = Load(clients[0], f"s{seed}-measure")
        rate = await measured.capacity()

        async def portion(first: int, seconds: int) -> Tally:
            load = Load(clients[0], f"s{seed}-{first}")
            shown(f"R6: {rate:.0f} messages a second are answered; now {TIMES} times as many")
            await load.pour(rate * TIMES, seconds)
            took = await load.recovers()
            await asyncio.gather(*load.under_way)
            tally = load.tally
            tally.slowest("recovered", took)
            tally.expect(took <= RECOVERS_WITHIN, f"recovered after {took:.1f} s only")
            tally.counts["seconds"] += seconds
            if not first:
                tally.counts["a second without overload"] = round(rate)
            await _reconcile(url, load)
            shown(f"R6: {tally.words()}")
            return tally

        yield portion


async def _reconcile(url: str, load: Load) -> None:
    """What was taken is answered once; what was refused is not there."""
    prefix = next(iter(load.taken | load.refused)).rpartition("-")[0]
    stored: dict[str, dict[str, Any]] = {}
    for _ in range(60):  # what was answered with 202 is answered later
        stored = {row["id"]: row for row in await rows(url, STORED, [f"{prefix}-%"])}
        if all(row["done"] for row in stored.values()):
            break
        await asyncio.sleep(0.5)
    for identity in load.taken:
        row = stored.get(identity)
        once = row is not None and (row["turns"], row["done"], row["replies"]) == (1, True, 1)
        load.tally.counts["taken, answered once"] += once
        load.tally.expect(once, f"{identity}: taken, but {row}")
    for identity in load.refused & stored.keys():
        load.tally.problems.append(f"{identity}: refused, but stored")


EXPERIMENT = Experiment(
    "R6",
    "load at ten times capacity: no 500, the excess gets 429 or 503 with Retry-After, and service recovers within 10 s",
    "s at 10 × capacity",
    60,
    20,
    opened,
)
