"""An OpenAI-compatible endpoint that does what it is asked: a look-up, a refund. ``fault`` makes it misbehave.

The customer's words are what the local model understands too: "Where is my order 117?", "Refund order 117".
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from tests.models.openai_endpoint import USAGE
from tests.process import free_port

AWAY = "The order system does not answer right now."
ORDER = re.compile(r"order (\d+)", re.IGNORECASE)


class Model:
    """``fault``: "", "429", "500", "hanging" or "garbage"; ``seconds`` is what a good answer takes."""

    def __init__(self) -> None:
        self.fault = ""
        self.seconds = 0.0
        self.port = 0

    async def handle(self, request: web.Request) -> web.Response:
        """One call."""
        messages = orjson.loads(await request.read())["messages"]
        match self.fault:
            case "429" | "500":
                return web.json_response({"error": {"message": "not now"}}, status=int(self.fault))
            case "hanging":
                await asyncio.sleep(120)
            case "garbage":
                return web.Response(body=b'\x00\xff{"choices": [{', content_type="application/json")
            case _:
                await asyncio.sleep(self.seconds)
        return web.json_response(_whole(_reply(messages)))


def _reply(messages: list[dict[str, Any]]) -> dict[str, Any]:
    last = messages[-1]
    if last["role"] == "tool":
        found = orjson.loads(last["content"])
        if "error" in found:
            return {"content": AWAY}
        if "proposed" in found:
            return {"content": "Please confirm this below."}
        return {"content": f"Order {found['order_id']} is {found['status']}."}
    order = ORDER.search(str(last["content"]))
    if not order:
        return {"content": "I can look orders up."}
    name = "refund_order" if "refund" in str(last["content"]).lower() else "get_order"
    arguments = orjson.dumps({"order_id": order[1]}).decode()
    call = {"id": "call_1", "type": "function", "function": {"name": name, "arguments": arguments}}
    return {"content": None, "tool_calls": [call]}


def _whole(message: dict[str, Any]) -> dict[str, Any]:
    reason = "tool_calls" if "tool_calls" in message else "stop"
    choice = {"index": 0, "message": {"role": "assistant", **message}, "finish_reason": reason}
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "stub-1"}
    return {**head, "choices": [choice], "usage": USAGE}


@asynccontextmanager
async def model() -> AsyncGenerator[Model]:
    """The endpoint on a free port of loopback."""
    made = Model()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", made.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    made.port = free_port()
    await web.TCPSite(runner, "127.0.0.1", made.port, backlog=512).start()
    try:
        yield made
    finally:
        await runner.cleanup()
