"""What staff decided about actions: who, when, and what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from frontdesk.database import Database
from frontdesk.domain import Action
from frontdesk.store.action_rows import action_of

__all__ = ["Decided", "decided"]

# Two short walks over the newest of both kinds of decisions, however many actions there are.
_NEWEST = """
WITH newest AS (
  (SELECT action_id AS id, at FROM approvals ORDER BY at DESC LIMIT %(most)s * 2)
  UNION ALL
  (SELECT id, ended_at FROM actions WHERE decided_by <> '' ORDER BY ended_at DESC LIMIT %(most)s)
), each AS (
  SELECT id, max(at) AS at FROM newest GROUP BY id ORDER BY 2 DESC LIMIT %(most)s
)
SELECT action_state(a) AS state, e.at, a.decided_by FROM each e JOIN actions a ON a.id = e.id ORDER BY e.at DESC
"""
_ONE = """
SELECT action_state(a) AS state, coalesce((SELECT max(at) FROM approvals p WHERE p.action_id = a.id), a.ended_at) AS at,
  a.decided_by
FROM actions a WHERE a.id = %(id)s AND (a.decided_by <> '' OR EXISTS (SELECT FROM approvals p WHERE p.action_id = a.id))
"""


@dataclass(frozen=True, slots=True)
class Decided:
    """An action that staff had a say in, as it stands now. ``ended_by``: who declined it or found out; "" for nobody."""

    action: Action
    at: datetime
    ended_by: str


async def decided(
    database: Database, staff: str, *, most: int = 30, only: UUID | None = None
) -> list[Decided]:
    """The newest ``most``, the last decided first; or ``only`` one, where staff had a say in it."""
    async with database.transaction(staff=staff) as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(_ONE if only else _NEWEST, {"most": most, "id": only})
        rows: list[dict[str, Any]] = await cursor.fetchall()
    return [Decided(action_of(row["state"]), row["at"], row["decided_by"]) for row in rows]
