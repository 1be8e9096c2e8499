"""What limits and the hot window cost: CPU a message, here and in PostgreSQL. ``python -m benchmarks.limits``.

Rates are counted for customers of their own, as browsers bring them, or for one service key. The window is that of a
turn whose conversation has eight turns with a look-up each. CPU time of the process and of PostgreSQL, medians of
rounds that take turns; the machine may be shared.
"""

from __future__ import annotations

import asyncio
import logging
import statistics
import time
from collections.abc import Awaitable, Callable
from uuid import uuid4

import psutil
import structlog

from frontdesk.bootstrap import assemble
from frontdesk.database import Database
from frontdesk.database.redis import RedisLink
from frontdesk.domain import Principal
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.store.rates import MemoryRates, PostgresRates, RedisRates
from frontdesk.testing import server, temporary_database
from frontdesk.web.limits import Limiter
from tests.desk import Backend, follow, make_desk
from tests.redis import redis_server

ROUNDS, MESSAGES, TURNS = 7, 400, 60
Work = Callable[[], Awaitable[None]]


def postgres_seconds() -> float:
    """CPU seconds of all of PostgreSQL's processes so far."""
    postmaster = psutil.Process(server().get_pid())
    times = [process.cpu_times() for process in [postmaster, *postmaster.children()]]
    return sum(spent.user + spent.system for spent in times)


async def measure(works: dict[str, Work], each: int) -> None:
    """Rounds of each in turn; prints ms of CPU for one."""
    here, there = {name: list[float]() for name in works}, {name: list[float]() for name in works}
    for _ in range(ROUNDS):
        for name, work in works.items():
            began, began_there = time.process_time(), postgres_seconds()
            await work()
            here[name].append((time.process_time() - began) / each * 1000)
            there[name].append((postgres_seconds() - began_there) / each * 1000)
    for name in works:
        own, theirs = statistics.median(here[name]), statistics.median(there[name])
        print(f"| {name} | {own:.3f} | {theirs:.3f} |", flush=True)


def counted(limiter: Limiter, *, key: bool = False) -> Work:
    """MESSAGES counted, sixteen at once."""

    async def some(lane: int) -> None:
        for n in range(MESSAGES // 16):
            if key:
                await limiter.key("settings:shop")
            else:  # 25 messages a round under each address, 9 of each customer
                await limiter.message(f"customer:{lane}-{n % 3}", f"192.0.2.{lane}")

    async def work() -> None:
        await asyncio.gather(*(some(lane) for lane in range(16)))

    return work


async def turns(database: Database, kind: str, link: RedisLink) -> tuple[Work, Callable[[], Awaitable[None]]]:
    """TURNS turns of a conversation that is long already, and what stops it."""
    chain = ModelChain([("scripted", ScriptedModel(follow))], 10)
    settings = Settings(hot_window=kind, redis_url="redis://unused")  # pyright: ignore[reportArgumentType]
    support, _ = assemble(make_desk(Backend()), database, chain, settings, redis=link)
    await support.start()
    who = Principal("customer", "u1" if kind == "postgres" else uuid4().hex)

    async def say(number: int) -> None:
        for _ in range(number):
            accepted = await support.receive(who, "Where is order 789?")
            await support.wait(who, accepted.turn_id, 30)

    await say(10)
    return (lambda: say(TURNS)), support.stop


async def main() -> None:
    """Both tables."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    async with temporary_database() as database:
        with redis_server() as redis:
            link = RedisLink(redis.url)
            wide = Settings(rate_customer_minute=200, rate_customer_hour=200, rate_address_minute=200)
            print("| a message's rates are counted | CPU ms | in PostgreSQL |\n|---|---:|---:|")
            stores = {"PostgreSQL": PostgresRates(database), "Redis": RedisRates(link, MemoryRates())}
            works = {
                f"customer and address, {name}": counted(Limiter(wide, store))
                for name, store in stores.items()
            }
            works["customer and address, memory"] = counted(Limiter(wide, MemoryRates()))
            works["service key, PostgreSQL"] = counted(Limiter(Settings(), PostgresRates(database)), key=True)
            await measure(works, MESSAGES)
            print("\n| a turn, its window from | CPU ms | in PostgreSQL |\n|---|---:|---:|")
            made = {kind: await turns(database, kind, link) for kind in ("postgres", "memory", "redis")}
            await measure({kind: work for kind, (work, _) in made.items()}, TURNS)
            for _, stop in made.values():
                await stop()
            await link.close()


if __name__ == "__main__":
    asyncio.run(main())
