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

CHANGES = ["cancel_order", "add_note", "create_ticket", "PUT /orders/{order_id}/shipping-address"]
AUTH = {"authorization": "Bearer shop-demo"}


@pytest.fixture(scope="module")
async def tools() -> AsyncIterator[dict[str, Tool]]:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    variables = {**os.environ, "SHOP_DATABASE_URL": temporary_url(migrated=False), "SHOP_PORT": str(port)}
    process = _started(variables)
    backend = Backend(url, AUTH)
    try:
        document = _document(process, url)
        made = from_openapi(document, backend=backend, customer=["user_id"], enable=CHANGES)
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
    of_orders = [tool for tool in tools.values() if tool.accepts == {"order_id"} and not tool.grant.changes]
    assert len(of_orders) == 4
    for tool in of_orders:
        for order_id in ("456", "999999"):
            with pytest.raises(ToolNotFound) as error:
                await call(tool, "u124", order_id=order_id)
            assert error.value.detail == "There is no such thing on this customer's account."


def test_only_what_was_enabled_changes_data_and_only_confirmed(tools: dict[str, Tool]) -> None:
    assert len(tools) == 8 + len(CHANGES)
    changing = {name for name, tool in tools.items() if tool.grant.changes}
    assert changing == {"cancel_order", "add_note", "create_ticket", "change_address"}
    assert all(tools[name].grant.confirm for name in changing)


async def test_somebody_elses_order_is_not_cancelled_and_ones_own_is_once(tools: dict[str, Tool]) -> None:
    cancel = tools["cancel_order"]
    with pytest.raises(ToolNotFound):
        await call(cancel, "u124", order_id="456")
    assert (await call(tools["get_order"], "u123", order_id="456"))["status"] == "processing"
    assert cancel.grant.reconcile == "repeat"  # the document has Idempotency-Key
    assert cancel.grant.subject is not None
    mine = ToolContext(Principal("customer", "u123"), uuid4(), uuid4(), effect_id=str(uuid4()))
    assert (await cancel.ask(cancel.grant.subject, {"order_id": "456"}, mine))["status"] == "processing"
    for _ in range(2):  # the same effect twice is one
        done = orjson.loads(await cancel.call({"order_id": "456"}, mine))
        assert done["status"] == "cancelled"
    assert len((await call(tools["user_refunds"], "u123", order_id="456"))["refunds"]) == 1


async def test_a_ticket_is_opened_for_whoever_asks(tools: dict[str, Tool]) -> None:
    wish = {"subject": "A question", "body": "Where is it?", "category": "other", "user_id": "u124"}
    made = await call(tools["create_ticket"], "u123", **wish)
    with pytest.raises(ToolNotFound):
        await call(tools["get_ticket"], "u124", ticket_id=made["id"])
    assert (await call(tools["get_ticket"], "u123", ticket_id=made["id"]))["subject"] == "A question"
