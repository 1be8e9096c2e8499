"""Three providers' protocols on loopback: OpenAI's and Anthropic's server-sent events, Ollama's JSON lines.

What a model says is written once (Says) and spoken by each in its own words; ``script`` is taken one a
request, the last one stays.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

GIVEN, WRITTEN = 40, 9  # tokens, in every reply


@dataclass(frozen=True)
class Says:
    """A reply: text, and calls as (name, arguments). Arguments that are text are sent as they are, broken or not.

    ``limit``: it was cut off at the longest length the model may write.
    """

    text: str = ""
    calls: tuple[tuple[str, Any], ...] = ()
    limit: bool = False


@dataclass(frozen=True)
class Status:
    """An HTTP error, with the provider's own body; ``after`` is Retry-After in seconds."""

    code: int
    after: int | None = None


@dataclass(frozen=True)
class Cut:
    """A reply that ends half-way: in good order (``clean``), or with the connection."""

    says: Says
    clean: bool


@dataclass(frozen=True)
class Raw:
    """Bytes in the place of a reply."""

    body: bytes
    content_type: str = "application/json"


HANG = "hang"
Behaviour = Says | Status | Cut | Raw | str


class Endpoint:
    """``requests`` are the bodies that came."""

    def __init__(self, protocol: str) -> None:
        self.protocol = protocol
        self.script: list[Behaviour] = [Says("Hello")]
        self.requests: list[dict[str, Any]] = []
        self.address = ""

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = orjson.loads(await request.read())
        self.requests.append(body)
        now = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        if isinstance(now, str):
            await asyncio.sleep(30)
        if isinstance(now, Status):
            headers = {} if now.after is None else {"Retry-After": str(now.after)}
            return web.json_response(error(self.protocol, now.code), status=now.code, headers=headers)
        if isinstance(now, Raw):
            return web.Response(body=now.body, headers={"Content-Type": now.content_type})
        assert isinstance(now, Says | Cut)
        says = now.says if isinstance(now, Cut) else now
        # Ollama streams unless it is told not to; the others the other way round.
        if body.get("stream", self.protocol == "ollama"):
            frames = FRAMES[self.protocol](says)
        else:
            frames = [orjson.dumps(WHOLE[self.protocol](says))]
        return await self._send(request, frames, now)

    async def _send(self, request: web.Request, frames: list[bytes], now: Says | Cut) -> web.StreamResponse:
        streamed = len(frames) > 1
        kind = "application/json" if not streamed else STREAM_TYPE[self.protocol]
        response = web.StreamResponse(headers={"Content-Type": kind})
        if isinstance(now, Cut):
            frames = frames[: half(self.protocol, frames)] if streamed else [frames[0][: len(frames[0]) // 2]]
        await response.prepare(request)
        for frame in frames:
            await response.write(frame)
        if isinstance(now, Cut) and not now.clean:
            await asyncio.sleep(0.05)  # what was sent arrives first
            assert request.transport
            request.transport.close()
        return response


def half(protocol: str, frames: list[bytes]) -> int:
    """All that says something, and nothing that says it is over."""
    over = {"openai": b'"finish_reason":"', "anthropic": b"message_delta", "ollama": b'"done":true'}[protocol]
    return next(n for n, frame in enumerate(frames) if over in frame)


def error(protocol: str, code: int) -> dict[str, Any]:
    said = "no, sk-very-secret-key"
    if protocol == "anthropic":
        return {"type": "error", "error": {"type": "api_error", "message": said}}
    return {
        "error": said if protocol == "ollama" else {"message": said, "type": "server_error", "code": None}
    }


def parsed(arguments: Any) -> str:
    return arguments if isinstance(arguments, str) else orjson.dumps(arguments).decode()


def pieces(text: str, size: int) -> list[str]:
    return [text[i : i + size] for i in range(0, len(text), size)]


# ------------------------------------------------------------------ OpenAI
def openai_whole(says: Says) -> dict[str, Any]:
    calls = [
        {"id": f"call_{n}", "type": "function", "function": {"name": name, "arguments": parsed(arguments)}}
        for n, (name, arguments) in enumerate(says.calls)
    ]
    message = {"role": "assistant", "content": says.text or None, **({"tool_calls": calls} if calls else {})}
    choice = {"index": 0, "message": message, "finish_reason": openai_end(says)}
    return {"object": "chat.completion", "choices": [choice], "usage": OPENAI_USAGE, **OPENAI_ABOUT}


def openai_end(says: Says) -> str:
    return "length" if says.limit else "tool_calls" if says.calls else "stop"


def openai_frames(says: Says) -> list[bytes]:
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in pieces(says.text, 5 if len(says.text) < 1000 else 5000)]
    for n, (name, arguments) in enumerate(says.calls):
        function = {"name": name, "arguments": ""}
        deltas.append(
            {"tool_calls": [{"index": n, "id": f"call_{n}", "type": "function", "function": function}]}
        )
        for piece in pieces(parsed(arguments), 4):
            deltas.append({"tool_calls": [{"index": n, "function": {"arguments": piece}}]})
    frames = [{"choices": [{"index": 0, "delta": delta, "finish_reason": None}]} for delta in deltas]
    frames.append({"choices": [{"index": 0, "delta": {}, "finish_reason": openai_end(says)}]})
    frames.append({"choices": [], "usage": OPENAI_USAGE})
    about = {"object": "chat.completion.chunk", **OPENAI_ABOUT}
    return [b"data: " + orjson.dumps({**about, **frame}) + b"\n\n" for frame in frames] + [
        b"data: [DONE]\n\n"
    ]


OPENAI_ABOUT = {"id": "chatcmpl-1", "created": 1, "model": "stub-1"}
OPENAI_USAGE = {"prompt_tokens": GIVEN, "completion_tokens": WRITTEN, "total_tokens": GIVEN + WRITTEN}


# ------------------------------------------------------------------ Anthropic
def anthropic_whole(says: Says) -> dict[str, Any]:
    content: list[dict[str, Any]] = [{"type": "text", "text": says.text}] if says.text else []
    content += [
        {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": arguments}
        for n, (name, arguments) in enumerate(says.calls)
    ]
    return {**ANTHROPIC_ABOUT, "content": content, "stop_reason": anthropic_end(says)}


def anthropic_end(says: Says) -> str:
    return "max_tokens" if says.limit else "tool_use" if says.calls else "end_turn"


def anthropic_frames(says: Says) -> list[bytes]:
    start = {**ANTHROPIC_ABOUT, "content": [], "stop_reason": None}
    start["usage"] = {"input_tokens": GIVEN, "output_tokens": 1}
    events: list[dict[str, Any]] = [{"type": "message_start", "message": start}, {"type": "ping"}]
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if says.text:
        texts = pieces(says.text, 5 if len(says.text) < 1000 else 5000)
        blocks.append(({"type": "text", "text": ""}, [{"type": "text_delta", "text": t} for t in texts]))
    for n, (name, arguments) in enumerate(says.calls):
        block = {"type": "tool_use", "id": f"toolu_{n}", "name": name, "input": {}}
        parts = [{"type": "input_json_delta", "partial_json": p} for p in pieces(parsed(arguments), 4)]
        blocks.append((block, parts))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    end = {"stop_reason": anthropic_end(says), "stop_sequence": None}
    events.append({"type": "message_delta", "delta": end, "usage": ANTHROPIC_ABOUT["usage"]})
    events.append({"type": "message_stop"})
    return [b"event: %b\ndata: %b\n\n" % (e["type"].encode(), orjson.dumps(e)) for e in events]


ANTHROPIC_ABOUT: dict[str, Any] = {
    "id": "msg_1", "type": "message", "role": "assistant", "model": "stub-1", "stop_sequence": None,
    "usage": {"input_tokens": GIVEN, "output_tokens": WRITTEN},
}  # fmt: skip


# ------------------------------------------------------------------ Ollama
def ollama_whole(says: Says) -> dict[str, Any]:
    message: dict[str, Any] = {"role": "assistant", "content": says.text}
    if says.calls:
        message["tool_calls"] = ollama_calls(says)
    return {**ollama_frame(message), **ollama_end(says)}


def ollama_calls(says: Says) -> list[dict[str, Any]]:
    return [{"function": {"name": name, "arguments": arguments}} for name, arguments in says.calls]


def ollama_frame(message: dict[str, Any]) -> dict[str, Any]:
    return {"model": "stub-1", "created_at": "2026-01-01T00:00:00Z", "message": message, "done": False}


def ollama_end(says: Says) -> dict[str, Any]:
    times = dict.fromkeys(("total_duration", "load_duration", "prompt_eval_duration", "eval_duration"), 1)
    counts = {"prompt_eval_count": GIVEN, "eval_count": WRITTEN}
    return {"done": True, "done_reason": "length" if says.limit else "stop", **times, **counts}


def ollama_frames(says: Says) -> list[bytes]:
    texts = pieces(says.text, 5 if len(says.text) < 1000 else 5000)
    messages: list[dict[str, Any]] = [{"role": "assistant", "content": text} for text in texts]
    if says.calls:
        messages.append({"role": "assistant", "content": "", "tool_calls": ollama_calls(says)})
    frames = [ollama_frame(message) for message in messages]
    frames.append({**ollama_frame({"role": "assistant", "content": ""}), **ollama_end(says)})
    return [orjson.dumps(frame) + b"\n" for frame in frames]


WHOLE = {"openai": openai_whole, "anthropic": anthropic_whole, "ollama": ollama_whole}
FRAMES = {"openai": openai_frames, "anthropic": anthropic_frames, "ollama": ollama_frames}
STREAM_TYPE = {
    "openai": "text/event-stream",
    "anthropic": "text/event-stream",
    "ollama": "application/x-ndjson",
}
PATH = {"openai": "/v1/chat/completions", "anthropic": "/v1/messages", "ollama": "/api/chat"}


@asynccontextmanager
async def running(protocol: str) -> AsyncIterator[Endpoint]:
    """The endpoint on a free port of loopback."""
    endpoint = Endpoint(protocol)
    app = web.Application(client_max_size=64 * 2**20)
    app.router.add_post(PATH[protocol], endpoint.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    assert isinstance(site._server, asyncio.Server)
    endpoint.address = f"http://127.0.0.1:{site._server.sockets[0].getsockname()[1]}"
    try:
        yield endpoint
    finally:
        with contextlib.suppress(asyncio.CancelledError):
            await runner.cleanup()
