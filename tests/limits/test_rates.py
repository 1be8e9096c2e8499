"""One contract for what counts rates, run against PostgreSQL, a real Redis and memory."""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from uuid import uuid4

import pytest
import structlog
from structlog.testing import capture_logs

from frontdesk.database import Database, as_owner
from frontdesk.database import redis as link_module
from frontdesk.database.redis import RedisLink
from frontdesk.errors import SettingsError
from frontdesk.store.rates import MemoryRates, PostgresRates, Rate, Rates, RedisRates, shared_rates
from tests.redis import RedisServer

pytestmark = pytest.mark.timeout(60)


class Counting:
    """A store under test, and a second replica's view of it; ``later`` lets time go by."""

    def __init__(self, here: Rates, there: Rates, later: Callable[[float], Awaitable[None]]) -> None:
        self.here, self.there, self.later = here, there, later


AGE = "UPDATE rates SET hits = ARRAY(SELECT h - %s FROM unnest(hits) h ORDER BY h)"
AGE_REDIS = """
for _, key in ipairs(redis.call('KEYS', 'frontdesk:rate:*')) do
  for i, hit in ipairs(redis.call('LRANGE', key, 0, -1)) do
    redis.call('LSET', key, i - 1, string.format('%.6f', hit - ARGV[1]))
  end
end
"""


@pytest.fixture(params=["postgres", "redis", "memory"])
async def counting(
    request: pytest.FixtureRequest, shared: Database, monkeypatch: pytest.MonkeyPatch
) -> AsyncGenerator[Counting]:
    if request.param == "postgres":

        async def age(seconds: float) -> None:
            with as_owner(shared.conninfo) as connection:
                connection.execute(AGE, (seconds,))

        yield Counting(PostgresRates(shared), PostgresRates(shared), age)
    elif request.param == "redis":
        url = request.getfixturevalue("redis").url
        monkeypatch.setattr(link_module, "ANSWER_SECONDS", 20.0)  # this machine may be busy with other tests
        links = [RedisLink(url), RedisLink(url)]

        async def age_redis(seconds: float) -> None:
            await links[0].script(AGE_REDIS, [], [seconds])

        yield Counting(*(RedisRates(link, MemoryRates()) for link in links), later=age_redis)
        for link in links:
            await link.close()
    else:
        moved, true = [0.0], time.time
        monkeypatch.setattr(time, "time", lambda: true() + moved[0])

        async def move(seconds: float) -> None:
            moved[0] += seconds

        here = MemoryRates()
        yield Counting(here, here, move)


def named(most: int, seconds: float = 60.0, name: str = "") -> Rate:
    return Rate.of(name or uuid4().hex, most, seconds)


async def test_no_more_than_the_rate_passes_in_any_window(counting: Counting) -> None:
    rate = named(3)
    for _ in range(3):
        assert await counting.here.take([rate]) == 0
        await counting.later(10)
    wait = await counting.there.take([rate])
    assert 29 < wait <= 30  # the first leaves the window 60 s after it came
    await counting.later(29.5)
    assert 0 < await counting.here.take([rate]) <= 0.5
    await counting.later(0.5)
    assert await counting.there.take([rate]) == 0
    assert 9 < await counting.here.take([rate]) <= 10


async def test_one_full_name_counts_nothing_under_the_others(counting: Counting) -> None:
    full, free = named(1), named(2)
    assert await counting.here.take([full, free]) == 0
    for _ in range(5):
        assert await counting.here.take([full, free]) > 59
    assert await counting.here.take([free]) == 0
    assert await counting.here.take([free]) > 59


async def test_the_longest_wait_is_told(counting: Counting) -> None:
    minute, hour = named(1), named(1, 3600.0)
    assert await counting.here.take([minute, hour]) == 0
    assert await counting.here.take([minute, hour]) > 3599


async def test_two_replicas_at_once_let_through_exactly_the_rate(counting: Counting) -> None:
    rates = [named(20), named(35), named(100)]
    waits = await asyncio.gather(
        *(side.take(rates) for _ in range(30) for side in (counting.here, counting.there))
    )
    assert waits.count(0) == 20
    assert all(59 < wait <= 60 for wait in waits if wait)


async def test_what_no_window_holds_is_forgotten(shared: Database) -> None:
    rates = PostgresRates(shared)
    await rates.take([named(1)])
    with as_owner(shared.conninfo) as connection:
        connection.execute(AGE, (3601,))
    kept = named(1)
    await rates.take([kept])
    await shared.call("forget_rates")
    with as_owner(shared.conninfo) as connection:
        assert [row["key"] for row in connection.execute("SELECT key FROM rates")] == [kept.key]


async def test_memory_is_bounded() -> None:
    rates = MemoryRates(most_names=100)
    for _ in range(1000):
        await rates.take([named(1)])
    assert len(rates) == 100


async def test_without_redis_the_database_counts_and_it_is_said_once(
    shared: Database, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_module, "REST_SECONDS", 0.0)
    monkeypatch.setattr(
        link_module, "log", structlog.get_logger()
    )  # one that no other test has bound to its log
    link = RedisLink(redis.url)
    rates, rate = shared_rates(shared, link), named(2)
    try:
        with capture_logs() as logs:
            assert await rates.take([rate]) == 0
            redis.stop()
            assert await rates.take([rate]) == 0
            assert await rates.take([rate]) == 0
            assert await rates.take([rate]) > 59
            redis.start()
            assert await rates.take([rate]) == 0  # counted in Redis again, which has lost what it held
        assert [entry["event"] for entry in logs] == ["redis gone; going on without it", "redis is back"]
    finally:
        await link.close()


async def test_a_redis_that_hangs_is_waited_for_once(shared: Database) -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(swallow, "127.0.0.1")
    link = RedisLink(f"redis://127.0.0.1:{server.sockets[0].getsockname()[1]}/0")
    rates = RedisRates(link, MemoryRates())
    began = time.monotonic()
    assert [await rates.take([named(1)]) for _ in range(20)] == [0.0] * 20
    assert time.monotonic() - began < 10  # not twenty times
    await link.close()
    server.close()
    await server.wait_closed()


def test_an_address_that_is_none_is_refused_with_a_sentence() -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_REDIS_URL: write redis://"):
        RedisLink("localhost:6379")


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "redis", None)
    with pytest.raises(SettingsError, match="pip install 'frontdesk\\[redis\\]'"):
        RedisLink("redis://localhost")
