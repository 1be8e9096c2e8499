"""SQL that finds candidates for a question: passages by meaning and by words, with what a ranking needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from psycopg.rows import dict_row

from frontdesk.domain import Json
from frontdesk.store.knowledge import Connection, configuration
from frontdesk.store.knowledge_models import Model

_TUNE = "SELECT set_config('hnsw.iterative_scan', 'relaxed_order', true), set_config('hnsw.ef_search', '64', true)"

# One statement: the query's words and their counts, candidates by meaning and by the rarest words, the best of
# the union by their best sentence and by ts_rank of each word weighted by its rarity (ts_rank itself knows
# none). The filters stand inside both scans, so that a narrow one still finds its passages.
_CANDIDATES = """
WITH passages AS MATERIALIZED (
  SELECT coalesce(sum(chunks), 0)::float AS total FROM knowledge_terms
  WHERE term = '' AND visibility = ANY (%(visibility)s)
), words AS MATERIALIZED (
  SELECT lexeme AS term, coalesce((
    SELECT sum(chunks) FROM knowledge_terms t WHERE t.term = lexeme AND t.visibility = ANY (%(visibility)s)
  ), 0)::int AS chunks,
  (quoted)::tsquery AS query, (quoted || ':A')::tsquery AS in_title, (quoted || ':B')::tsquery AS in_heading
  FROM unnest(to_tsvector(%(configuration)s::regconfig, %(query)s)), LATERAL (
    SELECT '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS quoted
  ) AS safe LIMIT 64
), known AS MATERIALIZED (
  SELECT query, ln(1 + total / chunks) AS rarity,
    row_number() OVER w AS place, sum(chunks) OVER w AS reached
  FROM words, passages WHERE chunks > 0 WINDOW w AS (ORDER BY chunks, term)
), queries AS MATERIALIZED (
  SELECT string_agg(query::text, ' | ')::tsquery AS all_words, coalesce(
    string_agg(query::text, ' | ') FILTER (WHERE reached <= %(reach)s),
    string_agg(query::text, ' & ') FILTER (WHERE place <= 2)
  )::tsquery AS rare_words
  FROM known
), dense AS (
  SELECT id FROM knowledge_chunks
  WHERE %(embedding)s::halfvec IS NOT NULL AND dimension = DIMENSION AND WANTED
  ORDER BY embedding::halfvec(DIMENSION) <=> %(embedding)s::halfvec(DIMENSION) LIMIT %(candidates)s
), lexical AS (
  SELECT id FROM queries, LATERAL (
    SELECT id, tsv FROM knowledge_chunks WHERE tsv @@ rare_words AND WANTED LIMIT %(most)s
  ) AS reached
  ORDER BY ts_rank(%(weights)s::float4[], tsv, all_words, 1) DESC LIMIT %(candidates)s
), scored AS (
  SELECT c.id, c.article_id, c.heading, c.anchor, c.text, c.locale, c.tsv, s.cosines, s.sentences,
    greatest(0, s.cosine) AS cosine, (
      SELECT sum(rarity * ts_rank(%(weights)s::float4[], c.tsv, query, 1)) FROM known WHERE c.tsv @@ query
    ) AS rank
  FROM knowledge_chunks c, LATERAL (
    SELECT max(near) AS cosine, array_agg(near ORDER BY position) AS cosines,
      array_agg(text ORDER BY position) AS sentences
    FROM (
      SELECT position, text, coalesce(1 - (embedding <=> %(embedding)s::halfvec), 0) AS near
      FROM knowledge_sentences WHERE chunk_id = c.id
    ) AS each
  ) AS s
  WHERE c.id IN (SELECT id FROM dense UNION SELECT id FROM lexical)
), best AS (
  SELECT *, %(dense_share)s * cosine
    + (1 - %(dense_share)s) * coalesce(rank / nullif(max(rank) OVER (), 0), 0) AS score
  FROM scored ORDER BY score DESC, id LIMIT %(candidates)s
)
SELECT b.id::text AS chunk_id, a.id::text AS article_id, a.title, b.heading, b.anchor, a.url, b.text,
  b.cosine, a.updated, b.locale, b.cosines, b.sentences,
  greatest(0, 1 - (a.title_embedding <=> %(embedding)s::halfvec)) AS title_cosine,
  ARRAY(SELECT term FROM words WHERE b.tsv @@ query) AS found,
  ARRAY(SELECT term FROM words WHERE b.tsv @@ in_title) AS found_in_title,
  ARRAY(SELECT term FROM words WHERE b.tsv @@ in_heading) AS found_in_heading,
  CASE WHEN row_number() OVER (ORDER BY b.score DESC, b.id) = 1
    THEN (SELECT jsonb_object_agg(term, chunks) FROM words) END AS terms,
  (SELECT total::int FROM passages) AS total
