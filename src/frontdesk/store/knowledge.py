"""SQL for articles and their passages: written by a sync, read by a search."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, LiteralString
from uuid import UUID, uuid4

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
    """A passage as it is written; ``embedding`` is pgvector's text form, ``[0.1,…]``.

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


# ------------------------------------------------------------------ search
_TUNE = "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '64', true)"

# One statement: the query's words and their counts, candidates by meaning and by the rarest words, the
# union scored: by the passage's best sentence, and by ts_rank of each word weighted by its rarity (ts_rank
# itself knows none). A question whose words are the title's asks for the article's opening: a small bonus. The filters stand inside both scans, so that a narrow one still finds its passages.
_SEARCH = """
WITH passages AS MATERIALIZED (
  SELECT coalesce(sum(chunks), 0)::float AS total FROM knowledge_terms
  WHERE term = '' AND visibility = ANY (%(visibility)s)
), words AS MATERIALIZED (
  SELECT lexeme AS term, coalesce((
    SELECT sum(chunks) FROM knowledge_terms t WHERE t.term = lexeme AND t.visibility = ANY (%(visibility)s)
  ), 0)::int AS chunks,
  ('''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''')::tsquery AS query
  FROM unnest(to_tsvector(%(configuration)s::regconfig, %(query)s)) LIMIT 64
), known AS MATERIALIZED (
  SELECT query, ln(1 + total / chunks) AS rarity,
    row_number() OVER w AS place, sum(chunks) OVER w AS reached
  FROM words, passages WHERE chunks > 0 WINDOW w AS (ORDER BY chunks, term)
), queries AS MATERIALIZED (
  SELECT string_agg(query::text, ' | ')::tsquery AS all_words,
    (string_agg(query::text, ' | ') FILTER (WHERE place = 1 OR reached <= %(reach)s))::tsquery AS rare_words
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
  SELECT c.id, c.article_id, c.heading, c.anchor, c.text, c.locale, c.tsv, greatest(0, (
      SELECT max(1 - (s.embedding <=> %(embedding)s::halfvec)) FROM knowledge_sentences s WHERE s.chunk_id = c.id
    )) AS cosine, (
      SELECT sum(rarity * ts_rank(%(weights)s::float4[], c.tsv, query, 1)) FROM known WHERE c.tsv @@ query
    ) AS rank, CASE WHEN c.position = 0 THEN (
      SELECT sum(rarity) FILTER (WHERE ts_filter(c.tsv, '{a}') @@ query) / sum(rarity) FROM known
    ) END AS opening
  FROM knowledge_chunks c
  WHERE c.id IN (SELECT id FROM dense UNION SELECT id FROM lexical)
), fused AS (
  SELECT *, %(dense_share)s * cosine
    + (1 - %(dense_share)s) * coalesce(rank / nullif(max(rank) OVER (), 0), 0)
    + %(opening_bonus)s * coalesce(opening, 0) AS score
  FROM scored
), best AS (
  SELECT * FROM fused ORDER BY score DESC, id LIMIT %(limit)s
)
SELECT b.id::text AS chunk_id, a.id::text AS article_id, a.title, b.heading, b.anchor, a.url, b.text,
  b.score, b.cosine, a.updated, b.locale, (
    SELECT jsonb_agg(jsonb_build_array(s.text, 1 - (s.embedding <=> %(embedding)s::halfvec)) ORDER BY s.position)
    FROM knowledge_sentences s WHERE s.chunk_id = b.id
  ) AS sentences,
  ARRAY(SELECT term FROM words WHERE b.tsv @@ query) AS found,
  (SELECT jsonb_object_agg(term, chunks) FROM words) AS terms,
  (SELECT total::int FROM passages) AS total
FROM best b JOIN knowledge_articles a ON a.id = b.article_id
ORDER BY b.score DESC, b.id
"""

# Weights of text, (unused), heading and title in ts_rank; measured in docs/knowledge.md.
WEIGHTS = [0.3, 0.3, 0.6, 1.0]
DENSE_SHARE = 0.8
OPENING_BONUS = 0.1
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
        "weights": [float(weight) for weight in weights],
        "dense_share": dense_share,
        "opening_bonus": OPENING_BONUS,
        "candidates": max(CANDIDATES, limit),
        "reach": REACH,
    }
    async with connection.pipeline(), connection.cursor(row_factory=dict_row) as cursor:
        await connection.execute(_TUNE, prepare=True)
        await cursor.execute(_SEARCH, parameters, prepare=True)
        return await cursor.fetchall()
