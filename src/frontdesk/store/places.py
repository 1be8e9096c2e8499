"""Where the articles of the knowledge base stand."""

from __future__ import annotations

from dataclasses import dataclass

from psycopg.rows import class_row

from frontdesk.database import Database


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
