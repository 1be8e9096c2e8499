"""Rendering: the templates, the headers of every page, and how times, money and places read."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

import orjson
from fastapi import Request
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from frontdesk.people import amount_beside
from frontdesk.web.console.drawing import bars, columns
from frontdesk.web.console.markdown import markdown, unmarked

__all__ = ["HEADERS", "fragment", "page", "see_other", "wants_fragment"]

HEADERS = {
    "content-security-policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; connect-src 'self';"
        " img-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
WARN_MINUTES, OVERDUE_MINUTES = 5, 15  # waits from which a customer's line turns amber, then red


def ago(at: datetime | None) -> str:
    """``now``, ``4 min``, ``2 h``, ``3 d``; empty for None."""
    if at is None:
        return ""
    seconds = (datetime.now(UTC) - at).total_seconds()
    for limit, size, unit in ((60, 0, ""), (3600, 60, " min"), (86_400, 3600, " h"), (1e18, 86_400, " d")):
        if seconds < limit:
            return f"{int(seconds // size)}{unit}" if size else "now"
    return ""


def past(at: datetime | None) -> str:
    """``4 min ago``, ``just now``."""
    since = ago(at)
    return "just now" if since == "now" else f"{since} ago" if since else ""


def waited(at: datetime | None) -> str:
    """``waits 4 min``; ``new`` in the first minute."""
    since = ago(at)
    return "new" if since == "now" else f"waits {since}" if since else ""


def wait_level(at: datetime | None) -> str:
    """``ok``, ``warn`` or ``overdue`` for a customer who has waited since then; empty where nobody waits."""
    if at is None:
        return ""
    minutes = (datetime.now(UTC) - at).total_seconds() / 60
    return "overdue" if minutes >= OVERDUE_MINUTES else "warn" if minutes >= WARN_MINUTES else "ok"


def moment(at: datetime | None) -> str:
    """``28 Nov 2026, 09:14 UTC``."""
    return f"{at.astimezone(UTC):%-d %b %Y, %H:%M} UTC" if at else ""


def clock(at: datetime) -> str:
    """``09:14`` today, else ``28 Nov, 09:14``."""
    at = at.astimezone(UTC)
    return f"{at:%H:%M}" if at.date() == datetime.now(UTC).date() else f"{at:%-d %b, %H:%M}"


def percent(share: float | None) -> str:
    """``64 %``; a dash where there is nothing to divide by."""
    return "–" if share is None else f"{share * 100:.0f} %"


def dollars(amount: float | None) -> str:
    """``$0.0042`` or ``$12.30``."""
    if amount is None:
        return "–"
    return f"${amount:.4f}" if 0 < amount < 0.1 else f"${amount:,.2f}"


def pretty(value: Any) -> str:
    """JSON, or text that holds some, on several lines."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2).decode()


def customer_of(key: str) -> str:
    """A principal's key as staff read it: ``u123``, or ``Visitor 1f0c``."""
    kind, _, identity = key.partition(":")
    return f"Visitor {identity.removeprefix('anon:')[:4]}" if kind == "visitor" else identity


def words(name: str) -> str:
    """``awaiting_confirmation`` as ``awaiting confirmation``."""
    return name.replace("_", " ")


@cache
def environment() -> Environment:
    """The templates: everything is escaped, and a name that is missing is an error."""
    made = Environment(
        loader=PackageLoader("frontdesk.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    filters = (
        ago,
        past,
        waited,
        wait_level,
        moment,
        clock,
        percent,
        dollars,
        pretty,
        customer_of,
        words,
        bars,
        columns,
        markdown,
        unmarked,
        amount_beside,
    )
    named: dict[str, Any] = made.filters
    named.update({each.__name__: each for each in filters})
    made.globals["asset"] = asset
    return made


@cache
def asset(name: str) -> str:
    """The address of a file of ``static``: it changes with the file, so that browsers may keep it for ever."""
    from frontdesk.web.console.static import version  # noqa: PLC0415  (static needs the headers above)

    return f"/console/static/{version(name)}/{name}"


def wants_fragment(request: Request) -> bool:
    """Whether htmx asks, and not a browser for a page."""
    return "hx-request" in request.headers


def page(name: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A whole page from the template ``name``."""
    return HTMLResponse(environment().get_template(name).render(**values), status, HEADERS)


#: A piece of a page is rendered as a page is: its template simply extends none.
fragment = page


def see_other(request: Request, path: str) -> Response:
    """After a POST: a redirect for a browser; for htmx the same, by its own header."""
    if wants_fragment(request):
        return Response(status_code=204, headers={**HEADERS, "hx-redirect": path})
    return Response(status_code=303, headers={**HEADERS, "location": path})
