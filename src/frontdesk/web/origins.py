"""Which web pages may call: exact origins, never ``*``; everything else gets 403 without CORS headers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.errors import OriginNotAllowed, ServiceKeyInBrowser, SettingsError
from frontdesk.settings import LOOPBACK, Settings
from frontdesk.web import problems

__all__ = ["OriginPolicy", "allowed_origins", "hide_from_browser", "host_name"]

METHODS = "GET, POST, DELETE"
HEADERS = "Authorization, Content-Type, Last-Event-ID"
PORTS = {"http": 80, "https": 443}
PLACE = re.compile(r"([a-z0-9._-]+|\[[0-9a-f:.]+\])(?::([0-9]{1,5}))?")
HOLDER = "frontdesk.cors"


def allowed_origins(settings: Settings) -> frozenset[str]:
    """The origins of FRONTDESK_ALLOWED_ORIGINS. Raises SettingsError for one that no browser would send."""
    for number, origin in enumerate(settings.allowed_origins, start=1):
        if not _sendable(origin) or not (settings.development or origin.startswith("https://")):
            raise SettingsError(
                f"FRONTDESK_ALLOWED_ORIGINS, origin {number}: write https://shop.example, in lower case, "
                "without a path, a slash at the end or a star (http:// in development only)"
            )
    return frozenset(settings.allowed_origins)


def host_name(host: str) -> str:
    """The name in a Host header, lower case, without its port; empty if it cannot be read."""
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def hide_from_browser(scope: Scope) -> None:
    """Leave the CORS headers off this answer: the page that asked is not to read it."""
    if isinstance(holder := scope.get(HOLDER), dict):
        holder["readable"] = False


class OriginPolicy:
    """ASGI middleware: refuses foreign pages, answers preflights, adds CORS headers for allowed ones.

    A request without Origin is no page's doing and passes; so does one whose Origin is this server itself.
    """

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        """Raises SettingsError for a bad origin in settings."""
        self.app = app
        self._allowed = allowed_origins(settings)
        self._development = settings.development

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request through, or answer it here."""
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origins = headers.getlist("origin")
        cross = len(origins) == 1 and origins[0] in self._allowed
        if origins and not cross and not self._same(origins, headers.getlist("host"), scope):
            await self._refuse(scope, receive, send)
            return
        if cross and scope.get("method") == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(origins[0])(scope, receive, send)
            return
        holder = {"readable": True}
        scope[HOLDER] = holder

        async def mark(message: Message) -> None:
            if message["type"] == "http.response.start":
                _mark(MutableHeaders(scope=message), origins[0] if cross and holder["readable"] else "")
            await send(message)

        await self.app(scope, receive, mark)

    def _same(self, origins: list[str], hosts: list[str], scope: Scope) -> bool:
        """Whether the page came from this server.

        Host may be any name that resolves here, so a foreign page can look like ours by DNS rebinding. What
        listens on loopback, as in development, therefore takes loopback names only.
        """
        if len(hosts) != 1 or (self._development and host_name(hosts[0]) not in LOOPBACK):
            return False
        if len(origins) != 1:
            return False
        scheme, _, netloc = origins[0].partition("://")
        secure = scope["scheme"] in {"https", "wss"}
        if scheme not in PORTS or (secure and scheme == "http"):  # https to http: a proxy ended TLS
            return False
        place = _place(netloc, scheme)
        return place is not None and place == _place(hosts[0].lower(), scheme)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
            return
        # A key that a page sends has leaked, whichever page it is: that is what its owner must hear.
        leaked = Headers(scope=scope).get("authorization", "")[:10].lower() == "bearer sk_"
        answer = problems.response(ServiceKeyInBrowser() if leaked else OriginNotAllowed())
        answer.headers["vary"] = "Origin"
        await answer(scope, receive, send)


def _sendable(origin: str) -> bool:
    try:
        url = urlsplit(origin)
        port = url.port
    except ValueError:
        return False
    if url.scheme not in PORTS or not url.hostname or "*" in origin or port == PORTS[url.scheme]:
        return False
    return (
        origin.isascii() and origin == origin.lower() == f"{url.scheme}://{url.netloc}" and not url.username
    )


def _place(netloc: str, scheme: str) -> tuple[str, int] | None:
    """(host, port) of ``shop.example:8000``; None for anything that is more, or less, than that."""
    match = PLACE.fullmatch(netloc)
    return (match[1], int(match[2] or PORTS[scheme])) if match else None


def _preflight(origin: str) -> Response:
    answer = Response(
        status_code=204,
        headers={
            "access-control-allow-methods": METHODS,
            "access-control-allow-headers": HEADERS,
            "access-control-max-age": "600",
        },
    )
    _mark(answer.headers, origin)
    return answer


def _mark(headers: MutableHeaders, origin: str) -> None:
    """Vary always, or a cache would give one origin's answer to another; CORS for ``origin`` if any."""
    headers.add_vary_header("Origin")
    if origin:
        headers["access-control-allow-origin"] = origin
        headers["access-control-expose-headers"] = "Retry-After"
