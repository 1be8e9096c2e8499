"""A conversation: reading it with its trace, taking it over, writing in it, giving it back."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from uuid import UUID, uuid4

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.errors import Conflict, NotFound
from frontdesk.store.customers import attachment, staff_attachments
from frontdesk.web.attachments import download
from frontdesk.web.console.frame import framed
from frontdesk.web.console.inbox import listing
from frontdesk.web.console.page import fragment, see_other, wants_fragment
from frontdesk.web.console.session import Form, NotYourRole, Session, Staffed
from frontdesk.web.console.shape import talk_of

__all__ = ["router"]

LONGEST = 8000  # characters of a reply or a note
router = APIRouter(prefix="/conversations/{identity}")


@router.get("")
async def conversation(session: Staffed, identity: UUID, view: str = "needs_reply", q: str = "") -> Response:
    """The list and the conversation beside it."""
    shown = await _shown(session, identity)
    return await framed(session, "inbox.html", **await listing(session, view, q, "", identity), **shown)


@router.get("/detail")
async def detail(session: Staffed, identity: UUID, view: str = "needs_reply") -> Response:
    """The conversation alone, as a live update fetches it."""
    return await _fragment(session, identity, view)


@router.get("/files/{file}")
async def attached(session: Staffed, identity: UUID, file: UUID) -> Response:  # noqa: ARG001  (staff may read all)
    """A file of the customer's, to be saved; a browser never runs it."""
    return download(*await attachment(session.service.database, file, staff=str(session.staff.id)))


@router.post("/take-over")
async def take_over(request: Request, session: Staffed, identity: UUID) -> Response:
    """Hold it; the AI is silent from here on. Leads may take it from a colleague."""
    form: Form = request.state.form
    force = form("force") == "yes"
    if force and not session.at_least("lead"):
        raise NotYourRole
    return await _done(
        session, identity, session.service.people.take_over(session.staff, identity, force=force)
    )


@router.post("/hand-back")
async def hand_back(session: Staffed, identity: UUID) -> Response:
    """Let the AI answer again."""
    return await _done(session, identity, session.service.people.hand_back(session.staff, identity))


@router.post("/resolve")
async def resolve(session: Staffed, identity: UUID) -> Response:
    """Done; the customer's next message reopens it."""
    return await _done(session, identity, session.service.people.resolve(session.staff, identity))


@router.post("/assign")
async def assign(request: Request, session: Staffed, identity: UUID) -> Response:
    """Give it to a colleague. Who does not hold it takes it away only as a lead."""
    form: Form = request.state.form
    to = next((s for s in await session.service.staff.everybody() if str(s.id) == form("to")), None)
    if to is None or to.disabled_at:
        raise NotFound
    lead = session.at_least("lead")
    return await _done(
        session, identity, session.service.people.assign(session.staff, identity, to, force=lead)
    )


@router.post("/reply")
async def reply(request: Request, session: Staffed, identity: UUID) -> Response:
    """Write to the customer, or a note to colleagues; pressed twice, it is written once."""
    form: Form = request.state.form
    text, once = form("text", LONGEST), form("client_id", 100) or str(uuid4())
    people = session.service.people
    if not text:
        return await _fragment(session, identity, problem="Write something first.", status=422)
    if form("what") == "note":
        return await _done(session, identity, people.note(session.staff, identity, text, client_id=once))
    return await _done(session, identity, people.reply(session.staff, identity, text, client_id=once))


async def _done(session: Session, identity: UUID, act: Awaitable[object]) -> Response:
    """The conversation as it stands afterwards; where somebody was faster, with who it is."""
    try:
        await act
    except Conflict as error:
        return await _fragment(session, identity, problem=error.detail, status=409)
    if wants_fragment(session.request):
        return await _fragment(session, identity)
    return see_other(session.request, f"/console/conversations/{identity}")


async def _fragment(
    session: Session, identity: UUID, view: str = "needs_reply", problem: str = "", status: int = 200
) -> Response:
    shown = await _shown(session, identity, problem)
    if not wants_fragment(session.request):
        listed = await listing(session, view, "", "", identity)
        return await framed(session, "inbox.html", status, **listed, **shown)
    return await asyncio.to_thread(fragment, "_detail.html", status, session=session, view=view, **shown)


async def _shown(session: Session, identity: UUID, problem: str = "") -> dict[str, object]:
    found = await session.service.people.conversation(session.staff, identity)
    return {
        "talk": talk_of(found, session.staff),
        "colleagues": [s for s in await session.service.staff.everybody() if s.disabled_at is None],
        "files": await staff_attachments(session.service.database, str(session.staff.id), identity),
        "client_id": str(uuid4()),
        "problem": problem,
    }
