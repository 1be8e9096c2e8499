"""/support/actions: a customer's yes, no, or second thought; /support/approvals: what staff say.

The button carries a token that is good for one decision. Whose an action is decides who finds it: somebody else's is
answered like one that does not exist. Staff are named by a backend whose key was made with ``--approvals``: it has
signed them in, and vouches for them.
"""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AfterValidator, AliasChoices, Field

from frontdesk.actions.view import view
from frontdesk.bootstrap import Service
from frontdesk.database.deadline import deadline
from frontdesk.domain import Action, Json
from frontdesk.web.auth import Authenticator
from frontdesk.web.body import Body, checked_user_id, read_json, takes
from frontdesk.web.parts import Auth, Desk, json_answer, uuid_of

__all__ = ["router", "staff"]


class Decision(Body):
    """The body of a customer's decision. ``user_id`` is needed beside a service key only."""

    user_id: Annotated[str, AfterValidator(checked_user_id)] | None = None


class TokenDecision(Decision):
    """The same with the token that the button carries."""

    confirm_token: Annotated[str, Field(min_length=1, max_length=200)]


class UndoDecision(Decision):
    """The same with the token of the button that takes an action back: the action's ``undo_token``."""

    undo_token: Annotated[
        str, Field(min_length=1, max_length=200, validation_alias=AliasChoices("undo_token", "confirm_token"))
    ]


class StaffDecision(Body):
    """The body of a member of staff's decision: ``staff_id`` is who they are at the company."""

    staff_id: Annotated[str, AfterValidator(checked_user_id)]


class Refusal(StaffDecision):
    """A no: the customer is told ``reason``, in the words it has here."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


class Finding(Refusal):
    """What became of an effect whose outcome was unknown."""

    outcome: Literal["executed", "failed"]


async def _backend(request: Request) -> str:
    auth: Authenticator = request.app.state.authenticator
    return await auth.privileged(request, "approvals")


By = Annotated[str, Depends(_backend)]
router = APIRouter(prefix="/support/actions", tags=["actions"])
staff = APIRouter(prefix="/support/approvals", tags=["approvals"], dependencies=[Depends(_backend)])


@router.get("/{action_id}")
async def action(request: Request, action_id: str, desk: Desk, auth: Auth) -> Response:
    """An action as it stands, for its customer."""
    with deadline():
        principal = await auth.authenticate(request, request.query_params.get("user_id"))
        return _answer(desk, await desk.actions.find(principal, uuid_of(action_id)))


@router.post("/{action_id}/confirm", openapi_extra=takes(TokenDecision))
async def confirm(request: Request, action_id: str, desk: Desk, auth: Auth) -> Response:
    """The customer's yes: 200 with the action as it stands afterwards and, in ``reply``, what came of it.

    409 where it was decided already, the token is another's or the data have changed; 410 where it has run out.
    """
    auth.knock(request)
    body = await read_json(request, TokenDecision)
    with deadline():
        principal = await auth.admit(request, body.user_id)
        return _answer(desk, await desk.actions.confirm(principal, uuid_of(action_id), body.confirm_token))


@router.post("/{action_id}/decline", openapi_extra=takes(Decision))
async def decline(request: Request, action_id: str, desk: Desk, auth: Auth) -> Response:
    """The customer's no."""
    auth.knock(request)
    body = await read_json(request, Decision)
    with deadline():
        principal = await auth.admit(request, body.user_id)
        return _answer(desk, await desk.actions.decline(principal, uuid_of(action_id)))


@router.post("/{action_id}/undo", openapi_extra=takes(UndoDecision))
async def undo(request: Request, action_id: str, desk: Desk, auth: Auth) -> Response:
    """ "I changed my mind": takes an executed action back while its time lasts; ``undo_token`` is the token."""
    auth.knock(request)
    body = await read_json(request, UndoDecision)
    with deadline():
        principal = await auth.admit(request, body.user_id)
        return _answer(desk, await desk.actions.undo(principal, uuid_of(action_id), body.undo_token))


@staff.get("")
async def waiting(desk: Desk) -> Response:
    """What waits for staff, oldest first: to be approved, or to be found out."""
    with deadline():
        return json_answer({"approvals": [_for_staff(item) for item in await desk.actions.waiting()]})


@staff.post("/{action_id}/approve", openapi_extra=takes(StaffDecision))
async def approve(request: Request, action_id: str, desk: Desk) -> Response:
    """A person's yes; with the last that is needed it is done. Nobody approves twice, nor what they asked for."""
    body = await read_json(request, StaffDecision)
    with deadline():
        found = await desk.actions.approve(body.staff_id, uuid_of(action_id))
    return json_answer({"action": _for_staff(found)})


@staff.post("/{action_id}/decline", openapi_extra=takes(Refusal))
async def refuse(request: Request, action_id: str, desk: Desk) -> Response:
    """A person's no, with the reason that the customer is told."""
    body = await read_json(request, Refusal)
    with deadline():
        found = await desk.actions.refuse(body.staff_id, uuid_of(action_id), body.reason)
    return json_answer({"action": _for_staff(found)})


@staff.post("/{action_id}/settle", openapi_extra=takes(Finding))
async def settle(request: Request, action_id: str, desk: Desk) -> Response:
    """What a person has found out about an effect whose outcome was unknown."""
    body = await read_json(request, Finding)
    with deadline():
        found = await desk.actions.settle(
            body.staff_id, uuid_of(action_id), happened=body.outcome == "executed", reason=body.reason
        )
    return json_answer({"action": _for_staff(found)})


def _answer(desk: Service, found: Action) -> Response:
    return json_answer(
        {
            "action": desk.actions.show(found),
            "reply": desk.actions.reply(found),
            "conversation_id": str(found.conversation_id),
        }
    )


def _for_staff(found: Action) -> Json:
    """With whose it is, why, and who has approved."""
    return {
        **view(found),
        "customer": found.principal.partition(":")[2],
        "arguments": found.arguments,
        "approved_by": list(found.approved_by),
        "conversation_id": str(found.conversation_id),
        "created_at": found.created_at.isoformat() if found.created_at else None,
    }
