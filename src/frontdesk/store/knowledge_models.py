"""SQL for the embedding models in use: which is active, and how one takes the place of another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.rows import dict_row

from frontdesk.store.knowledge import Connection


@dataclass(frozen=True, slots=True)
class Model:
    """A model's name, and how many numbers its vectors have."""

    name: str
    dimension: int


async def active(connection: Connection) -> Model | None:
    """The model whose vectors are searched; None before the first sync."""
    cursor = await connection.execute(
        "SELECT name, dimension FROM knowledge_models WHERE active", prepare=True
    )
    row = await cursor.fetchone()
    return Model(*row) if row else None


@dataclass(frozen=True, slots=True)
class Holding:
    """What there is of one source. ``locales`` counts its articles by locale."""

    source: str
    articles: int
    passages: int
    locales: dict[str, int]
    changed_at: datetime


async def holdings(connection: Connection) -> list[Holding]:
    """What there is of each source, in the model that is searched with or in another store."""
    cursor = await connection.execute(
        "WITH counted AS ("
        "  SELECT source, locale, count(*)::int AS articles, sum(passages)::int AS passages,"
        "    max(synced_at) AS changed_at FROM knowledge_articles"
        "  WHERE model NOT IN (SELECT name FROM knowledge_models WHERE NOT active) GROUP BY source, locale"
        ") SELECT source, sum(articles)::int, sum(passages)::int, json_object_agg(locale, articles), max(changed_at)"
        " FROM counted GROUP BY source ORDER BY source"
    )
    return [Holding(*row) for row in await cursor.fetchall()]


async def register(connection: Connection, model: Model, *, is_active: bool) -> None:
    """Make room for a model's vectors. Raises psycopg's DataError where its dimension has changed."""
    await connection.execute(
        "INSERT INTO knowledge_models (name, dimension, active) VALUES (%s, %s, %s)"
        " ON CONFLICT (name) DO UPDATE SET dimension = excluded.dimension, active = excluded.active",
        (model.name, model.dimension, is_active),
    )
    await connection.execute("SELECT knowledge_index(%s)", (model.dimension,))


async def activate(connection: Connection, name: str) -> None:
    """From this transaction's end on, ``name`` is what is searched."""
    await connection.execute("UPDATE knowledge_models SET active = false WHERE active")
    await connection.execute("UPDATE knowledge_models SET active = true WHERE name = %s", (name,))


async def to_embed(connection: Connection, old: str, new: str) -> list[UUID]:
    """The articles of model ``old`` that model ``new`` has no vectors of yet, or those of another version."""
    cursor = await connection.execute(
        "SELECT id FROM knowledge_articles o WHERE model = %s AND passages > 0 AND NOT EXISTS ("
        "  SELECT FROM knowledge_articles n WHERE n.model = %s AND (n.source, n.path, n.fingerprint) = (o.source, o.path, o.fingerprint)"
        ") ORDER BY id",
        (old, new),
    )
    return [row[0] for row in await cursor.fetchall()]


async def gone(connection: Connection, old: str, new: str) -> list[UUID]:
    """The articles of model ``new`` that model ``old`` has no more: withdrawn while they were copied."""
    cursor = await connection.execute(
        "SELECT id FROM knowledge_articles n WHERE model = %s AND NOT EXISTS ("
        "  SELECT FROM knowledge_articles o WHERE o.model = %s AND (o.source, o.path) = (n.source, n.path)"
        ") ORDER BY id",
        (new, old),
    )
    return [row[0] for row in await cursor.fetchall()]


async def left_over(connection: Connection, names: Sequence[str]) -> list[UUID]:
    """The articles of models of the database's own that are none of ``names``."""
    cursor = await connection.execute(
        "SELECT a.id FROM knowledge_articles a JOIN knowledge_models m ON m.name = a.model"
        " WHERE a.model <> ALL (%s)",
        (list(names),),
    )
    return [row[0] for row in await cursor.fetchall()]


async def forget_models(connection: Connection, names: Sequence[str]) -> None:
    """Drop the models that are none of ``names``; their articles are gone by now."""
    await connection.execute("DELETE FROM knowledge_models WHERE name <> ALL (%s)", (list(names),))


async def article(connection: Connection, article_id: UUID) -> dict[str, Any] | None:
    """A stored article's row as ArticleRow names its fields, its chunks with their sentences beside it.

    None where it was withdrawn or written anew.
    """
    async with connection.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(_ARTICLE, (article_id,))
        row = await cursor.fetchone()
        if row is None:
            return None
        await cursor.execute(_CHUNKS, (article_id,))
        return row | {"chunks": await cursor.fetchall()}


_ARTICLE = """
SELECT source, path, slug, title, url, locale, visibility, updated, valid_from, valid_until, products, tags,
  warning, fingerprint, passages
FROM knowledge_articles WHERE id = %s
"""

_CHUNKS = """
SELECT position, heading, anchor, text, ARRAY(
  SELECT text FROM knowledge_sentences WHERE chunk_id = c.id ORDER BY position
) AS sentences
FROM knowledge_chunks c WHERE article_id = %s ORDER BY position
"""
