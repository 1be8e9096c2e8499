"""SQL for gaps: questions noted and put together with their like, drafts, and what became of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, LiteralString
from uuid import UUID

import orjson
from psycopg.rows import class_row

from frontdesk.database import Database
from frontdesk.domain import Visibility
from frontdesk.store.decisions import DESK, decide

State = Literal["open", "drafted", "published", "dismissed", "resolved"]
PENDING: tuple[State, ...] = ("open", "drafted")
STATES: tuple[State, ...] = ("open", "drafted", "published", "dismissed", "resolved")

# A turn's done_at is its transaction's beginning: one that commits late may stand before others already seen.
LOOK_BACK = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class UnansweredTurn:
    """A turn whose question was not answered. ``query`` is what the help center was searched with; ``known`` is
    what the conversation knows of its customer (name, address, ids), to be taken out of the text."""

    turn_id: UUID
    principal: str
    message: str
    query: str
    locale: str
    known: Sequence[str]
    asked_at: datetime
    done_at: datetime


@dataclass(frozen=True, slots=True)
class Noted:
    """A question as it is kept; ``vector`` in pgvector's text form, None where nothing is asked."""

    turn_id: UUID
    principal: str
    question: str
    locale: str
    asked_at: datetime
    vector: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Questions that are alike and were not answered, and the draft that answers them.

    ``question`` is the one nearest to the mean of all; ``questions`` and ``customers`` are counts. ``visitors``:
    somebody who was not signed in asked it. ``others`` are replies of staff beside the draft. ``path`` is that of
    its article, from its first approval on; ``live`` says that customers are answered from it.
    """

    number: int
    state: State
    question: str
    questions: int
    customers: int
    visitors: bool
    first_asked: datetime | None
    last_asked: datetime | None
    locale: str
    title: str
    body: str
    others: Sequence[str]
    visibility: Visibility
    url: str
    path: str | None
    live: bool
    reason: str
    drafted_at: datetime | None
    decided_at: datetime | None


@dataclass(frozen=True, slots=True)
class GapQuestion:
    """One question of a gap, without personal data; ``near`` is its cosine to the mean of all."""

    turn_id: UUID
    question: str
    asked_at: datetime
    near: float


@dataclass(frozen=True, slots=True)
class StaffReply:
    """What a colleague wrote after one of a gap's questions, as it was written."""

    reply: str
    known: Sequence[str]
    replied_at: datetime


# ------------------------------------------------------------------ questions in
async def unanswered(database: Database, most: int) -> list[UnansweredTurn]:
    """Up to ``most`` turns not noted yet, the oldest first."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(UnansweredTurn))
        await cursor.execute(
            "SELECT u.* FROM knowledge_gap_sweep s, LATERAL unanswered_turns(s.swept_to - %s, %s) u",
            (LOOK_BACK, most),
        )
        return await cursor.fetchall()


async def note(
    database: Database, questions: Sequence[Noted], *, model: str, alike: float, upto: datetime
) -> list[tuple[int, bool]]:
    """Keep questions, each with the nearest gap whose mean is at least ``alike`` (cosine), or a new one.

    Returns (gap, whether it is new) of each that was not kept before. One statement, one transaction.
    """
    text = orjson.dumps(questions).decode()
    return await database.rows("note_questions", text, model, alike, upto)


# ------------------------------------------------------------------ gaps out
_GAPS: LiteralString = """
SELECT g.number, g.state, coalesce(r.question, g.title) AS question, n.questions, n.customers, n.visitors,
  n.first_asked, n.last_asked, g.locale, g.title, g.body, g.others, g.visibility, g.url, g.path,
  g.article_body <> '' AS live, g.reason,
  g.drafted_at, g.decided_at
FROM knowledge_gaps g
CROSS JOIN LATERAL (
  SELECT count(*) AS questions, count(DISTINCT principal) AS customers,
    coalesce(bool_or(principal LIKE 'visitor:%%'), false) AS visitors,
    min(asked_at) AS first_asked, max(asked_at) AS last_asked
  FROM knowledge_gap_questions WHERE gap = g.number
) AS n
LEFT JOIN LATERAL (
  SELECT question FROM knowledge_gap_questions WHERE gap = g.number
  ORDER BY embedding <=> g.centre, asked_at LIMIT 1
) AS r ON true
"""
# A gap all of whose questions were erased is none, unless it holds an article.
_RANKED: LiteralString = """
WHERE g.state = ANY (%s) AND (n.questions > 0 OR g.body <> '')
ORDER BY n.customers DESC, n.questions DESC, n.last_asked DESC NULLS LAST, g.number LIMIT %s OFFSET %s
"""


async def ranked(
    database: Database, states: Sequence[State] = PENDING, *, limit: int = 100, offset: int = 0
) -> list[Gap]:
    """Gaps in these states: by how many customers asked, then how often, then how lately."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Gap))
        await cursor.execute(_GAPS + _RANKED, (list(states), limit, offset))
        return await cursor.fetchall()


