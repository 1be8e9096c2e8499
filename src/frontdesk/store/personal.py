"""Every place that holds something of a customer's: one list, by which it is exported and by which it is erased.

A test compares the list with the database's tables, so that a new table cannot be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import LiteralString

ERASED = "erased"  # whose a conversation is whose customer was erased


def principal_of(customer: str) -> str:
    """The name a customer's rows are owned by; ``anon:…`` is a visitor."""
    return f"{'visitor' if customer.startswith('anon:') else 'customer'}:{customer}"


@dataclass(frozen=True, slots=True)
class Place:
    """A table with rows of a customer's.

    table   its name
    where   which rows: of ``%(ids)s``, conversations, or of ``%(customer)s``, the shop's id, which is ``%(principal)s``
    hidden  columns that an export leaves out: they say nothing of the person
    erase   the statement that empties it; what it leaves holds numbers, no person
    keeps   what is left, in words; "" for nothing
    """

    table: LiteralString
    where: LiteralString
    hidden: tuple[str, ...] = ()
    erase: LiteralString = ""
    keeps: str = ""

    @property
    def statement(self) -> LiteralString:
        """What empties it: its own statement, or a plain DELETE."""
        return self.erase or "DELETE FROM " + self.table + " WHERE " + self.where  # noqa: S608  (our own list)


_OF: LiteralString = "conversation_id = ANY (%(ids)s)"
# Of a step only a name that a tool really has stays, and a reason from a fixed list: all else a model may have written.
_TURNS: LiteralString = """
UPDATE turns t SET principal = 'erased', client_message_id = NULL, body_sha256 = NULL, permissions = NULL,
  status = 'done', done_at = coalesce(done_at, now()), outcome = coalesce(outcome, 'failed'),
  record = jsonb_strip_nulls(jsonb_build_object(
    'model', record -> 'model', 'mode', record -> 'mode', 'prompt', record -> 'prompt', 'ms', record -> 'ms',
    'usage', record -> 'usage', 'degraded', CASE WHEN record ? 'degraded' THEN '[]'::jsonb END,
    'citations', CASE WHEN record ? 'citations' THEN '[]'::jsonb END,
    'steps', (SELECT jsonb_agg(jsonb_build_object('tool', s -> 'tool', 'label', '', 'result', '{}', 'ms', 0,
        'permission', s -> 'permission', 'arguments', CASE WHEN s ->> 'tool' = 'hand_over'
          THEN jsonb_build_object('reason', s -> 'arguments' -> 'reason') ELSE '{}' END))
      FROM jsonb_array_elements(coalesce(record -> 'steps', '[]')) s WHERE s -> 'ok' IS NULL)))
WHERE conversation_id = ANY (%(ids)s)
"""
_CONVERSATIONS: LiteralString = """
UPDATE conversations SET principal = 'erased', facts = '{}', mode = 'ai', turns_done = turns_accepted, lease_owner = NULL,
  lease_until = NULL, queue_reason = '', queued_at = NULL, assignee = NULL, assignee_name = '', taken_at = NULL,
  contact_email = NULL, staff_seen_at = NULL, customer_seen_at = NULL, waiting_since = NULL,
  closed_at = coalesce(closed_at, now()), erased_at = now()
WHERE id = ANY (%(ids)s)
"""
# In the order in which they are emptied: what refers to a row before the row.
PLACES = (
    Place("deliveries", "ticket_id IN (SELECT id FROM tickets WHERE conversation_id = ANY (%(ids)s))"),
    Place("tickets", _OF),
    Place("outbox", _OF, ("key",)),
    Place("attachments", _OF),
    Place(
        "knowledge_gap_questions",
        "turn_id IN (SELECT id FROM turns WHERE conversation_id = ANY (%(ids)s))",
        ("embedding",),
    ),
    Place("approvals", "action_id IN (SELECT id FROM actions WHERE conversation_id = ANY (%(ids)s))"),
    Place(
        "effects",
        _OF,
        erase="UPDATE effects SET principal = 'erased', keys = '{}', action_id = NULL WHERE conversation_id = ANY (%(ids)s)",
        keeps="tool, amount, time and outcome, for limits over the whole shop",
    ),
    Place("actions", _OF, ("digest", "basis", "decided_by", "lease_owner", "lease_until")),
    Place("counted", _OF),  # counted again without a person, from what the report keeps
    Place("messages", _OF, ("author", "client_id")),
    Place(
        "ratings",
        _OF,
        erase="UPDATE ratings SET principal = 'erased' WHERE conversation_id = ANY (%(ids)s)",
        keeps="up or down, and when",
    ),
    Place(
        "turns",
        _OF,
        ("body_sha256",),
        erase=_TURNS,
        keeps="outcome, times, model, tokens, cost and names of tools, for the report",
    ),
    Place(
        "audit",
        _OF,
        ("hash",),
        erase="UPDATE audit SET data = '' WHERE kind <> 'erased' AND conversation_id = ANY (%(ids)s)",
        keeps="kind, time and hash of each row, so that the chain can be verified",
    ),
    Place(
        "conversations",
        "id = ANY (%(ids)s)",
        ("lease_owner", "lease_until", "audit_head"),
        erase=_CONVERSATIONS,
        keeps="channel, times, number of turns, and the head of its audit chain",
    ),
    Place("widget_sessions", "customer_id = %(customer)s", ("token_sha256",)),
    Place("spent", "who = sha256(convert_to(%(principal)s, 'UTF8'))", ("who",)),
)
