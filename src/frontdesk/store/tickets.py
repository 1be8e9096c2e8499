"""Tickets: a question a person will follow up. The same effect tried again finds the ticket it made."""

from __future__ import annotations

from uuid import UUID

from frontdesk.database import Database
from frontdesk.domain import Principal, Ticket
from frontdesk.store.people import Connection, audit
from frontdesk.store.staff import Staff
from frontdesk.telemetry import metrics

# One statement: the insert, or the row an earlier try of the same effect has left.
OPEN = """
WITH made AS (
  INSERT INTO tickets (id, principal, conversation_id, turn_id, subject, body, reason, handover)
  VALUES (%(id)s, %(principal)s, %(conversation)s, %(turn)s, %(subject)s, %(body)s, %(reason)s, %(handover)s)
  ON CONFLICT (id) DO NOTHING
  RETURNING *
), logged AS (
  SELECT audit_append(conversation_id, 'ticket',
    json_build_object('ticket', id, 'number', number, 'turn', turn_id, 'reason', reason)::text) FROM made
)
SELECT id, number, subject, body, reason, status, created_at FROM made, logged
UNION ALL
SELECT id, number, subject, body, reason, status, created_at FROM tickets WHERE id = %(id)s
LIMIT 1
"""

SOLVE = """
UPDATE tickets SET status = 'solved', updated_at = now(), closed_at = coalesce(closed_at, now())
WHERE conversation_id = %s AND handover AND status IN ('open', 'pending') RETURNING id
"""


async def open_ticket(
    database: Database,
    principal: Principal,
    *,
    effect_id: UUID,
    conversation_id: UUID,
    turn_id: UUID | None,
    subject: str,
    body: str,
    reason: str,
    handover: bool = False,
) -> Ticket:
    """Open a ticket exactly once per ``effect_id``; ticket and audit entry share the transaction.

    ``handover``: it is solved when the conversation is resolved.
    """
    async with database.transaction(principal.key) as connection:
        cursor = await connection.execute(
            OPEN,
            {
                "id": effect_id,
                "principal": principal.key,
                "conversation": conversation_id,
                "turn": turn_id,
                "subject": subject,
                "body": body,
                "reason": reason,
                "handover": handover,
            },
        )
        row = await cursor.fetchone()
    metrics.tickets.add(reason)
    return Ticket(*row) if row else await _read(database, principal, effect_id)


async def _read(database: Database, principal: Principal, effect_id: UUID) -> Ticket:
    """The ticket a try that ran at the same moment has made: our statement could not see it yet."""
    async with database.transaction(principal.key) as connection:
        cursor = await connection.execute(
            "SELECT id, number, subject, body, reason, status, created_at FROM tickets WHERE id = %s",
            (effect_id,),
        )
        row = await cursor.fetchone()
    assert row is not None, "the insert found the row, so it is there"  # noqa: S101
    return Ticket(*row)


async def solve_handover(connection: Connection, identity: UUID, staff: Staff) -> None:
    """The tickets that handing a resolved conversation over has opened are solved; the courier tells the helpdesk."""
    cursor = await connection.execute(SOLVE, (identity,))
    for (ticket,) in await cursor.fetchall():
        await audit(connection, identity, staff, "ticket", ticket=str(ticket), status="solved")
