"""R7: what Frontdesk stands on fails for a while, with customers at work: nothing lost, nothing doubled, nothing false.

Each fault lasts as many seconds as are asked for (60 at the full figure). While the database is there, each answer
comes within 5 s, degraded where it must be, and honest: a fallback's, or a sentence that says what is not possible now.
While it is not, 503 with Retry-After, also within 5 s. When the fault is over everybody is answered; then each message
has one turn and one reply, each refund happened at most once, and whoever was told of one has got it.
"""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path

from chaos.crowd import Crowd, Customer
from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.servers import client_of, rows
from chaos.site import Site, own_disk, site

CALM = 1.0  # seconds of ordinary work before and after
CROWD = 8
IN_FLIGHT = 100

Fault = Callable[[Site, Crowd, float], Awaitable[None]]


def _endpoint(fault: str) -> Fault:
    """The model's endpoint misbehaves."""

    async def strike(site: Site, crowd: Crowd, seconds: float) -> None:
        site.model.fault = fault
        await _endure(crowd, seconds)
        site.model.fault = ""

    return strike


async def _endure(crowd: Crowd, seconds: float) -> None:
    crowd.broken = True
    await asyncio.sleep(seconds)
    crowd.broken = False


async def postgres_restarted(site: Site, crowd: Crowd, seconds: float) -> None:
    """Shut down as in a power cut, away for a while, started again."""
    await asyncio.to_thread(site.postgres.crash)
    await _endure(crowd, seconds)
    site.postgres.start()


async def postgres_black_holed(site: Site, crowd: Crowd, seconds: float) -> None:
    """Connections stay open, and nothing comes through."""
    site.to_postgres.turn("black hole")
    await _endure(crowd, seconds)
    site.to_postgres.turn("pass")


async def model_half_a_stream(site: Site, crowd: Crowd, seconds: float) -> None:
    """Each answer of the model is cut off after some bytes."""
    site.to_model.turn("half")
    await _endure(crowd, seconds)
    site.to_model.turn("pass")


async def tool_timeout(site: Site, crowd: Crowd, seconds: float) -> None:
    """The shop's backend takes requests and does not answer; what it was told to do it may have done."""
    site.to_backend.turn("black hole")
    await _endure(crowd, seconds)
    site.to_backend.turn("pass")


async def tool_answers_lost(site: Site, crowd: Crowd, seconds: float) -> None:
    """The shop's backend can be read, and does what it is told, and whoever told it never hears of it."""
    site.backend.deaf = True
    await _endure(crowd, seconds)
    site.backend.deaf = False


async def disk_full(site: Site, crowd: Crowd, seconds: float) -> None:
    """Not a byte is left on the database's disk; then there is room again, and whoever runs it starts it if it fell."""
    ballast = site.postgres.folder / "ballast"
    await asyncio.to_thread(_fill, ballast)
    await _endure(crowd, seconds)
    ballast.unlink()
    site.postgres.start()


def _fill(file: Path) -> None:
    with suppress(OSError), file.open("wb", buffering=0) as ballast:
        while True:
            ballast.write(bytes(1 << 16))
    with suppress(OSError), file.open("ab", buffering=0) as ballast:
        while True:
            ballast.write(bytes(512))


async def clocks_of_processes(site: Site, crowd: Crowd, seconds: float) -> None:
    """One process's clock jumps an hour ahead, the other's an hour back; later they change places."""
    for first, second in ((signal.SIGUSR1, signal.SIGUSR2), (signal.SIGUSR2, signal.SIGUSR1)):
        os.kill(site.servers[0].process.pid, first)
        os.kill(site.servers[1].process.pid, second)
        await _endure(crowd, seconds / 2)
    for server in site.servers:
        os.kill(server.process.pid, signal.SIGRTMIN)


async def clock_of_the_database(site: Site, crowd: Crowd, seconds: float) -> None:
    """The database's clock jumps an hour ahead and, later, back: as far as stored deadlines go, which move instead."""
    for hours in (-1, 1):
        await rows(site.postgres.direct, MOVE_LEASES, [hours])
        await rows(site.postgres.direct, MOVE_ACTIONS, [hours] * 3)
        await _endure(crowd, seconds / 2)


MOVE_LEASES = "UPDATE conversations SET lease_until = lease_until + %s * interval '1 hour' RETURNING id"
MOVE_ACTIONS = """
UPDATE actions SET lease_until = lease_until + %s * interval '1 hour', expires_at = expires_at + %s * interval '1 hour',
  undo_until = undo_until + %s * interval '1 hour' RETURNING id
"""


