"""GET /metrics for Prometheus: for loopback only, or for who has the token where one is set."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import Response

from frontdesk import __version__
from frontdesk.bootstrap import Service
from frontdesk.errors import InvalidToken, MissingCredentials, NotFound, SettingsError
from frontdesk.settings import LOOPBACK, Settings
from frontdesk.telemetry import metrics
from frontdesk.web.auth import bearer
from frontdesk.web.parts import Desk

__all__ = ["router_of"]

OFF = "Metrics are off: set FRONTDESK_METRICS=1.\n"
SHORTEST = 16  # characters of a token
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip")


def router_of(settings: Settings) -> APIRouter:
    """The endpoint, and counting begins where metrics are on. Raises SettingsError for a weak token."""
    token = settings.metrics_token
    if token and len(token) < SHORTEST:
        raise SettingsError(f"FRONTDESK_METRICS_TOKEN: write {SHORTEST} characters or more that nobody knows")
    router = APIRouter()
    if not settings.metrics:

        @router.get("/metrics", include_in_schema=False)
        async def off(request: Request) -> Response:
            """Prometheus metrics, where FRONTDESK_METRICS is on; else this machine's own processes are told so."""
            if not _near(request):
                raise NotFound
            return Response(OFF, 404, media_type="text/plain")

        return router
    metrics.switch_on(__version__)

    @router.get("/metrics", include_in_schema=False)
    async def shown(request: Request, desk: Desk) -> Response:
        """What this process has counted."""
        if token:
            _check(request, token)
        elif not _near(request):
            raise NotFound
        _now(desk)
        text, kind = metrics.exposition()
        return Response(text, headers={"content-type": kind, "cache-control": "no-store"})

    return router


def _check(request: Request, token: str) -> None:
    """Raises MissingCredentials or InvalidToken."""
    shown = bearer(request)
    if shown is None:
        raise MissingCredentials
    if not hmac.compare_digest(shown.encode(), token.encode()):
        raise InvalidToken


def _near(request: Request) -> bool:
    """Whether a process of this machine asks, and for nobody else: a proxy here has a loopback address too."""
    client = request.client.host if request.client else ""
    return client in LOOPBACK and not any(name in request.headers for name in FORWARDED)


def _now(desk: Service) -> None:
    """What is read when it is asked for."""
    support = desk.support
    metrics.waiting.set(support.waiting - support.begun)
    metrics.running.set(support.begun)
    use = desk.database.pool_use()
    for state in ("open", "idle", "most"):
        metrics.pool.set(use[state], state)
    metrics.pool_waiting.set(use["waiting"])
