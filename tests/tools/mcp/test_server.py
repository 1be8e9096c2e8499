"""The desk as an MCP server: asked by a real MCP client, on stdio and over HTTP."""

import asyncio
import os
import sys
from contextvars import ContextVar
from pathlib import Path
from typing import Any

import httpx
import orjson
import pytest
from langchain_mcp_adapters.sessions import Connection, create_session
from mcp.types import TextContent

from frontdesk import Customer, Frontdesk, tool
from frontdesk.bootstrap import service
from frontdesk.database import Database, deadline
from frontdesk.domain import Principal
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.support import Support
from frontdesk.web.app import create_app
from frontdesk.web.auth import Authenticator
from frontdesk.web.mcp import ask, server
from tests.desk import call
from tests.process import AUTH, KEY, ROOT, Server
from tests.web.service import SERVICE_KEY, bearer, make_settings


async def asked(connection: Connection, **arguments: Any) -> tuple[list[str], dict[str, Any]]:
    """(the tools there are, what ask_support answers)."""
    async with create_session(connection) as session:
        await session.initialize()
        names = [tool.name for tool in (await session.list_tools()).tools]
        result = await session.call_tool("ask_support", arguments)
        assert isinstance(result.content[0], TextContent)
        if result.isError:
            return names, {"error": result.content[0].text}
        return names, orjson.loads(result.content[0].text)


async def test_an_agent_asks_on_stdio_as_the_customer_it_was_started_for(database: Database) -> None:
    environment = {
        **os.environ,
        "FRONTDESK_DATABASE_URL": database.conninfo,
        "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
    }
    connection: Connection = {
        "transport": "stdio", "command": sys.executable, "env": environment,
        "args": ["-m", "frontdesk", "mcp", "tests.tools.mcp.desk:desk", "--customer", "anna"],
    }  # fmt: skip
    async with create_session(connection) as session:
        await session.initialize()
        assert [tool.name for tool in (await session.list_tools()).tools] == ["ask_support"]
        said = await session.call_tool("ask_support", {"message": "Where is my order 1001?"})
        found = orjson.loads(said.content[0].text)  # type: ignore[union-attr]
        assert found["reply"] == "Order 1001 is on its way."
        again = await session.call_tool(
            "ask_support", {"message": "and 2002?", "conversation_id": found["conversation_id"]}
        )
        assert "canary" not in str(again.content)
        for wrong in ({"message": " "}, {"message": "x" * 9000}, {"message": "x", "conversation_id": "1"}):
            assert (await session.call_tool("ask_support", wrong)).isError


async def test_over_http_a_backend_asks_with_its_key_for_the_customer_it_names(database: Database) -> None:
    with Server(database.conninfo) as desk:
        url = f"{desk.url}/mcp"

        def connection(customer: str) -> Connection:
            return {
                "transport": "streamable_http",
                "url": url,
                "headers": {**AUTH, "x-frontdesk-customer": customer},
            }

        names, mine = await asked(connection("u1"), message="Where is 789?")
        assert (names, mine["reply"]) == (["ask_support"], "Order 789 is shipped.")
        _, other = await asked(connection("u2"), message="Where is 789?")
        assert other["reply"] == "I could not find that order on your account."
        _, taken = await asked(
            connection("u2"), message="Where is 789?", conversation_id=mine["conversation_id"]
        )
        assert "nothing here" in taken["error"]

        body = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}
        customer = {"x-frontdesk-customer": "u1", "accept": "application/json, text/event-stream"}
        refused = {
            401: [{}, {"authorization": "Bearer sk_test_wrong"}],
            403: [{**AUTH, "origin": "https://evil.example"}],
            422: [{**AUTH, "x-frontdesk-customer": "anon:1"}, {**AUTH, "x-frontdesk-customer": "a b"}],
        }
        async with httpx.AsyncClient(trust_env=False) as http:
            for status, cases in refused.items():
                for headers in cases:
                    answer = await http.post(url, json=body, headers={**customer, **headers})
                    assert answer.status_code == status, (headers, answer.text)
            assert (await http.post(url, json=body, headers=AUTH)).status_code == 422


