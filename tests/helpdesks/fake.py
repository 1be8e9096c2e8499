"""What the loopback helpdesks (``fakes``) have in common. They are strict, and fail when told to.

``faults`` is what the next calls that make something do: ``429``, ``500`` (nothing is made), ``lost`` (made, and the
connection ends without an answer), ``html`` (made, and a proxy's page comes back).
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import socket
import time
from collections.abc import Mapping
from typing import Any, ClassVar, Self

from aiohttp import web

from frontdesk.helpdesks import Helpdesk

SECRET = "the secret of its webhooks"
Signed = tuple[dict[str, str], bytes]


class Refused(Exception):
    """An answer that is not 2xx."""


def need(given: Mapping[str, Any], **kinds: type) -> None:
    for name, kind in kinds.items():
        if not isinstance(given.get(name), kind) or given[name] in ("", [], {}):
            raise Refused(422)


def mac(key: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(key, message, getattr(hashlib, algorithm)).digest()


class Fake:
    """``tickets``: everything that was made, by id, each with its ``key`` and ``status``."""

    makes: tuple[str, ...] = ()  # the paths where a POST makes something
    words: ClassVar[dict[str, Any]] = {}  # what it calls our four states
    timed = True  # whether its signature has a time

    def __init__(self) -> None:
        self.tickets: dict[str, dict[str, Any]] = {}
        self.faults: list[str] = []
        self.held: asyncio.Event | None = None  # answers wait for it
        self.made = asyncio.Event()
        self.url = ""

    async def __aenter__(self) -> Self:
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._serve)
        self._runner = web.AppRunner(app, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.SockSite(self._runner, listening).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    async def _serve(self, request: web.Request) -> web.StreamResponse:
        form = request.content_type == "multipart/form-data"
        raw = b"" if form else await request.read()
        if not self.allowed(request.headers, raw):
            return web.json_response({"error": "not authenticated"}, status=401)
        body = await self._body(request, raw)
        making = self.making(request, body)
        fault = self.faults.pop(0) if making and self.faults else ""
        if fault in ("429", "500"):
            return web.Response(status=int(fault), headers={"Retry-After": "70"} if fault == "429" else {})
        try:
            answer = self.answer(request, body)
        except Refused as refused:
            return web.json_response({"error": "refused"}, status=refused.args[0])
        if making:
            self.made.set()
        if self.held:
            await self.held.wait()
        if fault == "lost" and request.transport:
            request.transport.abort()
        if fault == "html":
            return web.Response(text="<html>Bad gateway</html>", content_type="text/html")
        return web.json_response(answer)

    async def _body(self, request: web.Request, raw: bytes) -> dict[str, Any]:
        """JSON; a form's fields, with its ``files``; of anything else the ``raw`` bytes."""
        if request.content_type == "multipart/form-data":
            form = await request.post()  # it reads the stream itself
            files = [value for value in form.values() if isinstance(value, web.FileField)]
            fields = {name: value for name, value in form.items() if not isinstance(value, web.FileField)}
            assert all(name == "attachments[]" for name in form if name not in fields)
            return {**fields, "files": [(each.filename, each.file.read()) for each in files]}
        if request.content_type == "application/json":
            return json.loads(raw)
        return {"raw": raw} if raw else {}

    def making(self, request: web.Request, body: dict[str, Any]) -> bool:
        """Whether the call makes something."""
        adds = request.path.endswith(("/reply", "/notes", "/messages"))
        return request.method == "POST" and (adds or request.path in self.makes)

    def add(self, identity: str, text: object, files: list[tuple[str, bytes]]) -> None:
        """The customer's words, added to a ticket."""
        if identity not in self.tickets:
            raise Refused(404)
        if not isinstance(text, str) or not text:
            raise Refused(422)
        self.tickets[identity]["said"].append((text, files))

    def keep(self, key: str, **more: Any) -> str:
        identity = str(len(self.tickets) + 101)
        self.tickets[identity] = {"key": key, "status": self.words["open"], "written": [], "said": [], **more}
        return identity

    def set(self, identity: str, status: object) -> None:
        if identity not in self.tickets:
            raise Refused(404)
        if status not in self.words.values():
            raise Refused(422)
        self.tickets[identity]["status"] = status

    def later(self) -> None:
        """Minutes pass."""

    def desk(self) -> Helpdesk:
        raise NotImplementedError

    def allowed(self, headers: Mapping[str, str], body: bytes) -> bool:
        raise NotImplementedError

    def answer(self, request: web.Request, body: dict[str, Any]) -> Any:
        raise NotImplementedError

    def write(self, identity: str, text: str, author: str, private: bool) -> str:
        written = self.tickets[identity]["written"]
        once = str(1000 * int(identity) + len(written))
        written.append(
            {"id": once, "text": text, "author": author, "private": private, "at": int(time.time()) + 1}
        )
        return once

    def reply(self, identity: str, text: str, author: str = "Ann Agent", *, private: bool = False) -> Signed:
        """Somebody there writes to the customer, or a note; the message that its webhook sends."""
        raise NotImplementedError

    def say(self, identity: str, word: str, at: float | None = None) -> Signed:
        """The message that its webhook sends about a ticket; ``at``: when it was signed."""
        raise NotImplementedError

    def sign(self, body: bytes, at: float | None = None) -> Signed:
        """Any body, signed as it signs."""
        raise NotImplementedError
