"""Tickets on their way to a helpdesk. What was begun is written before it is begun, and what came of it after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from frontdesk.database import Database
from frontdesk.domain import File

COURIER = "courier"  # whom the policies let read tickets of all customers
LEASE_SECONDS = 60  # so long nobody else calls for the same ticket


@dataclass(frozen=True, slots=True)
class DueTicket:
    """A ticket to make over there, or whose state is to be told. ``called_at``: when making it was last tried."""

    key: str
    reference: str
    subject: str
    body: str
    priority: str
    status: str
    customer: str
    email: str | None
    external_id: str | None
    attempts: int
    called_at: datetime | None
    turn: UUID | None  # the newest when the ticket was opened: the one that opened it, as a rule
    tell: int | None = None  # the number of a turn that the helpdesk is to be told of
    telling_at: datetime | None = None  # when telling it was last tried


# One statement: the oldest that is due, taken for a minute.
TAKE = """
WITH due AS (
  SELECT t.id, w.tell FROM tickets t JOIN helpdesks h ON h.name = %(name)s AND t.created_at >= h.since
  LEFT JOIN deliveries d ON d.ticket_id = t.id
  -- Of several tickets that are open over there one has what is written on: the handover's, else the newest.
  CROSS JOIN LATERAL (SELECT CASE WHEN d.made_at IS NOT NULL AND d.status_told IN ('open', 'pending') AND EXISTS (
    SELECT FROM conversations c WHERE c.id = t.conversation_id AND c.turns_accepted > d.told_through
  ) AND t.id = (
    SELECT k.id FROM tickets k JOIN deliveries e ON e.ticket_id = k.id
    WHERE k.conversation_id = t.conversation_id AND e.helpdesk = %(name)s AND e.made_at IS NOT NULL AND e.dead_at IS NULL
      AND e.status_told IN ('open', 'pending') ORDER BY k.handover DESC, k.number DESC LIMIT 1
  ) THEN next_told(t, d.told_through) END AS tell) w
  WHERE d.ticket_id IS NULL
     OR (d.helpdesk = %(name)s AND d.dead_at IS NULL AND d.next_at <= now()
         AND (d.made_at IS NULL OR d.status_told <> t.status OR w.tell IS NOT NULL))
  ORDER BY t.number LIMIT 1 FOR UPDATE OF t SKIP LOCKED
), taken AS (
  -- Of two who saw it due at once, the second finds that it is not any more, and gets nothing.
  INSERT INTO deliveries AS d (ticket_id, helpdesk, attempts, next_at)
  SELECT id, %(name)s, 1, now() + make_interval(secs => %(lease)s) FROM due
  ON CONFLICT (ticket_id) DO UPDATE SET attempts = d.attempts + 1, next_at = excluded.next_at
  WHERE d.dead_at IS NULL AND d.next_at <= now()
  RETURNING ticket_id, attempts, called_at, telling_at
)
SELECT t.id::text AS key, 'T-' || t.number AS reference, t.subject, t.body, t.priority, t.status,
  substr(t.principal, strpos(t.principal, ':') + 1) AS customer, c.contact_email AS email, t.external_id, taken.attempts,
  taken.called_at,
  (SELECT u.id FROM turns u WHERE u.conversation_id = t.conversation_id AND u.accepted_at <= t.created_at
   ORDER BY u.seq DESC LIMIT 1) AS turn, due.tell, taken.telling_at
FROM taken JOIN due ON due.id = taken.ticket_id JOIN tickets t ON t.id = due.id
JOIN conversations c ON c.id = t.conversation_id
"""
# It has what was written up to it; without a file there is nothing to tell until more is written.
MADE = """
UPDATE deliveries d SET made_at = now(), next_at = now(), attempts = 0, status_told = 'open', how = '',
  told_through = CASE WHEN EXISTS (SELECT FROM attachments a WHERE a.conversation_id = t.conversation_id)
    THEN d.told_through ELSE greatest(d.told_through, told_from(t)) END
FROM tickets t WHERE t.id = d.ticket_id AND d.ticket_id = %s
"""
SAID = """
SELECT CASE WHEN u.seq > told_from(t) THEN m.body ELSE '' END, u.accepted_at, u.id
FROM tickets t JOIN turns u ON u.conversation_id = t.conversation_id AND u.seq = %s
JOIN messages m ON m.conversation_id = u.conversation_id AND m.turn_seq = u.seq AND m.n = 0
WHERE t.id = %s
"""
TOLD = """
UPDATE deliveries d SET told_through = greatest(told_through, %(through)s),
  telling_at = CASE WHEN ticket_id = %(ticket)s THEN NULL ELSE telling_at END,
  attempts = CASE WHEN ticket_id = %(ticket)s THEN 0 ELSE attempts END,
  how = CASE WHEN ticket_id = %(ticket)s THEN '' ELSE how END,
  next_at = CASE WHEN ticket_id = %(ticket)s THEN now() ELSE next_at END
