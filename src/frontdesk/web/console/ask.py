"""Asking the agent on a customer's behalf. It is noted who asked; what it proposes only the customer can confirm."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.domain import Json
from frontdesk.web.body import USER_ID
from frontdesk.web.console.frame import framed
from frontdesk.web.console.session import Form, Session, Staffed
from frontdesk.web.tokens import VISITOR_PREFIX

__all__ = ["router"]

router = APIRouter(prefix="/ask")


@router.get("")
async def form(session: Staffed, customer: str = "") -> Response:
    """Which customer, and what to ask."""
    return await _shown(session, customer[:128])


@router.post("")
async def ask(request: Request, session: Staffed) -> Response:
    """The answer, in a conversation of its own that says who asked."""
    form: Form = request.state.form
    customer, message = form("customer", 128), form("message", 8000)
    if not USER_ID.fullmatch(customer) or customer.lower().startswith(VISITOR_PREFIX):
        return await _shown(session, customer, message, problem="Write the customer's id as the shop has it.")
    if not message:
        return await _shown(session, customer, problem="Write what to ask.")
    answer = await session.service.people.ask_agent(session.staff, customer, message)
    return await _shown(session, customer, message, answer)


async def _shown(
    session: Session, customer: str, message: str = "", answer: Json | None = None, problem: str = ""
) -> Response:
    status = 422 if problem else 200
    return await framed(
        session, "ask.html", status, customer=customer, message=message, answer=answer, problem=problem
    )
