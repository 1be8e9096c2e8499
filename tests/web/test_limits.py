import asyncio
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pytest
from fastapi import FastAPI

from frontdesk.database import Database, deadline
from frontdesk.errors import DatabaseUnavailable, RateLimited
from frontdesk.store.rates import MemoryRates, Rate
from frontdesk.web.limits import Limiter, address_of
from tests.web.service import ALLOWED, CHAT, SERVICE_KEY, bearer, make_app, make_client, make_settings, token

RATES = {
    "rate_customer_minute": 3,
    "rate_customer_hour": 5,
    "rate_address_minute": 4,
    "rate_visitors_hour": 2,
}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1_000_000.0]
    monkeypatch.setattr(time, "time", lambda: now[0])
    return now


@pytest.fixture
def limiter(tmp_path: Path) -> Limiter:
    return Limiter(make_settings(tmp_path, **RATES), MemoryRates())


async def wait(limiter: Limiter, customer: str = "customer:u1", address: str = "192.0.2.1") -> int:
    with pytest.raises(RateLimited) as refused:
        await limiter.message(customer, address)
    assert refused.value.retry_after is not None
    return refused.value.retry_after


async def test_the_wait_is_true_to_the_second(limiter: Limiter, clock: list[float]) -> None:
    for _ in range(3):
        await limiter.message("customer:u1", "192.0.2.1")
        clock[0] += 10
    assert await wait(limiter) == 30
    clock[0] += 29
    assert await wait(limiter) == 1
    clock[0] += 1
    await limiter.message("customer:u1", "192.0.2.1")


async def test_the_hour_binds_too_and_its_wait_is_longer(limiter: Limiter, clock: list[float]) -> None:
    for _ in range(5):
        await limiter.message("customer:u1", "192.0.2.1")
        clock[0] += 61
    assert await wait(limiter) == 3600 - 5 * 61


async def test_a_refused_message_is_not_counted(limiter: Limiter, clock: list[float]) -> None:
    for _ in range(3):
        await limiter.message("customer:u1", "192.0.2.1")
    for _ in range(50):
        await wait(limiter)
    await limiter.message("customer:u2", "192.0.2.1")
    clock[0] += 60
    await limiter.message("customer:u1", "192.0.2.1")


async def test_an_address_is_limited_across_customers(limiter: Limiter, clock: list[float]) -> None:
    for number in range(4):
        await limiter.message(f"customer:u{number}", "192.0.2.1")
    assert await wait(limiter, "customer:u9") == 60
    await limiter.message("customer:u9", "192.0.2.2")


async def test_new_visitors_are_limited_by_address(limiter: Limiter, clock: list[float]) -> None:
    await limiter.visitor("192.0.2.1")
    await limiter.visitor("192.0.2.1")
    with pytest.raises(RateLimited) as refused:
        await limiter.visitor("192.0.2.1")
    assert refused.value.retry_after == 3600
    await limiter.visitor("192.0.2.2")


class Counted(MemoryRates):
    """How often the shared store was asked."""

    asked = 0

    async def take(self, rates: Sequence[Rate]) -> float:
        self.asked += 1
        return await super().take(rates)


async def test_a_high_rate_is_counted_in_portions_and_never_passed(tmp_path: Path) -> None:
    rates = Counted()
    replicas = [Limiter(make_settings(tmp_path, rate_key_minute=2050), rates) for _ in range(2)]
    passed = 0
    for number in range(3000):
        with suppress(RateLimited):
            await replicas[number % 2].key("settings:shop")
            passed += 1
    assert 2050 - 2 * 11 <= passed <= 2050  # each replica may hold the rest of a portion
    assert rates.asked < 200 + 1000


async def test_messages_at_once_share_portions(tmp_path: Path) -> None:
    class Slow(MemoryRates):
        async def take(self, rates: Sequence[Rate]) -> float:
            await asyncio.sleep(0)
            return await super().take(rates)

    limiter = Limiter(make_settings(tmp_path, rate_key_minute=1000), Slow())
    answers = await asyncio.gather(
        *(limiter.key("settings:shop") for _ in range(1500)), return_exceptions=True
    )
    assert answers.count(None) <= 1000


async def test_a_message_under_way_leaves_no_rest_below_none(tmp_path: Path) -> None:
    class Slow(MemoryRates):
        async def take(self, rates: Sequence[Rate]) -> float:
            await asyncio.sleep(0)
            return await super().take(rates)

    limiter = Limiter(make_settings(tmp_path, rate_address_minute=400), Slow())
    await limiter.session("192.0.2.1")  # of a portion of two, one is left
    await asyncio.gather(limiter.message("customer:u1", "192.0.2.1"), limiter.session("192.0.2.1"))
    passed = 3
    for _ in range(500):
        with suppress(RateLimited):
            await limiter.session("192.0.2.1")
            passed += 1
    assert passed == 400


