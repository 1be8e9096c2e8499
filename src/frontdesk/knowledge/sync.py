"""A folder to the database: what changed is embedded again, what is gone is forgotten, the rest is left."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from frontdesk.database import Database
from frontdesk.knowledge import chunk as chunking
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.load import Article, Unreadable, paths, read
from frontdesk.store import knowledge as store

if TYPE_CHECKING:
    from frontdesk.knowledge.embed import Vectors

Progress = Callable[[int, int, str], None]
POLL = 0.2  # seconds between two looks at the lock


@dataclass(slots=True)
class SyncReport:
    """What a sync did: numbers of articles, and of passages embedded; ``failed`` is (path, reason)."""

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    chunks: int = 0
    seconds: float = 0.0


async def sync(
    database: Database,
    embedder: Embedder,
    folder: Path,
    *,
    source: str,
    url: str = "",
    progress: Progress | None = None,
) -> SyncReport:
    """Bring the passages of ``source`` to what ``folder`` holds now.

    Each article is committed on its own, so that an interrupted sync goes on where it was. A second sync
    waits for the first. A file that cannot be read is reported in ``failed`` and no longer quoted: who may
    see it is unknown. ``url`` is a template such as ``https://ourshop.example/help/{slug}``.
    Raises KnowledgeFolderMissing, and then nothing is removed.
    """
    started = time.monotonic()
    report = SyncReport()
    folder = Path(folder)
    files = await asyncio.to_thread(paths, folder)
    async with _alone(database):
        job = _Job(database, embedder, source, url, report)
        await job.begin()
        for done, path in enumerate(files, 1):
            article = await asyncio.to_thread(read, path, folder)
            await job.take(article)
            if progress:
                progress(done, len(files), article.path)
        await job.finish()
    report.seconds = time.monotonic() - started
    return report


@asynccontextmanager
async def _alone(database: Database) -> AsyncGenerator[None]:
    """Hold the lock of syncs; wait while another sync, here or on another server, holds it."""
    while True:
        async with database.transaction() as connection:
            if await store.try_lock(connection):
                yield
                return
        await asyncio.sleep(POLL)


class _Job:
    """One run of a sync."""

    def __init__(
        self, database: Database, embedder: Embedder, source: str, url: str, report: SyncReport
    ) -> None:
        self._database, self._embedder = database, embedder
        self._source, self._url = source, url
        self._report = report
        self._known: dict[str, store.StoredArticle] = {}
        self._seen: set[str] = set()

    async def begin(self) -> None:
        async with self._database.transaction() as connection:
            self._known = await store.stored(connection, self._source)

    async def take(self, article: Article | Unreadable) -> None:
        if isinstance(article, Unreadable):
            self._report.failed.append((article.path, article.reason))
            return
        if article.warning:
            self._report.failed.append((article.path, article.warning))
        self._seen.add(article.path)
        known = self._known.get(article.path)
        fingerprint = self._fingerprint(article)
        if known is not None and known.fingerprint == fingerprint:
            self._report.unchanged += 1
            return
        await self._replace(article, fingerprint, known)

    async def finish(self) -> None:
        gone = [known for path, known in self._known.items() if path not in self._seen]
        for known in gone:
            async with self._database.transaction() as connection:
                await store.remove(connection, known.id)
        self._report.removed = len(gone)
        if gone or self._report.updated:
            async with self._database.transaction() as connection:
                await store.forget_unused_terms(connection)

    async def _replace(self, article: Article, fingerprint: str, known: store.StoredArticle | None) -> None:
        chunks = await asyncio.to_thread(chunking.chunk, article)
        title = (await self._embedder.aencode([article.title]))[0]
        rows = await asyncio.gather(*(self._embed(chunk, article.title, title) for chunk in chunks))
        async with self._database.transaction() as connection:
            if known is not None:
                await store.remove(connection, known.id)
            await store.add(connection, self._row(article, fingerprint, title), rows)
        self._report.chunks += len(rows)
        if known is None:
            self._report.added += 1
        else:
            self._report.updated += 1

    def _fingerprint(self, article: Article) -> str:
        parts = (article.sha256, article.path, self._url, str(chunking.VERSION), self._embedder.name)
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()

    def _row(self, article: Article, fingerprint: str, title: Vectors) -> store.ArticleRow:
        return store.ArticleRow(
            source=self._source,
            path=article.path,
            slug=article.slug,
            title=article.title,
            url=self._url.replace("{slug}", quote(article.slug)).replace("{locale}", quote(article.locale)),
            locale=article.locale,
            visibility=article.visibility,
            updated=article.updated,
            products=article.products,
            tags=article.tags,
            fingerprint=fingerprint,
            title_embedding=vector_text(title.tolist()),
        )

    async def _embed(self, chunk: chunking.Chunk, name: str, title: Vectors) -> store.ChunkRow:
        vectors = await self._embedder.aencode(chunk.embedded(name))
        whole = vectors.sum(axis=0) + title
        return store.ChunkRow(
            position=chunk.position,
            heading=chunk.heading,
            anchor=chunk.anchor,
            text=chunk.text,
            model=self._embedder.name,
            embedding=vector_text((whole / max(float((whole @ whole) ** 0.5), 1e-12)).tolist()),
            sentences=list(zip(chunk.sentences, map(vector_text, vectors.tolist()), strict=True)),
        )


def vector_text(vector: list[float]) -> str:
    """pgvector's text form of a vector."""
    return "[" + ",".join(f"{number:.7g}" for number in vector) + "]"
