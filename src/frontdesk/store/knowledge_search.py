"""SQL that finds candidates for a question: passages by meaning and by words, with what a ranking needs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from psycopg import AsyncRawCursor
from psycopg.rows import dict_row

from frontdesk.domain import Json
from frontdesk.store.knowledge import Connection, base, configuration
from frontdesk.store.knowledge_models import Model
from frontdesk.store.segments import segmented

# One statement: the query's words and their counts, candidates by meaning and by the rarest words, the best of
# the union by the passage's own vector and the rarity of the words it has, and only their sentences. The filters
# stand inside both scans. Where they leave few passages, an index of vectors would be walked from end to end and
# one of words read for nothing: those few are all looked at instead. Of two branches one never runs, as its
# condition is known before it begins.
_CANDIDATES = """
WITH passages AS MATERIALIZED (
  SELECT coalesce(sum(chunks), 0)::float AS total,
    coalesce(sum(chunks), 0) <= %(few)s OR %(language)s::text IS NOT NULL AND NOT EXISTS (
      SELECT FROM knowledge_chunks WHERE FILTERED OFFSET %(few)s
    ) AS few
  FROM knowledge_terms WHERE term = '' AND visibility = ANY (%(visibility)s)
), words AS MATERIALIZED (
  SELECT term, chunks, query, in_title, in_heading, ln(1 + total / nullif(chunks, 0)) AS rarity,
    row_number() OVER w AS place, sum(chunks) OVER w AS reached
  FROM passages, (
    SELECT lexeme AS term, coalesce((
      SELECT sum(chunks) FROM knowledge_terms t WHERE t.term = lexeme AND t.visibility = ANY (%(visibility)s)
    ), 0)::int AS chunks,
    (quoted)::tsquery AS query, (quoted || ':A')::tsquery AS in_title, (quoted || ':B')::tsquery AS in_heading
    FROM unnest(to_tsvector(%(configuration)s::regconfig, %(query)s)), LATERAL (
      SELECT '''' || replace(replace(lexeme, '\\', '\\\\'), '''', '''''') || '''' AS quoted
    ) AS safe LIMIT 64
  ) AS asked
  WINDOW w AS (ORDER BY chunks = 0, chunks, term)
), queries AS MATERIALIZED (
  SELECT string_agg(query::text, ' | ')::tsquery AS all_words, coalesce(
    string_agg(query::text, ' | ') FILTER (WHERE reached <= %(reach)s),
    string_agg(query::text, ' & ') FILTER (WHERE place <= 2)
  )::tsquery AS rare_words
  FROM words WHERE chunks > 0
), narrow AS MATERIALIZED (
  SELECT id, embedding <=> %(embedding)s::halfvec AS distance,
    CASE WHEN tsv @@ (SELECT rare_words FROM queries)
      THEN ts_rank(%(weights)s::float4[], tsv, (SELECT all_words FROM queries), 1) END AS rank
  FROM knowledge_chunks WHERE (SELECT few FROM passages) AND dimension = DIMENSION AND FILTERED AND WANTED
), dense AS (
  SELECT id FROM knowledge_chunks
  WHERE (SELECT NOT few FROM passages) AND %(embedding)s::halfvec IS NOT NULL
    AND dimension = DIMENSION AND FILTERED AND WANTED
  ORDER BY embedding::halfvec(DIMENSION) <=> %(embedding)s::halfvec(DIMENSION) LIMIT %(candidates)s
), lexical AS (
  SELECT id FROM queries, LATERAL (
    SELECT id, tsv FROM knowledge_chunks
    WHERE (SELECT NOT few FROM passages) AND tsv @@ rare_words AND FILTERED AND WANTED LIMIT %(most)s
  ) AS reached
  ORDER BY ts_rank(%(weights)s::float4[], tsv, all_words, 1) DESC LIMIT %(candidates)s
), picked AS (
  SELECT id FROM dense UNION SELECT id FROM lexical
  UNION (SELECT id FROM narrow WHERE distance IS NOT NULL ORDER BY distance LIMIT %(candidates)s)
  UNION (SELECT id FROM narrow WHERE rank IS NOT NULL ORDER BY rank DESC LIMIT %(candidates)s)
), scored AS (
  SELECT c.id, c.article_id, c.heading, c.anchor, c.text, c.locale, c.tsv, f.found,
    %(dense_share)s * greatest(0, coalesce(1 - (c.embedding <=> %(embedding)s::halfvec), 0))
      + (1 - %(dense_share)s) * coalesce(f.rarity / nullif(max(f.rarity) OVER (), 0), 0) AS score
  FROM picked JOIN knowledge_chunks c ON c.id = picked.id, LATERAL (
    SELECT coalesce(array_agg(term), '{}') AS found, sum(rarity) AS rarity FROM words WHERE c.tsv @@ query
  ) AS f
), best AS MATERIALIZED (
  SELECT *, row_number() OVER (ORDER BY score DESC, id) AS place
  FROM scored ORDER BY score DESC, id LIMIT %(candidates)s
)
SELECT b.id::text AS chunk_id, a.id::text AS article_id, a.title, b.heading, b.anchor, a.url, b.text,
  greatest(0, s.cosine) AS cosine, a.updated, b.locale, s.cosines, s.sentences,
  greatest(0, 1 - (a.title_embedding <=> %(embedding)s::halfvec)) AS title_cosine, b.found,
  ARRAY(SELECT term FROM words WHERE b.tsv @@ in_title) AS found_in_title,
  ARRAY(SELECT term FROM words WHERE b.tsv @@ in_heading) AS found_in_heading,
  CASE WHEN b.place = 1 THEN (SELECT jsonb_object_agg(term, chunks) FROM words) END AS terms,
  (SELECT total::int FROM passages) AS total
