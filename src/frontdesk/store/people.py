"""SQL of the people's side: the inbox, a conversation as staff see it, and who holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, LiteralString
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import class_row, dict_row

from frontdesk.database import Database
from frontdesk.domain import Action, Json
from frontdesk.errors import NotFound
from frontdesk.store.action_rows import action_of
from frontdesk.store.staff import Staff

Connection = AsyncConnection[Any]


@dataclass(frozen=True, slots=True)
class InboxRow:
    """A conversation in a list. ``waiting_since`` is None where nobody owes an answer."""

    id: UUID
    principal: str
    mode: str
    queue_reason: str
    assignee: UUID | None
    assignee_name: str
    resolved_at: datetime | None
    waiting_since: datetime | None
    active_at: datetime
    preview: str
    preview_role: str
    channel: str


@dataclass(frozen=True, slots=True)
class Message:
    """One line of a transcript. ``key`` is "turn.n"; ``author_name`` is set for staff."""

    turn_seq: int
    n: int
    role: str
    body: str
    created_at: datetime
    author_name: str | None

    @property
    def key(self) -> str:
        """Its place in the conversation."""
        return f"{self.turn_seq}.{self.n}"


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as staff see it."""

    id: UUID
    number: int
    principal: str
    conversation_id: UUID
    subject: str
    body: str
    reason: str
    status: str
    priority: str
    assignee: UUID | None
    assignee_name: str
    external_url: str | None
    created_at: datetime
    updated_at: datetime
    handover: bool

    @property
    def reference(self) -> str:
        """What the customer was told: ``T-1042``."""
        return f"T-{self.number}"


@dataclass(slots=True)
class StaffConversation:
    """All of a conversation that staff see: ``head`` is its row; ``turns`` by number, with their records."""

    head: Json
    messages: list[Message]
    turns: dict[int, Json]
    actions: list[Action]
    tickets: list[TicketRow]
    rating: str
    others: list[Json] = field(default_factory=list[Json])


_ROW: LiteralString = """
SELECT c.id, c.principal, c.mode, c.queue_reason, c.assignee, c.assignee_name, c.resolved_at, c.waiting_since,
  c.active_at, left(coalesce(m.body, ''), 160) AS preview, coalesce(m.role, '') AS preview_role, c.channel
FROM ({}) c LEFT JOIN LATERAL (
  SELECT body, role FROM messages m WHERE m.conversation_id = c.id AND m.role IN ('customer', 'staff')
  ORDER BY m.turn_seq DESC, m.n DESC LIMIT 1
) m ON true
"""
_TICKET: LiteralString = (
    "SELECT id, number, principal, conversation_id, subject, body, reason, status, priority, assignee, assignee_name,"
    " external_url, created_at, updated_at, handover FROM tickets "
)
# Waiting ones oldest first; all others newest first, by id, which begins with the time it was made.
VIEWS: dict[str, LiteralString] = {
    "needs_reply": "SELECT * FROM conversations WHERE waiting_since IS NOT NULL"
    " AND (%(after_at)s::timestamptz IS NULL OR (waiting_since, id) > (%(after_at)s, %(after_id)s::uuid))"
    " ORDER BY waiting_since, id LIMIT %(limit)s",
    "mine": "SELECT * FROM conversations WHERE assignee = %(staff)s AND (%(after_id)s::uuid IS NULL OR id < %(after_id)s)"
    " ORDER BY id DESC LIMIT %(limit)s",
    "all": "SELECT * FROM conversations WHERE turns_accepted > 0 AND (%(after_id)s::uuid IS NULL OR id < %(after_id)s)"
    " ORDER BY id DESC LIMIT %(limit)s",
    # Each part by an index of its own: joined, they were planned as a walk over all messages.
    "search": "SELECT * FROM conversations WHERE id = ANY (ARRAY("
    "  SELECT id FROM conversations WHERE principal = ANY (%(keys)s)"
    "  UNION SELECT conversation_id FROM tickets WHERE number = %(number)s"
    "  UNION SELECT r.id FROM (SELECT id FROM conversations ORDER BY id DESC LIMIT 1000) r"
    "    WHERE EXISTS (SELECT FROM messages m WHERE m.conversation_id = r.id AND m.body ILIKE %(like)s OFFSET 0)"
    " )) AND (%(after_id)s::uuid IS NULL OR id < %(after_id)s) ORDER BY id DESC LIMIT %(limit)s",
}
COUNTS = """
SELECT (SELECT count(*) FROM conversations WHERE waiting_since IS NOT NULL),
  (SELECT count(*) FROM conversations WHERE assignee = %s),
  (SELECT count(*) FROM actions_waiting(200)),
  (SELECT count(*) FROM tickets WHERE status = 'open')
"""
TAKE = """
UPDATE conversations SET mode = 'human', silenced_through = turns_accepted, assignee = %(by)s, assignee_name = %(name)s, taken_at = now(), resolved_at = NULL,
  queued_at = coalesce(queued_at, now()), waiting_since = CASE WHEN mode = 'human' THEN waiting_since ELSE coalesce(waiting_since, now()) END
WHERE id = %(id)s AND (assignee IS NULL OR assignee = %(by)s OR %(force)s) RETURNING true
"""
LEAVE = """
UPDATE conversations SET mode = 'ai', assignee = NULL, assignee_name = '', taken_at = NULL, queued_at = NULL, queue_reason = '',
  silenced_through = CASE WHEN mode = 'human' THEN turns_accepted ELSE silenced_through END,
  waiting_since = NULL, resolved_at = CASE WHEN %(resolved)s THEN now() ELSE resolved_at END
WHERE id = %(id)s AND (assignee IS NULL OR assignee = %(by)s OR %(force)s) RETURNING true
"""


