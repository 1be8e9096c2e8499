"""The outbox: mail that was decided on, and what became of it. One process works at a row at a time."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from frontdesk.database import Database

MAILER = "mailer"  # whom the policies let read what a mail is made of


@dataclass(frozen=True, slots=True)
class Due:
    """A mail to send. ``seen``: its reader had the page open after it was written."""

    id: int
    key: str
    kind: str
    address: str
    attempts: int
    reference: str
    seen: bool
    turn: UUID | None  # that it is about
    lines: tuple[tuple[str, str, datetime], ...] = ()


# Of a transcript all lines, of a reply its own: (who, text, when).
DUE = """
SELECT o.id, o.key, o.kind, o.address, o.attempts, left(o.conversation_id::text, 8) AS reference,
  coalesce(o.kind = 'reply' AND c.customer_seen_at > m.created_at + interval '2 seconds', false) AS seen,
  (SELECT t.id FROM turns t WHERE t.conversation_id = o.conversation_id AND t.seq = o.turn_seq) AS turn
FROM outbox o JOIN conversations c ON c.id = o.conversation_id
LEFT JOIN messages m ON m.conversation_id = o.conversation_id AND m.turn_seq = o.turn_seq AND m.n = o.n
WHERE o.done_at IS NULL AND o.next_at <= now() ORDER BY o.next_at LIMIT 1 FOR UPDATE OF o SKIP LOCKED
"""
LINES = """
SELECT CASE m.role WHEN 'staff' THEN coalesce(nullif(m.author_name, ''), 'Support') ELSE m.role END, m.body, m.created_at
FROM messages m JOIN outbox o ON o.conversation_id = m.conversation_id
WHERE o.id = %s AND m.role <> 'note' AND (o.kind = 'transcript' OR (m.turn_seq = o.turn_seq AND m.n = o.n))
ORDER BY m.turn_seq, m.n
"""


class Delivery:
    """What becomes of the row that is held."""

    def __init__(self, due: Due) -> None:
        self.due = due
        self.how = ""
        self.done = False
        self.again_in = 0.0  # seconds


@asynccontextmanager
async def due_mail(database: Database) -> AsyncGenerator[Delivery | None]:
    """The oldest mail that is due, held until the context ends; then what became of it is written. None: none is due."""
    async with database.transaction(staff=MAILER, brief=False) as connection:
        cursor = connection.cursor(row_factory=class_row(Due))
        await cursor.execute(DUE)
        row = await cursor.fetchone()
        if row is None:
            yield None
            return
        lines = await (await connection.execute(LINES, (row.id,))).fetchall()
        delivery = Delivery(replace(row, lines=tuple(lines)))
        yield delivery
        await connection.execute(
            "UPDATE outbox SET attempts = attempts + 1, how = %s, done_at = CASE WHEN %s THEN now() END,"
            " next_at = now() + make_interval(secs => %s) WHERE id = %s",
            (delivery.how, delivery.done, delivery.again_in, row.id),
        )
