"""Articles found to disagree when a question was answered. A row goes with either of its articles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from frontdesk.database import Database

# Locked while it is written, so that a sync that removes an article meanwhile leaves no error and no row.
_RECORD = """
WITH articles AS (
  SELECT id FROM knowledge_articles WHERE id = ANY (ARRAY[%(chosen)s, %(other)s]::uuid[]) ORDER BY id FOR KEY SHARE
)
INSERT INTO knowledge_conflicts (chosen_id, other_id, chosen_sentence, other_sentence)
SELECT %(chosen)s, %(other)s, %(chosen_sentence)s, %(other_sentence)s WHERE (SELECT count(*) FROM articles) = 2
ON CONFLICT (chosen_id, other_id, md5(chosen_sentence), md5(other_sentence))
DO UPDATE SET questions = knowledge_conflicts.questions + 1, last_seen = now()
"""
_LIST = """
SELECT c.id, a.title, a.url, a.updated, c.chosen_sentence, b.title, b.url, b.updated, c.other_sentence,
  c.questions, c.first_seen, c.last_seen
FROM knowledge_conflicts c
JOIN knowledge_articles a ON a.id = c.chosen_id JOIN knowledge_articles b ON b.id = c.other_id
ORDER BY c.questions DESC, c.last_seen DESC LIMIT %s
"""
MOST_CHARS = 1000


@dataclass(frozen=True, slots=True)
class StoredConflict:
    """Two sentences that say different things, and how many questions met them."""

    id: UUID
    chosen_title: str
    chosen_url: str
    chosen_updated: datetime | None
    chosen_sentence: str
    other_title: str
    other_url: str
    other_updated: datetime | None
    other_sentence: str
    questions: int
    first_seen: datetime
    last_seen: datetime


async def record(
    database: Database, *, chosen: str, other: str, chosen_sentence: str, other_sentence: str
) -> None:
    """Count one more question that met this conflict; articles that are gone meanwhile leave nothing.

    ``chosen`` and ``other`` are article ids; those of another store, which are no UUIDs, leave nothing either.
    Raises DatabaseUnavailable.
    """
    try:
        ids = UUID(chosen), UUID(other)
    except ValueError:
        return
    parameters = {
        "chosen": ids[0],
        "other": ids[1],
        "chosen_sentence": chosen_sentence[:MOST_CHARS],
        "other_sentence": other_sentence[:MOST_CHARS],
    }
    async with database.transaction() as connection:
        await connection.execute(_RECORD, parameters, prepare=True)


async def conflicts(database: Database, limit: int = 100) -> Sequence[StoredConflict]:
    """The known conflicts, the ones most often met first. For staff: articles of any visibility may be named."""
    async with database.transaction() as connection:
        cursor = await connection.execute(_LIST, (limit,))
        return [StoredConflict(*row) for row in await cursor.fetchall()]
