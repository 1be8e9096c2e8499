"""Every refusal as application/problem+json (RFC 9457), and none that repeats what was sent.

``type`` is ``about:blank`` and ``title`` the status in words; ``code`` is what a program switches on.
"""

from __future__ import annotations

import logging
import traceback
from http import HTTPStatus
from pathlib import Path
from uuid import uuid4

import orjson
import psycopg
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError, WebSocketRequestValidationError
from psycopg_pool import PoolClosed, PoolTimeout, TooManyRequests
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from frontdesk.errors import (
    DatabaseUnavailable,
    FrontdeskError,
    InvalidBody,
    MalformedBody,
    MissingCredentials,
    NotFound,
)
from frontdesk.telemetry import metrics

__all__ = ["NOT_FOUND", "install", "response"]

log = logging.getLogger(__name__)
MEDIA_TYPE = "application/problem+json"


def _body(status: int, code: str, detail: str, **more: str) -> bytes:
    title = HTTPStatus(status).phrase
    return orjson.dumps(
        {"type": "about:blank", "title": title, "status": status, "detail": detail, "code": code, **more}
    )


#: The one body of every 404: a foreign id, an unknown id and a path that does not exist look alike.
NOT_FOUND = _body(404, NotFound.code, NotFound().detail)


def response(error: FrontdeskError) -> Response:
    """The answer for ``error``: its status, code and sentence; Retry-After and WWW-Authenticate where due.

    An error that nobody meant for a caller (status 500) is logged and answered with a reference only.
    """
    metrics.refusals.add(error.code)
    if error.status == 500:
        return _unexpected(error)
    headers = {"cache-control": "no-store"}
    if error.retry_after is not None:
        headers["retry-after"] = str(max(1, error.retry_after))
    if error.status == 401:
        reason = "" if isinstance(error, MissingCredentials) else ', error="invalid_token"'
        headers["www-authenticate"] = f'Bearer realm="frontdesk"{reason}'
    body = NOT_FOUND if error.status == 404 else _body(error.status, error.code, error.detail)
    return Response(body, error.status, headers, MEDIA_TYPE)


def _unexpected(error: BaseException, where: str = "") -> Response:
    """500 with a reference; the log gets the kind of error and its frames, never its text.

    The text of an exception may hold a customer's words: PostgreSQL quotes the row it refuses.
    """
    reference = uuid4().hex[:12]
    trace = traceback.extract_tb(error.__traceback__)[-6:]
    frames = [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in trace]
    log.error(
        "request failed: reference=%s where=%s error=%s frames=%s",
        reference,
        where or "-",
        type(error).__qualname__,
        " > ".join(frames),
    )
    detail = "Something went wrong here; give the reference to whoever runs this service."
    body = _body(500, "internal_error", detail, reference=reference)
    return Response(body, 500, {"cache-control": "no-store"}, MEDIA_TYPE)


class LastResort:
    """Answers what no handler caught. Starlette's own would raise it again, text and all, into the log."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on, and answer 500 if nothing was sent yet; a broken stream is ended by the server."""
        started = False

        async def watch(message: Message) -> None:
            nonlocal started
            started = started or message["type"] == "http.response.start"
            await send(message)

        try:
            await self.app(scope, receive, watch)
        except Exception as error:  # noqa: BLE001 - the last place that can keep its text out of the log
            answer = _unexpected(error, getattr(scope.get("route"), "path", ""))
            if scope["type"] == "http" and not started:
                await answer(scope, receive, send)


def install(app: FastAPI) -> None:
    """Let ``app`` answer every error as a problem. Call it before any other middleware is added."""
    app.add_middleware(LastResort)
    app.add_exception_handler(FrontdeskError, _frontdesk)
    app.add_exception_handler(HTTPException, _http)
    for refused in (RequestValidationError, WebSocketRequestValidationError):
        app.add_exception_handler(refused, _validation)
    for gone in (psycopg.OperationalError, PoolTimeout, PoolClosed, TooManyRequests):
        app.add_exception_handler(gone, _database)
    app.add_exception_handler(ClientDisconnect, _disconnect)


async def _frontdesk(_: Request, error: Exception) -> Response:
    return response(error if isinstance(error, FrontdeskError) else FrontdeskError())


async def _http(_: Request, error: Exception) -> Response:
    """Starlette's own refusals: an unknown path, a wrong method."""
    if not isinstance(error, HTTPException) or error.status_code == 404:
        return response(NotFound())
    if error.status_code < 400:
        return Response(status_code=error.status_code, headers=error.headers)
    phrase = HTTPStatus(error.status_code).phrase
    body = _body(error.status_code, phrase.lower().replace(" ", "_").replace("-", "_"), f"{phrase}.")
    return Response(body, error.status_code, error.headers, MEDIA_TYPE)


async def _validation(_: Request, __: Exception) -> Response:
    return response(InvalidBody("The request's parameters are not what this endpoint takes."))


async def _database(_: Request, error: Exception) -> Response:
    log.warning("database unavailable: %s", type(error).__qualname__)
    return response(DatabaseUnavailable())


async def _disconnect(_: Request, __: Exception) -> Response:
    return response(MalformedBody("The body did not arrive whole."))
