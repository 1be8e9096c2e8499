"""How long a search takes when there are many passages, and how fast a sync is.

The passages of the larger sizes are not real: there is no help center of 100,000 passages to be had. They are
made of real ones: three sentences each, their words drawn from the real texts as often as they occur there and
so reshuffled, their vectors those of real sentences with noise (cosine to the original about 0.85), loaded by
COPY into the tables a sync writes. No word is rare then: at 100,000 passages every one occurs in many, which
makes the search by words harder than real pages do. What is found means nothing here and is not reported.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid4

import numpy as np
import psycopg
from numpy.typing import NDArray

from benchmarks.knowledge_figures import milliseconds, progress
from frontdesk.database import Database, as_owner
from frontdesk.domain import Visibility
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.reembed import reembed
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.testing import temporary_database

SENTENCES = 3
PASSAGES = 4  # of an article
NOISE = 0.62  # length of the noise beside a unit vector
RARE = 50  # one passage in so many is internal: a filter of 2 %
BLOCK = 1000
COLUMNS = "id, article_id, position, heading, anchor, text, locale, visibility, model, embedding"
WARM = 20
QUERIES = 300
PUBLIC: list[Visibility] = ["public"]
INTERNAL: list[Visibility] = ["internal"]


@dataclass(frozen=True)
class Real:
    """What the synthetic passages are made of."""

    words: Sequence[str]
    lengths: Sequence[int]
    vectors: NDArray[np.float32]


def real(texts: Sequence[str]) -> Real:
    """The words, and 1,000 sentences' lengths and vectors, of real texts."""
    found = [part for text in texts for part in re.split(r"(?<=[.!?])\s+", text) if len(part.split()) > 4]
    random.Random(1).shuffle(found)
    sentences = found[:BLOCK]
    words = [word for sentence in found for word in sentence.split()]
    return Real(words, [len(each.split()) for each in sentences], Embedder.default().encode(sentences))


async def latency(size: int, base: Real, questions: Sequence[str]) -> list[tuple[str, float, float, int]]:
    """(how, p50, p95, questions) in milliseconds for ``size`` passages, encoding included."""
    rows: list[tuple[str, float, float, int]] = []
    asked = random.Random(2).sample(list(questions), min(QUERIES, len(questions)))
    async with temporary_database() as database:
        await reembed(database, Embedder.default())
        load(database, size, base)
        retriever = PostgresRetriever(database, Embedder(kept=0))
        for name, visibility in (("all", PUBLIC), ("2 %", INTERNAL)):
            for query in asked[:WARM]:
                await retriever.search(query, visibility=visibility)
            times: list[float] = []
            for query in asked:
                started = time.perf_counter()
                await retriever.search(query, visibility=visibility)
                times.append(time.perf_counter() - started)
            rows.append((name, *milliseconds(times), len(times)))
            progress(f"{size:,} passages, {name}: p50 {rows[-1][1]:.1f} ms, p95 {rows[-1][2]:.1f} ms")
    return rows


def load(database: Database, size: int, base: Real) -> None:
    """Fill an empty knowledge base, its indexes made afterwards."""
    started = time.perf_counter()
    with as_owner(database.conninfo) as connection:
        connection.execute("SET maintenance_work_mem = '512MB'")
        indexes = _drop_indexes(connection)
        connection.execute(
            "CREATE TEMP TABLE loaded (LIKE knowledge_chunks INCLUDING DEFAULTS) ON COMMIT DROP;"
            "ALTER TABLE loaded ALTER tsv DROP NOT NULL, DROP COLUMN dimension"
        )
        for done in range(0, size, BLOCK):
            _copy(connection, done, min(BLOCK, size - done), base)
            if done and done % 10_000 == 0:
                progress(f"{done:,} of {size:,} passages made in {time.perf_counter() - started:.0f} s")
        connection.execute(
            "INSERT INTO knowledge_terms SELECT visibility, term, count(*) FROM knowledge_chunks, LATERAL"
            " (SELECT unnest(tsvector_to_array(tsv)) AS term UNION ALL SELECT '') AS words GROUP BY 1, 2"
        )
        progress(f"{size:,} passages written in {time.perf_counter() - started:.0f} s; making indexes")
        for definition in indexes:
            connection.execute(definition)
        connection.commit()
        connection.autocommit = True
        connection.execute(
            "VACUUM ANALYZE knowledge_articles, knowledge_chunks, knowledge_sentences, knowledge_terms"
        )
    progress(f"{size:,} passages ready in {time.perf_counter() - started:.0f} s")