async def find(database: Database, number: int) -> Gap | None:
    """One gap, or None."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Gap))
        await cursor.execute(_GAPS + "WHERE g.number = %s", (number,))
        return await cursor.fetchone()


async def questions_of(database: Database, number: int, limit: int = 50) -> list[GapQuestion]:
    """A gap's questions, those nearest to the mean first, the same words once."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(GapQuestion))
        await cursor.execute(
            "SELECT * FROM (SELECT DISTINCT ON (lower(k.question)) k.turn_id, k.question, k.asked_at,"
            " 1 - (k.embedding <=> g.centre) AS near"
            " FROM knowledge_gap_questions k JOIN knowledge_gaps g ON g.number = k.gap WHERE k.gap = %s"
            " ORDER BY lower(k.question), k.asked_at DESC) AS each ORDER BY near DESC, asked_at LIMIT %s",
            (number, limit),
        )
        return await cursor.fetchall()


async def gap_of(database: Database, turn_id: UUID) -> int | None:
    """The gap that a turn's question was put with."""
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT gap FROM knowledge_gap_questions WHERE turn_id = %s", (turn_id,)
        )
        row = await cursor.fetchone()
    return row[0] if row else None


async def staff_replies(database: Database, number: int) -> list[StaffReply]:
    """What staff wrote after a gap's questions, in the same conversations; the newest first."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(StaffReply))
        await cursor.execute("SELECT * FROM staff_replies(%s)", (number,))
        return await cursor.fetchall()


@dataclass(frozen=True, slots=True)
class GapArticle:
    """An article that answers a gap, as it was approved."""

    path: str
    title: str
    body: str
    locale: str
    visibility: Visibility
    url: str
    updated: date


async def articles(database: Database, source: str, path: str | None = None) -> list[GapArticle]:
    """The articles that answer gaps, or the one at ``path``.

    Without those that were exported and stand in another source than ``source`` by now, under the same title and
    locale.
    """
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(GapArticle))
        await cursor.execute(
            "SELECT path, article_title AS title, article_body AS body, locale, visibility, url,"
            " (drafted_at AT TIME ZONE 'UTC')::date AS updated FROM knowledge_gaps g"
            " WHERE article_body <> '' AND (%s::text IS NULL OR path = %s) AND NOT EXISTS ("
            "   SELECT FROM knowledge_articles a"
            "   WHERE g.exported_at IS NOT NULL AND a.source <> %s AND a.title = g.article_title AND a.locale = g.locale"
            " ) ORDER BY path",
            (path, path, source),
        )
        return await cursor.fetchall()


async def replied_to(database: Database) -> list[int]:
    """Open gaps that staff have replied to."""
    return [row[0] for row in await database.rows("gaps_replied_to")]


async def newer_article(database: Database, article_id: str, than: datetime) -> bool:
    """Whether an article was written or changed here after ``than``."""
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT 1 FROM knowledge_articles WHERE id::text = %s AND synced_at > %s", (article_id, than)
        )
        return await cursor.fetchone() is not None


# ------------------------------------------------------------------ what becomes of a gap
async def _changed(database: Database, statement: LiteralString, *values: object) -> bool:
    async with database.transaction() as connection:
        return (await connection.execute(statement, values)).rowcount > 0


async def save_draft(
    database: Database, number: int, title: str, body: str, others: Sequence[str], *, only_open: bool,
    by: str = DESK,
) -> bool:  # fmt: skip
    """Put a draft on a gap; with ``only_open`` just on one that has none yet. False where it was not to be."""
    return await decide(
        database, "drafted", by,
        "UPDATE knowledge_gaps SET state = 'drafted', title = %s, body = %s, others = %s, drafted_at = now(),"
        " decided_at = NULL, reason = '' WHERE number = %s AND (state = 'open' OR NOT %s)",
        title, body, list(others), number, only_open,
    )  # fmt: skip


async def take_path(database: Database, number: int, path: str) -> bool:
    """Give a gap's article its path, once and for all; False where another gap has it."""
    return await _changed(
        database,
        "UPDATE knowledge_gaps SET path = %s WHERE number = %s AND path IS NULL"
        " AND NOT EXISTS (SELECT FROM knowledge_gaps WHERE path = %s)",
        path, number, path,
    )  # fmt: skip


async def mark_published(
    database: Database, number: int, drafted_at: datetime, visibility: str, url: str, *, by: str = DESK
) -> bool:
    """Say that the draft of ``drafted_at`` is published; False when it was changed or decided meanwhile."""
    return await decide(
        database, "approved", by,
        "UPDATE knowledge_gaps SET state = 'published', decided_at = now(), visibility = %s, url = %s,"
        " article_title = title, article_body = body"
        " WHERE number = %s AND state = 'drafted' AND drafted_at = %s",
        visibility, url, number, drafted_at,
    )  # fmt: skip


async def mark_exported(database: Database, number: int) -> bool:
    """Say that a gap's article was given to the shop's own repository."""
    return await _changed(database, "UPDATE knowledge_gaps SET exported_at = now() WHERE number = %s", number)


async def close(
    database: Database, number: int, state: Literal["dismissed", "resolved"], reason: str,
    among: Sequence[State], *, by: str = DESK,
) -> bool:  # fmt: skip
    """Dismiss or resolve a gap that is in one of the states ``among``."""
    return await decide(
        database, state, by,
        "UPDATE knowledge_gaps SET state = %s, reason = %s, decided_at = now(), article_title = '', article_body = ''"
        " WHERE number = %s AND state = ANY (%s)",
        state, reason, number, list(among),
    )  # fmt: skip
