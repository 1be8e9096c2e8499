"""Settings: who works here and which backends have a key, to be changed; all else as it is declared, to be read."""

from __future__ import annotations

from typing import Any, get_args
from uuid import UUID

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.errors import DeclarationError, NotFound
from frontdesk.policies.decide import told
from frontdesk.store.identity import create_service_key, list_service_keys, revoke_service_key
from frontdesk.store.staff import Role
from frontdesk.web.console.frame import framed
from frontdesk.web.console.page import see_other
from frontdesk.web.console.session import Admin, Form, NotYourRole, Session, Staffed

__all__ = ["router"]

RIGHTS = ("knowledge", "approvals", "privacy")
router = APIRouter(prefix="/settings")


@router.get("")
async def settings(session: Staffed) -> Response:
    """All of it; secrets are shown once, when they are made."""
    return await _shown(session)


@router.post("/password")
async def own_password(request: Request, session: Staffed) -> Response:
    """A new password of one's own; every session ends, this one too."""
    form: Form = request.state.form
    given = form.fields.get("password", "")[:200]
    old = form.fields.get("old", "")[:200]
    if await session.service.staff.sign_in(session.staff.email, old) is None:
        return await _shown(session, problem="The old password is not right.")
    try:
        await session.service.staff.set_password(session.staff.id, given or " ")
    except DeclarationError as error:
        return await _shown(session, problem=_sentence(error))
    return see_other(request, "/console/sign-in")


@router.post("/staff")
async def add_staff(request: Request, session: Admin) -> Response:
    """Let somebody sign in; their password is shown once."""
    form: Form = request.state.form
    role: Any = form("role")
    if role not in get_args(Role):
        raise NotFound
    try:
        added, password = await session.service.staff.add(form("email", 254), form("name", 100), role)
    except DeclarationError as error:
        return await _shown(session, problem=_sentence(error))
    return await _shown(session, secret=(f"Password of {added.name}", password))


@router.post("/staff/{identity}")
async def change_staff(request: Request, session: Admin, identity: UUID) -> Response:
    """Another role, a new password, or no more entry. Nobody shuts themselves out."""
    form: Form = request.state.form
    staff, what = session.service.staff, form("what")
    if identity == session.staff.id and what != "password":
        raise NotYourRole("Another admin must change your own account.")
    if what == "password":
        return await _shown(session, secret=("New password", await staff.set_password(identity)))
    role: Any = form("role")
    if what == "role" and role in get_args(Role):
        await staff.set_role(identity, role)
    elif what in ("disable", "enable"):
        await staff.disable(identity, disabled=what == "disable")
    return see_other(request, "/console/settings")


@router.post("/keys")
async def add_key(request: Request, session: Admin) -> Response:
    """A new key for a backend, shown once."""
    form: Form = request.state.form
    rights = [right for right in RIGHTS if form(right) == "yes"]
    try:
        key = await create_service_key(session.service.database, form("name", 64), rights=rights)
    except DeclarationError as error:
        return await _shown(session, problem=_sentence(error))
    return await _shown(session, secret=("New service key", key))


@router.post("/keys/{key_id}/revoke")
async def revoke_key(session: Admin, key_id: str) -> Response:
    """End a key; servers notice within 30 seconds."""
    await revoke_service_key(session.service.database, key_id)
    return see_other(session.request, "/console/settings")


async def _shown(session: Session, problem: str = "", secret: tuple[str, str] | None = None) -> Response:
    service = session.service
    limits = [
        (tool.name, name, told(cap))
        for tool in service.desk.tools
        for name, caps in (
            ("refused beyond", tool.grant.limit),
            ("one approval beyond", tool.grant.approve),
            ("two approvals beyond", tool.grant.approve_twice),
        )
        for cap in caps
    ]
    return await framed(
        session,
        "settings.html",
        422 if problem else 200,
        here_settings=service.settings,
        shop=service.desk,
        hours=service.desk.hours,
        models=service.models,
        limits=limits,
        people=await service.staff.everybody(),
        keys=await list_service_keys(service.database) if session.at_least("admin") else [],
        roles=get_args(Role),
        rights=RIGHTS,
        admin=session.at_least("admin"),
        problem=problem,
        secret=secret,
    )


def _sentence(error: DeclarationError) -> str:
    return f"{error.detail[:1].upper()}{error.detail[1:]}."
