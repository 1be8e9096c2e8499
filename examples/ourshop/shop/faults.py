"""Latency and failures on demand, for tests of whoever calls the shop (SHOP_FAULTS=1)."""

import asyncio
from dataclasses import dataclass, field
from random import Random
from typing import Annotated

from fastapi import APIRouter
from pydantic import Field
from starlette.types import ASGIApp, Receive, Scope, Send

from examples.ourshop.shop import problems
from examples.ourshop.shop.wishes import Wish


class FaultPlan(Wish):
    """What should go wrong, and where."""

    latency_ms: Annotated[float, Field(ge=0, le=600_000)] = 0
    fail_rate: Annotated[float, Field(ge=0, le=1)] = 0
    fail_status: Annotated[int, Field(ge=400, le=599)] = 503
    after_commit: bool = False
    """Do the work and then lose the answer, the failure that makes idempotency matter."""
    paths: str = "/"
    """Only paths that start with this."""


@dataclass(slots=True)
class Faults:
    """The plan in force; shared by the middleware and the switch."""

    plan: FaultPlan | None = None
    random: Random = field(default_factory=lambda: Random(2025))  # noqa: S311 - not a secret


class FaultyMiddleware:
    """Delays and fails requests as the plan says."""

    def __init__(self, app: ASGIApp, faults: Faults) -> None:
        self._app = app
        self._faults = faults

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request, or fail it."""
        plan = self._faults.plan
        if plan is None or scope["type"] != "http" or not _concerns(plan, scope["path"]):
            await self._app(scope, receive, send)
            return
        await asyncio.sleep(plan.latency_ms / 1000)
        if self._faults.random.random() >= plan.fail_rate:
            await self._app(scope, receive, send)
            return
        if plan.after_commit:
            await self._app(scope, receive, _nowhere)
        content = problems.body(
            plan.fail_status, "Injected fault", "This failure was asked for.", "injected_fault"
        )
        await problems.respond(content, {"Retry-After": "1"})(scope, receive, send)


def _concerns(plan: FaultPlan, path: str) -> bool:
    return path.startswith(plan.paths) and path not in {"/_faults", "/healthz"}


async def _nowhere(_: object) -> None:
    """Swallow a response."""


def fault_switch(faults: Faults) -> APIRouter:
    """The routes that set and clear the plan."""
    router = APIRouter(tags=["faults"])

    @router.post("/_faults")
    async def set_faults(plan: FaultPlan) -> FaultPlan:
        """Put a plan in force."""
        faults.plan = plan
        return plan

    @router.delete("/_faults", status_code=204)
    async def clear_faults() -> None:
        """Back to normal."""
        faults.plan = None

    return router
