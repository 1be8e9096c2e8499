"""An OpenAI-compatible endpoint on loopback that can be told how to behave, one behaviour a request."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import orjson
from aiohttp import web

USAGE = {
    "prompt_tokens": 40,
    "completion_tokens": 9,
    "total_tokens": 49,
    "prompt_tokens_details": {"cached_tokens": 16},
    "completion_tokens_details": {"reasoning_tokens": 4},
}
TEXT = "Order 456 is on its way – it should be with you on 30 November. ☂"
CALLS = [
    ("call_1", "get_order_status", '{"order_id": "456"}'),
    ("call_2", "list_orders", "{}"),
]


class Endpoint:
    """``behaviours`` are taken one a request, the last one stays; ``requests`` are the bodies that came."""

    def __init__(self) -> None:
        self.behaviours: list[str] = ["text"]
        self.requests: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.url = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.requests.append(body)
        self.headers.append(dict(request.headers))
        behaviour = self.behaviours.pop(0) if len(self.behaviours) > 1 else self.behaviours[0]
        if behaviour.startswith("status "):
            _, status, *after = behaviour.split()
            headers = {"Retry-After": after[0]} if after else {}
            if status.startswith("3"):
                headers["Location"] = "http://127.0.0.1:9/v1/chat/completions"
            echo = {"error": {"message": f"bad: {body['messages'][-1]['content']}"}}
            return web.json_response(echo, status=int(status), headers=headers)
        special = getattr(self, f"_{behaviour}", None)
        if special:
            return await special(request, body)
        if body.get("stream") and behaviour != "never_streams":
            return await self._events(request, events(behaviour))
        return web.json_response(reply(behaviour))

    async def _events(
        self, request: web.Request, payloads: list[bytes], pause: float = 0
    ) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for payload in payloads:
            await response.write(payload)
            await asyncio.sleep(pause)
        return response

    async def _hang(self, request: web.Request, body: Any) -> web.StreamResponse:
        await asyncio.sleep(30)
        return web.json_response({})

    async def _garbage(self, request: web.Request, body: Any) -> web.StreamResponse:
        if body.get("stream"):
            return await self._events(request, [b"data: {not json\n\n"])
        return web.Response(body=b"\x00\xff{", content_type="application/json")

    async def _html(self, request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(text="<html>Bad gateway</html>", content_type="text/html")

    async def _mislabelled(self, request: web.Request, body: Any) -> web.StreamResponse:
        return web.Response(body=orjson.dumps(reply("text")), content_type="text/plain")

    async def _empty(self, request: web.Request, body: Any) -> web.StreamResponse:
        if body.get("stream"):
            return await self._events(request, [b"data: [DONE]\n\n"])
        return web.json_response({"choices": []})

    async def _half(self, request: web.Request, body: Any) -> web.StreamResponse:
        """The body ends in the middle, in good order."""
        if body.get("stream"):
            return await self._events(request, events("text")[:4])
        whole = orjson.dumps(reply("text"))
        return web.Response(body=whole[: len(whole) // 2], content_type="application/json")

    async def _cut(self, request: web.Request, body: Any) -> web.StreamResponse:
        """The connection breaks in the middle."""
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        for payload in events("text")[:4]:
            await response.write(payload)
        assert request.transport
        request.transport.close()
        return response

    async def _slow(self, request: web.Request, body: Any) -> web.StreamResponse:
        return await self._events(request, events("text"), pause=0.02)

    async def _stalls(self, request: web.Request, body: Any) -> web.StreamResponse:
        response = await self._events(request, events("text")[:4])
        await asyncio.sleep(30)
        return response

    async def _bytewise(self, request: web.Request, body: Any) -> web.StreamResponse:
        """Events cut at each byte, with comments and Windows line ends."""
        raw = b": hello\r\n\r\n" + b"".join(events("both")).replace(b"\n", b"\r\n")
        return await self._events(request, [raw[i : i + 3] for i in range(0, len(raw), 3)])


def reply(behaviour: str) -> dict[str, Any]:
    """The whole reply of a behaviour: text, tools, both, bad_arguments, no_usage."""
    message: dict[str, Any] = {"role": "assistant", "content": None}
    if behaviour not in ("tools", "bad_arguments"):
        message["content"] = TEXT
    if calls := calls_of(behaviour):
        message["tool_calls"] = [
            {"id": i, "type": "function", "function": {"name": n, "arguments": a}} for i, n, a in calls
        ]
    choice = {"index": 0, "message": message, "finish_reason": "tool_calls" if calls else "stop"}
    whole = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "stub-1",
        "choices": [choice],
    }
    return whole if behaviour == "no_usage" else {**whole, "usage": USAGE}


def calls_of(behaviour: str) -> list[tuple[str, str, str]]:
    if behaviour == "bad_arguments":
        return [("call_1", "get_order_status", '{"order_id": "45'), ("call_2", "list_orders", "[1]")]
    return CALLS if behaviour in ("tools", "both", "no_index") else []


def events(behaviour: str) -> list[bytes]:
    """The same reply as a stream: text in pieces of five characters, arguments in pieces of four."""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    text = reply(behaviour)["choices"][0]["message"]["content"] or ""
    deltas += [{"content": text[i : i + 5]} for i in range(0, len(text), 5)]
    for index, (identity, name, arguments) in enumerate(calls_of(behaviour)):
        place = {} if behaviour == "no_index" else {"index": index}
        first = {**place, "id": identity, "type": "function", "function": {"name": name, "arguments": ""}}
        deltas.append({"tool_calls": [first]})
        for i in range(0, len(arguments), 4):
            deltas.append({"tool_calls": [{**place, "function": {"arguments": arguments[i : i + 4]}}]})
    frames = [_frame([{"index": 0, "delta": delta, "finish_reason": None}]) for delta in deltas]
    end = reply(behaviour)["choices"][0]["finish_reason"]
    frames.append(_frame([{"index": 0, "delta": {}, "finish_reason": end}]))
    if behaviour != "no_usage":
        frames.append(_frame([], usage=USAGE))
    return [b"data: " + orjson.dumps(frame) + b"\n\n" for frame in frames] + [b"data: [DONE]\n\n"]


def _frame(choices: list[Any], **more: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion.chunk",
        "created": 1,
        "model": "stub-1",
        "choices": choices,
        **more,
    }


@asynccontextmanager
async def running() -> AsyncIterator[Endpoint]:
    """The endpoint on a free port of loopback."""
    endpoint = Endpoint()
    app = web.Application()
    app.router.add_post("/v1/chat/completions", endpoint.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert site._server
    assert isinstance(site._server, asyncio.Server)
    endpoint.url = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}/v1"
    try:
        yield endpoint
    finally:
        await runner.cleanup()
