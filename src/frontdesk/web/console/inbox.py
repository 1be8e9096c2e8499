"""The inbox: who waits, what is one's own, and everything."""

from __future__ import annotations

from typing import Any, get_args
from urllib.parse import urlencode
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from frontdesk.people import View
from frontdesk.web.console.frame import framed
from frontdesk.web.console.page import HEADERS, fragment
from frontdesk.web.console.session import Session, Staffed
from frontdesk.web.console.shape import row_of

__all__ = ["listing", "router"]

router = APIRouter()


@router.get("/")
async def home() -> Response:
    """The inbox is where one begins."""
    return Response(status_code=303, headers={**HEADERS, "location": "/console/inbox"})


@router.get("/inbox")
async def inbox(session: Staffed, view: str = "needs_reply", q: str = "", after: str = "") -> Response:
    """The list, and beside it nothing yet."""
    return await framed(session, "inbox.html", talk=None, **await listing(session, view, q, after))


@router.get("/inbox/rows")
async def rows(session: Staffed, view: str = "needs_reply", q: str = "", open: str = "") -> Response:
    """The list and the numbers on its tabs, as a live update fetches them."""
    counts = await session.service.people.counts(session.staff)
    return fragment("inbox_rows.html", counts=counts, **await listing(session, view, q, "", open))


@router.get("/counts")
async def counts(session: Staffed) -> Response:
    """What waits in each place, as a live update fetches it."""
    return fragment("counts.html", counts=await session.service.people.counts(session.staff))


async def listing(
    session: Session, view: str, query: str, after: str, opened: str | UUID = ""
) -> dict[str, Any]:
    """The values of the list's templates."""
    chosen: Any = view if view in get_args(View) else "needs_reply"
    query = query.replace("\x00", "").strip()[:200]
    found = await session.service.people.inbox(session.staff, chosen, query=query, after=after)
    address = {"view": chosen} | ({"q": query} if query else {}) | ({"open": str(opened)} if opened else {})
    return {
        "view": "" if query else chosen,
        "query": query,
        "rows": [row_of(row, session.staff) for row in found.items],
        "next": found.next,
        "address": urlencode(address),
        "open_id": str(opened),
    }
