import time
from pathlib import Path

import pytest
from fastapi import FastAPI

from frontdesk.database import Database
from frontdesk.errors import RateLimited
from frontdesk.web import limits
from frontdesk.web.limits import Limiter, MemoryWindows, address_of
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
    return Limiter(make_settings(tmp_path, **RATES))


def wait(limiter: Limiter, customer: str = "customer:u1", address: str = "192.0.2.1") -> int:
    with pytest.raises(RateLimited) as refused:
        limiter.message(customer, address)
    assert refused.value.retry_after is not None
    return refused.value.retry_after


def test_the_wait_is_true_to_the_second(limiter: Limiter, clock: list[float]) -> None:
    for _ in range(3):
        limiter.message("customer:u1", "192.0.2.1")
        clock[0] += 10
    assert wait(limiter) == 30
    clock[0] += 29
    assert wait(limiter) == 1
    clock[0] += 1
    limiter.message("customer:u1", "192.0.2.1")


def test_the_hour_binds_too_and_its_wait_is_longer(limiter: Limiter, clock: list[float]) -> None:
    for _ in range(5):
        limiter.message("customer:u1", "192.0.2.1")
        clock[0] += 61
    assert wait(limiter) == 3600 - 5 * 61


def test_a_refused_message_is_not_counted(limiter: Limiter, clock: list[float]) -> None:
    for _ in range(3):
        limiter.message("customer:u1", "192.0.2.1")
    for _ in range(50):
        wait(limiter)
    limiter.message("customer:u2", "192.0.2.1")
    clock[0] += 60
    limiter.message("customer:u1", "192.0.2.1")


def test_an_address_is_limited_across_customers(limiter: Limiter, clock: list[float]) -> None:
    for number in range(4):
        limiter.message(f"customer:u{number}", "192.0.2.1")
    assert wait(limiter, "customer:u9") == 60
    limiter.message("customer:u9", "192.0.2.2")


def test_new_visitors_are_limited_by_address(limiter: Limiter, clock: list[float]) -> None:
    limiter.visitor("192.0.2.1")
    limiter.visitor("192.0.2.1")
    with pytest.raises(RateLimited) as refused:
        limiter.visitor("192.0.2.1")
    assert refused.value.retry_after == 3600
    limiter.visitor("192.0.2.2")


def test_memory_is_bounded(tmp_path: Path) -> None:
    windows = MemoryWindows(most=100)
    limiter = Limiter(make_settings(tmp_path), windows)
    for number in range(1000):
        limiter.message(f"customer:u{number}", f"192.0.2.{number % 250}")
    assert windows.reset() == 100


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


async def test_a_trusted_backend_is_not_limited(limited: FastAPI) -> None:
    async with make_client(limited) as client:
        for _ in range(10):
            answer = await client.post(
                "/support/chat", json=CHAT | {"user_id": "u1"}, headers=bearer(SERVICE_KEY)
            )
            assert answer.status_code == 200


async def test_too_many_new_visitors_get_429(limited: FastAPI) -> None:
    async with make_client(limited, Origin=ALLOWED) as client:
        answers = [await client.post("/support/sessions") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 429]
    assert int(answers[-1].headers["retry-after"]) > 3500
    assert answers[-1].headers["access-control-allow-origin"] == ALLOWED


def test_the_window_is_exact_at_its_edge(clock: list[float]) -> None:
    windows = limits.MemoryWindows()
    assert windows.acquire_entry("k", 1, 60)
    clock[0] += 59.999
    assert not windows.acquire_entry("k", 1, 60)
    clock[0] += 0.001
    assert windows.acquire_entry("k", 1, 60)