async def test_each_request_is_answered_in_its_own_context(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking = ContextVar("asking", default="nobody")  # as a trace, or the id of a request in the log
    seen: list[str] = []

    async def answer(*_: object) -> dict[str, Any]:
        seen.append(asking.get())
        return {}

    def made(*given: Any) -> Any:
        seen.append(asking.get())  # what lives on after the first request is none of that request's
        return server(*given)

    monkeypatch.setattr("frontdesk.web.mcp.server", made)
    monkeypatch.setattr("frontdesk.web.mcp.ask", answer)
    settings = make_settings(tmp_path, database_url=database.conninfo)
    app = create_app(Frontdesk("Shop"), settings, models=[("scripted", ScriptedModel())], jobs=False)
    headers = {
        **bearer(SERVICE_KEY),
        "x-frontdesk-customer": "u1",
        "accept": "application/json, text/event-stream",
    }
    call = {"name": "ask_support", "arguments": {"message": "Hello"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": call}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url="http://127.0.0.1", headers=headers, timeout=30
        ) as client,
    ):
        for name in ("first", "second"):
            asking.set(name)
            answered = await client.post("/mcp", json=body)
            assert answered.status_code == 200, answered.text
    assert seen == ["nobody", "first", "second"]


async def test_who_asks_and_the_message_have_one_deadline_and_the_answer_has_none_of_it(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, left = asyncio.get_running_loop().time, {}
    identify, receive, wait = Authenticator.identify, Support.receive, Support.wait

    async def slowly(*given: Any) -> Any:
        await asyncio.sleep(0.05)
        return await identify(*given)

    def watched(name: str, call: Any) -> Any:
        async def asked(*given: Any, **more: Any) -> Any:
            left[name] = deadline.until() - clock()
            return await call(*given, **more)

        return asked

    monkeypatch.setattr(Authenticator, "identify", slowly)
    monkeypatch.setattr(Support, "receive", watched("receive", receive))
    monkeypatch.setattr(Support, "wait", watched("wait", wait))
    settings = make_settings(tmp_path, database_url=database.conninfo)
    app = create_app(
        Frontdesk("Shop"), settings, models=[("scripted", ScriptedModel(["Hello."]))], jobs=False
    )
    said = {"name": "ask_support", "arguments": {"message": "Hello"}}
    body = {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": said}
    headers = {"x-frontdesk-customer": "u1", "accept": "application/json, text/event-stream"}
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://127.0.0.1",
            headers={**bearer(SERVICE_KEY), **headers},
            timeout=30,
        ) as client,
    ):
        answered = await client.post("/mcp", json=body)
        assert "Hello." in answered.text
    assert left["receive"] < deadline.CALL_SECONDS - 0.04
    assert left["wait"] > deadline.CALL_SECONDS - 0.01


async def test_an_agent_gets_a_proposal_but_not_what_presses_its_button(database: Database) -> None:
    done: list[str] = []

    @tool(permission="orders:cancel", confirm=True)
    async def cancel_order(order_id: str, customer: Customer) -> dict[str, str]:
        """Cancel an order."""
        done.append(order_id)
        return {"order_id": order_id}

    model = ScriptedModel([call("cancel_order", order_id="1001"), "Please confirm it."])
    desk, settings = (
        Frontdesk("Shop", tools=[cancel_order]),
        Settings(database_url=database.conninfo, service_keys=(KEY,), secret="s" * 40),
    )
    async with service(desk, settings, models=[("scripted", model)]) as ready:
        found = await ask(ready, Principal("customer", "anna"), "Cancel 1001", None)
    assert [(action["title"], action["status"]) for action in found["actions"]] == [
        ("Cancel order: order 1001", "proposed")
    ]
    assert "token" not in orjson.dumps(found).decode()
    assert done == []
