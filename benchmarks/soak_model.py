"""The chat model of a soak: an OpenAI-compatible endpoint that calls the example shop's tools by the customer's words."""

from __future__ import annotations

import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

from benchmarks.alone import free_port

USAGE = {"prompt_tokens": 400, "completion_tokens": 40, "total_tokens": 440}
ORDER = re.compile(r"order (\d+)")
STREET = re.compile(r"to Mill Lane (\d+)")


@asynccontextmanager
async def stub() -> AsyncGenerator[str]:
    """The address of a running stub, as OPENAI_BASE_URL takes it."""
    app = web.Application()
    app.router.add_post("/v1/chat/completions", _answer)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}/v1"
    finally:
        await runner.cleanup()


async def _answer(request: web.Request) -> web.Response:
    last = orjson.loads(await request.read())["messages"][-1]
    message: dict[str, Any] = {
        "role": "assistant",
        **(_told(last) if last["role"] == "tool" else _asked(last)),
    }
    reason = "tool_calls" if "tool_calls" in message else "stop"
    head = {"id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "stub"}
    choice = {"index": 0, "message": message, "finish_reason": reason}
    return web.json_response({**head, "choices": [choice], "usage": USAGE})


def _asked(last: dict[str, Any]) -> dict[str, Any]:
    words = str(last["content"])
    order, street = ORDER.search(words), STREET.search(words)
    if order and street:
        place = {"street": f"Mill Lane {street[1]}", "postal_code": "1015 CJ", "city": "Amsterdam"}
        return _call("change_shipping_address", order_id=order[1], **place)
    return _call("get_order_status", order_id=order[1]) if order else _call("search_knowledge", query=words)


def _told(last: dict[str, Any]) -> dict[str, Any]:
    found = str(last["content"])
    if '"proposed"' in found:
        return {"content": "Please confirm this below."}
    return {"content": "I could not do that." if '"error"' in found else "I have looked it up for you."}


def _call(name: str, **arguments: str) -> dict[str, Any]:
    function = {"name": name, "arguments": orjson.dumps(arguments).decode()}
    return {"content": None, "tool_calls": [{"id": "call_1", "type": "function", "function": function}]}