async def sigterm(site: Site, crowd: Crowd, seconds: float) -> None:
    """A third server is told to stop with a hundred turns in flight, each of which waits for the model."""
    site.model.seconds = min(seconds / 4, 1.5)
    third = await site.another()
    with third:
        site.clients.append(client_of(third.url))
        last = len(site.clients) - 1
        wanted = [Customer(crowd.number(), refund=False) for _ in range(IN_FLIGHT)]
        asked = [asyncio.create_task(crowd.one(customer, last)) for customer in wanted]
        names = [f"m{customer.n}" for customer in wanted]
        query = "SELECT count(*) AS n FROM turns WHERE client_message_id = ANY (%s)"
        for _ in range(100):
            if (await rows(site.postgres.direct, query, [names]))[0]["n"] == IN_FLIGHT:
                break
            await asyncio.sleep(0.02)
        still = f"{query} AND status = 'accepted'"
        crowd.tally.counts["in flight at SIGTERM"] = (await rows(site.postgres.direct, still, [names]))[0][
            "n"
        ]
        code = await asyncio.to_thread(third.stop)
        crowd.tally.expect(code in (0, -signal.SIGTERM), f"it ended with {code}")
        await asyncio.gather(*asked)
        await site.clients.pop().close()
    site.model.seconds = 0.0


async def redis_gone(site: Site, crowd: Crowd, seconds: float) -> None:
    """Redis answers nothing, then it is not there at all; it comes back empty."""
    if site.redis is None:
        crowd.tally.problems.append("not run, there is no redis-server")
        return
    site.to_redis.turn("black hole")
    await _endure(crowd, seconds / 2)
    site.to_redis.turn("pass")
    site.redis.stop()
    await _endure(crowd, seconds / 2)
    await asyncio.to_thread(site.redis.start)


FAULTS: dict[str, Fault] = {
    "PostgreSQL restarted": postgres_restarted,
    "PostgreSQL black-holed": postgres_black_holed,
    "model answers 429": _endpoint("429"),
    "model answers 500": _endpoint("500"),
    "model hangs": _endpoint("hanging"),
    "model answers garbage": _endpoint("garbage"),
    "model answers half": model_half_a_stream,
    "tool does not answer": tool_timeout,
    "tool's answers are lost": tool_answers_lost,
    "disk full": disk_full,
    "clocks of the processes ± 1 h": clocks_of_processes,
    "clock of the database ± 1 h": clock_of_the_database,
    "SIGTERM with 100 turns in flight": sigterm,
    "Redis gone": redis_gone,
}


@asynccontextmanager
async def opened(_: int, shown: Shown) -> AsyncGenerator[Portion]:
    """One site for all faults, and another one, on a small disk of its own, for the one that fills the disk."""
    async with AsyncExitStack() as stack:
        sites: dict[bool, Site] = {}

        async def of(name: str) -> Site | None:
            small = name == "disk full"
            if small not in sites:
                folder = own_disk() if small else None
                if small and folder is None:
                    return None
                sites[small] = await stack.enter_async_context(site(folder))
            return sites[small]

        async def portion(place: int, seconds: int) -> Tally:
            name = list(FAULTS)[place]
            struck = await of(name)
            if struck is None:
                return Tally(problems=[f"{name}: not run, this user may not mount a disk"])
            shown(f"R7: {name}, {seconds} s")
            tally = await _one(struck, name, seconds, 100_000 * (place + 1))
            shown(f"R7: {name}: {tally.words()}")
            tally.problems = [f"{name}: {problem}" for problem in tally.problems]
            tally.worst = {f"{name}: {what}": worst for what, worst in tally.worst.items()}
            return tally

        yield portion


async def _one(struck: Site, name: str, seconds: float, first: int) -> Tally:
    crowd = Crowd(struck, first)
    async with crowd.at_work(CROWD):
        await crowd.well()
        await asyncio.sleep(CALM)
        await FAULTS[name](struck, crowd, seconds)
        await asyncio.sleep(CALM)
    crowd.tally.counts["faults"] += 1
    return await crowd.reconcile()


EXPERIMENT = Experiment(
    "R7",
    "faults of 60 s each: nothing lost or doubled; a degraded but honest answer within 5 s where the database is"
    " there, 503 with Retry-After where it is not",
    f"s for each of {len(FAULTS)} faults",
    60,
    1,
    opened,
    places=len(FAULTS),
)
