"""POST and DELETE /support/sessions: the widget's own short credential, instead of a token it must keep.

A session token goes in the Authorization header, never in a cookie or a URL, so no other page can use it.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, cast
from uuid import uuid4

import orjson
from fastapi import APIRouter, Request
from starlette.responses import Response

from frontdesk.database.deadline import deadline
from frontdesk.errors import InvalidToken, MissingCredentials
from frontdesk.store.identity import create_session, forget_old_sessions, revoke_session
from frontdesk.web.auth import (
    SESSION_PREFIX,
    Authenticator,
    Caller,
    bearer,
    client_address,
    refuse_browser,
    refuse_tokens_in_url,
)
from frontdesk.web.body import Nothing, read_json
from frontdesk.web.tokens import VISITOR_PREFIX

if TYPE_CHECKING:
    from frontdesk.store.identity import WidgetSession

__all__ = ["router"]

router = APIRouter()


@router.post("/support/sessions", status_code=201)
async def start_session(request: Request) -> Response:
    """Exchange a customer's token for a session; without one, an allowed page gets a visitor's session.

    201 ``{"token": "ws_…", "expires_at": "2026-01-31T12:00:00+00:00", "user_id": "u123"}``. Errors: those of
    ``Authenticator.authenticate`` and RateLimited.
    """
    authenticator = _authenticator(request)
    refuse_tokens_in_url(request)
    await read_json(request, Nothing, required=False)
    token = f"{SESSION_PREFIX}{secrets.token_urlsafe(32)}"
    with deadline():
        if "authorization" in request.headers:
            session = await _for_customer(authenticator, request, token)
        else:
            session = await _for_visitor(authenticator, request, token)
        await forget_old_sessions(authenticator.database)
    body = {"token": token, "expires_at": session.expires_at.isoformat(), "user_id": session.customer_id}
    return Response(orjson.dumps(body), 201, {"cache-control": "no-store"}, "application/json")


@router.delete("/support/sessions", status_code=204)
async def end_session(request: Request) -> Response:
    """End the session in the Authorization header, at once and on every server. 204."""
    authenticator = _authenticator(request)
    caller = await _browser(authenticator, request)
    if caller.session is None:
        raise InvalidToken
    await revoke_session(authenticator.database, caller.session.id)
    return Response(status_code=204, headers={"cache-control": "no-store"})


async def _for_customer(authenticator: Authenticator, request: Request, token: str) -> WidgetSession:
    caller = await _browser(authenticator, request)
    if caller.token is None:  # a session does not beget another: ending the first would mean nothing
        raise InvalidToken
    await authenticator.limiter.session(client_address(request))
    return await create_session(
        authenticator.database,
        token,
        caller.token.sub,
        lifetime=timedelta(hours=authenticator.settings.session_hours),
        kid=caller.token.kid,
        permissions=caller.token.permissions,
    )


async def _for_visitor(authenticator: Authenticator, request: Request, token: str) -> WidgetSession:
    """Only a page may have a visitor; OriginPolicy has refused the pages that may not."""
    if "origin" not in request.headers:
        raise MissingCredentials
    await authenticator.limiter.visitor(client_address(request))
    return await create_session(
        authenticator.database,
        token,
        f"{VISITOR_PREFIX}{uuid4()}",
        lifetime=timedelta(hours=authenticator.settings.session_hours),
    )


async def _browser(authenticator: Authenticator, request: Request) -> Caller:
    """The caller, where a service key is of no use: sessions are for browsers."""
    shown = bearer(request)
    if shown is not None and authenticator.is_service_key(shown):
        refuse_browser(request)
        raise InvalidToken
    return await authenticator.identify(request)


def _authenticator(request: Request) -> Authenticator:
    return cast("Authenticator", request.app.state.authenticator)