async def listed(database: Database, staff: Staff, view: str, **values: object) -> list[InboxRow]:
    """The rows of one of VIEWS; the values that its statement names, others None."""
    given = (
        dict.fromkeys(("after_at", "after_id", "keys", "number", "like"), None) | {"staff": staff.id} | values
    )
    async with database.transaction(staff=str(staff.id)) as connection:
        cursor = connection.cursor(row_factory=class_row(InboxRow))
        order: LiteralString = (
            "ORDER BY c.waiting_since, c.id" if view == "needs_reply" else "ORDER BY c.id DESC"
        )
        await cursor.execute(_ROW.format(VIEWS[view]) + order, given)
        return await cursor.fetchall()


async def counted(database: Database, staff: Staff) -> tuple[int, int, int, int]:
    """(needs reply, mine, approvals, open tickets)."""
    async with database.transaction(staff=str(staff.id)) as connection:
        row = await (await connection.execute(COUNTS, (staff.id,))).fetchone()
    return (row[0], row[1], row[2], row[3]) if row else (0, 0, 0, 0)


async def conversation(
    database: Database, staff: Staff, identity: UUID, *, turns: int = 100
) -> StaffConversation:
    """A conversation with its last ``turns`` turns. Raises NotFound. Being looked at makes it live for ten minutes."""
    async with database.transaction(staff=str(staff.id)) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute("SELECT * FROM conversations WHERE id = %s", (identity,))
        head = await cursor.fetchone()
        if head is None:
            raise NotFound
        if (
            not head["staff_seen_at"]
            or (datetime.now(head["staff_seen_at"].tzinfo) - head["staff_seen_at"]).total_seconds() > 60
        ):
            await connection.execute(
                "UPDATE conversations SET staff_seen_at = now() WHERE id = %s", (identity,)
            )
        first = head["turns_accepted"] - turns
        await cursor.execute(
            "SELECT id, seq, status, outcome, record, accepted_at, done_at FROM turns"
            " WHERE conversation_id = %s AND seq > %s ORDER BY seq",
            (identity, first),
        )
        rows = await cursor.fetchall()
        lines = connection.cursor(row_factory=class_row(Message))
        await lines.execute(
            "SELECT turn_seq, n, role, body, created_at, author_name FROM messages"
            " WHERE conversation_id = %s AND turn_seq > %s ORDER BY turn_seq, n",
            (identity, first),
        )
        messages = await lines.fetchall()
        tickets = await _tickets(connection, "WHERE conversation_id = %s ORDER BY number", (identity,))
        await cursor.execute(
            "SELECT action_state(a) AS state FROM actions a WHERE a.conversation_id = %s ORDER BY a.created_at, a.id",
            (identity,),
        )
        actions = [action_of(row["state"]) for row in await cursor.fetchall()]
        await cursor.execute("SELECT rating FROM ratings WHERE conversation_id = %s", (identity,))
        rating = await cursor.fetchone()
        await cursor.execute(
            "SELECT id, mode, active_at, created_at FROM conversations WHERE principal = %s AND id <> %s"
            " ORDER BY created_at DESC LIMIT 5",
            (head["principal"], identity),
        )
        others = await cursor.fetchall()
    return StaffConversation(
        head,
        messages,
        {row["seq"]: row for row in rows},
        actions,
        tickets,
        rating["rating"] if rating else "",
        others,
    )


