"""Signing in at the identity provider: the way there, and the way back.

The cookie of one way is SameSite=Lax, for it must come back from another site. It holds a secret from which the way's
state, nonce and PKCE verifier follow, so that who has another browser's code or state has nothing.
"""

from __future__ import annotations

import hmac
import logging
from base64 import urlsafe_b64decode, urlsafe_b64encode
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk.bootstrap import Service
from frontdesk.errors import NotFound, RateLimited
from frontdesk.people import NotAdmitted
from frontdesk.web.auth import client_address
from frontdesk.web.console.page import see_other
from frontdesk.web.console.session import TOKEN, Anybody, browser, set_cookie
from frontdesk.web.console.signin import form_again, inside
from frontdesk.web.oidc import CALLBACK, NoRole, NotVouched, Provider, Way

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
        await here.service.staff.begin_elsewhere(way.secret("state"), address=client_address(request))
        address = await provider.address(way, _redirect(request, here.service))
    except (NotVouched, RateLimited) as error:
        log.warning("staff not sent to the identity provider: %s", error.code)
        return form_again(here, wanted, problem=error.detail, status=error.status)
    answer = see_other(request, address)
    # The page goes along in the browser: it may name a customer, which no table of ours needs to.
    _keep(answer, here.service, f"{way.token}.{urlsafe_b64encode(wanted.encode()).decode()}")
    return answer


@router.get("/callback")
async def come_back(request: Request) -> Response:
    """Back from the provider: a session as a password opens one, or the form with a sentence.

    No look at tokens in the query: what stands there is the provider's, and counts for one browser, once.
    """
    here, provider = browser(request), _provider(request)
    staff = here.service.staff
    way, wanted = _kept(request, here.service)
    try:
        if not await _this_way(request, here.service, way):
            raise NotVouched  # noqa: TRY301  (answered as every other reason is)
        who = await provider.identity(way, _redirect(request, here.service), request.query_params)
        session = await staff.sign_in_as(who)
    except (NotVouched, NotAdmitted) as error:
        if isinstance(error, NoRole):
            await staff.shut_out(error.issuer, error.subject, "no group with a role")
        log.warning("staff not signed in by the identity provider: %s", error.code)
        answer = form_again(here, wanted, problem=error.detail, status=error.status)
    else:
        answer = see_other(request, wanted)
        set_cookie(answer, here.service, session)
    _keep(answer, here.service, "")
    return answer


async def _this_way(request: Request, service: Service, way: Way) -> bool:
    """Whether this browser went out on the way that comes back, and has not come back before."""
    came = request.query_params
    if not way.token or any(len(came.getlist(name)) > 1 for name in came):
        return False
    if not hmac.compare_digest(came.get("state", "").encode(), way.secret("state").encode()):
        return False  # another browser's, or this one's earlier
    return await service.staff.come_back(came["state"])


def _kept(request: Request, service: Service) -> tuple[Way, str]:
    """The way that this browser is on, and the page that it asked for."""
    token, _, page = request.cookies.get(_cookie(service), "").partition(".")
    try:
        wanted = urlsafe_b64decode(page).decode()
    except ValueError:
        wanted = ""
    return Way(token if TOKEN.fullmatch(token) else ""), inside(wanted)


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
