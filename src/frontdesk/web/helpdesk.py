"""POST /support/helpdesks/{name}/webhook: what the helpdesk says of a ticket. Only signed messages count."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.errors import NotFound
from frontdesk.web.auth import refuse_tokens_in_url
from frontdesk.web.body import read_raw
from frontdesk.web.parts import Desk

__all__ = ["router"]

router = APIRouter(tags=["helpdesk"])


@router.post("/support/helpdesks/{name}/webhook", status_code=204)
async def heard(request: Request, name: str, desk: Desk) -> Response:
    """204 also for tickets that are not ours and for news that are none: a helpdesk sends those again otherwise."""
    refuse_tokens_in_url(request)
    helpdesk = desk.desk.helpdesk
    if helpdesk is None or helpdesk.name != name:
        raise NotFound
    change = helpdesk.changed(request.headers, await read_raw(request))
    if change:
        await desk.courier.hear(helpdesk, change)
    return Response(status_code=204)
