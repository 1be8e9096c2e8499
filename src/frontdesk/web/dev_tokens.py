"""POST /dev/token: in development mode, a token for any demo customer. Production has no such route.

It is what lets the demo page act as a customer without a shop's login behind it. It answers loopback only,
by address and by Host, so that a page of somebody else's cannot reach it through a name that resolves here.
"""

from __future__ import annotations

import ipaddress
from typing import Annotated, cast

import orjson
from fastapi import APIRouter, Request
from pydantic import Field
from starlette.responses import Response

from frontdesk.errors import InvalidBody, NotFound, OriginNotAllowed
from frontdesk.settings import LOOPBACK
from frontdesk.web.auth import Authenticator
from frontdesk.web.body import USER_ID, Body, read_json
from frontdesk.web.keys import dev_keyring
from frontdesk.web.origins import host_name
from frontdesk.web.tokens import VISITOR_PREFIX, sign

__all__ = ["router"]

router = APIRouter(include_in_schema=False)


class TokenRequest(Body):
    """Which demo customer the page wants to be."""

    user_id: Annotated[str, Field(min_length=1, max_length=128)]


@router.post("/dev/token")
async def dev_token(request: Request) -> Response:
    """``{"user_id": "u123"}`` → ``{"token": JWT}``, good for 15 minutes. Raises OriginNotAllowed, InvalidBody."""
    authenticator = cast("Authenticator", request.app.state.authenticator)
    key = dev_keyring(authenticator.settings)
    if key is None:  # never reached unless somebody mounts this router in production
        raise NotFound
    if not _loopback(request):
        raise OriginNotAllowed
    user_id = (await read_json(request, TokenRequest)).user_id
    if not USER_ID.fullmatch(user_id) or user_id.lower().startswith(VISITOR_PREFIX):
        raise InvalidBody("user_id: is not the id of a customer.")
    body = orjson.dumps({"token": sign(user_id, key)})
    return Response(body, headers={"cache-control": "no-store"}, media_type="application/json")


def _loopback(request: Request) -> bool:
    hosts = request.headers.getlist("host")
    origins = [origin.partition("://")[2] for origin in request.headers.getlist("origin")]
    if len(hosts) != 1 or any(host_name(place) not in LOOPBACK for place in [*hosts, *origins]):
        return False
    try:
        return request.client is None or ipaddress.ip_address(request.client.host).is_loopback
    except ValueError:
        return False
