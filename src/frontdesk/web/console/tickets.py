"""Tickets: what somebody has promised to follow up."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.errors import InvalidBody
from frontdesk.web.console.frame import framed
from frontdesk.web.console.page import see_other
from frontdesk.web.console.session import Form, Staffed

__all__ = ["router"]

STATUSES = ("open", "pending", "solved", "closed")
PRIORITIES = ("low", "normal", "high", "urgent")
router = APIRouter(prefix="/tickets")


@router.get("")
async def tickets(session: Staffed, status: str = "open", after: str = "") -> Response:
    """One state's tickets, newest first."""
    status = status if status in STATUSES else ""
    found = await session.service.people.tickets(session.staff, status=status, after=after)
    return await framed(
        session, "tickets.html", statuses=STATUSES, status=status, tickets=found.items, next=found.next
    )


@router.get("/{identity}")
async def ticket(session: Staffed, identity: UUID) -> Response:
    """A ticket, and what can be changed of it."""
    found = await session.service.people.ticket(session.staff, identity)
    colleagues = [s for s in await session.service.staff.everybody() if s.disabled_at is None]
    return await framed(
        session, "ticket.html", ticket=found, statuses=STATUSES, priorities=PRIORITIES, colleagues=colleagues
    )


@router.post("/{identity}")
async def change(request: Request, session: Staffed, identity: UUID) -> Response:
    """Change its state, its priority and who sees to it."""
    form: Form = request.state.form
    status, priority = form("status"), form("priority")
    if status not in STATUSES or priority not in PRIORITIES:
        raise InvalidBody
    to = next((s for s in await session.service.staff.everybody() if str(s.id) == form("assignee")), None)
    await session.service.people.update_ticket(
        session.staff, identity, status=status, priority=priority, assignee=to
    )
    return see_other(request, f"/console/tickets/{identity}")
