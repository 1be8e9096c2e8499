"""Gaps: what customers asked and no article answers; a draft, its approval; and learning from what staff answered."""

from __future__ import annotations

from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.domain import Visibility
from frontdesk.errors import GapConflict, InvalidBody, SettingsError
from frontdesk.evaluation.record import scenario_of
from frontdesk.knowledge import drafts
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.gaps import asked, bring_up
from frontdesk.knowledge.gaps import gap as find_gap
from frontdesk.knowledge.gaps import gaps as list_gaps
from frontdesk.people import StaffConversation
from frontdesk.store.decisions import decisions_of
from frontdesk.store.gaps import UnansweredTurn, questions_of
from frontdesk.store.recorded import recorded
from frontdesk.web.console.frame import framed
from frontdesk.web.console.page import HEADERS, see_other
from frontdesk.web.console.session import Form, Lead, Session, Staffed

__all__ = ["router"]

router = APIRouter()


@router.get("/gaps")
async def gaps(session: Staffed, all: str = "") -> Response:
    """Those first that most customers asked."""
    found = await list_gaps(session.service.database, everything=all == "yes", limit=200)
    return await framed(session, "gaps.html", gaps=found, everything=all == "yes")


@router.get("/gaps/{number}")
async def gap(session: Staffed, number: int) -> Response:
    """What was asked, the draft, and who decided what."""
    return await _shown(session, number)


@router.post("/gaps/{number}/draft")
async def draft(request: Request, session: Staffed, number: int) -> Response:
    """Write the draft; empty, what staff replied."""
    form: Form = request.state.form
    try:
        await drafts.draft(
            session.service.database,
            number,
            title=form("title", 200),
            body=form("text", 40_000),
            by=_by(session),
        )
    except GapConflict as error:
        return await _shown(session, number, error.detail)
    return see_other(request, f"/console/gaps/{number}")


@router.post("/gaps/{number}/approve")
async def approve(request: Request, session: Lead, number: int) -> Response:
    """Publish the draft, and say which of the questions it answers."""
    form: Form = request.state.form
    visibility: Any = form("visibility")
    if visibility not in get_args(Visibility):
        raise InvalidBody
    try:
        done = await drafts.approve(
            await _base(session),
            number,
            answer_at=session.service.settings.answer_at,
            visibility=visibility,
            anyway=form("anyway") == "yes",
            by=_by(session),
        )
    except GapConflict as error:
        return await _shown(session, number, error.detail)
    return await _shown(session, number, approval=done)


@router.post("/gaps/{number}/dismiss")
async def dismiss(request: Request, session: Lead, number: int) -> Response:
    """Say that it needs no article, and why."""
    form: Form = request.state.form
    if not form("reason"):
        return await _shown(session, number, "Write why it needs no article.")
    try:
        await drafts.dismiss(await _base(session), number, form("reason", 500), by=_by(session))
    except GapConflict as error:
        return await _shown(session, number, error.detail)
    return see_other(request, "/console/gaps")


# ------------------------------------------------------------------ learning from people
@router.post("/learn/{identity}/article")
async def learn_article(session: Staffed, identity: UUID) -> Response:
    """What staff answered in a conversation, as the draft of an article."""
    talk = await session.service.people.conversation(session.staff, identity)
    number = await bring_up(session.service.database, _question(talk))
    await drafts.draft(session.service.database, number, by=_by(session))
    return see_other(session.request, f"/console/gaps/{number}")


@router.post("/learn/{identity}/scenario")
async def learn_scenario(session: Staffed, identity: UUID) -> Response:
    """A conversation as a scenario for ``frontdesk eval``, personal data exchanged: a file to look over and keep."""
    await session.service.people.conversation(session.staff, identity)
    try:
        text = scenario_of(recorded(session.service.owner_url, identity))
    except SettingsError as error:
        raise GapConflict(error.detail) from None
    name = f'attachment; filename="recorded-{str(identity)[:8]}.yaml"'
    return Response(text, 200, {**HEADERS, "content-disposition": name}, "application/yaml")


def _question(talk: StaffConversation) -> UnansweredTurn:
    """What the customer asked before staff answered: the last question, or else the longest message."""
    answered = next((message.turn_seq for message in talk.messages if message.role == "staff"), None)
    if answered is None:
        raise GapConflict("no colleague has answered here: there is nothing to learn from")
    said = [m for m in talk.messages if m.role == "customer" and m.turn_seq <= answered]
    questions = [m for m in said if asked(m.body).endswith("?")]
    chosen = questions[-1] if questions else max(said, key=lambda message: len(message.body))
    turn, facts = talk.turns[chosen.turn_seq], talk.head["facts"]
    known = [str(value) for name, value in facts.items() if name in ("name", "email") and value]
    at = chosen.created_at
    locale = str(facts.get("locale") or "en")
    return UnansweredTurn(turn["id"], talk.head["principal"], chosen.body, "", locale, known, at, at)


# ------------------------------------------------------------------ parts
def _by(session: Session) -> str:
    return f"staff:{session.staff.email}"


async def _base(session: Session) -> KnowledgeBase:
    return session.service.knowledge or await drafts.knowledge_base(session.service.database)


async def _shown(
    session: Session, number: int, problem: str = "", approval: drafts.Approval | None = None
) -> Response:
    database = session.service.database
    found = await find_gap(database, number)
    return await framed(
        session,
        "gap.html",
        409 if problem else 200,
        gap=found,
        questions=await questions_of(database, number),
        decisions=await decisions_of(database, number),
        warnings=drafts.warnings(found),
        problem=problem,
        approval=approval,
        visibilities=get_args(Visibility),
    )