async def test_a_refused_message_gives_its_part_of_a_portion_back(tmp_path: Path) -> None:
    limiter = Limiter(make_settings(tmp_path, rate_address_minute=400, rate_customer_minute=1), MemoryRates())
    await limiter.message("customer:u1", "192.0.2.1")
    for _ in range(10):
        await wait(limiter)
    for _ in range(399):
        await limiter.session("192.0.2.1")
    with pytest.raises(RateLimited):
        await limiter.session("192.0.2.1")


async def test_who_waits_for_a_portion_shares_the_failure_of_one_call(tmp_path: Path) -> None:
    class Hanging(Counted):
        async def take(self, rates: Sequence[Rate]) -> float:
            await super().take(rates)
            await asyncio.sleep(0.05)
            raise DatabaseUnavailable

    rates = Hanging()
    limiter = Limiter(make_settings(tmp_path, rate_key_minute=60_000), rates)
    answers = await asyncio.gather(*(limiter.key("settings:shop") for _ in range(20)), return_exceptions=True)
    assert [type(answer) for answer in answers] == [DatabaseUnavailable] * 20
    assert rates.asked == 1
    with pytest.raises(DatabaseUnavailable):
        await limiter.key("settings:shop")
    assert rates.asked == 2  # the next one asks again


async def test_a_key_without_a_rate_is_not_counted(tmp_path: Path) -> None:
    rates = Counted()
    limiter = Limiter(make_settings(tmp_path, rate_key_minute=0), rates)
    await limiter.key("settings:shop")
    assert rates.asked == 0


@pytest.mark.parametrize(
    ("host", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "local"),
        (None, "local"),
        ("testclient", "local"),
    ],
)
def test_an_address_is_counted_by_what_one_party_holds(host: str | None, counted: str) -> None:
    assert address_of(host) == counted


@pytest.fixture
def limited(shared: Database, tmp_path: Path) -> FastAPI:
    return make_app(make_settings(tmp_path, **RATES), shared)


async def test_a_browser_over_its_rate_gets_429(limited: FastAPI) -> None:
    async with make_client(limited) as client:
        answers = [
            await client.post("/support/chat", json=CHAT, headers=bearer(token(sub="fast"))) for _ in range(4)
        ]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[-1].json()["code"] == "rate_limited"
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_a_trusted_backend_is_bound_by_its_keys_rate_alone(shared: Database, tmp_path: Path) -> None:
    app = make_app(make_settings(tmp_path, **RATES, rate_key_minute=10), shared)
    async with make_client(app) as client:
        answers = [
            await client.post("/support/chat", json=CHAT | {"user_id": "u1"}, headers=bearer(SERVICE_KEY))
            for _ in range(11)
        ]
    assert [answer.status_code for answer in answers] == [200] * 10 + [429]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 60


async def test_replicas_count_together(shared: Database, tmp_path: Path) -> None:
    apps = [
        make_app(make_settings(tmp_path, **RATES | {"rate_address_minute": 100}), shared) for _ in range(2)
    ]
    headers, statuses = bearer(token(sub="roaming")), list[int]()
    for number in range(5):
        async with make_client(apps[number % 2]) as client:
            statuses.append((await client.post("/support/chat", json=CHAT, headers=headers)).status_code)
    assert statuses == [200, 200, 200, 429, 429]


async def test_too_many_new_visitors_get_429(limited: FastAPI) -> None:
    async with make_client(limited, Origin=ALLOWED) as client:
        answers = [await client.post("/support/sessions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[-1].headers["retry-after"]) > 3500
    assert answers[-1].headers["access-control-allow-origin"] == ALLOWED


async def test_the_next_portion_is_taken_within_nobody_s_deadline(tmp_path: Path) -> None:
    """Whoever comes first may have little left; the others, who wait for the same call, are not to fail with it."""
    left: list[float] = []

    class Looking(MemoryRates):
        async def take(self, rates: Sequence[Rate]) -> float:
            left.append(deadline.until() - asyncio.get_running_loop().time())
            await asyncio.sleep(0)
            return await super().take(rates)

    limiter = Limiter(make_settings(tmp_path, rate_key_minute=60_000), Looking())
    with deadline.deadline():
        await asyncio.sleep(0.05)
        await limiter.key("shop")
    assert left[0] > deadline.CALL_SECONDS - 0.04
