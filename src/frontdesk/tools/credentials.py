"""OAuth 2's client credentials: a token for this service, had when it is needed and again when it has run out."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator

import httpx

__all__ = ["ClientCredentials"]

EARLY = 30.0  # seconds before its end that a token is had anew
USUAL = 300.0  # seconds that one lasts which does not say
_HAD = "frontdesk.token"


class ClientCredentials(httpx.Auth):
    """The ``auth`` of a Backend: asks ``token_url`` for a token with this service's own id and secret."""

    requires_response_body = True

    def __init__(self, token_url: str, client_id: str, client_secret: str, scope: str = "") -> None:
        self._url = token_url
        self._who = httpx.BasicAuth(client_id, client_secret)
        self._form = {"grant_type": "client_credentials", **({"scope": scope} if scope else {})}
        self._token = ""
        self._until = 0.0

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        """Send ``request`` with the token; a token that is refused is had anew, for the next call."""
        if time.monotonic() >= self._until:
            asked = httpx.Request("POST", self._url, data=self._form)
            answer = yield next(self._who.auth_flow(asked))
            await answer.aread()
            self._keep(answer)
        request.headers["Authorization"] = f"Bearer {self._token}"
        request.extensions[_HAD] = True
        answer = yield request
        if answer.status_code == 401:
            self._until = 0.0

    @staticmethod
    def let_go(request: httpx.Request) -> bool:
        """Whether ``request`` has had its token; before that, nothing of it was sent."""
        return _HAD in request.extensions

    def _keep(self, answer: httpx.Response) -> None:
        try:
            said = answer.json() if answer.is_success else {}
            self._token = str(said["access_token"])
            lasts = float(said.get("expires_in") or USUAL)
        except (KeyError, ValueError, TypeError, AttributeError):
            raise httpx.HTTPError("the token's address gives none") from None
        self._until = time.monotonic() + max(lasts - EARLY, 1.0)
