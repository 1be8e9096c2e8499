"""The console at /console: server-rendered pages for the people behind the desk.

An application of its own inside the other: its errors are pages, not problem+json.
"""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import quote

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from starlette.exceptions import HTTPException

from frontdesk.errors import FrontdeskError, NotFound
from frontdesk.web.console import (
    approvals,
    ask,
    conversation,
    customers,
    events,
    gaps,
    inbox,
    knowledge,
    oidc,
    reports,
    settings,
    signin,
    static,
    tickets,
)
from frontdesk.web.console.page import HEADERS, page, see_other, wants_fragment
from frontdesk.web.console.session import SignInFirst, sign_in_path

__all__ = ["install"]

PARTS = (
    static,
    signin,
    oidc,
    inbox,
    conversation,
    customers,
    events,
    approvals,
    tickets,
    ask,
    knowledge,
    gaps,
    reports,
    settings,
)
HEADINGS = {401: "Sign in", 403: "Not allowed", 404: "Nothing here", 409: "Too late", 422: "Not understood"}


def install(app: FastAPI) -> None:
    """Add the console to ``app``, whose state it shares."""
    console = FastAPI(openapi_url=None, docs_url=None, redoc_url=None)
    console.state = app.state
    for part in PARTS:
        console.include_router(part.router)
    console.add_exception_handler(FrontdeskError, _refused)
    console.add_exception_handler(HTTPException, _http)
    console.add_exception_handler(RequestValidationError, _unreadable)
    console.add_exception_handler(500, _broken)
    app.mount("/console", console)


async def _refused(request: Request, error: Exception) -> Response:
    """What went wrong, as a page; for htmx in a header, which the page shows beside what is written."""
    if not isinstance(error, FrontdeskError) or error.status == 500:
        raise error
    if isinstance(error, SignInFirst) and not wants_fragment(request):
        return see_other(request, sign_in_path(request))
    if wants_fragment(request):
        return Response(status_code=error.status, headers={**HEADERS, "x-reason": quote(error.detail)})
    heading = HEADINGS.get(error.status, HTTPStatus(error.status).phrase)
    name = request.app.state.service.desk.name
    return page("problem.html", error.status, desk=name, heading=heading, problem=error.detail)


async def _broken(request: Request, _: Exception) -> Response:
    """A defect of ours; it goes on to the log from here, without its text."""
    name = request.app.state.service.desk.name
    return page(
        "problem.html",
        500,
        desk=name,
        heading="Something went wrong",
        problem="It has been written to the log.",
    )


async def _http(request: Request, error: Exception) -> Response:
    if isinstance(error, HTTPException) and error.status_code not in (404, 405):
        return Response(status_code=error.status_code, headers=HEADERS)
    return await _refused(request, NotFound())


async def _unreadable(request: Request, _: Exception) -> Response:
    """An id that cannot be one is as unknown as any other."""
    return await _refused(request, NotFound())
