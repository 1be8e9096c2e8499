"""What a run of scenarios asks of its own copy of the database: the owner's rights, on a database made for it."""

from __future__ import annotations

from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from frontdesk.database import as_owner

__all__ = ["Ended", "Scratch", "articles"]

# Rows are few, so deleting them is ten times faster than truncating their tables.
FORGET = """
DELETE FROM approvals; DELETE FROM effects; DELETE FROM actions; DELETE FROM tickets; DELETE FROM messages;
DELETE FROM turns; DELETE FROM conversations; DELETE FROM audit; DELETE FROM widget_sessions;
ALTER SEQUENCE ticket_numbers RESTART
"""
ENDED = """
SELECT mode, (SELECT count(*) FROM tickets t WHERE t.conversation_id = c.id) AS tickets,
  (SELECT coalesce(array_agg(e.id::text), '{}') FROM effects e WHERE e.conversation_id = c.id) AS effects
FROM conversations c WHERE c.id = %s
"""
ARTICLES = "SELECT source, path, fingerprint FROM knowledge_articles ORDER BY source, path"


class Ended(NamedTuple):
    """A conversation after its last turn: ``effects`` are the names of those that were begun."""

    mode: str
    tickets: int
    effects: list[str]


class Scratch:
    """A worker's own copy; everything in it is thrown away."""

    def __init__(self, owner_conninfo: str) -> None:
        self._connection: psycopg.Connection[dict[str, Any]] = as_owner(owner_conninfo)
        self._connection.autocommit = True

    def forget(self) -> None:
        """No conversation, action, ticket or audit entry is left; the knowledge base stays."""
        self._connection.execute(FORGET)

    def ended(self, conversation_id: UUID) -> Ended:
        """How a conversation stands."""
        row = self._connection.execute(ENDED, (conversation_id,)).fetchone()
        return Ended(**row) if row else Ended("ai", 0, [])

    def close(self) -> None:
        """Close its connection."""
        self._connection.close()


def articles(owner_conninfo: str) -> list[tuple[str, ...]]:
    """(source, path, fingerprint) of each article, in order: what the knowledge base holds."""
    with as_owner(owner_conninfo) as connection:
        return [tuple(map(str, row.values())) for row in connection.execute(ARTICLES)]
