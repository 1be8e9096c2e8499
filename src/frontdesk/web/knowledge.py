"""/support/knowledge: what it holds, a sync, what could not be answered: for the shop's own backend and its console.

Only a service key that was made with ``--knowledge`` opens these: they hold what all customers asked, and publish what
all customers read. Whoever else asks, a customer or a backend that has a key for chat, is told that there is nothing
here. What is decided is noted with the key that decided it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Request
from fastapi.responses import Response
from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from frontdesk.bootstrap import Service
from frontdesk.domain import Json
from frontdesk.errors import InvalidBody, NoJobs, NotFound
from frontdesk.jobs import SYNC, Jobs
from frontdesk.knowledge import drafts
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.gaps import gap as find_gap
from frontdesk.knowledge.gaps import gaps as list_gaps
from frontdesk.store.decisions import note_sync
from frontdesk.store.gaps import Gap, questions_of
from frontdesk.store.knowledge_models import active, holdings
from frontdesk.web.auth import Authenticator
from frontdesk.web.body import Body, read_json, takes
from frontdesk.web.parts import Desk, json_answer

__all__ = ["router"]

MOST = 200  # gaps in one answer
BATCHES = 10  # of 50 turns that one request looks at: the clock, or the next request, sees to the rest


def _address(text: str) -> str:
    if text and not text.startswith(("https://", "http://")):
        raise PydanticCustomError("address", "begins with https://")
    return text


class DraftRequest(Body):
    """The body of PUT /support/knowledge/gaps/{number}/draft. Without ``text``, what staff replied is the draft."""

    title: Annotated[str, Field(max_length=drafts.LONGEST_TITLE)] = ""
    text: Annotated[str, Field(max_length=drafts.LONGEST_BODY)] = ""


class ApproveRequest(Body):
    """The body of POST /support/knowledge/gaps/{number}/approve.

    ``url`` is where the article will be published; ``{slug}`` and ``{locale}`` are filled in. Where they are
    not given, visibility and address stay what they were: at first "public" and none. ``anyway`` says that personal
    data in the draft is meant to be published.
    """

    visibility: Literal["public", "customers", "internal"] | None = None
    url: Annotated[str, Field(max_length=500), AfterValidator(_address)] | None = None
    anyway: bool = False


class DismissRequest(Body):
    """The body of POST /support/knowledge/gaps/{number}/dismiss."""

    reason: Annotated[str, Field(min_length=1, max_length=500)]


async def _backend(request: Request) -> str:
    """Let a backend in that may, and nobody else; the name of its key, as decisions are noted."""
    auth: Authenticator = request.app.state.authenticator
    return await auth.privileged(request, "knowledge")


By = Annotated[str, Depends(_backend)]  # once a request: the router's own is the same
router = APIRouter(prefix="/support/knowledge", tags=["knowledge"], dependencies=[Depends(_backend)])


@router.get("")
async def contents(desk: Desk) -> Response:
    """What the knowledge base holds: its sources with their articles, passages and last change, and the model."""
    async with desk.database.transaction() as connection:
        model, sources = await active(connection), await holdings(connection)
    return json_answer(
        {"model": model.name if model else None, "sources": [asdict(source) for source in sources]}
    )


@router.post("/sync")
async def sync(request: Request, desk: Desk, by: By) -> Response:
    """Sync the desk's sources soon, once, in one of its processes: 202. What waits already is the same sync.

    503 where this process does no jobs (``--no-jobs``).
    """
    jobs: Jobs | None = request.app.state.jobs
    if jobs is None or not jobs.does(SYNC):
        raise NoJobs
    await note_sync(desk.database, by)
    await jobs.defer(SYNC)
    return json_answer({"status": "queued"}, status=202)


@router.get("/gaps")
async def gaps(desk: Desk, all: bool = False, limit: int = 100, offset: int = 0) -> Response:
    """Gaps, ranked: those first that most customers asked, then the most often and most lately asked.

    Open and drafted ones; ``all=true`` also those published, dismissed or resolved. ``next_offset`` is there when
    there is more.
    """
    if not 1 <= limit <= MOST or not 0 <= offset < 2**31:
        raise InvalidBody(f"limit is 1 to {MOST}, offset 0 or more.")
    await drafts.refresh(desk.database, batches=BATCHES)
    found = await list_gaps(desk.database, everything=all, limit=limit + 1, offset=offset)
    more = {"next_offset": offset + limit} if len(found) > limit else {}
    return json_answer({"gaps": [_told(gap) for gap in found[:limit]], **more})


@router.get("/gaps/{number}")
async def gap(number: str, desk: Desk) -> Response:
    """One gap: what was asked, without personal data, the draft, and what else staff replied."""
    found = await find_gap(desk.database, _number(number))
    questions = await questions_of(desk.database, found.number)
    asked = [{"question": q.question, "asked_at": q.asked_at, "turn_id": q.turn_id} for q in questions]
    return json_answer({**_told(found), "asked": asked})


@router.put("/gaps/{number}/draft", openapi_extra=takes(DraftRequest, required=False))
async def draft(request: Request, number: str, desk: Desk, by: By) -> Response:
    """Write a gap's draft: the ``text`` that is sent, or what staff replied last. No customer sees it yet."""
    body = await read_json(request, DraftRequest, required=False)
    found = await drafts.draft(desk.database, _number(number), title=body.title, body=body.text, by=by)
    return json_answer(_told(found))


@router.post("/gaps/{number}/approve", openapi_extra=takes(ApproveRequest, required=False))
async def approve(request: Request, number: str, desk: Desk, by: By) -> Response:
    """Publish a gap's draft: from now on customers are answered from it.

    ``answered`` says whether the gap's own question is answered now, ``missed`` which of its wordings are not.
    409 where there is no draft, where it was changed meanwhile, or where it holds personal data.
    """
    body = await read_json(request, ApproveRequest, required=False)
    done = await drafts.approve(
        await _base(desk),
        _number(number),
        answer_at=desk.settings.answer_at,
        visibility=body.visibility,
        url=body.url,
        anyway=body.anyway,
        by=by,
    )
    return json_answer(
        {**_told(done.gap), "answered": done.answered, "tried": done.tried, "missed": done.missed}
    )


@router.post("/gaps/{number}/dismiss", openapi_extra=takes(DismissRequest))
async def dismiss(request: Request, number: str, desk: Desk, by: By) -> Response:
    """Say that a gap needs no article, and why; one that was published for it is withdrawn."""
    body = await read_json(request, DismissRequest)
    found = await drafts.dismiss(await _base(desk), _number(number), body.reason, by=by)
    return json_answer(_told(found))


async def _base(desk: Service) -> KnowledgeBase:
    """The desk's knowledge base; where it has none any more, what is in the database."""
    return desk.knowledge or await drafts.knowledge_base(desk.database)


def _number(text: str) -> int:
    """A number from a path; one that cannot be one is as unknown as any other."""
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound
    return int(text)


def _told(found: Gap) -> Json:
    return {
        "number": found.number,
        "state": found.state,
        "question": found.question,
        "customers": found.customers,
        "times": found.questions,
        "first_asked": found.first_asked,
        "last_asked": found.last_asked,
        "locale": found.locale,
        "reason": found.reason,
        "draft": {
            "title": found.title,
            "text": found.body,
            "warnings": drafts.warnings(found),
            "others": list(found.others),
        }
        if found.body
        else None,
        "article": {"path": found.path, "url": found.url, "visibility": found.visibility}
        if found.live
        else None,
        "decided_at": found.decided_at,
    }
