"""Each request as it is seen from outside: an id, a span, a count and a time."""

from __future__ import annotations

import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.telemetry import logs, metrics, spans

REQUEST_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"}
UNTRACED = {"/healthz", "/readyz", "/metrics"}  # asked every few seconds, and of no turn
WANTED = {b"x-request-id", b"traceparent"}


class Observed:
    """ASGI middleware, the outermost: what it sees is what the caller sees.

    Takes ``X-Request-Id`` and W3C's ``traceparent`` from the caller where they are well-formed, and answers with
    the request's id.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and note what becomes of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        sent: dict[bytes, bytes] = {name: value for name, value in scope["headers"] if name in WANTED}
        given = sent.get(b"x-request-id", b"")
        identity = given if REQUEST_ID.fullmatch(given) else secrets.token_hex(8).encode()
        method = scope["method"] if scope["method"] in METHODS else "_OTHER"
        about = {
            "http.request.method": method,
            "url.scheme": scope["scheme"],
            "frontdesk.request.id": identity.decode(),
        }
        parent = sent.get(b"traceparent", b"").decode("latin-1")
        traced = scope["path"] not in UNTRACED
        token = logs.request.set(identity.decode())
        try:
            with spans.root(method, about, parent) if traced else spans.OFF as span:
                await self._answer(scope, receive, send, span, identity, method)
        finally:
            logs.request.reset(token)

    async def _answer(
        self, scope: Scope, receive: Receive, send: Send, span: spans.Span, identity: bytes, method: str
    ) -> None:
        began, status, streams = time.perf_counter(), 0, False

        async def mark(message: Message) -> None:
            nonlocal status, streams
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = [*message.get("headers", ()), (b"x-request-id", identity)]
                message = {**message, "headers": headers}
                if any(
                    name == b"content-type" and kind.startswith(b"text/event-stream")
                    for name, kind in headers
                ):
                    streams = True
                    metrics.streams.change(1)
            await send(message)

        try:
            await self.app(scope, receive, mark)
        finally:
            if streams:
                metrics.streams.change(-1)
            route = (
                getattr(scope.get("route"), "path", "") or "other"
            )  # a path nobody has is not worth a series
            metrics.requests.add(route, str(status))
            metrics.request_seconds.observe(time.perf_counter() - began, route)
            if span:
                span.name = f"{method} {route}"
                span.say({"http.route": route, "http.response.status_code": status})
                if status >= 500:
                    span.fail(str(status))
