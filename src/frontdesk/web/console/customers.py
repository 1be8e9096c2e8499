"""A customer's data, for admins: what there is of it, all of it to be saved, or gone."""

from __future__ import annotations

import orjson
import structlog
from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.errors import NotFound
from frontdesk.web.body import USER_ID
from frontdesk.web.console.frame import framed
from frontdesk.web.console.page import HEADERS
from frontdesk.web.console.session import Admin, Form, Session

__all__ = ["router"]

log = structlog.get_logger("frontdesk.privacy")
router = APIRouter(prefix="/customers/{customer}")


@router.get("")
async def customer(session: Admin, customer: str) -> Response:
    """What is stored of them, in numbers."""
    return await _shown(session, _known(customer))


@router.get("/export")
async def export(session: Admin, customer: str) -> Response:
    """All of it, as a file."""
    document = await session.service.privacy.export(_known(customer))
    return _saved(orjson.dumps(document, option=orjson.OPT_INDENT_2), "customer-export.json")


@router.post("/erase")
async def erase(request: Request, session: Admin, customer: str) -> Response:
    """Gone, once the id was typed again; the signed receipt is the answer, to be saved."""
    form: Form = request.state.form
    if form("again", 200) != _known(customer):
        return await _shown(session, customer, "Type the customer's id to erase them.")
    receipt = await session.service.privacy.erase(customer)
    log.info("customer erased", receipt=receipt["id"], by=f"staff:{session.staff.id}")
    return _saved(orjson.dumps(receipt, option=orjson.OPT_INDENT_2), f"erasure-{receipt['id']}.json")


async def _shown(session: Session, customer: str, problem: str = "") -> Response:
    counts = await session.service.privacy.count(customer)
    return await framed(
        session,
        "customer.html",
        422 if problem else 200,
        customer=customer,
        stored={name: count for name, count in counts.items() if count},
        problem=problem,
    )


def _known(customer: str) -> str:
    if not USER_ID.fullmatch(customer):
        raise NotFound
    return customer


def _saved(content: bytes, name: str) -> Response:
    headers = {**HEADERS, "content-disposition": f'attachment; filename="{name}"'}
    return Response(content, headers=headers, media_type="application/json")