FROM tickets t, tickets o
WHERE o.id = %(ticket)s AND t.conversation_id = o.conversation_id AND d.ticket_id = t.id
"""


async def declare(database: Database, name: str) -> None:
    """From now on new tickets go to helpdesk ``name``."""
    async with database.transaction() as connection:
        await connection.execute("INSERT INTO helpdesks (name) VALUES (%s) ON CONFLICT DO NOTHING", (name,))


async def take(database: Database, name: str) -> DueTicket | None:
    """The oldest ticket that waits for helpdesk ``name``; nobody else gets it for a minute."""
    async with database.transaction(staff=COURIER) as connection:
        cursor = connection.cursor(row_factory=class_row(DueTicket))
        await cursor.execute(TAKE, {"name": name, "lease": LEASE_SECONDS})
        return await cursor.fetchone()


async def calling(database: Database, ticket: DueTicket) -> None:
    """It is about to be made over there: from here on nobody knows, until what came of it is written."""
    async with database.transaction(staff=COURIER) as connection:
        await connection.execute(
            "UPDATE deliveries SET called_at = now() WHERE ticket_id = %s", (ticket.key,)
        )


async def made(database: Database, ticket: DueTicket, name: str, external_id: str, url: str) -> None:
    """It is there, as an open one."""
    async with database.transaction(staff=COURIER) as connection:
        await connection.execute(
            "UPDATE tickets SET helpdesk = %s, external_id = %s, external_url = nullif(%s, '') WHERE id = %s",
            (name, external_id, url, ticket.key),
        )
        await connection.execute(MADE, (ticket.key,))


async def told(database: Database, ticket: DueTicket) -> None:
    """It knows the ticket's state."""
    async with database.transaction(staff=COURIER) as connection:
        await connection.execute(
            "UPDATE deliveries SET status_told = %s, next_at = now(), attempts = 0, how = '' WHERE ticket_id = %s",
            (ticket.status, ticket.key),
        )


async def said(database: Database, ticket: DueTicket) -> tuple[str, datetime, list[File]] | None:
    """What the customer wrote in the turn to tell of, "" of one from before the ticket; when; and the files with it."""
    async with database.transaction(staff=COURIER) as connection:
        cursor = await connection.execute(SAID, (ticket.tell, ticket.key))
        row = await cursor.fetchone()
        if row is None:  # erased meanwhile
            return None
        files = connection.cursor(row_factory=class_row(File))
        await files.execute(
            "SELECT id::text, name, media_type, content FROM attachments"
            " WHERE conversation_id = (SELECT conversation_id FROM tickets WHERE id = %s) AND turn_id = %s"
            " ORDER BY created_at",
            (ticket.key, row[2]),
        )
        return row[0], row[1], await files.fetchall()


async def telling(database: Database, ticket: DueTicket) -> None:
    """It is about to be told: from here on nobody knows, until it is written that it was."""
    async with database.transaction(staff=COURIER) as connection:
        await connection.execute(
            "UPDATE deliveries SET telling_at = now() WHERE ticket_id = %s", (ticket.key,)
        )


async def said_told(database: Database, ticket: DueTicket) -> None:
    """It has what was said; no other ticket of the conversation is told the same."""
    async with database.transaction(staff=COURIER) as connection:
        await connection.execute(TOLD, {"ticket": ticket.key, "through": ticket.tell})


async def failed(database: Database, ticket: DueTicket, how: str, again_in: float, *, dead: bool) -> None:
    """It did not work, or nobody knows; tried again in ``again_in`` seconds, or never."""
    async with database.transaction(staff=COURIER) as connection:
        await connection.execute(
            "UPDATE deliveries SET how = %s, next_at = now() + make_interval(secs => %s),"
            " dead_at = CASE WHEN %s THEN now() END WHERE ticket_id = %s",
            (how, again_in, dead, ticket.key),
        )


async def under_way(database: Database, name: str) -> bool:
    """Whether a ticket may be there by now whose id is not written here yet."""
    async with database.transaction(staff=COURIER) as connection:
        cursor = await connection.execute(
            "SELECT EXISTS (SELECT FROM deliveries WHERE helpdesk = %s AND called_at IS NOT NULL AND made_at IS NULL"
            " AND dead_at IS NULL)",
            (name,),
        )
        row = await cursor.fetchone()
    return bool(row and row[0])


async def deliveries(database: Database) -> list[tuple[str, str, int, str, bool]]:
    """(reference, helpdesk, attempts, last error, given up) of what did not arrive yet."""
    async with database.transaction(staff=COURIER) as connection:
        cursor = await connection.execute(
            "SELECT 'T-' || t.number, d.helpdesk, d.attempts, d.how, d.dead_at IS NOT NULL"
            " FROM deliveries d JOIN tickets t ON t.id = d.ticket_id WHERE d.how <> '' ORDER BY t.number"
        )
        return await cursor.fetchall()


async def retry(database: Database) -> int:
    """Try again what was given up; how many."""
    async with database.transaction(staff=COURIER) as connection:
        cursor = await connection.execute(
            "UPDATE deliveries SET dead_at = NULL, attempts = 0, next_at = now() WHERE dead_at IS NOT NULL"
        )
        return cursor.rowcount
