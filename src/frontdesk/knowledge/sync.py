"""Sources to the knowledge base: what changed is read and embedded again, what is gone is forgotten."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from itertools import islice

import orjson

from frontdesk.database import Database
from frontdesk.errors import DataRefused, SettingsError, SourceUnavailable
from frontdesk.knowledge import reader as reading
from frontdesk.knowledge.article import Article, Item, Raw, Source, Unreadable
from frontdesk.knowledge.chunk import chunk
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.embeddings import resolve
from frontdesk.knowledge.library import Library, PostgresLibrary
from frontdesk.knowledge.locks import DRAFTS_LOCK, alone
from frontdesk.knowledge.reader import Reader
from frontdesk.knowledge.reembed import model_of, reembed
from frontdesk.store import knowledge as store
from frontdesk.store import knowledge_models as models

_NOTHING_LISTED = "It lists no page any more; nothing of it was removed. If that is meant, take it out of the declared sources."
Progress = Callable[[int, int, str], None]
# Pages up to which a source may end at once; of more, a mount is rather lost than all of them deleted.
FEW = 3
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
            async with AsyncExitStack() as held:
                if source.name == DRAFTS:
                    await held.enter_async_context(alone(database, DRAFTS_LOCK))
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
    """Write one article that no source holds; it is found at once, and waits for no sync.

    Raises SettingsError where the model that is searched with now cannot be had here.
    """
    async with alone(database, DRAFTS_LOCK):
        await put_published(library or await serving(database, embeddings), article, source)


async def put_published(library: Library, article: Article, source: str = DRAFTS) -> None:
    """What ``publish`` writes, for those who hold the lock of drafts."""
    await library.put(source, article, chunk(article), f"published {time.time_ns()}")


async def serving(database: Database, embeddings: Embeddings) -> Library:
    """PostgreSQL's passages in the model that is searched with now; before the first sync, in ``embeddings``.

    The caller holds the lock of drafts, so that no sync switches meanwhile. Raises SettingsError where that model
    cannot be had here.
    """
    async with database.transaction() as connection:
        active = await models.active(connection)
    if active is None:
        model = await model_of(embeddings)
        async with database.transaction() as connection:
            await models.register(connection, model, is_active=True)
    elif active.name != embeddings.name:
        embeddings = _named(active.name)
    return PostgresLibrary(database, embeddings)


def _named(name: str) -> Embeddings:
    sentence = f"articles are searched with {name} now, which cannot be had here"
    try:
        found = resolve(name)
    except SettingsError as error:
        raise SettingsError(f"{sentence}: {error.detail}") from error
    if found.name != name:
        raise SettingsError(f"{sentence}: sync with the desk's own model first")
    return found


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
            seen = await self._take_all(await self._listed())
        except SourceUnavailable as error:
            self._report.unavailable.append((self._source.name, error.detail))
            return
        for path in self._known.keys() - seen:
            await self._library.remove(self._source.name, path)
            self._report.removed += 1

    async def _listed(self) -> Sequence[Item]:
        items = await self._source.items()
        self._known = await self._library.stored(self._source.name)
        if not items and len(self._known) > FEW and self._source.name != DRAFTS:
            raise SourceUnavailable(_NOTHING_LISTED)
        return items

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
