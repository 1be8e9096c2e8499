"""Approvals: what a customer wants and staff must allow, and what somebody must find out."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.domain import Action
from frontdesk.store.asked import asked_in
from frontdesk.store.decided import decided
from frontdesk.web.console.decided import became_of, outcome_of, who_of
from frontdesk.web.console.frame import framed
from frontdesk.web.console.page import fragment, see_other, wants_fragment
from frontdesk.web.console.session import Form, Lead, Session, Staffed

__all__ = ["router"]

router = APIRouter(prefix="/approvals")


@router.get("")
async def approvals(session: Staffed, done: UUID | None = None) -> Response:
    """What waits, oldest first, and what was decided. Agents read it; leads decide. ``done`` is what was just decided."""
    return await framed(
        session, "approvals.html", outcome=await _outcome(session, done), **await _shown(session)
    )


@router.get("/list")
async def listed(session: Staffed) -> Response:
    """The list alone, as a live update fetches it."""
    return fragment("_approvals.html", session=session, **await _shown(session))


@router.post("/{identity}/approve")
async def approve(session: Lead, identity: UUID) -> Response:
    """A yes; with the last one that is needed it is done."""
    await session.service.actions.approve(str(session.staff.id), identity)
    return await _decided(session, identity)


@router.post("/{identity}/decline")
async def decline(request: Request, session: Lead, identity: UUID) -> Response:
    """A no, with the reason that the customer is told."""
    form: Form = request.state.form
    await session.service.actions.refuse(str(session.staff.id), identity, form("reason", 500))
    return await _decided(session, identity)


@router.post("/{identity}/settle")
async def settle(request: Request, session: Lead, identity: UUID) -> Response:
    """Whether something happened whose end nobody knew."""
    form: Form = request.state.form
    happened = form("happened") == "yes"
    await session.service.actions.settle(
        str(session.staff.id), identity, happened=happened, reason=form("reason", 500)
    )
    return await _decided(session, identity)


async def _decided(session: Session, identity: UUID) -> Response:
    """The list as it stands now, and what became of the decision, for the page's status line."""
    if not wants_fragment(session.request):
        return see_other(session.request, f"/console/approvals?done={identity}")
    outcome = await _outcome(session, identity)
    return fragment("decided.html", session=session, outcome=outcome, **await _shown(session))


async def _outcome(session: Session, identity: UUID | None) -> str:
    if identity is None:
        return ""
    found = await decided(session.service.database, str(session.staff.id), only=identity)
    return outcome_of(found[0]) if found else ""


async def _shown(session: Session) -> dict[str, object]:
    waiting = await session.service.actions.waiting()
    names = {str(person.id): person.name for person in await session.service.staff.everybody()}
    turns = [action.turn_id for action in waiting]
    asked = await asked_in(session.service.database, str(session.staff.id), turns)
    return {
        "waiting": [await _card(session, action, names, asked.get(action.turn_id, "")) for action in waiting],
        "decided": [
            {"one": each, "who": who_of(each, names), "became": became_of(each)}
            for each in await decided(session.service.database, str(session.staff.id))
        ],
    }


async def _card(session: Session, action: Action, names: dict[str, str], asked: str) -> dict[str, object]:
    return {
        "action": action,
        "asked": asked,
        "passed": await session.service.actions.passed(action),
        "approved": [names.get(who, who) for who in action.approved_by],
        "mine": str(session.staff.id) in action.approved_by,
    }
