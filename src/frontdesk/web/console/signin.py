"""Signing in and out, and whether single keys do things."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.errors import RateLimited
from frontdesk.web.auth import client_address
from frontdesk.web.console.page import page, see_other
from frontdesk.web.console.session import (
    Anybody,
    Form,
    Staffed,
    Visitor,
    csrf_of,
    fresh_token,
    set_cookie,
)
from frontdesk.web.oidc import Provider

__all__ = ["form_again", "inside", "router"]

WRONG = "E-mail and password do not belong together."
router = APIRouter()


@router.get("/sign-in")
async def sign_in_page(here: Anybody) -> Response:
    """The form; it needs no script."""
    if here.token and await here.service.staff.by_token(here.token):
        return see_other(here.request, inside(here.request.query_params.get("next", "")))
    return form_again(here, here.request.query_params.get("next", ""))


@router.post("/sign-in")
async def sign_in(request: Request, here: Anybody) -> Response:
    """A new session, or the form again with a sentence that tells nobody which half was wrong."""
    form: Form = request.state.form
    email, wanted = form("email", 254), form("next", 500)
    try:
        token = await here.service.staff.sign_in(
            email, form.fields.get("password", "")[:200], address=client_address(request)
        )
    except RateLimited as error:
        return form_again(here, wanted, email, error.detail, 429)
    if token is None:
        return form_again(here, wanted, email, WRONG, 401)
    answer = see_other(request, inside(wanted))
    set_cookie(answer, here.service, token)
    return answer


@router.post("/sign-out")
async def sign_out(session: Staffed) -> Response:
    """End the session, here and in every window of this browser."""
    await session.service.staff.sign_out(session.token)
    answer = see_other(session.request, "/console/sign-in")
    set_cookie(answer, session.service, "")
    return answer


@router.post("/keys")
async def keys(request: Request, session: Staffed) -> Response:
    """Let single keys do things, or not."""
    form: Form = request.state.form
    await session.service.staff.set_shortcuts(session.staff.id, on=form("on") == "yes")
    return (
        see_other(request, "/console/inbox")
        if "hx-request" not in request.headers
        else Response(status_code=204)
    )


def form_again(here: Visitor, wanted: str, email: str = "", problem: str = "", status: int = 200) -> Response:
    """The form, with what went wrong where something did."""
    provider: Provider | None = here.request.app.state.provider
    token = here.token or fresh_token()
    shown = {"csrf": csrf_of(token)}
    answer = page(
        "sign_in.html",
        status,
        desk=here.service.desk.name,
        session=shown,
        next=wanted[:500],
        provider=provider.name if provider else "",
        email=email,
        problem=problem,
    )
    if not here.token:
        set_cookie(answer, here.service, token)
    return answer


def inside(wanted: str) -> str:
    """A place of the console's own; whatever else was asked for, the inbox."""
    ours = wanted.startswith("/console") and wanted[8:9] in ("", "/", "?") and "\\" not in wanted
    return wanted if ours and wanted.isascii() and wanted.isprintable() else "/console/inbox"
