"""GET /support/widget.json: what the widget must know before anybody says anything. Public, and the same for everybody."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.bootstrap import Service
from frontdesk.web.attachments import TYPES

__all__ = ["router"]

router = APIRouter(tags=["support"])
SUGGESTIONS = 3


@router.get("/support/widget.json")
async def widget_config(request: Request, locale: str = "") -> Response:
    """The desk's name and looks, what may be asked, whether people are there, which files may be attached.

    ``locale`` is the page's; texts that the desk declared in it are chosen. Kept for a minute.
    """
    desk: Service = request.app.state.service
    examples = [tool.grant.examples[0] for tool in desk.desk.tools if tool.grant.examples]
    now = datetime.now(UTC)
    told = {
        "desk": desk.desk.name,
        "suggestions": examples[:SUGGESTIONS],
        **desk.desk.widget.told(locale[:2].lower()),
        "hours": {"open": desk.handoffs.open(now), **await desk.handoffs.expected(now)},
        "attachments": {"types": list(TYPES), "bytes": desk.settings.attachment_bytes},
        "mail": bool(desk.settings.smtp_url),
    }
    return Response(
        orjson.dumps(told), headers={"cache-control": "public, max-age=60"}, media_type="application/json"
    )
