"""Tickets on their way to a helpdesk. What was begun is written before it is begun, and what came of it after."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from psycopg.rows import class_row

from frontdesk.database import Database

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


# One statement: the oldest that is due, taken for a minute.
TAKE = """
WITH due AS (
  SELECT t.id FROM tickets t JOIN helpdesks h ON h.name = %(name)s AND t.created_at >= h.since
  LEFT JOIN deliveries d ON d.ticket_id = t.id
  WHERE d.ticket_id IS NULL
     OR (d.helpdesk = %(name)s AND d.dead_at IS NULL AND d.next_at <= now() AND (d.made_at IS NULL OR d.status_told <> t.status))
  ORDER BY t.number LIMIT 1 FOR UPDATE OF t SKIP LOCKED
), taken AS (
  -- Of two who saw it due at once, the second finds that it is not any more, and gets nothing.
  INSERT INTO deliveries AS d (ticket_id, helpdesk, attempts, next_at)
  SELECT id, %(name)s, 1, now() + make_interval(secs => %(lease)s) FROM due
  ON CONFLICT (ticket_id) DO UPDATE SET attempts = d.attempts + 1, next_at = excluded.next_at
  WHERE d.dead_at IS NULL AND d.next_at <= now()
  RETURNING ticket_id, attempts, called_at
)
SELECT t.id::text AS key, 'T-' || t.number AS reference, t.subject, t.body, t.priority, t.status,
  substr(t.principal, strpos(t.principal, ':') + 1) AS customer, c.contact_email AS email, t.external_id, taken.attempts,
  taken.called_at,
  (SELECT u.id FROM turns u WHERE u.conversation_id = t.conversation_id AND u.accepted_at <= t.created_at
   ORDER BY u.seq DESC LIMIT 1) AS turn
FROM taken JOIN due ON due.id = taken.ticket_id JOIN tickets t ON t.id = due.id
JOIN conversations c ON c.id = t.conversation_id
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
        await connection.execute(
            "UPDATE deliveries SET made_at = now(), next_at = now(), attempts = 0, status_told = 'open', how = '' WHERE ticket_id = %s",
            (ticket.key,),
        )


async def told(database: Database, ticket: DueTicket) -> None:
    """It knows the ticket's state."""
    async with database.transaction(staff=COURIER) as connection:
        await connection.execute(
            "UPDATE deliveries SET status_told = %s, next_at = now(), attempts = 0, how = '' WHERE ticket_id = %s",
            (ticket.status, ticket.key),
        )


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
