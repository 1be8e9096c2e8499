"""The conversations behind the report's numbers, as they were last counted, for those who run the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import LiteralString
from uuid import UUID

from frontdesk.database import as_owner

# What a number of the report counts, as a condition over ``counted`` o.
KINDS: dict[str, LiteralString] = {
    "all": "true",
    "involved": "o.became NOT IN ('without', 'waiting')",
    "became": "o.became = %(value)s",
    "reason": "o.became = 'handed_off' AND coalesce(o.reason, 'taken_over') = %(value)s",
    "rating": "EXISTS (SELECT FROM ratings r WHERE r.conversation_id = o.conversation_id AND r.rating = %(value)s)",
    "unpaid": "o.unpaid",
    "paid": "o.cost > 0",
    "cited": "%(value)s = ANY (o.titles)",
    "searched": "o.sourced",
    "action": "EXISTS (SELECT FROM actions a WHERE a.conversation_id = o.conversation_id AND a.tool = %(value)s)",
}
_BEHIND: LiteralString = """
WITH newest AS MATERIALIZED (
  SELECT o.conversation_id AS id, o.created_at, o.became, o.cost FROM counted o
  WHERE o.created_at >= %(since)s AND {} ORDER BY o.created_at DESC LIMIT 200
)
SELECT n.id, c.principal, n.created_at, n.became, n.cost, coalesce((
  SELECT left(m.body, 160) FROM messages m WHERE m.conversation_id = n.id ORDER BY m.turn_seq, m.n LIMIT 1), '') AS asked
FROM newest n JOIN conversations c ON c.id = n.id ORDER BY n.created_at DESC
"""


@dataclass(frozen=True, slots=True)
class Behind:
    """A conversation behind a number. ``cost`` in US dollars."""

    id: UUID
    principal: str
    created_at: datetime
    became: str
    cost: float
    asked: str


def behind(owner_conninfo: str, since: datetime, kind: str, value: str) -> list[Behind]:
    """The newest 200 conversations begun from ``since`` on that one of KINDS counts."""
    with as_owner(owner_conninfo) as connection:
        rows = connection.execute(_BEHIND.format(KINDS[kind]), {"since": since, "value": value}).fetchall()
    return [Behind(**row) for row in rows]
