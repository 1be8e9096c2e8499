"""A desk whose model, backend, help center and database are real ones on loopback, each as slow as a test says."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import orjson
from aiohttp import web
from fastapi import FastAPI
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from frontdesk import Customer, Frontdesk, ToolNotFound, tool
from frontdesk.bootstrap import Service
from frontdesk.models.openai import OpenAIChat
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.tools.backend import Backend, path_of
from frontdesk.web.app import create_app
from tests.desk import ORDERS, call
from tests.process import AUTH, KEY
from tests.telemetry.collector import Collector, Seen

SECRET_WORDS = "my grandmother's parcel"


@dataclass
class Upstream:
    """The chat model's endpoint and the shop's backend in one server; ``headers`` are those that came, by path."""

    model_seconds: float = 0.0
    backend_seconds: float = 0.0
    statuses: list[int] = field(default_factory=list[int])
    invents: bool = False
    headers: dict[str, list[dict[str, str]]] = field(default_factory=dict[str, list[dict[str, str]]])
    url: str = ""

    async def model(self, request: web.Request) -> web.Response:
        self._note("model", request)
        body = orjson.loads(await request.read())
        await asyncio.sleep(self.model_seconds)
        if self.statuses and (status := self.statuses.pop(0)) != 200:
            return web.json_response({}, status=status)
        return web.json_response(self._reply(body["messages"][-1]))

    def _reply(self, last: dict[str, Any]) -> dict[str, Any]:
        message: dict[str, Any] = {"role": "assistant", "content": "How can I help?"}
        if last["role"] == "tool":
            amount = " You get 500.00 EUR." if self.invents else ""
            message["content"] = f"It is {orjson.loads(last['content']).get('status', 'unknown')}.{amount}"
        elif found := re.search(r"\d{3}", last["content"]):
            arguments = orjson.dumps({"order_id": found[0]}).decode()
            function = {"name": "get_order_status", "arguments": arguments}
            message = {"role": "assistant", "content": None, "tool_calls": [{"id": "c1", "type": "function", "function": function}]}  # fmt: skip
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        usage = {"prompt_tokens": 40, "completion_tokens": 9, "prompt_tokens_details": {"cached_tokens": 16}}
        return {"model": "stub-2026", "choices": [choice], "usage": usage}

    async def order(self, request: web.Request) -> web.Response:
        self._note("backend", request)
        await asyncio.sleep(self.backend_seconds)
        found = ORDERS.get(request.match_info["order_id"])
        return web.json_response(found) if found else web.json_response({}, status=404)

    def _note(self, who: str, request: web.Request) -> None:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.headers.setdefault(who, []).append(headers)


@dataclass
class Shop:
    """The desk at work, asked over HTTP."""

    app: FastAPI
    client: httpx.AsyncClient
    upstream: Upstream
    collector: Collector | None

    @property
    def service(self) -> Service:
        return self.app.state.service

    async def say(self, message: str, user: str = "u1", **headers: str) -> httpx.Response:
        body = {"user_id": user, "message": message}
        return await self.client.post(
            "/support/chat", json=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )

    async def tree(self, turn_id: str, trace: str = "") -> Seen:
        """The trace of a turn, once all of it has come."""
        assert self.collector is not None
        trace = trace or turn_id.replace("-", "")

        def whole(collector: Collector) -> bool:
            names = [span.name for span in collector.spans if span.trace == trace]
            return "turn" in names and any(name.startswith("POST") for name in names)

        await asyncio.to_thread(self.collector.wait, whole)
        return self.collector.tree(trace)


def desk_of(backend: Backend) -> Frontdesk:
    @tool(permission="orders:read", step="Looking up order {order_id}")
    async def get_order_status(order_id: str, customer: Customer) -> dict[str, object]:
        """Status of an order."""
        order = await backend.read(path_of("/orders/{order_id}", {"order_id": order_id}))
        if order["owner"] != customer.id:
            raise ToolNotFound
        return order

    @tool(permission="orders:write", changes=True)
    async def cancel_order(order_id: str, customer: Customer) -> dict[str, object]:
        """Cancel an order."""
        return {"cancelled": order_id}

    return Frontdesk("Testshop", tools=[get_order_status, cancel_order], instructions="Be kind.")


@asynccontextmanager
async def upstream() -> AsyncGenerator[Upstream]:
    server = Upstream()
    application = web.Application()
    application.router.add_post("/v1/chat/completions", server.model)
    application.router.add_get("/orders/{order_id}", server.order)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    try:
        yield server
    finally:
        await runner.cleanup()


@asynccontextmanager
async def shop(
    database_url: str, collector: Collector | None, script: Any = None, **changes: Any
) -> AsyncGenerator[Shop]:
    """Served with the endpoint's model, or with ``script`` for a scripted one."""
    given: dict[str, Any] = {"service_keys": (KEY,), "lease_seconds": 1, "secret": "s" * 32, **changes}
    settings = Settings(database_url=database_url, **given)
    async with upstream() as server:
        backend = Backend(server.url)
        model = OpenAIChat(model="stub", base_url=f"{server.url}/v1", api_key=None)
        chain = [("openai:stub", ScriptedModel(script) if script else model)]
        app = create_app(desk_of(backend), settings, models=chain)
        client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://desk", headers=AUTH)
        async with app.router.lifespan_context(app), client:
            yield Shop(app, client, server, collector)
        await backend.close()


def cancels(messages: list[BaseMessage]) -> AIMessage:
    """A model that wants to cancel, and says so."""
    if isinstance(messages[-1], ToolMessage):
        return AIMessage("Please confirm it with the button.")
    return call("cancel_order", order_id="789")
