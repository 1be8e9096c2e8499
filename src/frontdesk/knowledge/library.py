"""What a sync writes through: articles and their passages, in PostgreSQL or in another vector store."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Protocol

from frontdesk.database import Database
from frontdesk.knowledge.article import Article
from frontdesk.knowledge.chunk import Chunk
from frontdesk.knowledge.embed import Embeddings
from frontdesk.store import knowledge as store
from frontdesk.store.knowledge import ArticleRow, ChunkRow, StoredArticle

if TYPE_CHECKING:
    from frontdesk.knowledge.embed import Vectors


class Library(Protocol):
    """Where passages are kept. ``model`` names the vectors, or the store, on each row."""

    model: str

    async def stored(self, source: str) -> dict[str, StoredArticle]:
        """What there is of a source, by path."""
        ...

    async def put(self, source: str, article: Article, chunks: Sequence[Chunk], fingerprint: str) -> None:
        """Write an article in the place of its earlier version; to write it twice is to write it once."""
        ...

    async def remove(self, source: str, path: str) -> None:
        """Forget an article."""
        ...


class PostgresLibrary:
    """Articles, passages and vectors in PostgreSQL, each article in one transaction."""

    def __init__(self, database: Database, embeddings: Embeddings) -> None:
        self._database = database
        self._embeddings = embeddings
        self.model = embeddings.name

    async def stored(self, source: str) -> dict[str, StoredArticle]:
        """What there is of a source, by path."""
        async with self._database.transaction() as connection:
            return await store.stored(connection, source, self.model)

    async def put(self, source: str, article: Article, chunks: Sequence[Chunk], fingerprint: str) -> None:
        """Embed an article and write it in the place of its earlier version."""
        row = article_row(source, article, self.model, fingerprint, len(chunks))
        title, rows = await embedded(self._embeddings, article.title, chunks)
        async with self._database.transaction() as connection:
            await store.remove(connection, source, article.path, self.model)
            await store.add(connection, replace(row, title_embedding=title), rows)

    async def remove(self, source: str, path: str) -> None:
        """Forget an article."""
        async with self._database.transaction() as connection:
            await store.remove(connection, source, path, self.model)


def article_row(source: str, article: Article, model: str, fingerprint: str, passages: int) -> ArticleRow:
    """An article as it is written, without its embedding."""
    known = asdict(article)
    del known["body"]
    return ArticleRow(
        **known, source=source, model=model, fingerprint=fingerprint, passages=passages, title_embedding=None
    )


async def embedded(embeddings: Embeddings, title: str, chunks: Sequence[Chunk]) -> tuple[str, list[ChunkRow]]:
    """The title's vector in pgvector's text form, and the passages with theirs.

    A passage's own vector is the mean of its sentences' and the title's.
    """
    vector = (await embeddings.aencode([title]))[0]
    return vector_text(vector), list(
        await asyncio.gather(*(_chunk_row(embeddings, chunk, title, vector) for chunk in chunks))
    )


async def _chunk_row(embeddings: Embeddings, chunk: Chunk, name: str, title: Vectors) -> ChunkRow:
    vectors = await embeddings.aencode(chunk.embedded(name))
    whole = vectors.sum(axis=0) + title
    return ChunkRow(
        position=chunk.position,
        heading=chunk.heading,
        anchor=chunk.anchor,
        text=chunk.text,
        embedding=vector_text(whole / max(float((whole @ whole) ** 0.5), 1e-12)),
        sentences=list(zip(chunk.sentences, map(vector_text, vectors), strict=True)),
    )


def vector_text(vector: Vectors) -> str:
    """pgvector's text form of a vector."""
    return "[" + ",".join(f"{number:.7g}" for number in vector.tolist()) + "]"
