"""The example shop, connected from its OpenAPI document alone."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from typing import Any
from uuid import uuid4

import httpx
import orjson
import pytest

from frontdesk.domain import Principal
from frontdesk.errors import ToolNotFound
from frontdesk.testing import temporary_url
from frontdesk.tools import Tool, ToolContext
from frontdesk.tools.backend import Backend
from frontdesk.tools.openapi import from_openapi
from tests.process import ROOT, free_port

AUTH = {"authorization": "Bearer shop-demo"}


@pytest.fixture(scope="module")
async def tools() -> AsyncIterator[dict[str, Tool]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {**os.environ, "SHOP_DATABASE_URL": temporary_url(migrated=False), "SHOP_PORT": str(port)}
    process = _started(variables)
    backend = Backend(url, AUTH)
    try:
        made = from_openapi(_document(process, url), backend=backend, customer=["user_id"])
        yield {tool.name: tool for tool in made}
    finally:
        await backend.close()
        process.terminate()
        process.wait(20)


def _started(variables: dict[str, str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-m", "examples.ourshop.shop"], cwd=ROOT, env=variables)


def _document(process: subprocess.Popen[bytes], url: str) -> dict[str, Any]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        assert process.poll() is None, "the shop ended while starting"
        try:
            return httpx.get(f"{url}/openapi.json", headers=AUTH, trust_env=False).json()
        except httpx.HTTPError:
            time.sleep(0.05)
    raise AssertionError("the shop did not start")


async def call(tool: Tool, customer: str, **arguments: Any) -> Any:
    context = ToolContext(Principal("customer", customer), uuid4(), uuid4())
    return orjson.loads(await tool.call(arguments, context))


async def test_own_orders_payments_and_account_are_read(tools: dict[str, Tool]) -> None:
    page = await call(tools["list_orders"], "u123")
    assert "456" in {order["id"] for order in page["orders"]}
    assert (await call(tools["get_order"], "u123", order_id="456"))["status"]
    assert "payments" in await call(tools["order_payments"], "u123", order_id="456")
    assert (await call(tools["get_user"], "u123"))["email"]


async def test_every_read_of_an_order_fails_for_everybody_else(tools: dict[str, Tool]) -> None:
    of_orders = [tool for tool in tools.values() if "order_id" in tool.accepts]
    assert len(of_orders) == 4
    for tool in of_orders:
        for order_id in ("456", "999999"):
            with pytest.raises(ToolNotFound) as error:
                await call(tool, "u124", order_id=order_id)
            assert error.value.detail == "There is no such thing on this customer's account."


def test_nothing_that_changes_data_is_there(tools: dict[str, Tool]) -> None:
    assert len(tools) == 12
    assert not any(tool.grant.changes for tool in tools.values())
