"""How a conversation stands with people, as its customer is told: who answers, and when at the latest."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from uuid import UUID

from frontdesk.database import Database
from frontdesk.domain import Json, Principal
from frontdesk.hours import BusinessHours
from frontdesk.store import customers as store
from frontdesk.store.customers import HandoffRow

__all__ = ["Handoffs"]

FRESH_SECONDS = 60.0  # so long a measured wait is believed
NOTHING: Json = {"reply_time": None, "reply": None}
PATIENCE = timedelta(minutes=10)  # in the queue; then an address is asked for


class Handoffs:
    """For one desk. ``hours`` None: somebody is always there."""

    def __init__(self, database: Database, hours: BusinessHours | None) -> None:
        self._database = database
        self._hours = hours
        self._wait: tuple[float, float | None] = (-FRESH_SECONDS, None)

    async def of(self, principal: Principal, identity: UUID) -> Json:
        """``{"state": "ai" | "queued" | "human" | "away" | "resolved", "person", "reply_time", "reply", "reason", "email"}``.

        ``away``: asked for outside the hours, or longer than anybody is to wait at an open page. Raises NotFound.
        """
        return await self.shown(await store.handoff_row(self._database, principal, identity))

    async def shown(self, row: HandoffRow) -> Json:
        """The same of a row that was read."""
        now = datetime.now(UTC)
        waited_out = row.queued_at is not None and now - row.queued_at > PATIENCE
        if row.mode == "queued":
            state = "away" if waited_out or not self.open(now) else "queued"
        else:
            state = "resolved" if row.resolved_at and row.mode == "ai" else row.mode
        return {
            "state": state,
            "person": {"name": row.assignee_name} if state == "human" else None,
            **(await self.expected(now) if row.mode == "queued" else NOTHING),
            "reason": row.queue_reason or None,
            "email": row.contact_email is not None,
        }

    def open(self, at: datetime) -> bool:
        """Whether somebody is there."""
        return self._hours is None or self._hours.open(at)

    async def expected(self, now: datetime) -> Json:
        """When an answer is to be expected: ``{"reply_time": "about 10 minutes", "reply": {"minutes": 10}}``.

        ``reply`` is for those who say it in another language; outside the hours it is ``{"at": <ISO time>}``. Both are
        None where nothing is known or was declared, ``reply`` also where only words were.
        """
        if self._hours and not self._hours.open(now):
            opening = self._hours.opens_at(now)
            return {
                "reply_time": self._hours.opens(now) or None,
                "reply": {"at": opening.isoformat()} if opening else None,
            }
        seconds = await self._usual_wait()
        if seconds is None:
            return {**NOTHING, "reply_time": f"about {self._hours.reply_time}"} if self._hours else NOTHING
        minutes = max(1, round(seconds / 60))
        words = (
            f"about {minutes} minute{'s' * (minutes > 1)}"
            if minutes < 90
            else f"about {round(minutes / 60)} hours"
        )
        return {"reply_time": words, "reply": {"minutes": minutes}}

    async def _usual_wait(self) -> float | None:
        at, seconds = self._wait
        if time.monotonic() - at >= FRESH_SECONDS:
            seconds = await store.usual_wait(self._database)
            self._wait = (time.monotonic(), seconds)
        return seconds
