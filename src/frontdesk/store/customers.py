"""SQL of the customers' side of a handover: their conversations, who they talk to, what staff wrote, what they attached."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg import AsyncConnection
from psycopg.rows import class_row
from uuid_utils.compat import uuid7

from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import NotFound, TooManyAttachments
from frontdesk.telemetry import metrics

MOST_ATTACHMENTS = 10  # of one conversation


@dataclass(frozen=True, slots=True)
class OwnConversation:
    """A conversation in its customer's list; ``title`` is how their first message begins."""

    conversation_id: UUID
    title: str
    last_at: datetime
    mode: str
    resolved: bool


@dataclass(frozen=True, slots=True)
class HandoffRow:
    """How a conversation stands with people, as its row says."""

    mode: str
    queue_reason: str
    queued_at: datetime | None
    assignee_name: str
    resolved_at: datetime | None
    contact_email: str | None


@dataclass(frozen=True, slots=True)
class StaffMessage:
    """What a person wrote to the customer."""

    turn_seq: int
    n: int
    text: str
    author: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file of a customer's, without its content."""

    id: UUID
    name: str
    media_type: str
    bytes: int
    turn_id: UUID | None


LIST = """
SELECT c.id AS conversation_id, c.active_at AS last_at, c.mode, c.resolved_at IS NOT NULL AS resolved,
  left(coalesce((SELECT m.body FROM messages m WHERE m.conversation_id = c.id AND m.n = 0 ORDER BY m.turn_seq LIMIT 1),
       ''), 80) AS title
FROM conversations c
WHERE c.principal = %s AND c.channel <> 'staff' AND c.turns_accepted > 0 AND (%s::uuid IS NULL OR c.id < %s)
ORDER BY c.id DESC LIMIT %s
"""
HANDOFF = """
SELECT mode, queue_reason, queued_at, assignee_name, resolved_at, contact_email FROM conversations WHERE id = %s
"""
# A person who answers the ticket that is open already sees both; a second one would be a second person's work.
CALL = """
WITH known AS (
  SELECT number FROM tickets WHERE conversation_id = %(conversation)s AND status IN ('open', 'pending')
  ORDER BY number LIMIT 1
), made AS (
  INSERT INTO tickets (id, principal, conversation_id, subject, body, reason, handover)
  SELECT %(id)s, %(principal)s, %(conversation)s, 'Handover: customer wish', 'Asked for a person.', 'customer_wish', true
  WHERE NOT EXISTS (SELECT FROM known) RETURNING number
)
SELECT number FROM known UNION ALL SELECT number FROM made
"""
WRITTEN = """
SELECT turn_seq, n, body AS text, coalesce(author_name, '') AS author, created_at AS at FROM messages
WHERE conversation_id = %s AND role = 'staff' AND (turn_seq, n) > (%s, %s) ORDER BY turn_seq, n
"""
SEEN = "UPDATE conversations SET customer_seen_at = now() WHERE id = %s AND mode <> 'ai'"
QUEUE = "UPDATE conversations SET mode = 'queued', queue_reason = 'asked' WHERE id = %s AND mode = 'ai'"
ATTACHMENT = "SELECT id, name, media_type, octet_length(content) AS bytes, turn_id FROM attachments "


async def own_conversations(
    database: Database, principal: Principal, *, before: UUID | None, limit: int
) -> list[OwnConversation]:
    """A principal's conversations, the newest first, before one of them."""
    async with database.transaction(principal.key) as connection:
        cursor = connection.cursor(row_factory=class_row(OwnConversation))
        await cursor.execute(LIST, (principal.key, before, before, limit))
        return await cursor.fetchall()


async def handoff_row(database: Database, principal: Principal, identity: UUID) -> HandoffRow:
    """How a conversation of the principal's stands. Raises NotFound."""
    async with database.transaction(principal.key) as connection:
        return await _handoff(connection, identity)


async def _handoff(connection: AsyncConnection[Any], identity: UUID) -> HandoffRow:
    cursor = connection.cursor(row_factory=class_row(HandoffRow))
    await cursor.execute(HANDOFF, (identity,))
    row = await cursor.fetchone()
    if row is None:
        raise NotFound
    return row


async def call_person(database: Database, principal: Principal, identity: UUID) -> int:
    """Ask for a person, and the number of the ticket. Again, nothing is made twice. Raises NotFound."""
    async with database.transaction(principal.key) as connection:
        locked = await connection.execute("SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", (identity,))
        if await locked.fetchone() is None:
            raise NotFound
        values = {"id": uuid7(), "principal": principal.key, "conversation": identity}
        row = await (await connection.execute(CALL, values)).fetchone()
        if (await connection.execute(QUEUE, (identity,))).rowcount:
            data = orjson.dumps({"number": row[0] if row else 0, "reason": "asked"}).decode()
            await connection.execute("SELECT audit_append(%s, 'handoff', %s)", (identity, data))
            metrics.handoffs.add("asked")
    return row[0] if row else 0


async def usual_wait(database: Database) -> float | None:
    """The median of the last twenty waits for a person, in seconds; None for fewer than five."""
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), count(*)"
            " FROM (SELECT seconds FROM waits ORDER BY taken_at DESC LIMIT 20) w"
        )
        row = await cursor.fetchone()
    return row[0] if row and row[1] >= 5 else None