FROM best b JOIN knowledge_articles a ON a.id = b.article_id, LATERAL (
  SELECT max(near) AS cosine, array_agg(near ORDER BY position) AS cosines,
    array_agg(text ORDER BY position) AS sentences
  FROM (
    SELECT position, text, coalesce(1 - (embedding <=> %(embedding)s::halfvec), 0) AS near
    FROM knowledge_sentences WHERE chunk_id = b.id
  ) AS each
) AS s
ORDER BY b.place
"""

# What a passage must be to be found at all: by an index of its own, and the rest. A locale stands for its language.
_FILTERED = """
model = %(model)s AND visibility = ANY (%(visibility)s)
    AND (%(language)s::text IS NULL OR lower(split_part(locale, '-', 1)) = %(language)s)
""".strip()
_WANTED = """
(products = '{}' OR %(products)s::text[] = '{}' OR products && %(products)s)
    AND (valid_from IS NULL OR valid_from <= %(today)s) AND (valid_until IS NULL OR valid_until >= %(today)s)
""".strip()

_PARAMETER = re.compile(r"%\((\w+)\)s")

# Weights of text, (unused), heading and title in ts_rank, and of meaning against words, for candidates only. For
# a language that the model does not know, words choose them.
WEIGHTS = [0.3, 0.3, 0.6, 1.0]
DENSE_SHARE, UNKNOWN_SHARE = 0.8, 0.2
CANDIDATES = 40
# Passages that the rare words may bring in before they are scored; where each word alone brings in more, the
# two rarest must stand together, and in the end there is a most: meaning finds the rest.
REACH, MOST = 400, 500
# Passages that are looked at one by one, where there are no more.
FEW = 3000

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
        return base(self.locale) if self.locale else None


async def candidates(
    connection: Connection,
    *,
    query: str,
    embedding: str | None,
    model: Model,
    wanted: Wanted,
    limit: int = CANDIDATES,
    dense_share: float = DENSE_SHARE,
) -> list[dict[str, Any]]:
    """The passages a question may be answered from; the first row carries the query's words and their counts.

    ``embedding`` is the query's in pgvector's text form; None finds by words alone. ``dense_share`` is what
    meaning counts against words, 0 to 1.
    """
    parameters: Json = {
        "query": segmented(query),
        "embedding": embedding,
        "model": model.name,
        "visibility": list(wanted.visibility),
        "language": wanted.language,
        "products": list(wanted.products),
        "today": wanted.today,
        "configuration": configuration(wanted.locale),
        "weights": WEIGHTS,
        "dense_share": dense_share,
        "candidates": max(CANDIDATES, limit),
        "reach": REACH,
        "most": MOST,
        "few": FEW,
    }
    statement, names = _statement(model.dimension)
    async with AsyncRawCursor(connection, row_factory=dict_row) as cursor:
        await cursor.execute(statement, [parameters[name] for name in names], prepare=True)
        return await cursor.fetchall()


@cache
def _statement(dimension: int) -> tuple[bytes, list[str]]:
    """The statement for vectors of one dimension, and what its $1, $2, … stand for.

    An index of vectors is used only where the number stands in the text. psycopg takes a statement this long
    apart anew each time; this is done once.
    """
    filled = _CANDIDATES.replace("FILTERED", _FILTERED).replace("WANTED", _WANTED)
    filled = filled.replace("DIMENSION", str(int(dimension)))
    names = list(dict.fromkeys(_PARAMETER.findall(filled)))
    return _PARAMETER.sub(lambda found: f"${names.index(found[1]) + 1}", filled).encode(), names
