"""Reading conversations back: for their owner, and for those who run the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from frontdesk.database import Database, as_owner
from frontdesk.domain import Json, Principal
from frontdesk.errors import NotFound

CONVERSATION = """
SELECT id, channel, mode, created_at, turns_accepted, (SELECT rating FROM ratings r WHERE r.conversation_id = c.id)
FROM conversations c WHERE id = %s
"""
MESSAGES = """
SELECT m.role, m.body, m.created_at, m.turn_seq, t.id, t.outcome, t.record -> 'citations', m.n, coalesce(m.author_name, '')
FROM messages m LEFT JOIN LATERAL (
  SELECT * FROM turns t WHERE t.conversation_id = m.conversation_id AND t.seq = m.turn_seq OFFSET 0
) t ON true
WHERE m.conversation_id = %s AND m.role <> 'note' AND m.turn_seq > %s AND m.turn_seq <= %s
ORDER BY m.turn_seq, m.n
"""
# Only a conversation that the principal owns is seen here; somebody else's gives no row.
RATE = """
INSERT INTO ratings (conversation_id, principal, rating) SELECT id, principal, %s FROM conversations WHERE id = %s
ON CONFLICT (conversation_id) DO UPDATE SET rating = excluded.rating, at = now() RETURNING true
"""


@dataclass(frozen=True, slots=True)
class TranscriptLine:
    """One message as its customer may see it."""

    role: str
    text: str
    at: datetime
    turn_id: UUID | None  # None for what a person wrote before there was a turn
    outcome: str
    citations: list[Json]
    key: str  # its place, "turn.n"
    author: str  # of what a person wrote


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation and its messages, oldest first; read on from turn ``next_after_turn`` where it is set."""

    conversation_id: UUID
    channel: str
    mode: str
    created_at: datetime
    lines: list[TranscriptLine]
    next_after_turn: int | None
    rating: str | None


async def transcript(
    database: Database, principal: Principal, conversation_id: UUID, *, after_turn: int = 0, turns: int = 100
) -> Transcript:
    """A conversation of the principal's: ``turns`` turns from after number ``after_turn``.

    Raises NotFound for an unknown conversation and for somebody else's alike.
    """
    async with database.transaction(principal.key) as connection:
        head = await (await connection.execute(CONVERSATION, (conversation_id,))).fetchone()
        if head is None:
            raise NotFound
        last = after_turn + turns
        rows = await (
            await connection.execute(MESSAGES, (conversation_id, after_turn or -1, last))
        ).fetchall()
    lines = [
        TranscriptLine(
            role,
            body,
            at,
            turn,
            (outcome or "") if role == "assistant" else "",
            citations or [],
            f"{seq}.{n}",
            author,
        )
        for role, body, at, seq, turn, outcome, citations, n, author in rows
    ]
    return Transcript(head[0], head[1], head[2], head[3], lines, last if head[4] > last else None, head[5])


async def begin(database: Database, principal: Principal, channel: str) -> UUID:
    """A new conversation of the principal's; later messages without a conversation_id go on with it."""
    identity = uuid7()
    async with database.transaction(principal.key) as connection:
        await connection.execute(
            "INSERT INTO conversations (id, principal, channel) VALUES (%s, %s, %s)",
            (identity, principal.key, channel),
        )
    return identity


async def rate(database: Database, principal: Principal, conversation_id: UUID, rating: str) -> None:
    """Keep the principal's ``up`` or ``down`` for a conversation; the newest one counts.

    Raises NotFound for an unknown conversation and for somebody else's alike.
    """
    async with database.transaction(principal.key) as connection:
        cursor = await connection.execute(RATE, (rating, conversation_id))
        if await cursor.fetchone() is None:
            raise NotFound


def show(owner_conninfo: str, conversation_id: UUID) -> Json:
    """Everything recorded of a conversation, for those who run the desk (the owner's role reads it)."""
    with as_owner(owner_conninfo) as connection:
        head = connection.execute("SELECT * FROM conversations WHERE id = %s", (conversation_id,)).fetchone()
        if head is None:
            raise NotFound
        turns = connection.execute(
            "SELECT id, seq, status, attempts, outcome, record, accepted_at, done_at FROM turns"
            " WHERE conversation_id = %s ORDER BY seq",
            (conversation_id,),
        ).fetchall()
        messages = connection.execute(
            "SELECT turn_seq, n, role, body, created_at FROM messages"
            " WHERE conversation_id = %s ORDER BY turn_seq, n",
            (conversation_id,),
        ).fetchall()
        tickets = connection.execute(
            "SELECT number, subject, reason, status, created_at FROM tickets WHERE conversation_id = %s"
            " ORDER BY number",
            (conversation_id,),
        ).fetchall()
    return {"conversation": head, "turns": turns, "messages": messages, "tickets": tickets}


def recent(owner_conninfo: str, limit: int = 20) -> list[Json]:
    """The conversations active last: id, principal, mode, turns and time."""
    with as_owner(owner_conninfo) as connection:
        return connection.execute(
            "SELECT id, principal, channel, mode, turns_done, active_at FROM conversations"
            " ORDER BY active_at DESC LIMIT %s",
            (limit,),
        ).fetchall()
