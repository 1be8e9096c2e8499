"""/support/customers: export and erase a customer, for a backend whose key was made with ``--privacy``."""

from __future__ import annotations

from typing import Annotated

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response

from frontdesk.errors import NotFound
from frontdesk.web.auth import Authenticator
from frontdesk.web.body import USER_ID
from frontdesk.web.parts import Desk, json_answer

__all__ = ["router"]


async def _backend(request: Request) -> str:
    auth: Authenticator = request.app.state.authenticator
    return await auth.privileged(request, "privacy")


log = structlog.get_logger("frontdesk.privacy")
By = Annotated[str, Depends(_backend)]
router = APIRouter(prefix="/support/customers", tags=["customers"], dependencies=[Depends(_backend)])


async def _customer(customer_id: str) -> str:
    if not USER_ID.fullmatch(customer_id):
        raise NotFound
    return customer_id


Customer = Annotated[str, Depends(_customer)]


@router.get("/{customer_id}/export")
async def export(customer_id: Customer, desk: Desk) -> Response:
    """Everything that is stored of a customer; ``anon:…`` is a visitor. A stranger's export holds nothing."""
    return json_answer(await desk.privacy.export(customer_id))


@router.post("/{customer_id}/erase")
async def erase(customer_id: Customer, desk: Desk, by: By) -> Response:
    """Erase a customer: 200 with the signed receipt. A second time there is nothing left to erase.

    409 while an action of theirs is being carried out.
    """
    receipt = await desk.privacy.erase(customer_id)
    log.info("customer erased", receipt=receipt["id"], by=by)
    return json_answer(receipt)
