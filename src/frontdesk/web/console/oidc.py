"""Signing in at the identity provider: the way there, and the way back.

The cookie of one way is SameSite=Lax, for it must come back from another site. It holds a secret from which the way's
state, nonce and PKCE verifier follow, so that who has another browser's code or state has nothing.
"""

from __future__ import annotations

import hmac
import logging
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.bootstrap import Service
from frontdesk.errors import FrontdeskError, NotFound, RateLimited
from frontdesk.people import NotAdmitted
from frontdesk.web.auth import client_address
from frontdesk.web.console.page import see_other
from frontdesk.web.console.session import TOKEN, Anybody, Visitor, csrf_of, set_cookie
from frontdesk.web.console.signin import form_again, inside
from frontdesk.web.oidc import CALLBACK, NoRole, NotVouched, Provider, Way
from frontdesk.web.origins import hide_from_browser

__all__ = ["router"]

log = logging.getLogger(__name__)
SECONDS = 600
router = APIRouter(prefix="/oidc")


@router.get("")
async def begin(request: Request, here: Anybody) -> Response:
    """Off to the provider. Raises NotFound where none is set."""
    way, provider = Way(), _provider(request)
    wanted = inside(request.query_params.get("next", ""))
    try:
        address = await provider.address(way, _redirect(request, here.service))
        await here.service.staff.begin_elsewhere(
            way.secret("state"), wanted, address=client_address(request)
        )
    except (NotVouched, RateLimited) as error:
        log.warning("staff not sent to the identity provider: %s", error.code)
        return form_again(here, wanted, problem=error.detail, status=error.status)
    answer = see_other(request, address)
    _keep(answer, here.service, way.token)
    return answer


@router.get("/callback")
async def come_back(request: Request) -> Response:
    """Back from the provider: a session as a password opens one, or the form with a sentence.

    No look at tokens in the query: what stands there is the provider's, and counts for one browser, once.
    """
    hide_from_browser(request.scope)
    provider, service = _provider(request), request.app.state.service
    came = request.query_params
    token = request.cookies.get(_cookie(service), "")
    way = Way(token if TOKEN.fullmatch(token) else "")
    wanted = ""
    try:
        if not way.token or not hmac.compare_digest(came.get("state", "").encode(), way.secret("state").encode()):
            raise NotVouched  # another browser's, or one that waited for too long
        wanted = await service.staff.come_back(came["state"])
        if wanted is None or any(len(came.getlist(name)) > 1 for name in came):
            raise NotVouched
        who = await provider.identity(way, _redirect(request, service), came)
        session = await service.staff.sign_in_as(who)
    except (NotVouched, NotAdmitted) as error:
        if isinstance(error, NoRole):
            await service.staff.shut_out(error.issuer, error.subject, "no group with a role")
        log.warning("staff not signed in by the identity provider: %s", error.code)
        answer = _refused(request, service, wanted or "", error)
    else:
        answer = see_other(request, inside(wanted))
        set_cookie(answer, service, session)
    _keep(answer, service, "")
    return answer


def _refused(request: Request, service: Service, wanted: str, error: FrontdeskError) -> Response:
    here = Visitor(request, "", csrf_of(""), service)
    return form_again(here, wanted, problem=error.detail, status=error.status)


def _provider(request: Request) -> Provider:
    provider: Provider | None = request.app.state.provider
    if provider is None:
        raise NotFound
    return provider


def _redirect(request: Request, service: Service) -> str:
    """Where the provider sends the browser back to: it only does to what is registered there, so Host may say it."""
    scheme = request.url.scheme if service.settings.development else "https"
    return f"{scheme}://{quote(request.headers.get('host', ''), safe=':[]')}{CALLBACK}"


def _cookie(service: Service) -> str:
    return "frontdesk_oidc" if service.settings.development else "__Host-frontdesk_oidc"


def _keep(response: Response, service: Service, token: str) -> None:
    """Keep a way's secret in the browser until it is back; an empty one takes it away."""
    response.set_cookie(
        _cookie(service),
        token,
        max_age=SECONDS if token else 0,
        httponly=True,
        secure=not service.settings.development,
        samesite="lax",
        path="/",
    )
