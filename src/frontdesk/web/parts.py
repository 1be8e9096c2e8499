"""What every endpoint under /support takes and gives: the desk, who may say who asks, ids from paths, JSON."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated
from uuid import UUID

import orjson
from fastapi import Depends, Request
from fastapi.responses import Response

from frontdesk.bootstrap import Service
from frontdesk.errors import NotFound
from frontdesk.web.auth import Authenticator

__all__ = ["Auth", "Desk", "json_answer", "uuid_of"]


# async, though they wait for nothing: FastAPI would send a plain function to a thread, at 0.1 ms a request.
async def _service(request: Request) -> Service:
    return request.app.state.service


async def _authenticator(request: Request) -> Authenticator:
    return request.app.state.authenticator


Desk = Annotated[Service, Depends(_service)]
Auth = Annotated[Authenticator, Depends(_authenticator)]


def uuid_of(text: str) -> UUID:
    """An id from a path; one that cannot be one is as unknown as any other."""
    try:
        return UUID(text)
    except ValueError:
        raise NotFound from None


def json_answer(value: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    """``value`` as JSON, for nobody to keep."""
    return Response(
        orjson.dumps(value), status, {"cache-control": "no-store", **(headers or {})}, "application/json"
    )
