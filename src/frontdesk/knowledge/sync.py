"""Sources to the knowledge base: what changed is read and embedded again, what is gone is forgotten."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import islice

import orjson

from frontdesk.database import Database
from frontdesk.errors import DataRefused, SourceUnavailable
from frontdesk.knowledge import reader as reading
from frontdesk.knowledge.article import Article, Item, Raw, Source, Unreadable
from frontdesk.knowledge.chunk import chunk
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.library import Library, PostgresLibrary
from frontdesk.knowledge.reader import Reader
from frontdesk.knowledge.reembed import reembed
from frontdesk.store import knowledge as store

Progress = Callable[[int, int, str], None]
POLL = 0.2  # seconds between two looks at the lock
AHEAD = 4  # pages that are fetched while another is embedded
DRAFTS = "drafts"  # the source of articles that were written here, for questions nothing answered


@dataclass(slots=True)
class SyncReport:
    """What a sync did: numbers of articles, and of passages embedded.

    ``failed`` is (page, reason) of what could not be read, ``unavailable`` (source, reason).
    """

    added: int = 0
    updated: int = 0
    unchanged: int = 0
    removed: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    unavailable: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    chunks: int = 0
    seconds: float = 0.0

    @property
    def changed(self) -> bool:
        """Whether anything is otherwise than before, or went wrong."""
        return bool(self.added or self.updated or self.removed or self.failed or self.unavailable)


async def sync(
    database: Database,
    embeddings: Embeddings,
    sources: Source | Sequence[Source],
    *,
    progress: Progress | None = None,
    library: Library | None = None,
    only: bool = False,
) -> SyncReport:
    """Bring the passages of each of ``sources`` to what it holds now; with ``only``, forget all other sources.

    Each article is committed on its own, so that an interrupted sync goes on where it was. A second sync
    waits for the first. A page that cannot be read is reported and no longer quoted, since who may see it is
    unknown; one that only cannot be fetched for now stays. A source that cannot be reached is reported and
    keeps all its pages. ``library`` is where passages are kept: by default PostgreSQL, where vectors of
    another model are made anew first, and searched with once they are complete.
    Raises KnowledgeFolderMissing, and then nothing is removed.
    """
    started = time.monotonic()
    report = SyncReport()
    chosen = list(sources) if isinstance(sources, Sequence) else [sources]
    async with alone(database), Reader() as reader:
        if library is None:
            library = PostgresLibrary(database, embeddings)
            await reembed(database, embeddings, progress)
        for source in chosen:
            await _Job(library, reader, source, report, progress).run()
        if only:
            await _forget_others(database, library, report, {source.name for source in chosen})
        if report.changed:
            async with database.transaction() as connection:
                await store.forget_unused_terms(connection)
    report.seconds = time.monotonic() - started
    return report


async def publish(
    database: Database,
    embeddings: Embeddings,
    article: Article,
    source: str = DRAFTS,
    *,
    library: Library | None = None,
) -> None:
    """Write one article that no source holds; it is found at once."""
    async with alone(database):
        if library is None:
            await reembed(database, embeddings)
            library = PostgresLibrary(database, embeddings)
        await library.put(source, article, chunk(article), f"published {time.time_ns()}")


@asynccontextmanager
async def alone(database: Database) -> AsyncGenerator[None]:
    """Hold the lock of syncs; wait while another sync, here or on another server, holds it."""
    while True:
        async with database.transaction() as connection:
            if await store.try_lock(connection):
                yield
                return
        await asyncio.sleep(POLL)


async def _forget_others(database: Database, library: Library, report: SyncReport, names: set[str]) -> None:
    """Sources that are named no more: nothing of them is quoted any more."""
    async with database.transaction() as connection:
        known = await store.sources(connection, library.model)
    for name in known - names - {DRAFTS}:
        for path in await library.stored(name):
            await library.remove(name, path)
            report.removed += 1


class _Job:
    """One source in one sync."""

    def __init__(
        self,
        library: Library,
        reader: Reader,
        source: Source,
        report: SyncReport,
        progress: Progress | None,
    ) -> None:
        self._library, self._reader, self._source = library, reader, source
        self._report = report
        self._progress = progress
        self._known: dict[str, store.StoredArticle] = {}

    async def run(self) -> None:
        """Bring the source's articles up to date."""
        try:
            items = await self._source.items()
            self._known = await self._library.stored(self._source.name)
            seen = await self._take_all(items)
        except SourceUnavailable as error:
            self._report.unavailable.append((self._source.name, error.detail))
            return
        for path in self._known.keys() - seen:
            await self._library.remove(self._source.name, path)
            self._report.removed += 1

    async def _take_all(self, items: Sequence[Item]) -> set[str]:
        """Read each page; returns the paths that stay."""
        seen: set[str] = set()
        done = 0
        async for raw in _ahead(self._source, items):
            if raw.path in seen:
                self._report.failed.append((raw.path, "stands in its source twice"))
            elif await self._take(raw):
                seen.add(raw.path)
            done += 1
            if self._progress:
                self._progress(done, len(items), raw.path)
        return seen

    async def _take(self, raw: Raw | Unreadable) -> bool:
        """Bring one page up to date; returns whether it stays."""
        if isinstance(raw, Unreadable):
            self._report.failed.append((raw.path, raw.reason))
            return raw.kept
        known = self._known.get(raw.path)
        fingerprint = _fingerprint(raw, self._source.url)
        if known is not None and known.fingerprint == fingerprint:
            self._report.unchanged += 1
            self._warn(raw.path, known.warning)
            return True
        page = await self._reader.read(raw, self._source.url)
        if isinstance(page, Unreadable):
            self._report.failed.append((page.path, page.reason))
            return False
        self._warn(raw.path, page.article.warning)
        try:
            await self._library.put(self._source.name, page.article, page.chunks, fingerprint)
        except DataRefused:
            self._report.failed.append((raw.path, "holds a character that cannot be stored"))
            return False
        self._report.chunks += len(page.chunks)
        if known is None:
            self._report.added += 1
        else:
            self._report.updated += 1
        return True

    def _warn(self, path: str, warning: str) -> None:
        if warning:
            self._report.failed.append((path, warning))


async def _ahead(source: Source, items: Sequence[Item]) -> AsyncIterator[Raw | Unreadable]:
    """Each item as read, in order, a few of them under way at a time."""
    waiting: deque[asyncio.Task[Raw | Unreadable]] = deque()
    left = iter(items)
    try:
        while True:
            for item in islice(left, AHEAD - len(waiting)):
                waiting.append(asyncio.ensure_future(source.read(item)))
            if not waiting:
                return
            yield await waiting.popleft()
    finally:
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)


def _fingerprint(raw: Raw, url: str) -> str:
    """What a page's rows are made from: its bytes, what it includes, what its source says of it, how it is read."""
    beside = {path: hashlib.sha256(data).hexdigest() for path, data in sorted(raw.beside.items())}
    given = orjson.dumps([raw.media, raw.url, url, dict(raw.given), reading.VERSION, beside], default=str)
    return hashlib.sha256(given + raw.data).hexdigest()