async def tickets(
    database: Database, staff: Staff, status: str, *, after: int | None = None, limit: int = 50
) -> list[TicketRow]:
    """Tickets in a state ("" is every state), the newest first, before number ``after``."""
    async with database.transaction(staff=str(staff.id)) as connection:
        return await _tickets(
            connection,
            "WHERE (%s = '' OR status = %s) AND (%s::bigint IS NULL OR number < %s) ORDER BY number DESC LIMIT %s",
            (status, status, after, after, limit),
        )


async def ticket(database: Database, staff: Staff, identity: UUID) -> TicketRow:
    """One ticket. Raises NotFound."""
    async with database.transaction(staff=str(staff.id)) as connection:
        found = await _tickets(connection, "WHERE id = %s", (identity,))
    if not found:
        raise NotFound
    return found[0]


async def update_ticket(
    database: Database, staff: Staff, found: TicketRow, *, status: str, priority: str, assignee: Staff | None
) -> None:
    """Change a ticket, and note who did."""
    async with database.transaction(staff=str(staff.id)) as connection:
        await connection.execute(
            "UPDATE tickets SET status = %(status)s, priority = %(priority)s, assignee = %(who)s, assignee_name = %(name)s,"
            " updated_at = now(), closed_at = CASE WHEN %(status)s IN ('solved', 'closed') THEN coalesce(closed_at, now()) END"
            " WHERE id = %(id)s",
            {
                "id": found.id,
                "status": status,
                "priority": priority,
                "who": assignee.id if assignee else None,
                "name": assignee.name if assignee else "",
            },
        )
        changed = {"ticket": str(found.id), "status": status, "priority": priority}
        await audit(connection, found.conversation_id, staff, "ticket", **changed)


async def holder(connection: Connection, identity: UUID) -> tuple[str, str]:
    """(mode, who holds it). Raises NotFound. The row stays locked until the transaction ends."""
    cursor = await connection.execute(
        "SELECT mode, assignee_name FROM conversations WHERE id = %s FOR UPDATE", (identity,)
    )
    row = await cursor.fetchone()
    if row is None:
        raise NotFound
    return row[0], row[1]


async def held_by_another(connection: Connection, identity: UUID, staff: Staff) -> bool:
    """Whether somebody else holds a conversation. Asked once ``holder`` has locked it, it stays true."""
    cursor = await connection.execute(
        "SELECT 1 FROM conversations WHERE id = %s AND assignee <> %s", (identity, staff.id)
    )
    return await cursor.fetchone() is not None


async def written(connection: Connection, identity: UUID, staff: Staff, client_id: str) -> Message | None:
    """What a member of staff wrote under ``client_id``, if they did."""
    lines = connection.cursor(row_factory=class_row(Message))
    await lines.execute(
        "SELECT turn_seq, n, role, body, created_at, author_name FROM messages"
        " WHERE conversation_id = %s AND author = %s AND client_id = %s",
        (identity, staff.id, client_id),
    )
    return await lines.fetchone()


async def write(
    connection: Connection, identity: UUID, staff: Staff, role: str, text: str, client_id: str | None
) -> Message:
    """A message or a note behind all that is there. The conversation's row is locked by ``holder``."""
    cursor = await connection.execute(
        "SELECT turn_seq, n, created_at FROM staff_write(%s, %s, %s, %s, %s, %s)",
        (identity, role, text, staff.id, staff.name, client_id),
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101  (INSERT … RETURNING gives one row)
    made = Message(row[0], row[1], role, text, row[2], staff.name)
    await audit(connection, identity, staff, "reply" if role == "staff" else "note", message=made.key)
    return made


async def audit(connection: Connection, identity: UUID, staff: Staff, event: str, **ids: str) -> None:
    """One more link of the conversation's chain: ids and names of events, no text."""
    data = orjson.dumps({"event": event, "staff": str(staff.id), **ids}).decode()
    await connection.execute("SELECT audit_append(%s, 'staff', %s)", (identity, data))


async def _tickets(
    connection: Connection, where: LiteralString, values: tuple[object, ...]
) -> list[TicketRow]:
    cursor = connection.cursor(row_factory=class_row(TicketRow))
    await cursor.execute(_TICKET + where, values)
    return await cursor.fetchall()