def _drop_indexes(connection: psycopg.Connection[dict[str, str]]) -> list[str]:
    """Drop the indexes that are no constraints; returns what makes them again."""
    found = connection.execute(
        "SELECT c.relname AS name, pg_get_indexdef(i.indexrelid) AS made FROM pg_index i"
        " JOIN pg_class c ON c.oid = i.indexrelid WHERE NOT i.indisunique"
        " AND i.indrelid IN ('knowledge_chunks'::regclass, 'knowledge_sentences'::regclass)"
    ).fetchall()
    for row in found:
        connection.execute(f"DROP INDEX {row['name']}")
    return [row["made"] for row in found]


def _copy(connection: psycopg.Connection[dict[str, str]], first: int, count: int, base: Real) -> None:
    chance = np.random.default_rng(first)
    articles = [uuid4() for _ in range(-(-count // PASSAGES))]
    chunks = [uuid4() for _ in range(count)]
    texts = [[_sentence(chance, base) for _ in range(SENTENCES)] for _ in chunks]
    near = _vectors(chance, count * SENTENCES, base)
    whole = _units(near.reshape(count, SENTENCES, -1).sum(axis=1))
    about = [(a, str(first + n), whole[n * PASSAGES]) for n, a in enumerate(articles)]
    _into(
        connection,
        "knowledge_articles (id, source, path, slug, title, url, locale, visibility, fingerprint, model, passages,"
        " title_embedding)",
        "uuid text text text text text text text text text int4 bytea",
        (
            (
                a,
                "scale",
                n,
                n,
                "Page",
                f"https://shop.example/{n}",
                "en",
                "public",
                "-",
                Embedder.name,
                PASSAGES,
                _half(v),
            )
            for a, n, v in about
        ),
    )
    _into(
        connection,
        f"loaded ({COLUMNS})",
        "uuid uuid int4 text text text text text text bytea",
        (
            (
                c,
                articles[n // PASSAGES],
                n % PASSAGES,
                "",
                "",
                " ".join(texts[n]),
                "en",
                _who(first + n),
                Embedder.name,
                _half(whole[n]),
            )
            for n, c in enumerate(chunks)
        ),
    )
    connection.execute(
        f"INSERT INTO knowledge_chunks ({COLUMNS}, tsv) SELECT {COLUMNS}, to_tsvector('english', text) FROM loaded"
    )
    connection.execute("TRUNCATE loaded")
    _into(
        connection,
        "knowledge_sentences (chunk_id, position, text, embedding)",
        "uuid int4 text bytea",
        (
            (c, k, texts[n][k], _half(near[n * SENTENCES + k]))
            for n, c in enumerate(chunks)
            for k in range(SENTENCES)
        ),
    )


def _into(
    connection: psycopg.Connection[dict[str, str]],
    table: str,
    types: str,
    rows: Iterator[tuple[UUID | str | int | bytes, ...]],
) -> None:
    with connection.cursor().copy(f"COPY {table} FROM STDIN (FORMAT BINARY)") as copy:
        copy.set_types(types.split())
        for row in rows:
            copy.write_row(row)


def _who(number: int) -> Visibility:
    return "public" if number % RARE else "internal"


def _sentence(chance: np.random.Generator, base: Real) -> str:
    length = base.lengths[int(chance.integers(len(base.lengths)))]
    return " ".join(base.words[n] for n in chance.integers(len(base.words), size=length))


def _vectors(chance: np.random.Generator, count: int, base: Real) -> NDArray[np.float32]:
    picked = base.vectors[chance.integers(len(base.vectors), size=count)]
    noise = chance.normal(size=picked.shape).astype(np.float32)
    return _units(picked + NOISE * _units(noise))


def _units(vectors: NDArray[np.float32]) -> NDArray[np.float32]:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _half(vector: NDArray[np.float32]) -> bytes:
    """A vector as pgvector's halfvec is sent: its length, an unused number, its numbers in two bytes each."""
    return len(vector).to_bytes(2, "big") + b"\0\0" + vector.astype(">f2").tobytes()
