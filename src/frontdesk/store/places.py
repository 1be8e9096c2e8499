"""Where the articles of the knowledge base stand, and in which languages there are any."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from psycopg.rows import class_row

from frontdesk.database import Database

# From each language to the next one in the index: as many steps as there are languages, however many articles.
_LANGUAGES = """
WITH RECURSIVE found (visibility, language) AS (
  SELECT seen, (
    SELECT min(lower(split_part(locale, '-', 1))) FROM knowledge_articles WHERE visibility = seen
  ) FROM unnest(%s::text[]) AS seen
  UNION ALL
  SELECT visibility, (
    SELECT min(lower(split_part(locale, '-', 1))) FROM knowledge_articles a
    WHERE a.visibility = found.visibility AND lower(split_part(locale, '-', 1)) > found.language
  ) FROM found WHERE language IS NOT NULL
)
SELECT DISTINCT language FROM found WHERE language IS NOT NULL
"""


@dataclass(frozen=True, slots=True)
class Place:
    """Where an article stands: what a list of questions may call it by."""

    article_id: str
    slug: str
    path: str
    url: str


async def places(database: Database) -> list[Place]:
    """Every article of the knowledge base."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Place))
        await cursor.execute("SELECT id::text AS article_id, slug, path, url FROM knowledge_articles")
        return await cursor.fetchall()


async def languages(database: Database, visibility: Sequence[str]) -> set[str]:
    """The languages of the articles that such a reader may see: "en", "es"."""
    async with database.statements() as connection:
        cursor = await connection.execute(_LANGUAGES, (list(visibility),), prepare=True)
        return {row[0] for row in await cursor.fetchall()}
