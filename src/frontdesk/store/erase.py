"""Erasing conversations, as the role that owns the tables: the desk's own role may not, whatever becomes of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from psycopg import Connection

from frontdesk.domain import Json
from frontdesk.errors import EffectUnderWay
from frontdesk.store.audit import blanked_digest, erased_signature
from frontdesk.store.personal import PLACES, principal_of

Owner = Connection[dict[str, Any]]

UNDER_WAY = """
SELECT status FROM actions WHERE conversation_id = ANY (%(ids)s) AND status NOT IN ('declined', 'expired', 'executed', 'failed')
FOR UPDATE
"""
ROWS = "SELECT n, at, kind, hash FROM audit WHERE conversation_id = %s ORDER BY n"
GAPS = """
SELECT DISTINCT gap FROM knowledge_gap_questions k JOIN turns t ON t.id = k.turn_id
WHERE t.conversation_id = ANY (%(ids)s) AND gap IS NOT NULL
"""
# A draft may hold what staff wrote to this customer. From what the others were told it is drafted anew by the sweep.
DRAFTS = """
UPDATE knowledge_gaps SET title = article_title, body = article_body, others = '{}',
  state = CASE WHEN state <> 'drafted' THEN state WHEN article_body = '' THEN 'open' ELSE 'published' END,
  decided_at = CASE WHEN state = 'drafted' AND article_body <> '' THEN now() ELSE decided_at END,
  drafted_at = CASE WHEN article_body <> '' THEN drafted_at END
WHERE number = ANY (%(gaps)s) AND (state = 'drafted' OR others <> '{}')
"""
EMPTY_GAPS = """
DELETE FROM knowledge_gaps g WHERE number = ANY (%(gaps)s) AND article_body = ''
  AND NOT EXISTS (SELECT FROM knowledge_gap_questions k WHERE k.gap = g.number)
"""
CENTRES = """
UPDATE knowledge_gaps g SET centre = mean FROM (
  SELECT gap, avg(embedding)::halfvec AS mean FROM knowledge_gap_questions WHERE gap = ANY (%(gaps)s) GROUP BY gap
) q WHERE q.gap = g.number
"""
ARTICLES = (
    "SELECT path FROM knowledge_gaps WHERE number = ANY (%(gaps)s) AND article_body <> '' ORDER BY path"
)
HELPDESKS = """
SELECT helpdesk, array_agg(external_id ORDER BY number) AS tickets FROM tickets
WHERE conversation_id = ANY (%(ids)s) AND external_id IS NOT NULL GROUP BY helpdesk
"""


def conversations_of(connection: Owner, principal: str) -> list[UUID]:
    """The principal's conversations, locked; no message of theirs is accepted until the transaction ends."""
    connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", (principal,))
    found = connection.execute(
        "SELECT id FROM conversations WHERE principal = %s ORDER BY id FOR UPDATE", (principal,)
    )
    return [row["id"] for row in found]


def erase(
    connection: Owner, ids: Sequence[UUID], customer: str, key: bytes, now: datetime
) -> tuple[dict[str, int], Json]:
    """Empty every place of conversations that are locked, and of ``customer`` ("": of no customer as such).

    Returns the rows of each place, and what cannot be reached or is kept: helpdesks' tickets, published articles,
    actions whose end was not known. ``key`` signs the blanked audit rows. Raises EffectUnderWay while an action of
    theirs is being carried out.
    """
    values: Json = {"ids": list(ids), "customer": customer, "principal": principal_of(customer), "now": now}
    states = [row["status"] for row in connection.execute(UNDER_WAY, values)]
    if {"executing", "undoing"} & set(states):
        raise EffectUnderWay
    values["gaps"] = [row["gap"] for row in connection.execute(GAPS, values)]
    outside = {row["helpdesk"]: row["tickets"] for row in connection.execute(HELPDESKS, values)}
    drafts = connection.execute(DRAFTS, values).rowcount
    counts: dict[str, int] = {}
    for place in PLACES:
        if place.table == "audit":
            counts["audit"] = _blank(connection, ids, place.statement, key)
        else:
            counts[place.table] = connection.execute(place.statement, values).rowcount
    connection.execute(CENTRES, values)
    gaps = connection.execute(EMPTY_GAPS, values).rowcount
    articles = [row["path"] for row in connection.execute(ARTICLES, values)]
    counts |= {"article_drafts": drafts, "knowledge_gaps": gaps}
    return counts, {"helpdesks": outside, "articles": articles, "unknown_effects": states.count("unknown")}


def _blank(connection: Owner, ids: Sequence[UUID], statement: Any, key: bytes) -> int:
    """Take the data out of the chains' rows, and add one that signs what they were; how many were blanked."""
    blanked = 0
    for identity in ids:
        rows = connection.execute(ROWS, (identity,)).fetchall()
        if not rows:
            continue
        digest = blanked_digest([(row["n"], row["at"], row["kind"], row["hash"]) for row in rows])
        signature = erased_signature(key, identity, len(rows), digest)
        data = orjson.dumps({"rows": len(rows), "digest": digest, "signature": signature}).decode()
        blanked += connection.execute(statement, {"ids": [identity]}).rowcount
        connection.execute("SELECT audit_append(%s, 'erased', %s)", (identity, data))
    return blanked
