"""Who is asking: a trusted backend, a customer with a token, or a session of the widget."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from fastapi import Request

from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import (
    InvalidBody,
    InvalidToken,
    MissingCredentials,
    NotFound,
    ServiceKeyInBrowser,
    SessionRevoked,
    TokenInUrl,
    UserMismatch,
)
from frontdesk.settings import Settings
from frontdesk.store.identity import WidgetSession, find_session
from frontdesk.store.rates import PostgresRates
from frontdesk.tools.tokens import showed
from frontdesk.web import service_keys
from frontdesk.web.body import USER_ID
from frontdesk.web.keys import KeyRing
from frontdesk.web.limits import Limiter, address_of
from frontdesk.web.origins import hide_from_browser
from frontdesk.web.service_keys import ServiceKeys
from frontdesk.web.tokens import VISITOR_PREFIX, CustomerToken, verify

__all__ = [
    "SESSION_PREFIX",
    "Authenticator",
    "Caller",
    "bearer",
    "client_address",
    "refuse_browser",
    "refuse_tokens_in_url",
]

SESSION_PREFIX = "ws_"
URL_NAMES = frozenset({"token", "access_token", "api_key", "key", "jwt", "authorization", "session"})
URL_VALUES = (service_keys.PREFIX, SESSION_PREFIX, "eyJ")


@dataclass(frozen=True, slots=True)
class Caller:
    """A principal, and by what it showed itself: ``token``, ``session`` or the name of a ``key``."""

    principal: Principal
    via: Literal["service_key", "token", "session"]
    token: CustomerToken | None = None
    session: WidgetSession | None = None
    key: str = ""

    @property
    def channel(self) -> str:
        """Where it speaks: in the widget, whose sessions are nobody else's, or by the API."""
        return "widget" if self.via == "session" else "api"


class Authenticator:
    """Decides who a request comes from. One for a service; ``app.state.authenticator``."""

    def __init__(
        self, settings: Settings, database: Database, keyring: KeyRing, limiter: Limiter | None = None
    ) -> None:
        """Raises SettingsError for a service key that is too weak."""
        self.settings = settings
        self.database = database
        self.keyring = keyring
        self.limiter = limiter or Limiter(settings, PostgresRates(database))
        self.service_keys = ServiceKeys(settings, database)

    async def authenticate(self, request: Request, body_user_id: str | None = None) -> Principal:
        """The principal behind ``request``; ``body_user_id`` is the user_id it names, if it names one.

        Raises TokenInUrl, MissingCredentials, InvalidToken, TokenExpired, SessionRevoked,
        ServiceKeyInBrowser, UserMismatch, InvalidBody (a service key without a user_id).
        """
        return (await self.identify(request, body_user_id)).principal

    def knock(self, request: Request) -> None:
        """Turn away who shows no credential at all, before anything they send is read."""
        refuse_tokens_in_url(request)
        if bearer(request) is None:
            raise MissingCredentials

    async def admit(self, request: Request, body_user_id: str | None = None) -> Principal:
        """``authenticate``, and count one message against the rates of a browser, or of a service key. Raises RateLimited too."""
        return (await self.enter(request, body_user_id)).principal

    async def enter(self, request: Request, body_user_id: str | None = None) -> Caller:
        """``admit``, with what the caller showed."""
        caller = await self.identify(request, body_user_id)
        if caller.via == "service_key":
            await self.limiter.key(caller.key)
        else:
            await self.limiter.message(caller.principal.key, client_address(request))
        return caller

    async def identify(self, request: Request, body_user_id: str | None = None) -> Caller:
        """``authenticate``, with what the caller showed."""
        refuse_tokens_in_url(request)
        token = bearer(request)
        if token is None:
            raise MissingCredentials
        if self.is_service_key(token):
            refuse_browser(request)
            return await self._backend(token, body_user_id)
        if token.startswith(SESSION_PREFIX):
            session = await self.session(token)
            caller = Caller(
                Principal(session.kind, session.customer_id, session.permissions), "session", session=session
            )
        else:
            customer = await verify(token, self.keyring)
            showed(customer.sub, token)
            caller = Caller(
                Principal("customer", customer.sub, customer.permissions), "token", token=customer
            )
        if body_user_id is not None and body_user_id != caller.principal.id:
            raise UserMismatch
        return caller

    async def privileged(self, request: Request, right: str) -> str:
        """Let a backend in whose key holds ``right``, and nobody else; the name of its key, as decisions are noted.

        Whoever else asks, a customer or a backend that has a key for chat, is told that there is nothing here.
        """
        refuse_tokens_in_url(request)
        token = bearer(request)
        if token is None:
            raise MissingCredentials
        if not self.is_service_key(token):
            await self.identify(request)  # a token that is none is said to be, as everywhere
            raise NotFound
        refuse_browser(request)
        backend = await self.service_keys.backend(token)
        if backend is None:
            raise InvalidToken
        if right not in backend.rights:
            raise NotFound
        return backend.by

    async def session(self, token: str) -> WidgetSession:
        """The live session of ``token``. Raises SessionRevoked when it has ended, InvalidToken if unknown."""
        idle = timedelta(minutes=self.settings.session_idle_minutes)
        session = await find_session(self.database, token, idle=idle)
        if session is None:
            raise InvalidToken
        if not session.live:
            raise SessionRevoked
        return session

    def is_service_key(self, token: str) -> bool:
        """Whether ``token`` is, or tries to be, the key of a trusted backend; good or not."""
        return token.startswith(service_keys.PREFIX) or self.service_keys.configured(token)

    async def _backend(self, key: str, user_id: str | None) -> Caller:
        """A backend speaks for the customer it names."""
        backend = await self.service_keys.backend(key)
        if backend is None:
            raise InvalidToken
        if user_id is None:
            raise InvalidBody("user_id: is required beside a service key.")
        if not USER_ID.fullmatch(user_id) or user_id.lower().startswith(VISITOR_PREFIX):
            raise InvalidBody("user_id: is not the id of a customer.")
        return Caller(Principal("customer", user_id), "service_key", key=backend.by)


def bearer(request: Request) -> str | None:
    """The token in the Authorization header; None if there is none. Raises InvalidToken for two headers."""
    values = request.headers.getlist("authorization")
    if len(values) > 1:
        raise InvalidToken
    scheme, _, token = values[0].partition(" ") if values else ("", "", "")
    return token.strip() or None if scheme.lower() == "bearer" else None


def refuse_browser(request: Request) -> None:
    """Raise ServiceKeyInBrowser if a browser sent this; call it for a service key, good or not."""
    # Not Sec-Fetch-Mode: Node's own fetch sends that from a server.
    if any(name in request.headers for name in ("origin", "sec-fetch-site", "cookie")):
        hide_from_browser(request.scope)
        raise ServiceKeyInBrowser


def refuse_tokens_in_url(request: Request) -> None:
    """Raise TokenInUrl where the query holds a credential: URLs end in logs, histories and referrers."""
    if not request.url.query:
        return
    for name, value in request.query_params.multi_items():
        bare = value.strip()
        bare = bare[7:].lstrip() if bare[:7].lower() == "bearer " else bare
        if name.strip().lower() in URL_NAMES or bare.startswith(URL_VALUES):
            raise TokenInUrl


def client_address(request: Request) -> str:
    """What the caller's address is counted by. Behind a proxy, uvicorn's --proxy-headers puts it here."""
    return address_of(request.client.host if request.client else None)
