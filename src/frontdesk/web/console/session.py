"""Who works here: the cookie, the token that each form carries, and where a request may come from.

The cookie is HttpOnly and SameSite=Lax: a link in a mail, and the way back from an identity provider, find whoever is
signed in. Beside it each POST carries a token that only a page of ours can know, and must come from this very origin: a
shop's page that may use the widget is a stranger here.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import parse_qsl, quote

from fastapi import Depends, Request
from fastapi.responses import Response

from frontdesk.bootstrap import Service
from frontdesk.errors import FrontdeskError
from frontdesk.people import Staff
from frontdesk.web.auth import refuse_tokens_in_url
from frontdesk.web.body import read_raw
from frontdesk.web.origins import hide_from_browser

__all__ = ["Form", "Session", "SignInFirst", "Visitor", "admins_only", "leads_only", "signed_in", "visitor"]

LARGEST_FORM = 256 * 1024  # bytes: an article of 40,000 characters, percent-encoded
TOKEN = re.compile(r"[\w-]{20,100}")
RANK = {"agent": 0, "lead": 1, "admin": 2}


class SignInFirst(FrontdeskError):
    """Sign in first."""

    code, status = "sign_in_first", 401


class Forged(FrontdeskError):
    """This form has not come from this console, or stood open for too long: load the page again."""

    code, status = "forged_form", 403


class NotYourRole(FrontdeskError):
    """Your role does not allow this: ask a lead or an admin."""

    code, status = "not_your_role", 403


@dataclass(frozen=True, slots=True)
class Form:
    """The fields of a form, each once; absent ones are empty."""

    fields: dict[str, str]

    def __call__(self, name: str, most: int = 10_000) -> str:
        """A field without spaces around it, cut at ``most`` characters."""
        return self.fields.get(name, "").strip()[:most]


@dataclass(frozen=True, slots=True)
class Visitor:
    """A browser with its cookie; ``csrf`` is what its forms carry."""

    request: Request
    token: str
    csrf: str
    service: Service


@dataclass(frozen=True, slots=True)
class Session(Visitor):
    """A browser in which ``staff`` is signed in."""

    staff: Staff

    def at_least(self, role: Literal["agent", "lead", "admin"]) -> bool:
        """Whether the role of this member of staff is this one or a higher one."""
        return RANK[self.staff.role] >= RANK[role]


def cookie_name(service: Service) -> str:
    """``__Host-`` ties the cookie to https and to this host; development has no https."""
    return "frontdesk_staff" if service.settings.development else "__Host-frontdesk_staff"


def set_cookie(response: Response, service: Service, token: str) -> None:
    """Keep ``token`` in the browser until it is closed or signs out; an empty one takes it away."""
    secure = not service.settings.development
    if token:
        response.set_cookie(
            cookie_name(service), token, httponly=True, secure=secure, samesite="lax", path="/"
        )
    else:
        response.delete_cookie(cookie_name(service), httponly=True, secure=secure, samesite="lax", path="/")


def fresh_token() -> str:
    """A cookie for a browser in which nobody is signed in yet, so that its sign-in form has a token too."""
    return f"new_{secrets.token_urlsafe(24)}"


def csrf_of(token: str) -> str:
    """What the forms of the browser with this cookie carry: known to pages of ours alone."""
    return hmac.new(token.encode(), b"frontdesk console form", hashlib.sha256).hexdigest()


def browser(request: Request) -> Visitor:
    """The browser that asks, whatever it asks for."""
    hide_from_browser(request.scope)  # no other origin may read the console, whatever the widget's pages may
    service: Service = request.app.state.service
    token = request.cookies.get(cookie_name(service), "")
    token = token if TOKEN.fullmatch(token) else ""
    return Visitor(request, token, csrf_of(token) if token else "", service)


async def visitor(request: Request) -> Visitor:
    """The browser that asks. Refuses a form that has not come from a page of ours. Raises Forged."""
    refuse_tokens_in_url(request)
    found = browser(request)
    if request.method not in {"GET", "HEAD"}:
        _same_origin(request)
        form = await read_form(request)
        sent = form("csrf") or request.headers.get("x-csrf", "")
        if not found.token or not hmac.compare_digest(sent.encode(), found.csrf.encode()):
            raise Forged
        request.state.form = form
    return found


async def signed_in(here: Annotated[Visitor, Depends(visitor)]) -> Session:
    """The member of staff who asks. Raises SignInFirst."""
    staff = await here.service.staff.by_token(here.token) if here.token else None
    if staff is None:
        raise SignInFirst
    return Session(here.request, here.token, here.csrf, here.service, staff)


async def leads_only(session: Annotated[Session, Depends(signed_in)]) -> Session:
    """A lead or an admin. Raises NotYourRole."""
    if not session.at_least("lead"):
        raise NotYourRole
    return session


async def admins_only(session: Annotated[Session, Depends(signed_in)]) -> Session:
    """An admin. Raises NotYourRole."""
    if not session.at_least("admin"):
        raise NotYourRole
    return session


async def read_form(request: Request) -> Form:
    """The fields of a form. Raises BodyTooLarge before it is read whole, MalformedBody for one that takes too long."""
    body = await read_raw(request, most=LARGEST_FORM)
    pairs = parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100)
    return Form({name: _storable(value) for name, value in pairs})


def sign_in_path(request: Request) -> str:
    """Where to sign in, and come back to the page that was asked for."""
    wanted = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    back = f"?next={quote(wanted)}" if request.method == "GET" and wanted != "/console" else ""
    return f"/console/sign-in{back}"


def _storable(value: str) -> str:
    """Without NUL, which PostgreSQL takes in no text, and with the line ends of a text file."""
    return value.replace("\x00", "").replace("\r\n", "\n")


def _same_origin(request: Request) -> None:
    """Raise Forged where another origin sent this; every browser says so on a POST."""
    origins, host = request.headers.getlist("origin"), request.headers.get("host", "")
    if len(origins) != 1 or origins[0].partition("://")[2].lower() != host.lower():
        raise Forged


Staffed = Annotated[Session, Depends(signed_in)]
Lead = Annotated[Session, Depends(leads_only)]
Admin = Annotated[Session, Depends(admins_only)]
Anybody = Annotated[Visitor, Depends(visitor)]
