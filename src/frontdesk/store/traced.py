"""Turns as they were recorded, with their times, for those who run the desk."""

from __future__ import annotations

from uuid import UUID

from frontdesk.database import as_owner
from frontdesk.domain import Json
from frontdesk.errors import NotFound

TURNS = """
SELECT id, conversation_id, seq, status, attempts, outcome, record, accepted_at, done_at,
  extract(epoch FROM coalesce(done_at, now()) - accepted_at)::float8 * 1000 AS ms
FROM turns WHERE id = %(id)s OR conversation_id = %(id)s ORDER BY seq
"""


def traced(owner_conninfo: str, identity: UUID) -> list[Json]:
    """The turn of that id, or all turns of the conversation, oldest first; ``ms`` from the acceptance to the commit.

    Raises NotFound.
    """
    with as_owner(owner_conninfo) as connection:
        found = connection.execute(TURNS, {"id": identity}).fetchall()
    if not found:
        raise NotFound(
            f"there is no turn and no conversation {identity}: frontdesk conversations list names conversations"
        )
    return found
