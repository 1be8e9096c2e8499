"""What a sync writes through into a vector store of LangChain's; what was written stands in PostgreSQL's ledger."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from uuid import UUID, uuid5

from langchain_core.documents import Document
from langchain_core.vectorstores import VectorStore

from frontdesk.database import Database
from frontdesk.knowledge.article import Article
from frontdesk.knowledge.chunk import Chunk
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.library import article_row
from frontdesk.knowledge.stores import metadata as beside
from frontdesk.knowledge.stores.langchain import answering, dialect, embeddings_of
from frontdesk.store import knowledge as store
from frontdesk.store.knowledge import StoredArticle

IDS = UUID("5a3f0c0e-6f0b-5d57-9d0e-3c6c5b1d7a11")  # any, but always the same
BATCH = 64  # documents of one call
WRITE_SECONDS = 120.0  # for such a call, embedding included
UNDER_WAY = ""  # the fingerprint of an article that is being written


class VectorStoreLibrary:
    """A Library over ``vectors``. ``model`` names the store and what it embeds with; the caller may name it.

    A passage's id follows from its source, path, position and ``model``: writing twice is writing once. Before
    the store is written to, the ledger says so: what an interrupted sync left half done is done again.
    """

    def __init__(
        self,
        database: Database,
        vectors: VectorStore,
        embeddings: Embeddings | None = None,
        *,
        name: str = "",
    ) -> None:
        kind = type(vectors).__name__.removesuffix("VectorStore").lower()
        self.model = name or f"{kind}:{(embeddings or embeddings_of(vectors)).name}"
        self._database = database
        self._vectors = vectors
        self._metadata = dialect(vectors)[1]
        self._counts: dict[str, dict[str, int]] = {}  # passages of each article, by source and path

    async def stored(self, source: str) -> dict[str, StoredArticle]:
        """What there is of a source, by path. What the store has lost since counts as changed."""
        async with self._database.transaction() as connection:
            known = await store.stored(connection, source, self.model)
        self._counts[source] = {path: article.passages for path, article in known.items()}
        there = await self._there([self._ids(source, path, 1)[0] for path in known if known[path].passages])
        if there is None:
            return known
        return {
            path: article
            if not article.passages or self._ids(source, path, 1)[0] in there
            else replace(article, fingerprint=UNDER_WAY)
            for path, article in known.items()
        }

    async def put(self, source: str, article: Article, chunks: Sequence[Chunk], fingerprint: str) -> None:
        """Write an article in the place of its earlier version; what it no longer says is forgotten."""
        count = await self._count(source, article.path)
        await self._write_down(source, article, UNDER_WAY, max(count, len(chunks)))
        ids = self._ids(source, article.path, len(chunks))
        about = str(self._article_id(source, article.path))
        documents = [
            Document(
                id=id_,
                page_content=beside.content(article, chunk),
                metadata=self._metadata(beside.of(article, chunk, about) | {"chunk_id": id_}),
            )
            for id_, chunk in zip(ids, chunks, strict=True)
        ]
        for start in range(0, len(documents), BATCH):
            part = slice(start, start + BATCH)
            async with answering(WRITE_SECONDS):
                await self._vectors.aadd_documents(documents[part], ids=ids[part])
        await self._forget(self._ids(source, article.path, count)[len(chunks) :])
        await self._write_down(source, article, fingerprint, len(chunks))

    async def remove(self, source: str, path: str) -> None:
        """Forget an article."""
        await self._forget(self._ids(source, path, await self._count(source, path)))
        async with self._database.transaction() as connection:
            await store.remove(connection, source, path, self.model)
        self._counts[source].pop(path, None)

    async def _forget(self, ids: list[str]) -> None:
        if ids:
            async with answering(WRITE_SECONDS):
                await self._vectors.adelete(ids=ids)

    async def _count(self, source: str, path: str) -> int:
        """How many passages of an article the store may hold."""
        if source not in self._counts:
            await self.stored(source)
        return self._counts[source].get(path, 0)

    async def _write_down(self, source: str, article: Article, fingerprint: str, passages: int) -> None:
        row = article_row(source, article, self.model, fingerprint, passages)
        async with self._database.transaction() as connection:
            await store.remove(connection, source, article.path, self.model)
            await store.add(connection, row, [], self._article_id(source, article.path))
        self._counts[source][article.path] = passages

    async def _there(self, ids: list[str]) -> set[str] | None:
        """Which of ``ids`` the store holds; None where it cannot be asked."""
        found: set[str] = set()
        for start in range(0, len(ids), BATCH):
            try:
                async with answering(WRITE_SECONDS):
                    documents = await self._vectors.aget_by_ids(ids[start : start + BATCH])
            except NotImplementedError:
                return None
            found.update(beside.word(document.metadata, "chunk_id") for document in documents)
        return found

    def _article_id(self, source: str, path: str) -> UUID:
        """An article's id, in the ledger and beside its passages."""
        return uuid5(IDS, f"{source}\0{path}\0{self.model}")

    def _ids(self, source: str, path: str, count: int) -> list[str]:
        names = (f"{source}\0{path}\0{position}\0{self.model}" for position in range(count))
        return [str(uuid5(IDS, name)) for name in names]
