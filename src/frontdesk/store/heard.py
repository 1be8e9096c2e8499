"""What a helpdesk says back: the state of a ticket, and what its people wrote to the customer."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import orjson
from psycopg.rows import class_row

from frontdesk.database import Database
from frontdesk.domain import Reply
from frontdesk.store.deliveries import COURIER
from frontdesk.store.people import LEAVE, Connection

__all__ = ["heard", "known", "replied"]

LONGEST, LONGEST_NAME = 8000, 80  # characters, as of what is written in the console
# Whoever of ours holds it goes on holding it; where nobody does, the AI is silent from here on.
_HOLD = """
UPDATE conversations SET mode = 'human', assignee_name = %(name)s, taken_at = coalesce(taken_at, now()),
  resolved_at = NULL, silenced_through = CASE WHEN mode = 'human' THEN silenced_through ELSE turns_accepted END,
  queued_at = coalesce(queued_at, now())
WHERE id = %(id)s AND assignee IS NULL
"""
_FIND = "SELECT id, conversation_id, number, status FROM tickets WHERE helpdesk = %s AND external_id = %s "
_SET = """
UPDATE tickets SET status = %(status)s, updated_at = now(),
  closed_at = CASE WHEN %(status)s IN ('solved', 'closed') THEN coalesce(closed_at, now()) END WHERE id = %(id)s
"""
_LAST = """
SELECT c.mode <> 'ai' AND c.assignee IS NULL AND NOT EXISTS (
  SELECT FROM tickets t WHERE t.conversation_id = c.id AND t.status IN ('open', 'pending'))
FROM conversations c WHERE c.id = %s FOR UPDATE
"""


@dataclass(frozen=True, slots=True)
class _Ticket:
    id: UUID
    conversation_id: UUID
    number: int
    status: str


async def known(database: Database, name: str, external_id: str) -> bool:
    """Whether it is a ticket that was brought to helpdesk ``name``."""
    if "\0" in external_id:  # PostgreSQL has no such text
        return False
    async with database.transaction(staff=COURIER) as connection:
        cursor = await connection.execute(
            "SELECT 1 FROM tickets WHERE helpdesk = %s AND external_id = %s", (name, external_id)
        )
        return await cursor.fetchone() is not None


async def heard(database: Database, name: str, external_id: str, status: str) -> bool:
    """Give the ticket its ``status``; whether it is one of ours.

    With its last ticket done, a conversation that none of ours holds is resolved. Closed tickets stay closed when it
    says solved: that is what most helpdesks make of closed.
    """
    async with database.transaction(staff=COURIER) as connection:
        ticket = await _locked(connection, name, external_id)
        if ticket is None:
            return False
        if status == ticket.status or (ticket.status, status) == ("closed", "solved"):
            return True
        await connection.execute(_SET, {"status": status, "id": ticket.id})
        await connection.execute(
            "UPDATE deliveries SET status_told = %s WHERE ticket_id = %s", (status, ticket.id)
        )
        await _audit(
            connection, ticket.conversation_id, name, event="ticket", number=ticket.number, status=status
        )
        if status in ("solved", "closed"):
            await _resolve(connection, ticket.conversation_id, name)
    return True


async def replied(database: Database, name: str, external_id: str, replies: Sequence[Reply]) -> bool:
    """Write what is new of ``replies`` into the ticket's conversation; whether it is one of ours.

    A reply to a ticket that is not done silences the AI as a colleague's does. Replies of before they were heard at all
    are left out: the customer has had them from the helpdesk. The transcript has each as of now, behind what is there.
    """
    async with database.transaction(staff=COURIER) as connection:
        ticket = await _locked(connection, name, external_id)
        if ticket is None:
            return False
        cursor = await connection.execute("SELECT heard_since FROM helpdesks WHERE name = %s", (name,))
        since = await cursor.fetchone()
        for reply in replies:
            if since and reply.at and reply.at < since[0]:
                continue
            ours = reply.text.startswith(f"[T-{ticket.number}]")  # our own ticket, as some tell of it
            if reply.text and not ours:
                silence = ticket.status in ("open", "pending")
                await _write(connection, ticket.conversation_id, name, reply, silence=silence)
    return True


async def _locked(connection: Connection, name: str, external_id: str) -> _Ticket | None:
    """The ticket, locked behind its conversation: in the order of whoever erases, and writes in the console."""
    cursor = connection.cursor(row_factory=class_row(_Ticket))
    await cursor.execute(_FIND, (name, external_id))
    found = await cursor.fetchone()
    if found is None:
        return None
    await cursor.execute("SELECT 1 FROM conversations WHERE id = %s FOR UPDATE", (found.conversation_id,))
    await cursor.execute(_FIND + "FOR UPDATE", (name, external_id))  # it may be gone, or have changed
    return await cursor.fetchone()


async def _write(
    connection: Connection, conversation: UUID, name: str, reply: Reply, *, silence: bool
) -> None:
    once, text = f"{name}:{_clean(reply.id)}"[:200], _clean(reply.text)[:LONGEST]
    held = await connection.execute("SELECT mode FROM conversations WHERE id = %s", (conversation,))
    mode = await held.fetchone()
    # The row is locked: a statement of its own sees what another process has just written.
    there = await connection.execute(
        "SELECT 1 FROM messages WHERE conversation_id = %s AND author IS NULL AND client_id = %s",
        (conversation, once),
    )
    if mode is None or not text or await there.fetchone():
        return
    author = " ".join(_clean(reply.author).split())[:LONGEST_NAME] or "Support"
    if silence:
        await connection.execute(_HOLD, {"id": conversation, "name": author})
        if mode[0] != "human":
            await _audit(connection, conversation, name, event="take_over", was=mode[0])
    written = await connection.execute(
        "SELECT turn_seq, n FROM staff_write(%s, 'staff', %s, NULL, %s, %s)",
        (conversation, text, author, once),
    )
    place = await written.fetchone() or (0, 0)
    await connection.execute(
        "UPDATE conversations SET waiting_since = NULL, active_at = now() WHERE id = %s", (conversation,)
    )
    await _audit(connection, conversation, name, event="reply", message=f"{place[0]}.{place[1]}")


async def _resolve(connection: Connection, conversation: UUID, name: str) -> None:
    last = await (await connection.execute(_LAST, (conversation,))).fetchone()
    if last and last[0]:
        await connection.execute(LEAVE, {"id": conversation, "by": None, "force": False, "resolved": True})
        await _audit(connection, conversation, name, event="resolve")


async def _audit(connection: Connection, conversation: UUID, name: str, **what: object) -> None:
    data = orjson.dumps({**what, "by": name}).decode()
    await connection.execute("SELECT audit_append(%s, 'helpdesk', %s)", (conversation, data))


def _clean(text: str) -> str:
    # Every kind of space is one. The joiners hold an emoji, or the letters of a word, together.
    spaced = (" " if unicodedata.category(c) == "Zs" else c for c in text)
    return "".join(c for c in spaced if c in "\n\t\u200c\u200d" or c.isprintable()).strip()
