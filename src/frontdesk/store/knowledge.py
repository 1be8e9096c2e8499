"""SQL for articles and their passages, as a sync writes them; store/knowledge_search.py reads them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any, LiteralString
from uuid import UUID, uuid4

from psycopg import AsyncConnection

from frontdesk.domain import Json
from frontdesk.store.segments import segmented

Connection = AsyncConnection[Any]

LOCK = 7_240_311_003  # any number but the migrations': one sync at a time
DRAFTS_LOCK = 7_240_311_013  # one writer of approved drafts at a time

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


def base(locale: str) -> str:
    """The language of a locale: "pt" of "pt-BR" or "pt_BR"."""
    return re.split(r"[-_]", locale.lower(), maxsplit=1)[0]


def configuration(locale: str | None) -> LiteralString:
    """The text search configuration for a locale; without a locale, English."""
    return CONFIGURATIONS.get(base(locale or "en"), "simple")


@dataclass(frozen=True, slots=True)
class StoredArticle:
    """What a sync compares a page with. ``passages`` is the number of its passages."""

    id: UUID
    fingerprint: str
    warning: str
    passages: int


@dataclass(frozen=True, slots=True)
class ArticleRow:
    """An article as it is written; its embedding is in pgvector's text form, ``[0.1,…]``, or None.

    ``model`` names what made the embeddings, or the store that holds the passages instead of the database.
    """

    source: str
    path: str
    model: str
    slug: str
    title: str
    url: str
    locale: str
    visibility: str
    updated: date | None
    valid_from: date | None
    valid_until: date | None
    products: Sequence[str]
    tags: Sequence[str]
    warning: str
    fingerprint: str
    passages: int
    title_embedding: str | None


@dataclass(frozen=True, slots=True)
class ChunkRow:
    """A passage as it is written. ``sentences`` are (text, embedding), in order."""

    position: int
    heading: str
    anchor: str
    text: str
    embedding: str
    sentences: Sequence[tuple[str, str]]


async def try_lock(connection: Connection, lock: int = LOCK) -> bool:
    """Take a lock, that of syncs by default, until the transaction ends; False when another one has it.

    The transaction may stay idle for as long as it has to; a holder whose machine is lost loses the lock within a
    minute and a half.
    """
    cursor = await connection.execute("SELECT pg_try_advisory_xact_lock(%s)", (lock,))
    row = await cursor.fetchone()
    if not row or not row[0]:
        return False
    for setting in _HELD:
        await connection.execute(setting)
    return True


_HELD: Sequence[LiteralString] = (
    "SET LOCAL idle_in_transaction_session_timeout = 0",
    "SET LOCAL tcp_keepalives_idle = 30",
    "SET LOCAL tcp_keepalives_interval = 10",
    "SET LOCAL tcp_keepalives_count = 6",
)


async def stored(connection: Connection, source: str, model: str) -> dict[str, StoredArticle]:
    """The articles of a source, by path."""
    cursor = await connection.execute(
        "SELECT path, id, fingerprint, warning, passages FROM knowledge_articles"
        " WHERE source = %s AND model = %s",
        (source, model),
    )
    return {row[0]: StoredArticle(*row[1:]) for row in await cursor.fetchall()}


async def sources(connection: Connection, model: str) -> set[str]:
    """The names of the sources there are articles of."""
    cursor = await connection.execute(
        "SELECT DISTINCT source FROM knowledge_articles WHERE model = %s", (model,)
    )
    return {row[0] for row in await cursor.fetchall()}


async def remove(connection: Connection, source: str, path: str, model: str) -> None:
    """Forget an article, its passages and their words; nothing happens where there is none."""
    cursor = await connection.execute(
        "SELECT id FROM knowledge_articles WHERE source = %s AND path = %s AND model = %s",
        (source, path, model),
    )
    if row := await cursor.fetchone():
        await remove_by_id(connection, row[0])


async def remove_by_id(connection: Connection, article_id: UUID) -> None:
    """Forget an article, its passages and their words."""
    await _count_terms(connection, article_id, -1)
    await connection.execute("DELETE FROM knowledge_articles WHERE id = %s", (article_id,))


async def add(
    connection: Connection, article: ArticleRow, chunks: Sequence[ChunkRow], article_id: UUID | None = None
) -> None:
    """Write an article and its passages; under ``article_id``, or else an id of its own."""
    parameters = _article_parameters(article) | {"id": article_id}
    cursor = await connection.execute(_ADD_ARTICLE, parameters)
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101  RETURNING gives a row
    passages = [_chunk_parameters(row[0], article, chunk) for chunk in chunks]
    sentences = [
        (passage["id"], place, text, embedding)
        for passage, chunk in zip(passages, chunks, strict=True)
        for place, (text, embedding) in enumerate(chunk.sentences)
    ]
    async with connection.cursor() as writer:
        await writer.executemany(_ADD_CHUNK, passages)
        await writer.executemany(_ADD_SENTENCE, sentences)
    await _count_terms(connection, row[0], 1)


_ADD_ARTICLE = """
INSERT INTO knowledge_articles (id, source, path, model, slug, title, url, locale, visibility, updated, valid_from,
  valid_until, products, tags, warning, fingerprint, passages, title_embedding)
VALUES (coalesce(%(id)s, uuidv7()), %(source)s, %(path)s, %(model)s, %(slug)s, %(title)s, %(url)s, %(locale)s, %(visibility)s, %(updated)s,
  %(valid_from)s, %(valid_until)s, %(products)s, %(tags)s, %(warning)s, %(fingerprint)s, %(passages)s,
  %(title_embedding)s::halfvec)
RETURNING id
"""

_ADD_CHUNK = """
INSERT INTO knowledge_chunks (id, article_id, position, heading, anchor, text, locale, visibility, model,
  products, valid_from, valid_until, embedding, tsv)
VALUES (%(id)s, %(article)s, %(position)s, %(heading)s, %(anchor)s, %(text)s, %(locale)s, %(visibility)s, %(model)s,
  %(products)s, %(valid_from)s, %(valid_until)s, %(embedding)s::halfvec,
  setweight(to_tsvector(%(configuration)s::regconfig, %(title_words)s), 'A')
  || setweight(to_tsvector(%(configuration)s::regconfig, %(heading_words)s), 'B')
  || setweight(to_tsvector(%(configuration)s::regconfig, %(text_words)s), 'D'))
"""

_ADD_SENTENCE = """
INSERT INTO knowledge_sentences (chunk_id, position, text, embedding) VALUES (%s, %s, %s, %s::halfvec)
"""


def _article_parameters(article: ArticleRow) -> Json:
    return asdict(article) | {"products": list(article.products), "tags": list(article.tags)}


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
        "model": article.model,
        "products": list(article.products),
        "valid_from": article.valid_from,
        "valid_until": article.valid_until,
        "embedding": chunk.embedding,
        "configuration": configuration(article.locale),
        "title_words": segmented(article.title),
        "heading_words": segmented(chunk.heading),
        "text_words": segmented(chunk.text),
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
