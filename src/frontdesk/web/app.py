"""The FastAPI application around a desk."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from html import escape
from importlib import resources

import orjson
from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import HTMLResponse, Response
from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk import __version__
from frontdesk.bootstrap import Service, service
from frontdesk.desk import Frontdesk
from frontdesk.errors import FrontdeskError
from frontdesk.jobs import of_desk, working
from frontdesk.privacy.receipt import backups_of
from frontdesk.settings import Settings, load
from frontdesk.store.rates import shared_rates
from frontdesk.web import (
    actions,
    attachments,
    chat,
    console,
    customers,
    dev_tokens,
    document,
    handoff,
    helpdesk,
    knowledge,
    mcp,
    metrics,
    problems,
    sessions,
    widget,
    widget_config,
)
from frontdesk.web.auth import Authenticator
from frontdesk.web.keys import keyring
from frontdesk.web.limits import Limiter
from frontdesk.web.load import Doorkeeper, Streams, uploads
from frontdesk.web.observed import Observed
from frontdesk.web.oidc import provider
from frontdesk.web.origins import OriginPolicy, allowed_origins
from frontdesk.web.service_keys import hashes

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
SECURITY = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
}


def create_app(
    desk: Frontdesk,
    settings: Settings | None = None,
    *,
    models: Sequence[tuple[str, BaseChatModel]] = (),
    demo_customers: Sequence[str] = (),
    front: APIRouter | None = None,
    jobs: bool = True,
) -> FastAPI:
    """An ASGI application that answers for ``desk``.

    ``demo_customers`` are offered on the page at ``/`` in development mode, where ``front`` does not take its
    place. Without ``jobs`` this process does
    nothing by the clock: no scheduled sync, no look for gaps. Raises SettingsError where a
    setting is wrong; nothing listens then.
    """
    settings = settings or load()
    ring = keyring(settings)
    hashes(settings)  # a weak key or an origin that is none is refused before anything starts
    allowed_origins(settings)
    backups_of(settings, datetime.now(UTC))
    identity_provider = provider(settings)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncGenerator[None]:
        async with service(desk, settings, models=models) as ready:
            app.state.service = ready
            limiter = Limiter(settings, shared_rates(ready.database, ready.redis))
            app.state.authenticator = Authenticator(settings, ready.database, ring, limiter)
            async with (
                working(ready.database, of_desk(ready) if jobs else ()) as app.state.jobs,
                mcp.door(app),
            ):
                yield
            app.state.service = None

    app = FastAPI(
        title=f"{desk.name} support",
        version=__version__,
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json" if settings.development else None,
    )
    problems.install(app)
    document.install(app)
    app.state.provider = identity_provider
    app.state.streams, app.state.uploads = Streams(settings), uploads(settings)
    app.add_middleware(Doorkeeper, settings=settings)
    app.add_middleware(OriginPolicy, settings=settings)
    app.add_middleware(Observed)
    app.include_router(metrics.router_of(settings))
    app.include_router(chat.router)
    app.include_router(widget_config.router)
    app.include_router(handoff.router)
    app.include_router(helpdesk.router)
    app.include_router(attachments.router)
    app.include_router(actions.router)
    app.include_router(actions.staff)
    app.include_router(sessions.router)
    app.include_router(knowledge.router)
    app.include_router(customers.router)
    console.install(app)
    widget.install(app)
    app.router.routes.append(mcp.route)
    _health(app)
    if settings.development:
        app.include_router(dev_tokens.router)
        if front:
            app.include_router(front)
        else:
            _page(app, desk, demo_customers)
    return app


def _health(app: FastAPI) -> None:
    @app.get("/healthz", tags=["health"])
    async def healthz() -> dict[str, str]:
        """The process is alive."""
        return {"status": "ok", "version": __version__}

    @app.get("/readyz", tags=["health"])
    async def readyz(request: Request) -> Response:
        """The process can answer: its database does. 503 otherwise."""
        ready: Service | None = getattr(request.app.state, "service", None)
        try:
            if ready is None or ready.support.draining:
                return _status("draining", 503)
            await ready.database.ping()
        except FrontdeskError as error:
            return _status(error.code, 503)
        return _status("ok", 200, model=ready.models[0])


def _status(status: str, code: int, **more: str) -> Response:
    headers = {"retry-after": "5"} if code == 503 else {}
    return Response(orjson.dumps({"status": status, **more}), code, headers, "application/json")


def _about(desk: Frontdesk, customers: Sequence[str]) -> dict[str, object]:
    """Whom one can be on the page."""
    return {"desk": desk.name, "customers": list(customers)}


def _page(app: FastAPI, desk: Frontdesk, customers: Sequence[str]) -> None:
    """The page at ``/``: the widget, as one of the demo customers, in development only."""
    files = resources.files("frontdesk.web") / "static"
    page = (files / "index.html").read_text(encoding="utf-8").replace("{{desk}}", escape(desk.name))
    assets = {
        "page.js": ("text/javascript", (files / "page.js").read_bytes()),
        "page.css": ("text/css", (files / "page.css").read_bytes()),
        "desk.json": ("application/json", orjson.dumps(_about(desk, customers))),
    }

    @app.get("/", include_in_schema=False)
    async def index() -> HTMLResponse:
        return HTMLResponse(page, headers={"content-security-policy": PAGE_POLICY, **SECURITY})

    @app.get("/page/{name}", include_in_schema=False)
    async def asset(name: str) -> Response:
        kind, content = assets.get(name, ("", b""))
        if not kind:
            return problems.response(problems.NotFound())
        return Response(content, media_type=kind, headers=SECURITY)
