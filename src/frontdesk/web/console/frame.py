"""What stands around every view: the places and what waits in each."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi.responses import HTMLResponse

from frontdesk.web.console.page import page
from frontdesk.web.console.session import Session

__all__ = ["framed"]

PLACES = (
    ("inbox", "Inbox", "agent"),
    ("approvals", "Approvals", "agent"),
    ("tickets", "Tickets", "agent"),
    ("ask", "Ask the agent", "agent"),
    ("knowledge", "Knowledge", "agent"),
    ("gaps", "Gaps", "agent"),
    ("reports", "Reports", "lead"),
    ("settings", "Settings", "agent"),
)


async def framed(session: Session, name: str, status: int = 200, /, **values: Any) -> HTMLResponse:
    """A view as a whole page. It is put together beside the loop: customers decide how long their messages take to read."""
    return await asyncio.to_thread(
        page,
        name,
        status,
        session=session,
        desk=session.service.desk.name,
        counts=await session.service.people.counts(session.staff),
        places=[
            (place, label, f"/console/{place}")
            for place, label, role in PLACES
            if session.at_least(role)  # pyright: ignore[reportArgumentType]
        ],
        **values,
    )
