"""A backend on loopback for tests of tools: it holds what a test tells it to, and says what it was asked."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.policy import HTTP
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit
from uuid import uuid4

import orjson

from frontdesk.domain import Customer, Json, Principal
from frontdesk.tools import Tool, ToolContext
from frontdesk.tools.openapi.records import shape_of
from frontdesk.tools.tokens import showed

__all__ = ["Asked", "Loopback", "example"]

EFFECT = "effect-1"


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: ``GET /orders/1``, its query, its JSON or form, its headers by their names in small letters."""

    what: str
    query: Mapping[str, str]
    body: Mapping[str, Any]
    headers: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Held:
    answer: Any
    query: Mapping[str, str]
    body: Mapping[str, Any]
    token: str


def example(shows: Any) -> Any:
    """An answer that holds each field of ``shows``, a TypedDict or a list of one."""
    return _example(shape_of(shows))


def _example(shape: Any) -> Any:
    if isinstance(shape, list):
        return [_example(cast("list[Any]", shape)[0])]
    if isinstance(shape, dict):
        return {name: _example(below) for name, below in cast("Json", shape).items()}
    return "1"  # what a written test takes for an id as well


class Loopback:
    """A backend at ``url``, in a thread of its own. ``asked`` is what came in, in order.

    Whoever asks it for a token by client credentials is given one.
    """

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._held: dict[str, _Held] = {}
        self._runner = asyncio.Runner()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    @classmethod
    @cache
    def shared(cls) -> Loopback:
        """One for all tests of a process."""
        return cls()

    def holds(
        self,
        what: str,
        shows: Any = None,
        *,
        owner: Sequence[str] = (),
        of: Customer | None = None,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
        token: str = "",
    ) -> None:
        """Answer ``what``, "GET /orders/1", with all fields of ``shows`` and one that nobody described.

        ``of`` is whose it is, said in the field ``owner``. With ``query``, ``body`` and ``token``, only a
        request that has them is answered; all else is 404.
        """
        made = example(shows) if shows else {}
        top = made if isinstance(made, dict) else {}
        top["undescribed"] = "hidden"
        for name in owner[:-1]:
            top = top.setdefault(name, {})
        if owner:
            top[owner[-1]] = of.id if of else None
        self._held[what] = _Held(made, query or {}, body or {}, token)

    def says(self, what: str, answer: Any, *, token: str = "") -> None:
        """Answer ``what``, "GET /orders/1", with ``answer`` as it is; with ``token``, only a request that has it."""
        self._held[what] = _Held(answer, {}, {}, token)

    def forget(self) -> None:
        """Hold nothing, and have been asked nothing."""
        self._held.clear()
        self.asked.clear()

    def call(self, tool: Tool, customer: Customer, **arguments: Any) -> Any:
        """What ``tool`` gives when it runs for ``customer``, as the gate would run it: JSON. Raises as the tool does."""
        caller = Principal("customer", customer.id)
        context = ToolContext(caller, uuid4(), uuid4(), effect_id=EFFECT)

        async def run() -> str:
            showed(customer.id, f"token-of-{customer.id}")
            return await tool.call(arguments, context)

        return orjson.loads(self._runner.run(run()))

    @property
    def changes(self) -> list[str]:
        """The Idempotency-Key of each request that was to change something."""
        return [a.headers.get("idempotency-key", "") for a in self.asked if not a.what.startswith("GET ")]

    def answer(self, asked: Asked) -> bytes | None:
        """The JSON for a request; None for 404."""
        if asked.body.get("grant_type") == "client_credentials":
            return orjson.dumps({"access_token": "loopback", "expires_in": 3600})
        self.asked.append(asked)
        held = self._held.get(asked.what)
        if (
            held is None
            or not held.query.items() <= asked.query.items()
            or not _within(held.body, asked.body)
        ):
            return None
        if held.token and asked.headers.get("authorization") != f"Bearer {held.token}":
            return None
        return orjson.dumps(held.answer)


def _within(some: Mapping[str, Any], all_of: Mapping[str, Any]) -> bool:
    return all(all_of.get(name) == value for name, value in some.items())


def _handler(outer: Loopback) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"  # nothing stays open: a test need not close what a tool calls with

        def do_GET(self) -> None:
            at, length = urlsplit(self.path), int(self.headers.get("content-length") or 0)
            headers = {name.lower(): value for name, value in self.headers.items()}
            body = _read(self.rfile.read(length), headers.get("content-type", ""))
            asked = Asked(f"{self.command} {at.path}", dict(parse_qsl(at.query)), body, headers)
            data = outer.answer(asked)
            self.send_response(404 if data is None else 200)
            self.send_header("content-length", str(len(data or b"")))
            self.end_headers()
            self.wfile.write(data or b"")

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET

        def log_message(self, format: str, *args: Any) -> None:
            """Silent."""

    return Handler


def _form(data: bytes, media: str) -> Json:
    """The fields of a form in parts; of one that comes more than once, a list."""
    said: dict[str, list[str]] = {}
    whole = message_from_bytes(b"content-type: " + media.encode() + b"\r\n\r\n" + data, policy=HTTP)
    for part in whole.iter_parts():
        name = str(part.get_param("name", header="content-disposition"))
        said.setdefault(name, []).append(cast("bytes", part.get_payload(decode=True)).decode())
    return {name: values if len(values) > 1 else values[0] for name, values in said.items()}


def _read(data: bytes, media: str) -> Json:
    if media.startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(data.decode()))
    if media.startswith("multipart/form-data"):
        return _form(data, media)
    read: Any = orjson.loads(data) if data else {}
    return read if isinstance(read, dict) else {}
