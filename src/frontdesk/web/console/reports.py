"""Reports: what became of conversations and at what cost; each number leads to the conversations behind it."""

from __future__ import annotations

import asyncio
import math
from datetime import UTC, datetime, timedelta

import psycopg
import structlog
from fastapi import APIRouter
from fastapi.responses import Response

from frontdesk.errors import DatabaseUnavailable, FrontdeskError, NotFound
from frontdesk.knowledge.gaps import gaps as list_gaps
from frontdesk.store.behind import KINDS, behind
from frontdesk.store.counts import PERIODS, Counted, Day, count, kept
from frontdesk.store.figures import DEFINITIONS, figures
from frontdesk.web.console.frame import framed
from frontdesk.web.console.session import Lead, Session

__all__ = ["figures_of", "router"]

log = structlog.get_logger(__name__)
KEEP = timedelta(minutes=1)
LOOK_SECONDS = 3  # until the page asks for a newer count
LONGEST_REST = 300  # seconds until a count that keeps failing is tried again
FEW = 1000  # conversations of the longest period: so many are counted while somebody waits
router = APIRouter(prefix="/reports")


async def figures_of(session: Session, days: int) -> Counted:
    """The figures of the last ``days`` days. A desk with few conversations counts them anew; with more, who looks gets
    the last count at once, and where it is older than a minute a newer one is made behind it.
    """
    url = session.service.owner_url
    found = await asyncio.to_thread(kept, url, days)
    if found is None or found.kept <= FEW:
        if counting := _counting(session):
            await asyncio.shield(counting)
        found = await asyncio.to_thread(kept, url, days)
    elif _old(found):
        _counting(session)
    if found is None:
        raise DatabaseUnavailable
    return found


def _old(counted: Counted) -> bool:
    return datetime.now(UTC) - counted.outcomes.until > KEEP


def _counting(session: Session) -> asyncio.Task[None] | None:
    """The one count of this process: whoever looks meanwhile waits for it, and takes no thread of its own. None while
    it rests, since the last one failed.
    """
    state = session.request.app.state
    running: asyncio.Task[None] | None = getattr(state, "counting", None)
    if running is None or running.done():
        if _rest(session) > 0:
            return None
        running = state.counting = asyncio.create_task(_count(session), name="count reports")
    return running


async def _count(session: Session) -> None:
    state = session.request.app.state
    try:
        await asyncio.to_thread(count, session.service.owner_url)
        state.count_failures = 0
    except (FrontdeskError, psycopg.Error) as error:
        state.count_failures = _failures(session) + 1
        rest = min(LONGEST_REST, LOOK_SECONDS * 2**state.count_failures)
        state.count_again_at = asyncio.get_running_loop().time() + rest
        log.warning("reports not counted", error=type(error).__name__, failures=state.count_failures)


def _failures(session: Session) -> int:
    """How many counts have failed in a row."""
    return getattr(session.request.app.state, "count_failures", 0)


def _rest(session: Session) -> float:
    """Seconds until a count that failed is tried again."""
    if not _failures(session):
        return 0.0
    return session.request.app.state.count_again_at - asyncio.get_running_loop().time()


@router.get("")
async def reports(session: Lead, days: int = 7) -> Response:
    """A week, a month or a quarter."""
    days = days if days in PERIODS else PERIODS[0]
    counted = await figures_of(session, days)
    known = {each.day: each for each in counted.days}
    last = counted.outcomes.until.date()
    every = [last - timedelta(days=n) for n in range(days - 1, -1, -1)]
    unanswered = await list_gaps(session.service.database, limit=10)
    return await framed(
        session,
        "reports.html",
        days=days,
        periods=PERIODS,
        counted=counted,
        found=figures(counted.outcomes),
        old=_old(counted) or _failures(session) > 0,
        failures=_failures(session),
        again_in=max(LOOK_SECONDS, math.ceil(_rest(session)) + 1),
        told=counted.outcomes,
        chart=[
            (f"{each.day:%-d %b}", (each.good, each.people, each.other))
            for each in (known.get(day, Day(day, 0, 0, 0)) for day in every)
        ],
        names=("resolved or not yet known", "with a person or a ticket", "otherwise"),
        gaps=unanswered,
        definitions=DEFINITIONS,
    )


@router.get("/conversations")
async def conversations(session: Lead, kind: str = "all", value: str = "", days: int = 7) -> Response:
    """The conversations behind a number."""
    if kind not in KINDS:
        raise NotFound
    days = days if days in PERIODS else PERIODS[0]
    counted = await figures_of(session, days)
    value = value.replace("\x00", "")[:300]
    rows = await asyncio.to_thread(behind, session.service.owner_url, counted.outcomes.since, kind, value)
    return await framed(session, "behind.html", rows=rows, kind=kind, value=value, days=days)
