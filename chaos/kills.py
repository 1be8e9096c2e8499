"""R1, the kill loop: no accepted message lost, one reply a message, one effect an action, whatever is killed when.

Each customer asks for a note (a write that needs nobody's yes) and a refund, and confirms the refund; like a sane
client each sends again what got no answer. They go through their turns in batches of 25. Each life of the server ends
by kill -9 at the moment when all of a batch stand at one named point (chaos/points.py); every batch meets at least
three kills, most of them five or six, at points drawn so that each point gets its share. A batch that is killed three
times within the turn is handed to a person, as support.py has it: that must be one reply and one ticket. In the end
the database, the ledger, the backend's own count and what the customers were told must agree.
"""

from __future__ import annotations

import asyncio
import random
import tempfile
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp

from chaos.backend import Backend, backend
from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.lives import LEASE, Lives, lives
from chaos.points import ACTION, AFTER, ANYWHERE, BEFORE, POINTS, TOOL_SECONDS, WITHIN
from chaos.reconcile import reconcile
from frontdesk.testing import temporary_url

BATCH, AT_ONCE = 25, 4
ENDED = ("executed", "failed", "declined", "expired")


@dataclass
class Customer:
    """What a customer knows: the answer to the message, and how the action ended."""

    n: int
    answer: dict[str, Any] | None = None
    status: str = ""
    kills: Counter[str] = field(default_factory=Counter[str])

    @property
    def id(self) -> str:
        return f"c{self.n}"


@dataclass
class Desk:
    """Where a batch runs: a database and the lives of a server on it."""

    url: str
    lives: Lives
    backend: Backend


def schedule(rng: random.Random, number: int) -> list[str]:
    """The points at which batch ``number`` is killed, in order."""
    if number % 8 == 7:  # too often within the turn, and once more while a person is called
        return [*sorted(rng.sample(WITHIN, 3), key=POINTS.index), rng.choice(("reply ready", "replied"))]
    within = sorted((rng.choice((ANYWHERE, *WITHIN)) for _ in range(2)), key=POINTS.index)
    points = [*(BEFORE if rng.random() < 0.5 else ()), *within, *(AFTER if rng.random() < 0.5 else ())]
    return [*points, *sorted(rng.sample(ACTION, 2), key=ACTION.index)]


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """Four servers on four databases, so that one batch dies while another waits for its leases to run out."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-chaos-"))
    free: asyncio.Queue[Desk] = asyncio.Queue()
    started = []

    async with backend() as shop:

        async def desk() -> Desk:
            if len(started) < AT_ONCE and free.empty():
                url = temporary_url()  # not in a thread: the lock of the embedded server is for one only
                context = lives(url, shop.url, folder)
                started.append(context)
                return Desk(url, await context.__aenter__(), shop)
            return await free.get()

        async def portion(first: int, many: int) -> Tally:
            batches = [range(n, min(n + BATCH, first + many)) for n in range(first, first + many, BATCH)]
            tally = Tally()

            async def one(numbers: range) -> None:
                place = await desk()
                rng = random.Random(f"{seed} {numbers.start}")
                points = schedule(rng, numbers.start // BATCH)
                tally.add(await batch(place, [Customer(n) for n in numbers], points, rng))
                shown(f"R1: turns {first} to {first + many}: {tally.words()}")
                free.put_nowait(place)

            await asyncio.gather(*map(one, batches))
            return tally

        try:
            yield portion
        finally:
            for context in started:
                await context.__aexit__(None, None, None)


async def batch(desk: Desk, customers: list[Customer], points: list[str], rng: random.Random) -> Tally:
    """Lead a batch through its kills to the end, and compare what everybody knows of it."""
    names = {customer.id: customer for customer in customers}
    async with aiohttp.ClientSession(desk.lives.url, headers=desk.lives.headers) as client:
        confirming = (
            asyncio.Event()
        )  # until then nobody runs ahead of a batch that is still being asked for its turns
        work = [asyncio.create_task(_go_on(client, customer, confirming)) for customer in customers]
        for point in points:
            if point in ACTION:
                confirming.set()
            await desk.lives.begin(point, list(names), rng.randrange(1 << 30))
            for who in await desk.lives.over():
                names[who].kills[point] += 1
            # The leases of the dead run out first, so that whoever takes over takes over all of them at once.
            await asyncio.sleep(LEASE + TOOL_SECONDS if point in ACTION else LEASE)
        confirming.set()
        await desk.lives.begin()
        _, late = await asyncio.wait(work, timeout=60)
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        tally = await reconcile(desk.url, desk.backend, customers)
        await desk.lives.end()
    tally.expect(not late, f"{len(late)} customers were not told the end within 60 s of the last kill")
    for customer in customers:
        tally.counts["kills of a turn"] += customer.kills.total()
        tally.counts["turns killed 3 times or more"] += customer.kills.total() >= 3
        tally.counts.update({f"at {point}": times for point, times in customer.kills.items()})
    tally.counts["processes killed"] += len(points)
    return tally


async def _go_on(client: aiohttp.ClientSession, customer: Customer, confirming: asyncio.Event) -> None:
    """What a customer does: ask until answered, confirm until told how it ended."""
    while customer.answer is None or not customer.status:
        with suppress(aiohttp.ClientError, TimeoutError, ConnectionError):
            if customer.answer is None:
                await _ask(client, customer)
            else:
                await confirming.wait()
                await _confirm(client, customer)
        await asyncio.sleep(0.05)


async def _ask(client: aiohttp.ClientSession, customer: Customer) -> None:
    order = f"o{customer.n}"
    calls = f'[["add_note", {{"order_id": "{order}"}}], ["refund_order", {{"order_id": "{order}"}}]]'
    body = {"user_id": customer.id, "message": calls, "client_message_id": "m"}
    async with client.post("/support/chat", json=body, timeout=aiohttp.ClientTimeout(10)) as answer:
        if answer.status == 200:
            customer.answer = await answer.json()


async def _confirm(client: aiohttp.ClientSession, customer: Customer) -> None:
    """Press the button while it is there."""
    assert customer.answer
    if not customer.answer["actions"]:  # a person has it
        customer.status = "none"
        return
    place = f"/support/actions/{customer.answer['actions'][0]['id']}"
    limit = aiohttp.ClientTimeout(10)
    async with client.get(place, params={"user_id": customer.id}, timeout=limit) as answer:
        action = (await answer.json())["action"]
    if action["status"] == "proposed":
        body = {"user_id": customer.id, "confirm_token": action["confirm_token"]}
        async with client.post(f"{place}/confirm", json=body, timeout=limit) as answer:
            await answer.read()
    elif action["status"] in ENDED:
        customer.status = action["status"]


EXPERIMENT = Experiment(
    "R1",
    "1,000 turns with at least 3 SIGKILLs each, at named points: no accepted message lost, one effect per action,"
    " one reply per message",
    "turns",
    1000,
    BATCH * AT_ONCE,
    opened,
)
