"""Finished conversations of any age, written as the store leaves them, for tests of what is counted from them."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import orjson
import psycopg

from frontdesk.database import as_owner
from frontdesk.domain import Json

NOW = datetime.now(UTC)
ARTICLE = {"n": 1, "title": "Returns", "url": "https://shop.example/returns", "passage": "14 days"}


def step(tool: str, ok: bool = True, **arguments: Any) -> Json:
    made: Json = {
        "tool": tool,
        "label": "",
        "arguments": arguments,
        "result": "{}",
        "ms": 1.0,
        "permission": "",
    }
    return made if ok else {**made, "ok": False, "error": "failed"}


READ = step("get_order_status", order_id="456")
SEARCHED = step("search_knowledge", query="returns")


@dataclass
class Past:
    """One conversation of ``principal`` that began ``days`` ago; each turn comes an hour after the one before."""

    url: str
    days: float = 10.0
    principal: str = "customer:u1"
    mode: str = "ai"
    id: UUID = field(default_factory=uuid4)
    seq: int = 0
    _last: datetime = NOW

    def __post_init__(self) -> None:
        self._last = NOW - timedelta(days=self.days)
        with self._owner() as owner:
            owner.execute(
                "INSERT INTO conversations (id, principal, channel, mode, created_at) VALUES (%s, %s, 'api', %s, %s)",
                (self.id, self.principal, self.mode, self._last),
            )

    def _owner(self) -> psycopg.Connection[dict[str, Any]]:
        return as_owner(self.url)

    def turn(
        self,
        outcome: str | None = "answered",
        *steps: Json,
        after: float = 1.0,
        seconds: float = 1.0,
        model: str = "local",
        **record: Any,
    ) -> UUID:
        """A turn, ``after`` hours after the last; without an outcome it still waits."""
        self.seq += 1
        turn = uuid4()
        began = self._last = self._last + timedelta(hours=after if self.seq > 1 else 0)
        entry = {"model": model, "mode": self.mode, "ms": 1.0, "usage": {"model_calls": 1}, **record}
        entry |= {"steps": list(steps)} if steps else {}
        done = None if outcome is None else began + timedelta(seconds=seconds)
        with self._owner() as owner:
            owner.execute(
                "UPDATE conversations SET turns_accepted = %s, turns_done = %s, active_at = %s WHERE id = %s",
                (self.seq, self.seq if outcome else self.seq - 1, began, self.id),
            )
            owner.execute(
                "INSERT INTO turns (id, conversation_id, principal, seq, status, outcome, record, accepted_at, done_at)"
                " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s)",
                (
                    *(turn, self.id, self.principal, self.seq, "done" if outcome else "accepted", outcome),
                    *(orjson.dumps(entry).decode() if outcome else None, began, done),
                ),
            )
        return turn

    def message(self, role: str, body: str = "Hello.") -> None:
        with self._owner() as owner:
            owner.execute(
                "INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body) VALUES (%s, %s, 2, %s, %s, %s)",
                (self.id, self.seq, self.principal, role, body),
            )

    def ticket(self, turn: UUID, reason: str = "customer_wish") -> None:
        with self._owner() as owner:
            owner.execute(
                "INSERT INTO tickets (id, principal, conversation_id, turn_id, subject, body, reason)"
                " VALUES (%s, %s, %s, %s, 's', 'b', %s)",
                (uuid4(), self.principal, self.id, turn, reason),
            )

    def action(
        self, turn: UUID, status: str, action_id: UUID | None = None, *, asked: bool = True, staff: str = ""
    ) -> None:
        """An action of ``refund_order``; with ``asked`` it was decided a minute after it was proposed.

        ``staff``: who of them declined what the customer had confirmed.
        """
        decided = None if status in ("proposed", "expired") else self._last + timedelta(minutes=asked)
        confirmed = decided if asked and (staff or status != "declined") else None
        with self._owner() as owner:
            owner.execute(
                "INSERT INTO actions (id, conversation_id, turn_id, principal, tool, arguments, digest, preview, basis,"
                " policy, status, created_at, decided_at, expires_at, confirmed_at, decided_by) VALUES"
                " (%s, %s, %s, %s, 'refund_order', '{}', '', '{}', '', 'p', %s, %s, %s, %s, %s, %s)",
                (
                    *(action_id or uuid4(), self.id, turn, self.principal, status, self._last, decided),
                    *(self._last + timedelta(minutes=10), confirmed, staff),
                ),
            )

    def rate(self, rating: str) -> None:
        with self._owner() as owner:
            owner.execute(
                "INSERT INTO ratings (conversation_id, principal, rating) VALUES (%s, %s, %s)",
                (self.id, self.principal, rating),
            )
