"""Reading actions back whole, for those who run the desk: the owner's role reads them."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

import orjson

from frontdesk.database import as_owner
from frontdesk.domain import Action, Json
from frontdesk.errors import NotFound
from frontdesk.store.action_rows import action_of

LISTED = """
SELECT s.state FROM (SELECT action_state(a) AS state, a.created_at, a.principal FROM actions a) s
WHERE (%(status)s::text IS NULL OR s.state ->> 'status' = %(status)s)
  AND (%(customer)s::text IS NULL OR s.principal IN (%(customer)s, 'customer:' || %(customer)s))
ORDER BY s.created_at DESC LIMIT %(limit)s
"""
APPROVALS = "SELECT staff, at FROM approvals WHERE action_id = %s ORDER BY at"
EFFECTS = """
SELECT id, kind, outcome, amount, currency, begun_at, ended_at FROM effects WHERE action_id = %s ORDER BY begun_at
"""
AUDIT = """
SELECT n, at, data FROM audit WHERE conversation_id = %s AND kind = 'action' AND data::json ->> 'action' = %s ORDER BY n
"""


@dataclass(frozen=True, slots=True)
class ActionRecord:
    """An action with all that was written down of it.

    ``approvals``: staff, at. ``effects``: id, kind, outcome, amount, currency, begun_at, ended_at.
    ``audit``: n, at, and the entry's event and by.
    """

    action: Action
    approvals: list[Json]
    effects: list[Json]
    audit: list[Json]


def recent_actions(
    owner_conninfo: str, *, status: str | None = None, customer: str | None = None, limit: int = 50
) -> list[Action]:
    """Actions, newest first. ``customer`` is the customer's id, or the principal, "customer:u123"."""
    values = {"status": status, "customer": customer, "limit": limit}
    with as_owner(owner_conninfo) as connection:
        return [action_of(row["state"]) for row in connection.execute(LISTED, values)]


def record(owner_conninfo: str, action_id: UUID) -> ActionRecord:
    """All that is known of an action. Raises NotFound."""
    with as_owner(owner_conninfo) as connection:
        row = connection.execute(
            "SELECT action_state(a) AS state FROM actions a WHERE a.id = %s", (action_id,)
        ).fetchone()
        if row is None:
            raise NotFound("there is no action of that id: frontdesk actions list shows them")
        action = action_of(row["state"])
        approvals = connection.execute(APPROVALS, (action_id,)).fetchall()
        effects = connection.execute(EFFECTS, (action_id,)).fetchall()
        entries = connection.execute(AUDIT, (action.conversation_id, str(action_id))).fetchall()
    audit = [{"n": e["n"], "at": e["at"], **_told(orjson.loads(e["data"]))} for e in entries]
    return ActionRecord(action, approvals, effects, audit)


def _told(entry: Json) -> Json:
    return {"event": entry["event"], "by": entry.get("by", "")}
