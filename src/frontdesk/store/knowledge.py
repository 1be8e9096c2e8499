"""SQL for articles and their passages: written by a sync, read by a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

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


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A passage as it is written; ``embedding`` is pgvector's text form, ``[0.1,…]``."""

    position: int
    heading: str
    anchor: str
    text: str
    model: str
    embedding: str


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
        " products, tags, fingerprint) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING id",
        (
            article.source, article.path, article.slug, article.title, article.url, article.locale,
            article.visibility, article.updated, list(article.products), list(article.tags),
            article.fingerprint,
        ),
    )  # fmt: skip
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101  RETURNING gives a row
    parameters = [_chunk_parameters(row[0], article, chunk) for chunk in chunks]
    async with connection.cursor() as writer:
        await writer.executemany(_ADD_CHUNK, parameters)
    await _count_terms(connection, row[0], 1)


_ADD_CHUNK = """
INSERT INTO knowledge_chunks
  (article_id, position, heading, anchor, text, locale, visibility, model, embedding, tsv)
VALUES (%(article)s, %(position)s, %(heading)s, %(anchor)s, %(text)s, %(locale)s, %(visibility)s, %(model)s,
  %(embedding)s::vector,
  setweight(to_tsvector(%(configuration)s::regconfig, %(title)s), 'A')
  || setweight(to_tsvector(%(configuration)s::regconfig, %(heading)s), 'B')
  || setweight(to_tsvector(%(configuration)s::regconfig, %(text)s), 'D'))
"""


def _chunk_parameters(article_id: UUID, article: ArticleRow, chunk: ChunkRow) -> Json:
    return {
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


# ------------------------------------------------------------------ search
_TUNE = "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '64', true)"

# One statement: the query's words and their counts, candidates by meaning and by the rarest words, the
# union scored. The filters stand inside both scans, so that a narrow filter still finds its passages.
_SEARCH = """
WITH words AS MATERIALIZED (
  SELECT lexeme AS term, coalesce((
    SELECT sum(chunks) FROM knowledge_terms t WHERE t.term = lexeme AND t.visibility = ANY (%(visibility)s)
  ), 0)::int AS chunks
  FROM unnest(to_tsvector(%(configuration)s::regconfig, %(query)s)) LIMIT 64
), known AS (
  SELECT '''' || replace(replace(term, '\\', '\\\\'), '''', '''''') || '''' AS quoted,
    row_number() OVER w AS place, sum(chunks) OVER w AS reached
  FROM words WHERE chunks > 0 WINDOW w AS (ORDER BY chunks, term)
), queries AS MATERIALIZED (
  SELECT string_agg(quoted, ' | ')::tsquery AS all_words,
    (string_agg(quoted, ' | ') FILTER (WHERE place = 1 OR reached <= %(reach)s))::tsquery AS rare_words
  FROM known
), dense AS (
  SELECT id FROM knowledge_chunks
  WHERE visibility = ANY (%(visibility)s) AND model = %(model)s
    AND (%(locale)s::text IS NULL OR locale = %(locale)s)
  ORDER BY embedding <=> %(embedding)s::vector LIMIT %(candidates)s
), lexical AS (
  SELECT id FROM knowledge_chunks, queries
  WHERE tsv @@ rare_words AND visibility = ANY (%(visibility)s) AND model = %(model)s
    AND (%(locale)s::text IS NULL OR locale = %(locale)s)
  ORDER BY ts_rank(%(weights)s::float4[], tsv, all_words, 1) DESC LIMIT %(candidates)s
), scored AS (
  SELECT c.*, greatest(1 - (c.embedding <=> %(embedding)s::vector), 0) AS cosine,
    coalesce(ts_rank(%(weights)s::float4[], c.tsv, all_words, 1), 0) AS rank
  FROM knowledge_chunks c, queries
  WHERE c.id IN (SELECT id FROM dense UNION SELECT id FROM lexical)
), fused AS (
  SELECT *, %(dense_share)s * cosine + (1 - %(dense_share)s) * coalesce(rank / nullif(max(rank) OVER (), 0), 0) AS score
  FROM scored
), best AS (
  SELECT * FROM fused ORDER BY score DESC, id LIMIT %(limit)s
)
SELECT b.id::text AS chunk_id, a.id::text AS article_id, a.title, b.heading, b.anchor, a.url, b.text,
  b.score, b.cosine, a.updated, b.locale,
  (SELECT jsonb_object_agg(term, chunks) FROM words) AS terms,
  (SELECT sum(chunks) FROM knowledge_terms WHERE term = '' AND visibility = ANY (%(visibility)s))::int AS total
FROM best b JOIN knowledge_articles a ON a.id = b.article_id
ORDER BY b.score DESC, b.id
"""

# Weights of text, (unused), heading and title in ts_rank, chosen on the example shop's seen questions.
WEIGHTS = [0.3, 0.3, 0.6, 1.0]
DENSE_SHARE = 0.8
CANDIDATES = 40
REACH = 3000  # passages that the rare words may bring in before they are scored


async def search(
    connection: Connection,
    *,
    query: str,
    embedding: str,
    model: str,
    visibility: Sequence[str],
    locale: str | None,
    limit: int,
    weights: Sequence[float] = WEIGHTS,
    dense_share: float = DENSE_SHARE,
) -> list[Json]:
    """The passages nearest to a query, best first, each with the query's words and their counts."""
    parameters: Json = {
        "query": query,
        "embedding": embedding,
        "model": model,
        "visibility": list(visibility),
        "locale": locale,
        "limit": limit,
        "configuration": configuration(locale),
        "weights": list(weights),
        "dense_share": dense_share,
        "candidates": max(CANDIDATES, limit),
        "reach": REACH,
    }
    async with connection.pipeline(), connection.cursor(row_factory=dict_row) as cursor:
        await connection.execute(_TUNE, prepare=True)
        await cursor.execute(_SEARCH, parameters, prepare=True)
        return await cursor.fetchall()
