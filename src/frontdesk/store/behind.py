"""The conversations behind the report's numbers, day by day and one by one, for those who run the desk."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import LiteralString
from uuid import UUID

from frontdesk.database import as_owner
from frontdesk.store.outcomes import CONVERSATIONS, TURNS

_WITH: LiteralString = "WITH " + TURNS + CONVERSATIONS.rstrip().rstrip(",")
_DAYS: LiteralString = """
SELECT c.created_at::date AS day, count(*) FILTER (WHERE o.became IN ('resolved', 'not_yet_known')) AS good,
  count(*) FILTER (WHERE o.became IN ('handed_off', 'ticket')) AS people,
  count(*) FILTER (WHERE o.became NOT IN ('resolved', 'not_yet_known', 'handed_off', 'ticket')) AS other
FROM outcome o JOIN conversations c ON c.id = o.id GROUP BY 1 ORDER BY 1
"""
_CITED: LiteralString = """
SELECT split_part(s ->> 'title', ' › ', 1) AS title, count(DISTINCT t.conversation_id) AS conversations
FROM turns t JOIN asked a ON a.id = t.conversation_id, jsonb_array_elements(t.record -> 'citations') s
GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10
"""
# What a number of the report counts, as a condition over ``outcome`` o.
KINDS: dict[str, LiteralString] = {
    "all": "true",
    "involved": "o.became NOT IN ('without', 'waiting')",
    "became": "o.became = %(value)s",
    "reason": "o.became = 'handed_off' AND coalesce(o.reason, 'taken_over') = %(value)s",
    "rating": "EXISTS (SELECT FROM ratings r WHERE r.conversation_id = o.id AND r.rating = %(value)s)",
    "unpaid": "EXISTS (SELECT FROM turn t WHERE t.conversation_id = o.id AND t.agent AND t.unpaid)",
    "paid": "o.cost > 0",
    "cited": "EXISTS (SELECT FROM turns t WHERE t.conversation_id = o.id"
    " AND EXISTS (SELECT FROM jsonb_array_elements(t.record -> 'citations') s"
    " WHERE split_part(s ->> 'title', ' › ', 1) = %(value)s))",
    "searched": "EXISTS (SELECT FROM turn t WHERE t.conversation_id = o.id AND t.searched AND t.cited)",
    "action": "EXISTS (SELECT FROM actions a WHERE a.conversation_id = o.id AND a.tool = %(value)s)",
}
_BEHIND: LiteralString = """
SELECT o.id, c.principal, c.created_at, o.became, o.cost,
  coalesce((SELECT left(m.body, 160) FROM messages m WHERE m.conversation_id = o.id ORDER BY m.turn_seq, m.n LIMIT 1), '')
  AS asked
FROM outcome o JOIN conversations c ON c.id = o.id WHERE {} ORDER BY c.created_at DESC LIMIT 200
"""


@dataclass(frozen=True, slots=True)
class Day:
    """A day's conversations: good for the customer or not yet known, with a person, and otherwise."""

    day: date
    good: int
    people: int
    other: int


@dataclass(frozen=True, slots=True)
class Behind:
    """A conversation behind a number. ``cost`` in US dollars."""

    id: UUID
    principal: str
    created_at: datetime
    became: str
    cost: float
    asked: str


def days_and_cited(
    owner_conninfo: str, since: datetime, until: datetime
) -> tuple[list[Day], list[tuple[str, int]]]:
    """A period day by day, and the ten articles that were cited in most of its conversations."""
    values = {"since": since, "until": until}
    with as_owner(owner_conninfo) as connection:
        connection.execute("SET jit = off")
        connection.execute("SET work_mem = '64MB'")
        days = [Day(**row) for row in connection.execute(_WITH + _DAYS, values).fetchall()]
        cited = connection.execute(_WITH + _CITED, values).fetchall()
    return days, [(row["title"] or "", row["conversations"]) for row in cited]


def behind(owner_conninfo: str, since: datetime, until: datetime, kind: str, value: str) -> list[Behind]:
    """The newest 200 conversations that one of KINDS counts."""
    with as_owner(owner_conninfo) as connection:
        connection.execute("SET jit = off")
        rows = connection.execute(
            _WITH + _BEHIND.format(KINDS[kind]), {"since": since, "until": until, "value": value}
        ).fetchall()
    return [Behind(**row) for row in rows]
