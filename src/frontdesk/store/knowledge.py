"""SQL for articles and their passages, as a sync writes them; store/knowledge_search.py reads them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from frontdesk.domain import Json

Connection = AsyncConnection[Any]

LOCK = 7_240_311_003  # any number but the migrations': one sync at a time

# PostgreSQL's own text search configurations, by the language of the locale.
CONFIGURATIONS: Mapping[str, LiteralString] = {
    "ar": "arabic",
    "da": "danish",
    "de": "german",
    "en": "english",
    "es": "spanish",
    "fi": "finnish",
    "fr": "french",
    "hu": "hungarian",
    "it": "italian",
    "nb": "norwegian",
    "nl": "dutch",
    "no": "norwegian",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sv": "swedish",
    "tr": "turkish",
}


def configuration(locale: str | None) -> LiteralString:
    """The text search configuration for a locale; without a locale, English."""
    return CONFIGURATIONS.get((locale or "en").split("-")[0].lower(), "simple")


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """What a sync compares a file with."""

    id: UUID
    fingerprint: str


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article as it is written."""

    source: str
    path: str
    slug: str
    title: str
    url: str
    locale: str
    visibility: str
    updated: date | None
    products: Sequence[str]
    tags: Sequence[str]
    fingerprint: str
    title_embedding: str


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A passage as it is written; embeddings are in pgvector's text form, ``[0.1,…]``.

    ``sentences`` are (text, embedding), in order.
    """

    position: int
    heading: str
    anchor: str
    text: str
    model: str
    embedding: str
    sentences: Sequence[tuple[str, str]]


async def try_lock(connection: Connection) -> bool:
    """Take the lock of syncs until the transaction ends; False when another one has it."""
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (LOCK,))
    row = await cursor.fetchone()
    return bool(row and row[0])


async def stored(connection: Connection, source: str) -> dict[str, StoredArticle]:
    """The articles of a source, by path."""
    cursor = await connection.execute(
        "SELECT path, id, fingerprint FROM knowledge_articles WHERE source = %s", (source,)
    )
    return {path: StoredArticle(id_, fingerprint) for path, id_, fingerprint in await cursor.fetchall()}


async def remove(connection: Connection, article_id: UUID) -> None:
    """Forget an article, its passages and their words."""
    await _count_terms(connection, article_id, -1)
    await connection.execute("DELETE FROM knowledge_articles WHERE id = %s", (article_id,))


async def add(connection: Connection, article: ArticleRow, chunks: Sequence[ChunkRow]) -> None:
    """Write an article and its passages."""
    cursor = await connection.execute(
        "INSERT INTO knowledge_articles (source, path, slug, title, url, locale, visibility, updated,"
        " products, tags, fingerprint, title_embedding)"
        " VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s::halfvec) RETURNING id",
        (
            article.source, article.path, article.slug, article.title, article.url, article.locale,
            article.visibility, article.updated, list(article.products), list(article.tags),
            article.fingerprint, article.title_embedding,
        ),
    )  # fmt: skip
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101  RETURNING gives a row
    parameters = [_chunk_parameters(row[0], article, chunk) for chunk in chunks]
    sentences = [
        (parameter["id"], place, text, embedding)
        for parameter, chunk in zip(parameters, chunks, strict=True)
        for place, (text, embedding) in enumerate(chunk.sentences)
    ]
    async with connection.cursor() as writer:
        await writer.executemany(_ADD_CHUNK, parameters)
        await writer.executemany(_ADD_SENTENCE, sentences)
    await _count_terms(connection, row[0], 1)


_ADD_CHUNK = """
INSERT INTO knowledge_chunks
  (id, article_id, position, heading, anchor, text, locale, visibility, model, embedding, tsv)
VALUES (%(id)s, %(article)s, %(position)s, %(heading)s, %(anchor)s, %(text)s, %(locale)s, %(visibility)s, %(model)s,
  %(embedding)s::vector,
  setweight(to_tsvector(%(configuration)s::regconfig, %(title)s), 'A')
  || setweight(to_tsvector(%(configuration)s::regconfig, %(heading)s), 'B')
  || setweight(to_tsvector(%(configuration)s::regconfig, %(text)s), 'D'))
"""

_ADD_SENTENCE = """
INSERT INTO knowledge_sentences (chunk_id, position, text, embedding) VALUES (%s, %s, %s, %s::halfvec)
"""


def _chunk_parameters(article_id: UUID, article: ArticleRow, chunk: ChunkRow) -> Json:
    return {
        "id": uuid4(),
        "article": article_id,
        "position": chunk.position,
        "heading": chunk.heading,
        "anchor": chunk.anchor,
        "text": chunk.text,
        "locale": article.locale,
        "visibility": article.visibility,
        "model": chunk.model,
        "embedding": chunk.embedding,
        "configuration": configuration(article.locale),
        "title": article.title,
    }


async def _count_terms(connection: Connection, article_id: UUID, sign: int) -> None:
    """Add an article's words to the counts, or take them away. In order, so that writers cannot deadlock."""
    await connection.execute(
        """
        INSERT INTO knowledge_terms AS known (visibility, term, chunks)
        SELECT visibility, term, %(sign)s * count(*)
        FROM knowledge_chunks, LATERAL (
          SELECT unnest(tsvector_to_array(tsv)) AS term UNION ALL SELECT ''
        ) AS words
        WHERE article_id = %(article)s
        GROUP BY visibility, term ORDER BY visibility, term
        ON CONFLICT (visibility, term) DO UPDATE SET chunks = known.chunks + excluded.chunks
        """,
        {"article": article_id, "sign": sign},
    )


async def forget_unused_terms(connection: Connection) -> None:
    """Drop the words that no passage holds any more."""
    await connection.execute("DELETE FROM knowledge_terms WHERE chunks <= 0")
