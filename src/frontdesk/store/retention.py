"""What has run out, by kind: conversations that rest, traces, files, questions, mail, sessions."""

from __future__ import annotations

from typing import Any, LiteralString
from uuid import UUID

from psycopg import Connection

Owner = Connection[dict[str, Any]]

# What somebody still works on does not run out: a person, an open ticket, an action on its way.
_RESTS: LiteralString = """
WHERE erased_at IS NULL AND active_at < now() - make_interval(days => %(days)s) AND mode = 'ai'
  AND turns_done = turns_accepted
  AND NOT EXISTS (SELECT FROM tickets t WHERE t.conversation_id = c.id AND t.status IN ('open', 'pending'))
  AND NOT EXISTS (SELECT FROM actions a WHERE a.conversation_id = c.id AND a.status IN ('confirmed', 'executing', 'unknown', 'undoing'))
"""
RESTING: LiteralString = (
    "SELECT c.id FROM conversations c"  # noqa: S608  (our own statements)
    + _RESTS
    + "AND (principal LIKE 'visitor:%%') = %(visitors)s ORDER BY c.id"
)
STILL: LiteralString = "SELECT c.id FROM conversations c" + _RESTS + "AND c.id = ANY (%(ids)s) ORDER BY c.id"  # noqa: S608
_TRACES: LiteralString = """
turns WHERE principal <> 'erased' AND status = 'done' AND done_at < now() - make_interval(days => %(days)s)
  AND (record @? '$.steps[*] ? (!exists(@.cut))' OR record ? 'receipt')
"""
# A step keeps its shape: it is read back as part of the window, and by staff.
_CUT: LiteralString = """
UPDATE turns SET record = record - 'receipt' || CASE WHEN record ? 'steps' THEN jsonb_build_object('steps', (
  SELECT jsonb_agg(s || jsonb_build_object('cut', true, 'label', '', 'result', '{}', 'arguments',
    CASE WHEN s ->> 'tool' = 'hand_over' THEN jsonb_build_object('reason', s -> 'arguments' -> 'reason') ELSE '{}' END))
  FROM jsonb_array_elements(record -> 'steps') s)) ELSE '{}' END
WHERE id IN (SELECT id FROM
"""
_FILES: LiteralString = "attachments WHERE created_at < now() - make_interval(days => %(days)s)"
_QUESTIONS: LiteralString = "knowledge_gap_questions WHERE asked_at < now() - make_interval(days => %(days)s)"
_MAIL: LiteralString = "outbox WHERE done_at < now() - make_interval(days => %(days)s)"
_SESSIONS: LiteralString = (
    "widget_sessions WHERE least(expires_at, revoked_at) < now() - make_interval(days => %(days)s)"
)


def _counted(rows: LiteralString) -> LiteralString:
    return "SELECT count(*) AS n FROM " + rows  # noqa: S608  (our own statements)


def _deleted(rows: LiteralString) -> LiteralString:
    return "DELETE FROM " + rows  # noqa: S608  (our own statements)


#: kind: what counts it, what takes it away
KINDS: dict[str, tuple[LiteralString, LiteralString]] = {
    "traces": (_counted(_TRACES), _CUT + _TRACES + ")"),
    "attachments": (_counted(_FILES), _deleted(_FILES)),
    "questions": (_counted(_QUESTIONS), _deleted(_QUESTIONS)),
    "mail": (_counted(_MAIL), _deleted(_MAIL)),
    "sessions": (_counted(_SESSIONS), _deleted(_SESSIONS)),
}


def resting(connection: Owner, days: int, *, visitors: bool) -> list[UUID]:
    """Conversations of customers, or of visitors, that nothing has happened in for ``days``."""
    found = connection.execute(RESTING, {"days": days, "visitors": visitors})
    return [row["id"] for row in found]


def lock_resting(connection: Owner, ids: list[UUID], days: int) -> list[UUID]:
    """Those that still rest, locked: a message, a person, a ticket or an action may have come in meanwhile."""
    locked = connection.execute(
        "SELECT id FROM conversations WHERE id = ANY (%s) ORDER BY id FOR UPDATE SKIP LOCKED", (ids,)
    )
    # Asked once they are locked: the statement that locks sees other tables as they were before.
    found = connection.execute(STILL, {"ids": [row["id"] for row in locked], "days": days})
    return [row["id"] for row in found]


def count(connection: Owner, kind: str, days: int) -> int:
    """How much of a kind is older than ``days``."""
    row = connection.execute(KINDS[kind][0], {"days": days}).fetchone()
    return row["n"] if row else 0


def take_away(connection: Owner, kind: str, days: int) -> int:
    """Take away what of a kind is older than ``days``; how much it was."""
    return connection.execute(KINDS[kind][1], {"days": days}).rowcount
