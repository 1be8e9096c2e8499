"""Calling a shop's REST backend well: time limits, reads tried again once, a breaker, size limits, plain sentences."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlsplit
from weakref import WeakKeyDictionary

import httpx
import orjson

from frontdesk.domain import Json
from frontdesk.errors import ToolNotFound, ToolRefused, ToolUnavailable
from frontdesk.models.breaker import Breaker
from frontdesk.telemetry import spans

__all__ = ["Backend", "path_of"]

NOT_FOUND = "There is no such thing on this customer's account."
AWAY = "The system behind this does not answer right now."
LONGEST_ID = 200
MOST_BYTES = 1_000_000
SECONDS = 8.0


def path_of(template: str, values: Mapping[str, Any]) -> str:
    """``/orders/{order_id}`` filled in. Raises ToolNotFound for a value that would lead to another path."""
    path = template
    for name, value in values.items():
        text = str(value)
        odd = (
            text.strip(". ") == ""
            or len(text) > LONGEST_ID
            or not text.isprintable()
            or set(text) & set("/\\?#%")
        )
        if odd:
            raise ToolNotFound(NOT_FOUND)
        path = path.replace(f"{{{name}}}", quote(text, safe=""))
    return path


class Backend:
    """A REST backend at ``base_url``; ``headers`` carry the credential of this service."""

    def __init__(self, base_url: str, headers: Mapping[str, str] | None = None) -> None:
        self._base_url = base_url
        self._host = urlsplit(base_url).hostname or ""
        self._headers = dict(headers or {})
        self._breaker = Breaker()
        self._clients: WeakKeyDictionary[asyncio.AbstractEventLoop, httpx.AsyncClient] = WeakKeyDictionary()

    async def read(self, path: str, query: Mapping[str, Any] | None = None) -> Any:
        """The JSON at ``path``; tried again once. Raises ToolNotFound, ToolRefused or ToolUnavailable."""
        try:
            return await self._send("GET", path, query, None, "")
        except ToolUnavailable:
            return await self._send("GET", path, query, None, "")

    async def change(
        self, method: str, path: str, body: Any, *, key: str, query: Mapping[str, Any] | None = None
    ) -> Any:
        """Change something, sent once, with ``key`` as Idempotency-Key. Raises as ``read`` does."""
        return await self._send(method, path, query, body, key)

    async def close(self) -> None:
        """Let go of the connections that this event loop keeps open."""
        client = self._clients.pop(asyncio.get_running_loop(), None)
        if client is not None:
            await client.aclose()

    async def _send(
        self, method: str, path: str, query: Mapping[str, Any] | None, body: Any, key: str
    ) -> Any:
        if not self._breaker.allows():
            raise ToolRefused(AWAY) if key else ToolUnavailable(AWAY)  # nothing was sent
        # Neither path nor query: they hold what a customer asked for.
        about = {"http.request.method": method, "server.address": self._host}
        with spans.span(method, about, kind=spans.CLIENT) as span:
            return await self._sent(method, path, query, body, key, span)

    async def _sent(
        self,
        method: str,
        path: str,
        query: Mapping[str, Any] | None,
        body: Any,
        key: str,
        span: spans.Span,
    ) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        headers |= spans.headers()
        given = {name: value for name, value in (query or {}).items() if value is not None}
        try:
            async with (
                asyncio.timeout(SECONDS),
                self._client().stream(method, path, params=given, json=body, headers=headers) as answer,
            ):
                data = bytearray()
                async for part in answer.aiter_bytes():
                    data += part
                    if len(data) > MOST_BYTES:
                        raise ToolUnavailable("The answer of the system behind this is too large.")
        except (httpx.HTTPError, TimeoutError):
            self._breaker.failed()
            raise ToolUnavailable(AWAY) from None
        span.set("http.response.status_code", answer.status_code)
        if answer.status_code >= httpx.codes.INTERNAL_SERVER_ERROR:
            self._breaker.failed()
            raise ToolUnavailable(AWAY)
        self._breaker.succeeded()
        return _read(answer.status_code, bytes(data))

    def _client(self) -> httpx.AsyncClient:
        loop = asyncio.get_running_loop()
        if loop not in self._clients:
            self._clients[loop] = httpx.AsyncClient(
                base_url=self._base_url, headers=self._headers, timeout=SECONDS, trust_env=False
            )
        return self._clients[loop]


def _read(status: int, data: bytes) -> Any:
    if status in (404, 410):
        raise ToolNotFound(NOT_FOUND)
    if 400 <= status < 500 and status not in (401, 403, 408, 429):
        raise ToolRefused(_reason(data))
    if not 200 <= status < 300:  # also a redirect: the credential goes nowhere else
        raise ToolUnavailable(AWAY)
    if not data:
        return None
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        raise ToolUnavailable("The system behind this answers with something that is no JSON.") from None


def _reason(data: bytes) -> str:
    """The backend's own sentence for why not, where it gives one."""
    try:
        said: Json = orjson.loads(data)
        text = said.get("detail") or said.get("message")
    except (orjson.JSONDecodeError, AttributeError):
        text = None
    return text[:200] if isinstance(text, str) and text else "This cannot be done."
