"""A desk's knowledge base: what was declared, on the desk's database."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, partial

from frontdesk.database import Database
from frontdesk.knowledge.approved import Drafts
from frontdesk.knowledge.ask import Ask
from frontdesk.knowledge.conflict import Conflict
from frontdesk.knowledge.declared import Knowledge
from frontdesk.knowledge.embed import Embedder, Embeddings
from frontdesk.knowledge.embeddings import resolve
from frontdesk.knowledge.library import Library
from frontdesk.knowledge.retrieve import PostgresRetriever, Retriever
from frontdesk.knowledge.sync import Progress, SyncReport, serving, sync
from frontdesk.store import conflicts
from frontdesk.store.places import languages


@dataclass(frozen=True)
class KnowledgeBase:
    """Searches, syncs and publishes with what a desk has chosen: its sources, embeddings and vector store."""

    database: Database
    declared: Knowledge

    @cached_property
    def embeddings(self) -> Embeddings:
        """What passages and questions are embedded with. Raises SettingsError where it cannot be had."""
        if self.declared.store is None or self.declared.embeddings:
            return resolve(self.declared.embeddings)
        from frontdesk.knowledge.stores.langchain import embeddings_of  # noqa: PLC0415  LangChain's stores load slowly

        return embeddings_of(self.declared.store)

    @cached_property
    def retriever(self) -> Retriever:
        """What finds passages."""
        if self.declared.store is None:
            return PostgresRetriever(self.database, self.embeddings)
        from frontdesk.knowledge.stores import VectorStoreRetriever  # noqa: PLC0415

        return VectorStoreRetriever(self.declared.store, self.embeddings)

    @cached_property
    def _elsewhere(self) -> Library | None:
        if self.declared.store is None:
            return None
        from frontdesk.knowledge.stores import VectorStoreLibrary  # noqa: PLC0415

        return VectorStoreLibrary(self.database, self.declared.store, self.embeddings)

    async def serving(self) -> Library:
        """What is searched now, to write one article; the caller holds the lock of drafts. Raises SettingsError."""
        return self._elsewhere or await serving(self.database, self.embeddings)

    def ask(self, answer_at: float = 0.0) -> Ask:
        """What puts customers' questions to it; ``answer_at`` 0 means what was declared, or else the default."""
        return Ask(
            self.retriever,
            answer_at or self.declared.answer_at,
            locale=self.declared.locale,
            languages=partial(languages, self.database),
            judge=Embedder.default(),
            record=self._record,
        )

    async def sync(self, progress: Progress | None = None, *, only: bool = True) -> SyncReport:
        """Bring it to what its sources and approved drafts hold; with ``only``, forget other sources' articles.

        Where no source is named at all, none is forgotten: that is rather a file cut short than the end of it.
        """
        try:
            return await sync(
                self.database,
                self.embeddings,
                [*self.declared.sources, Drafts(self.database)],
                progress=progress,
                library=self._elsewhere,
                only=only and bool(self.declared.sources),
            )
        finally:
            for source in self.declared.sources:
                await source.aclose()

    async def _record(self, conflict: Conflict) -> None:
        await conflicts.record(
            self.database,
            chosen=conflict.chosen.article_id,
            other=conflict.other.article_id,
            chosen_sentence=conflict.chosen_sentence,
            other_sentence=conflict.other_sentence,
        )
