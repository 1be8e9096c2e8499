"""Tools from a document, called: only the customer's own comes back, and only what may be seen."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from uuid import uuid4

import orjson
import pytest

from frontdesk import Frontdesk
from frontdesk.domain import Principal
from frontdesk.errors import DeclarationError, ToolError, ToolNotFound, ToolUnavailable
from frontdesk.tools import Tool, ToolContext
from frontdesk.tools.backend import Backend, path_of
from frontdesk.tools.openapi import from_openapi
from tests.tools.openapi.loopback import Loopback
from tests.tools.openapi.specs import SHOP

MINE = {
    "id": "1",
    "user_id": "u1",
    "status": "paid",
    "api_key": "CANARY",
    "extra": "CANARY",
    "author": {"email": "CANARY"},
}


@pytest.fixture
def backend() -> Iterator[Loopback]:
    made = Loopback()
    yield made
    made.stop()


@pytest.fixture
async def tools(backend: Loopback) -> AsyncIterator[dict[str, Tool]]:
    client = Backend(backend.url)
    yield {tool.name: tool for tool in from_openapi(SHOP, backend=client)}
    await client.close()


async def call(tool: Tool, customer: str = "u1", **arguments: Any) -> Any:
    context = ToolContext(Principal("customer", customer), uuid4(), uuid4())
    return orjson.loads(await tool.call(arguments, context))


def test_only_reads_become_tools_and_a_desk_takes_them(tools: dict[str, Tool]) -> None:
    assert set(tools) == {"list_orders", "get_order", "get_parcels"}
    assert "orders:read" in Frontdesk("Shop", tools=list(tools.values())).customer_permissions()
    assert tools["list_orders"].accepts == {"limit"}


async def test_own_things_are_read_without_what_is_not_to_be_seen(
    backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/orders/1"] = (200, MINE)
    assert await call(tools["get_order"], order_id="1") == {"id": "1", "status": "paid"}


async def test_somebody_elses_is_answered_like_what_is_absent(
    backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/orders/1"] = (200, MINE)
    said = []
    for order_id in ("1", "2"):
        with pytest.raises(ToolNotFound) as error:
            await call(tools["get_order"], "u2", order_id=order_id)
        said.append((type(error.value), error.value.detail))
    assert said[0] == said[1]


@pytest.mark.parametrize("owner", [None, True, "U1", ["u1"], {"id": "u1"}, "", 1])
async def test_an_owner_that_is_not_exactly_the_customer_is_none(
    owner: Any, backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/orders/1"] = (200, {**MINE, "user_id": owner})
    with pytest.raises(ToolNotFound):
        await call(tools["get_order"], order_id="1")


async def test_what_lies_under_a_foreign_order_is_not_asked_for(
    backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/orders/1"] = (200, MINE)
    backend.answers["/orders/1/parcels"] = (200, [{"carrier": "DHL", "token": "CANARY"}])
    assert await call(tools["get_parcels"], order_id="1") == [{"carrier": "DHL"}]
    backend.asked.clear()
    with pytest.raises(ToolNotFound):
        await call(tools["get_parcels"], "u2", order_id="1")
    assert backend.asked == ["/orders/1"]


async def test_the_customer_comes_from_code_whatever_the_model_says(
    backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/users/u1/orders"] = (200, {"orders": [MINE]})
    wanted = {"user_id": "u2", "customer": "u2", "expand": "all", "limit": "5"}
    context = ToolContext(Principal("customer", "u1"), uuid4(), uuid4())
    assert orjson.loads(await tools["list_orders"].call(wanted, context)) == {
        "orders": [{"id": "1", "status": "paid"}]
    }
    assert backend.asked == ["/users/u1/orders?limit=5"]


async def test_a_list_that_holds_somebody_elses_is_not_shown(
    backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/users/u1/orders"] = (200, {"orders": [MINE, {**MINE, "user_id": "u2"}]})
    with pytest.raises(ToolUnavailable):
        await call(tools["list_orders"])


@pytest.mark.parametrize(
    "order_id", ["", "..", ".", "1/../2", "1?user_id=u1", "1#", "%2e%2e", "a\nb", "x" * 300, "\\"]
)
async def test_an_id_that_would_lead_elsewhere_is_not_sent(
    order_id: str, backend: Loopback, tools: dict[str, Tool]
) -> None:
    with pytest.raises(ToolNotFound):
        await call(tools["get_order"], order_id=order_id)
    assert backend.asked == []


@pytest.mark.parametrize("path", ["{away}/orders/1", "//{host}/orders/1", "orders/1", ""])
async def test_a_credential_goes_to_its_own_server_alone(path: str, backend: Loopback) -> None:
    client = Backend("http://127.0.0.1:9", {"authorization": "Bearer CANARY"})
    away = path.format(away=backend.url, host=backend.url.removeprefix("http://"))
    with pytest.raises(DeclarationError, match="path of its own"):
        path_of(away, {})
    with pytest.raises(DeclarationError, match="path of its own"):
        await client.read(away)
    with pytest.raises(DeclarationError, match="path of its own"):
        await client.change("POST", away, {}, key="k")
    assert (backend.asked, backend.posted) == ([], [])
    await client.close()


@pytest.mark.parametrize(
    "answer", [(200, b"<html>"), (200, b"x" * 1_100_000), (302, {}), (401, {}), (403, {}), (429, {})]
)
async def test_what_is_no_answer_becomes_a_sentence(
    answer: tuple[int, Any], backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/orders/1"] = answer
    with pytest.raises(ToolUnavailable):
        await call(tools["get_order"], order_id="1")


async def test_a_read_is_tried_again_once_and_a_backend_that_is_down_is_left_alone(
    backend: Loopback, tools: dict[str, Tool]
) -> None:
    backend.answers["/orders/1"] = (500, {})
    for _ in range(5):
        with pytest.raises(ToolUnavailable):
            await call(tools["get_order"], order_id="1")
    assert len(backend.asked) == 3


async def test_a_change_is_sent_once() -> None:
    backend = Loopback()
    client = Backend(backend.url)
    with pytest.raises(ToolError):
        await client.change("POST", "/orders/1/cancel", None, key="k")
    await client.close()
    backend.stop()
    assert backend.posted == ["k"]


async def test_a_cookie_of_one_answer_does_not_go_out_with_another_call() -> None:
    seen: list[str | None] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers["cookie"])
            self.send_response(200)
            self.send_header("set-cookie", "session=of-anna; Path=/")
            self.end_headers()

        def log_message(self, *args: Any) -> None:
            """Silent."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    client = Backend(f"http://127.0.0.1:{server.server_port}", cookies={"mine": "1"})
    for path in ("/a", "/b"):
        assert await client.read(path) is None
    await client.close()
    server.shutdown()
    server.server_close()
    assert seen == ["mine=1", "mine=1"]


def test_a_document_without_a_server_needs_an_address() -> None:
    with pytest.raises(DeclarationError, match="base_url"):
        from_openapi(SHOP)


def test_a_document_is_read_from_an_address(backend: Loopback) -> None:
    backend.answers["/openapi.json"] = (200, SHOP)
    made = from_openapi(f"{backend.url}/openapi.json", base_url=backend.url)
    assert {tool.name for tool in made} == {"list_orders", "get_order", "get_parcels"}
    with pytest.raises(DeclarationError, match="404"):
        from_openapi(f"{backend.url}/nothing.json", base_url=backend.url)
