"""Tokens, health, faults and the process itself."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import httpx
import pytest

from examples.ourshop.shop.clock import clock_from
from examples.ourshop.shop.faults import Faults
from examples.ourshop.shop.settings import read_settings

from .conftest import open_shop


@pytest.mark.parametrize("header", ["", "Bearer wrong", "shop-demo", "Bearer shöp"])
async def test_wrong_token_is_unauthorized(still_shop: httpx.AsyncClient, header: str) -> None:
    reply = await still_shop.get("/users/u123", headers={b"Authorization": header.encode()})
    assert reply.status_code == 401
    assert reply.json()["code"] == "unauthorized"


async def test_health_needs_no_token(still_shop: httpx.AsyncClient) -> None:
    reply = await still_shop.get("/healthz", headers={"Authorization": ""})
    assert reply.json() == {"status": "ok"}


async def test_faults_cannot_be_set_unless_enabled(still_shop: httpx.AsyncClient) -> None:
    assert (await still_shop.post("/_faults", json={"fail_rate": 1})).status_code == 404


async def test_faults_fail_matching_paths_until_cleared(database_url: str) -> None:
    async with open_shop(database_url, faults=Faults()) as shop:
        await shop.post("/_faults", json={"fail_rate": 1, "fail_status": 429, "paths": "/orders"})
        failed = await shop.get("/orders/123")
        assert (failed.status_code, failed.json()["code"]) == (429, "injected_fault")
        assert (await shop.get("/users/u123")).status_code == 200
        assert (await shop.delete("/_faults")).status_code == 204
        assert (await shop.get("/orders/123")).status_code == 200


async def test_fault_after_commit_loses_the_answer_but_not_the_work(database_url: str) -> None:
    async with open_shop(database_url, faults=Faults()) as shop:
        request: dict[str, Any] = {
            "json": {"amount": "5.00", "reason": "late"},
            "headers": {"Idempotency-Key": "k"},
        }
        await shop.post("/_faults", json={"fail_rate": 1, "fail_status": 500, "after_commit": True})
        assert (await shop.post("/orders/654/refunds", **request)).status_code == 500
        await shop.delete("/_faults")
        (refund,) = (await shop.get("/orders/654/refunds")).json()["refunds"]
        assert (await shop.post("/orders/654/refunds", **request)).json() == refund


async def test_latency_is_added(still_url: str) -> None:
    async with open_shop(still_url, faults=Faults()) as shop:
        await shop.post("/_faults", json={"latency_ms": 120})
        started = time.perf_counter()
        await shop.get("/orders/123")
        assert time.perf_counter() - started >= 0.12


async def test_settings_have_defaults_and_need_a_database() -> None:
    settings = read_settings({"SHOP_DATABASE_URL": "postgresql:///shop"})
    assert (settings.host, settings.port, settings.token, settings.faults) == (
        "127.0.0.1",
        8001,
        "shop-demo",
        False,
    )
    assert settings.clock().isoformat() == "2025-01-15T12:00:00+00:00"
    with pytest.raises(ValueError, match="SHOP_DATABASE_URL"):
        read_settings({})


async def test_clock_needs_an_offset_or_real() -> None:
    assert clock_from("real")().year > 2025
    with pytest.raises(ValueError, match="SHOP_CLOCK"):
        clock_from("2025-01-15T12:00:00")


async def test_process_serves_and_stops_with_stdin_or_a_signal(database_url: str) -> None:
    by_stdin, by_signal = await asyncio.gather(_start(database_url), _start(database_url))
    assert by_stdin.stdin is not None
    by_stdin.stdin.close()
    by_signal.send_signal(signal.SIGINT)
    for process in (by_stdin, by_signal):
        assert await asyncio.to_thread(process.wait, 5) in {0, -signal.SIGTERM, -signal.SIGINT}
        if process.stdin is not None:
            process.stdin.close()


async def _start(database_url: str) -> subprocess.Popen[bytes]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environ = os.environ | {
        "SHOP_DATABASE_URL": database_url,
        "SHOP_PORT": str(port),
        "SHOP_STOP_WITH_STDIN": "1",
    }
    command = [sys.executable, "-m", "examples.ourshop.shop"]
    process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE)  # noqa: ASYNC220 - returns at once
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}") as client:
        for _ in range(100):
            try:
                assert (await client.get("/healthz")).status_code == 200
            except httpx.ConnectError:
                await asyncio.sleep(0.05)
            else:
                return process
    process.kill()
    raise TimeoutError