FROM best b JOIN knowledge_articles a ON a.id = b.article_id
ORDER BY b.score DESC, b.id
"""

# What a passage must be to be found at all. A locale stands for its language.
_WANTED = """
visibility = ANY (%(visibility)s) AND model = %(model)s
    AND (%(language)s::text IS NULL OR lower(split_part(locale, '-', 1)) = %(language)s)
    AND (products = '{}' OR %(products)s::text[] = '{}' OR products && %(products)s)
    AND (valid_from IS NULL OR valid_from <= %(today)s) AND (valid_until IS NULL OR valid_until >= %(today)s)
""".strip()

# Weights of text, (unused), heading and title in ts_rank, and of meaning against words, for candidates only.
WEIGHTS = [0.3, 0.3, 0.6, 1.0]
DENSE_SHARE = 0.8
CANDIDATES = 40
# Passages that the rare words may bring in before they are scored; where each word alone brings in more, the
# two rarest must stand together, and in the end there is a most: meaning finds the rest.
REACH, MOST = 1000, 1500

_USED = """
SELECT word FROM unnest(%(words)s::text[]) AS word WHERE EXISTS (
  SELECT FROM unnest(to_tsvector(%(configuration)s::regconfig, word)) AS lexemes
  JOIN knowledge_terms t ON t.term = lexeme AND t.visibility = ANY (%(visibility)s) AND t.chunks > 0
)
"""


async def used(
    connection: Connection, words: Sequence[str], *, visibility: Sequence[str], locale: str | None
) -> set[str]:
    """Those of ``words`` that the passages use, in some form."""
    parameters: Json = {
        "words": list(words),
        "visibility": list(visibility),
        "configuration": configuration(locale),
    }
    cursor = await connection.execute(_USED, parameters, prepare=True)
    return {row[0] for row in await cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which passages may be found. ``locale`` None: of any language; ``products`` empty: of any product."""

    visibility: Sequence[str]
    today: date
    locale: str | None = None
    products: Sequence[str] = ()

    @property
    def language(self) -> str | None:
        """The language of the locale."""
        return self.locale.split("-")[0].lower() if self.locale else None


async def candidates(
    connection: Connection,
    *,
    query: str,
    embedding: str | None,
    model: Model,
    wanted: Wanted,
    limit: int = CANDIDATES,
) -> list[dict[str, Any]]:
    """The passages a question may be answered from; the first row carries the query's words and their counts.

    ``embedding`` is the query's in pgvector's text form; None finds by words alone.
    """
    parameters: Json = {
        "query": query,
        "embedding": embedding,
        "model": model.name,
        "visibility": list(wanted.visibility),
        "language": wanted.language,
        "products": list(wanted.products),
        "today": wanted.today,
        "configuration": configuration(wanted.locale),
        "weights": WEIGHTS,
        "dense_share": DENSE_SHARE,
        "candidates": max(CANDIDATES, limit),
        "reach": REACH,
        "most": MOST,
    }
    async with connection.pipeline(), connection.cursor(row_factory=dict_row) as cursor:
        await connection.execute(_TUNE, prepare=True)
        await cursor.execute(_statement(model.dimension), parameters, prepare=True)
        return await cursor.fetchall()


@cache
def _statement(dimension: int) -> bytes:
    """The statement for vectors of one dimension: an index is used only where the number stands in the text."""
    return _CANDIDATES.replace("WANTED", _WANTED).replace("DIMENSION", str(int(dimension))).encode()
