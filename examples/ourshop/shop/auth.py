"""The bearer token that every caller but a health check shows."""

import secrets

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.ourshop.shop import problems

_OPEN_PATHS = frozenset({"/healthz"})


class TokenMiddleware:
    """Answers 401 before anything of the request is read."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request through if its token is right."""
        if scope["type"] != "http" or scope["path"] in _OPEN_PATHS or self._shows_token(scope):
            await self._app(scope, receive, send)
            return
        content = problems.body(401, "Unauthorized", "A valid bearer token is required.", "unauthorized")
        await problems.respond(content, {"WWW-Authenticate": "Bearer"})(scope, receive, send)

    def _shows_token(self, scope: Scope) -> bool:
        shown = Headers(scope=scope).get("authorization", "")
        return secrets.compare_digest(shown.encode(), self._expected)
