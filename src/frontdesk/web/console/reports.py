"""Reports: what became of conversations and at what cost; each number leads to the conversations behind it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from fastapi import APIRouter
from fastapi.responses import Response

from frontdesk.errors import NotFound
from frontdesk.knowledge.gaps import gaps as list_gaps
from frontdesk.store.behind import KINDS, Day, behind, days_and_cited
from frontdesk.store.figures import DEFINITIONS, Figures, figures
from frontdesk.store.outcomes import Outcomes, outcomes
from frontdesk.web.console.frame import framed
from frontdesk.web.console.session import Lead, Session

__all__ = ["Counted", "figures_of", "router"]

PERIODS = (7, 30, 90)
KEEP = timedelta(minutes=1)
router = APIRouter(prefix="/reports")


@dataclass(frozen=True, slots=True)
class Counted:
    """A period's figures, counted at ``at``. ``cited``: (title, conversations), most first."""

    outcomes: Outcomes
    figures: Figures
    days: list[Day]
    cited: list[tuple[str, int]]
    at: datetime


async def figures_of(session: Session, days: int) -> Counted:
    """The figures of the last ``days`` days. Who looks later than a minute after they were counted gets them still,
    and the next one newer ones: nobody but the first waits.
    """
    state = session.request.app.state
    kept: dict[int, asyncio.Task[Counted]] = getattr(state, "figures", {})
    state.figures = kept
    known = kept.get(days)
    if known is None or (known.done() and _failed(known)):
        known = kept[days] = asyncio.create_task(_count(session.service.owner_url, days))
    elif known.done() and datetime.now(UTC) - known.result().at > KEEP:
        fresh = asyncio.create_task(_count(session.service.owner_url, days))
        fresh.add_done_callback(lambda done: None if _failed(done) else kept.update({days: done}))
        state.counting = fresh  # so that it is not forgotten before it is done
    return await asyncio.shield(known)


def _failed(task: asyncio.Task[Counted]) -> bool:
    return task.cancelled() or task.exception() is not None


async def _count(owner_url: str, days: int) -> Counted:
    until = datetime.now(UTC)
    since = until - timedelta(days=days)
    counted, (by_day, cited) = await asyncio.gather(
        asyncio.to_thread(outcomes, owner_url, since, until),
        asyncio.to_thread(days_and_cited, owner_url, since, until),
    )
    known = {each.day: each for each in by_day}
    every = [until.date() - timedelta(days=n) for n in range(days - 1, -1, -1)]
    filled = [known.get(day, Day(day, 0, 0, 0)) for day in every]
    return Counted(counted, figures(counted), filled, cited, until)


@router.get("")
async def reports(session: Lead, days: int = 7) -> Response:
    """A week, a month or a quarter."""
    days = days if days in PERIODS else PERIODS[0]
    counted = await figures_of(session, days)
    unanswered = await list_gaps(session.service.database, limit=10)
    return await framed(
        session,
        "reports.html",
        days=days,
        periods=PERIODS,
        counted=counted,
        found=counted.figures,
        told=counted.outcomes,
        chart=[(f"{each.day:%-d %b}", (each.good, each.people, each.other)) for each in counted.days],
        names=("resolved or not yet known", "with a person or a ticket", "otherwise"),
        gaps=unanswered,
        definitions=DEFINITIONS,
    )


@router.get("/conversations")
async def conversations(session: Lead, kind: str = "all", value: str = "", days: int = 7) -> Response:
    """The conversations behind a number."""
    if kind not in KINDS:
        raise NotFound
    until = datetime.now(UTC)
    since = until - timedelta(days=days if days in PERIODS else PERIODS[0])
    value = value.replace("\x00", "")[:300]
    rows = await asyncio.to_thread(behind, session.service.owner_url, since, until, kind, value)
    return await framed(session, "behind.html", rows=rows, kind=kind, value=value, days=days)
