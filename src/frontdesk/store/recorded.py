"""A conversation as it was recorded, with all that it can be told again from, for those who run the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.database import as_owner
from frontdesk.domain import Json
from frontdesk.errors import NotFound

TURNS = """
SELECT seq, id, outcome, record, permissions, accepted_at FROM turns WHERE conversation_id = %s AND status = 'done' ORDER BY seq
"""
MESSAGES = (
    "SELECT turn_seq, n, role, body, created_at FROM messages WHERE conversation_id = %s ORDER BY turn_seq, n"
)
ACTIONS = """
SELECT action_state(a) AS state, a.created_at, a.decided_at, a.expires_at,
  (SELECT e.begun_at FROM effects e WHERE e.action_id = a.id AND e.kind = 'undo' LIMIT 1) AS undone_at
FROM actions a WHERE a.conversation_id = %s ORDER BY a.created_at, a.id
"""
SINCE = """
SELECT id FROM conversations WHERE created_at >= %s AND turns_done > 0
  AND (principal LIKE 'customer:%%' OR principal LIKE 'visitor:%%') ORDER BY created_at
"""


@dataclass(frozen=True, slots=True)
class RecordedTurn:
    """A finished turn. ``record`` is what store/records.py wrote; ``told`` what was said after its reply, with times."""

    seq: int
    turn_id: UUID
    message: str
    reply: str
    outcome: str
    record: Json
    permissions: list[str] | None
    at: datetime
    told: tuple[tuple[datetime, str], ...] = ()
    by_staff: bool = False


@dataclass(frozen=True, slots=True)
class RecordedAction:
    """An action as it stands (``state``: see action_state in the migrations) and when it came to that."""

    state: Json
    created_at: datetime
    decided_at: datetime | None
    expires_at: datetime
    undone_at: datetime | None

    @property
    def pressed(self) -> bool:
        """Whether somebody decided it; a write that needs nobody's yes is decided as it is made."""
        return self.decided_at is not None and self.decided_at != self.created_at


@dataclass(frozen=True, slots=True)
class Recorded:
    """A conversation: ``principal`` is its key, ``customer:u123``."""

    conversation_id: UUID
    principal: str
    mode: str
    facts: Json
    created_at: datetime
    turns: tuple[RecordedTurn, ...]
    actions: tuple[RecordedAction, ...]
    tickets: int


def recorded(owner_conninfo: str, conversation_id: UUID) -> Recorded:
    """The conversation. Raises NotFound."""
    with as_owner(owner_conninfo) as connection:
        head = connection.execute("SELECT * FROM conversations WHERE id = %s", (conversation_id,)).fetchone()
        if head is None:
            raise NotFound(
                f"there is no conversation {conversation_id}: frontdesk conversations list names them"
            )
        turns = connection.execute(TURNS, (conversation_id,)).fetchall()
        messages = connection.execute(MESSAGES, (conversation_id,)).fetchall()
        actions = connection.execute(ACTIONS, (conversation_id,)).fetchall()
        tickets = connection.execute(
            "SELECT count(*) AS n FROM tickets WHERE conversation_id = %s", (conversation_id,)
        ).fetchone()
    said: dict[int, list[Json]] = {}
    for message in messages:
        said.setdefault(message["turn_seq"], []).append(message)
    return Recorded(
        conversation_id=conversation_id,
        principal=head["principal"],
        mode=head["mode"],
        facts=head["facts"],
        created_at=head["created_at"],
        turns=tuple(_turn(row, said.get(row["seq"], [])) for row in turns),
        actions=tuple(RecordedAction(**row) for row in actions),
        tickets=tickets["n"] if tickets else 0,
    )


def begun_since(owner_conninfo: str, since: datetime) -> list[UUID]:
    """The answered conversations of customers and visitors begun since then, oldest first."""
    with as_owner(owner_conninfo) as connection:
        return [row["id"] for row in connection.execute(SINCE, (since,)).fetchall()]


def _turn(row: Json, messages: list[Json]) -> RecordedTurn:
    told = tuple((m["created_at"], m["body"]) for m in messages if m["n"] > 1 and m["role"] != "note")
    return RecordedTurn(
        seq=row["seq"],
        turn_id=row["id"],
        message=next((m["body"] for m in messages if m["n"] == 0), ""),
        reply=next((m["body"] for m in messages if m["n"] == 1), ""),
        outcome=row["outcome"],
        record=row["record"] or {},
        permissions=row["permissions"],
        at=row["accepted_at"],
        told=told,
        by_staff=any(m["role"] == "staff" for m in messages),
    )