async def staff_messages(
    database: Database, principal: Principal, identity: UUID, after: tuple[int, int]
) -> list[StaffMessage]:
    """What people wrote in a conversation of the principal's behind (turn, n)."""
    async with database.transaction(principal.key) as connection:
        return await _written(connection, identity, after)


async def _written(
    connection: AsyncConnection[Any], identity: UUID, after: tuple[int, int]
) -> list[StaffMessage]:
    cursor = connection.cursor(row_factory=class_row(StaffMessage))
    await cursor.execute(WRITTEN, (identity, *after))
    return await cursor.fetchall()


async def looked_at(
    database: Database, principal: Principal, identity: UUID, after: tuple[int, int]
) -> tuple[list[StaffMessage], HandoffRow]:
    """What people wrote behind (turn, n), and how it stands, for a page that is open. Raises NotFound.

    Where the conversation waits for a person or has one, it is noted that its customer was there.
    """
    async with database.transaction(principal.key) as connection:
        await connection.execute(SEEN, (identity,))
        return await _written(connection, identity, after), await _handoff(connection, identity)


async def leave_address(database: Database, principal: Principal, identity: UUID, address: str) -> None:
    """Where answers of people go when the page is closed. Raises NotFound."""
    async with database.transaction(principal.key) as connection:
        cursor = await connection.execute(
            "UPDATE conversations SET contact_email = %s WHERE id = %s", (address, identity)
        )
        if not cursor.rowcount:
            raise NotFound


async def mail_transcript(database: Database, principal: Principal, identity: UUID, address: str) -> None:
    """Queue the transcript for ``address``, once for each state of a conversation of the principal's."""
    async with database.transaction(principal.key) as connection:
        await connection.execute(
            "INSERT INTO outbox (key, kind, conversation_id, address)"
            " SELECT format('transcript:%%s:%%s:%%s', id, turns_accepted, %s::text), 'transcript', id, %s"
            " FROM conversations WHERE id = %s ON CONFLICT DO NOTHING",
            (address, address, identity),
        )


# ---------------------------------------------------------------------- attachments
async def attach(
    database: Database, principal: Principal, identity: UUID, *, name: str, media_type: str, content: bytes
) -> Attachment:
    """Keep a file with a conversation of the principal's. Raises NotFound, TooManyAttachments."""
    async with database.transaction(principal.key) as connection:
        cursor = await connection.execute("SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", (identity,))
        if await cursor.fetchone() is None:
            raise NotFound
        cursor = await connection.execute(
            "SELECT count(*) FROM attachments WHERE conversation_id = %s", (identity,)
        )
        row = await cursor.fetchone()
        if row and row[0] >= MOST_ATTACHMENTS:
            raise TooManyAttachments
        made = uuid7()
        await connection.execute(
            "INSERT INTO attachments (id, conversation_id, principal, name, media_type, content)"
            " VALUES (%s, %s, %s, %s, %s, %s)",
            (made, identity, principal.key, name, media_type, content),
        )
    return Attachment(made, name, media_type, len(content), None)


async def attachments(database: Database, principal: Principal, identity: UUID) -> list[Attachment]:
    """The files of a conversation of the principal's, the first first."""
    async with database.transaction(principal.key) as connection:
        cursor = connection.cursor(row_factory=class_row(Attachment))
        await cursor.execute(ATTACHMENT + "WHERE conversation_id = %s ORDER BY created_at", (identity,))
        return await cursor.fetchall()


async def send_attachments(database: Database, principal: Principal, turn: UUID, files: list[UUID]) -> None:
    """Let files belong to the message of ``turn``; those that are nobody's, or another message's, are left alone."""
    async with database.transaction(principal.key) as connection:
        await connection.execute(
            "UPDATE attachments a SET turn_id = t.id FROM turns t WHERE t.id = %s AND a.id = ANY (%s)"
            " AND a.turn_id IS NULL AND a.conversation_id = t.conversation_id",
            (turn, files),
        )


async def detach(database: Database, principal: Principal, identity: UUID, file: UUID) -> None:
    """Forget a file that was not sent with a message yet. Raises NotFound."""
    async with database.transaction(principal.key) as connection:
        cursor = await connection.execute(
            "DELETE FROM attachments WHERE id = %s AND conversation_id = %s AND turn_id IS NULL",
            (file, identity),
        )
        if not cursor.rowcount:
            raise NotFound


async def attachment(
    database: Database, file: UUID, *, principal: Principal | None = None, staff: str = ""
) -> tuple[Attachment, bytes]:
    """A file with its content, for its owner or for staff. Raises NotFound."""
    async with database.transaction(principal.key if principal else None, staff=staff) as connection:
        cursor = await connection.execute(
            "SELECT id, name, media_type, octet_length(content), turn_id, content FROM attachments WHERE id = %s",
            (file,),
        )
        row = await cursor.fetchone()
    if row is None:
        raise NotFound
    return Attachment(*row[:5]), bytes(row[5])


async def staff_attachments(database: Database, staff: str, identity: UUID) -> list[Attachment]:
    """The files of a conversation that were sent with a message, for one who works here."""
    async with database.transaction(staff=staff) as connection:
        cursor = connection.cursor(row_factory=class_row(Attachment))
        await cursor.execute(
            ATTACHMENT + "WHERE conversation_id = %s AND turn_id IS NOT NULL ORDER BY created_at", (identity,)
        )
        return await cursor.fetchall()
