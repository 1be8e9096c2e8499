"""Knowledge: the articles customers are answered from, how fresh they are, and where they were cited."""

from __future__ import annotations

from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import Response

from frontdesk.errors import NotFound
from frontdesk.jobs import SYNC, Jobs
from frontdesk.store.articles import ArticleListed, listed, passages
from frontdesk.store.decisions import note_sync
from frontdesk.store.knowledge_models import active, holdings
from frontdesk.web.console.frame import framed
from frontdesk.web.console.page import see_other
from frontdesk.web.console.reports import figures_of
from frontdesk.web.console.session import Lead, Staffed

__all__ = ["router"]

PAGE = 100
router = APIRouter(prefix="/knowledge")


@router.get("")
async def articles(session: Staffed, q: str = "", after: int = 0) -> Response:
    """Articles by title, and the sources they come from."""
    database = session.service.database
    query = q.replace("\x00", "").strip()[:200]
    found = await listed(database, query, limit=PAGE + 1, offset=max(0, after))
    async with database.transaction() as connection:
        model, sources = await active(connection), await holdings(connection)
    jobs: Jobs | None = session.request.app.state.jobs
    return await framed(
        session,
        "knowledge.html",
        query=query,
        articles=found[:PAGE],
        next=after + PAGE if len(found) > PAGE else 0,
        sources=sources,
        model=model.name if model else "none yet",
        can_sync=jobs is not None and jobs.does(SYNC) and session.at_least("lead"),
    )


@router.get("/{identity}")
async def article(session: Staffed, identity: UUID) -> Response:
    """One article as customers are quoted it, and how often it was cited in the last 30 days."""
    found = await _find(session, identity)
    cited = dict((await figures_of(session, 30)).cited)
    return await framed(
        session,
        "article.html",
        article=found,
        passages=await passages(session.service.database, identity),
        cited=cited.get(found.title),
        can_open=session.at_least("lead"),
    )


@router.post("/sync")
async def sync(session: Lead) -> Response:
    """Read the sources again soon."""
    jobs: Jobs | None = session.request.app.state.jobs
    if jobs is not None and jobs.does(SYNC):
        await note_sync(session.service.database, f"staff:{session.staff.email}")
        await jobs.defer(SYNC)
    return see_other(session.request, "/console/knowledge")


async def _find(session: Staffed, identity: UUID) -> ArticleListed:
    found = await listed(session.service.database, identity=identity)
    if not found:
        raise NotFound
    return found[0]
