"""What has changed, and nothing else: the page fetches what it shows of it.

Names of events: ``inbox``, ``approvals``, ``tickets``, and ``c-<id>`` for a conversation.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator

from fastapi import APIRouter
from fastapi.responses import Response

from frontdesk.errors import DatabaseUnavailable
from frontdesk.people import Happened
from frontdesk.web.console.page import HEADERS
from frontdesk.web.console.session import Session, Staffed
from frontdesk.web.load import Streamed, streams_of

__all__ = ["router"]

PING_SECONDS, LOOK_SECONDS, TOGETHER_SECONDS = 15.0, 1.0, 0.3
PLACES = ("inbox", "approvals", "tickets")
router = APIRouter()


@router.get("/events")
async def events(session: Staffed) -> Response:
    """A stream for one window; it ends when the process stops or the session does."""
    place = streams_of(session.request).open(session.request, f"staff:{session.staff.id}")
    return Streamed(place, _stream(session), HEADERS)


async def _stream(session: Session) -> AsyncGenerator[bytes]:
    loop = asyncio.get_running_loop()
    pinged = loop.time()
    async with session.service.hub.subscribe() as queue:
        yield b"retry: 1000\n: open\n\n"
        while not session.service.support.draining:
            try:
                happened = await asyncio.wait_for(queue.get(), LOOK_SECONDS)
            except TimeoutError:
                if loop.time() - pinged > PING_SECONDS:
                    pinged = loop.time()
                    if not await _lasts(session):
                        return
                    yield b": still here\n\n"
                continue
            if happened is None:
                return
            found = _names(happened)
            await asyncio.sleep(TOGETHER_SECONDS)  # what comes at once is told at once
            while not queue.empty():
                more = queue.get_nowait()
                if more is None:
                    return
                found |= _names(more)
            if not await _lasts(session):
                return
            yield "".join(f"event: {name}\ndata: {{}}\n\n" for name in sorted(found)).encode()


async def _lasts(session: Session) -> bool:
    """Whether the session still lets its window in; not where nobody can tell, and then the window asks again."""
    try:
        return await session.service.staff.by_token(session.token) is not None
    except DatabaseUnavailable:
        return False


def _names(happened: Happened) -> set[str]:
    if happened.what == "everything":  # the page that shows a conversation hears of it by this name too
        return {*PLACES, "everything"}
    found = {f"c-{happened.conversation}", "inbox"}
    if happened.what == "action":
        found.add("approvals")
    if happened.what == "ticket":
        found.add("tickets")
    return found
