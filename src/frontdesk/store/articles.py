"""The articles that customers are answered from, as those who look after them read them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from psycopg.rows import class_row, dict_row

from frontdesk.database import Database
from frontdesk.domain import Json

LISTED = """
SELECT id, source, path, title, url, locale, visibility, updated, valid_until, synced_at, passages, warning
FROM knowledge_articles WHERE model NOT IN (SELECT name FROM knowledge_models WHERE NOT active)
  AND (%(id)s::uuid IS NULL OR id = %(id)s) AND (%(like)s::text IS NULL OR title ILIKE %(like)s) ORDER BY lower(title), id LIMIT %(limit)s OFFSET %(offset)s
"""


@dataclass(frozen=True, slots=True)
class ArticleListed:
    """An article in the list. ``updated`` is its own date, where it says one; ``warning`` what was odd about it."""

    id: UUID
    source: str
    path: str
    title: str
    url: str
    locale: str
    visibility: str
    updated: date | None
    valid_until: date | None
    synced_at: datetime
    passages: int
    warning: str | None


async def listed(
    database: Database, query: str = "", *, identity: UUID | None = None, limit: int = 100, offset: int = 0
) -> list[ArticleListed]:
    """Articles by title; with ``query``, those whose title holds it; with ``identity``, that one."""
    escaped = query.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(ArticleListed))
        await cursor.execute(
            LISTED,
            {"like": f"%{escaped}%" if query else None, "id": identity, "limit": limit, "offset": offset},
        )
        return await cursor.fetchall()


async def published_at(database: Database, source: str) -> str:
    """Where a source's articles are published, as ``https://shop.example/help/{slug}``; "" where their addresses do not
    tell, or are none.
    """
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT DISTINCT replace(url, slug, '{slug}') FROM knowledge_articles"
            " WHERE source = %s AND model NOT IN (SELECT name FROM knowledge_models WHERE NOT active) LIMIT 2",
            (source,),
        )
        found = [row[0] for row in await cursor.fetchall()]
    return found[0] if len(found) == 1 and found[0].count("{slug}") == 1 else ""


async def passages(database: Database, article_id: UUID) -> list[Json]:
    """An article's passages in order: ``heading`` and ``text``."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=dict_row)
        await cursor.execute(
            "SELECT heading, text FROM knowledge_chunks WHERE article_id = %s ORDER BY position",
            (article_id,),
        )
        return await cursor.fetchall()
