"""Search in any vector store of LangChain's, by the same contract as PostgreSQL.

The store finds candidates by a passage's vector, filtered inside its query where the way to write a filter is
known. Their sentences are then embedded (and remembered), so that a passage is scored by its best sentence and
can be quoted. Nothing leaves that the caller may not see, whatever the store gave.
"""

from __future__ import annotations

import asyncio
import importlib
from collections import OrderedDict
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import ContextVar
from datetime import date
from typing import TYPE_CHECKING, Any, TypeVar

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings as LangChainModel
from langchain_core.vectorstores import VectorStore

from frontdesk.domain import Json, Passage, Visibility
from frontdesk.errors import DatabaseUnavailable, FrontdeskError, SettingsError
from frontdesk.knowledge.chunk import JOIN
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.embeddings import resolve
from frontdesk.knowledge.retrieve import searchable, today
from frontdesk.knowledge.stores import metadata as beside
from frontdesk.store.knowledge_search import Wanted

if TYPE_CHECKING:
    from frontdesk.knowledge.embed import Vectors

DIALECTS = {"Chroma": "chroma", "QdrantVectorStore": "qdrant", "InMemoryVectorStore": "memory"}
FEW = 8  # passages whose sentences are looked at, or as many as are asked for
UNFILTERED = 10  # times as many candidates are fetched from a store that filters nothing
SECONDS = 10.0  # for one call to the store
REMEMBERED = 512  # passages whose sentences' vectors are kept


T = TypeVar("T")
_loop: ContextVar[asyncio.AbstractEventLoop | None] = ContextVar("loop", default=None)


class VectorStoreRetriever:
    """A Retriever over ``store``, whose documents stand as stores/metadata.py says.

    ``embeddings`` are by default the store's own. ``where`` writes the store's filter for what is wanted; it is
    known for Chroma, Qdrant and the in-memory store. Without it candidates are filtered here alone, which finds
    fewer of them. Scores are cosines of the best sentence, 0 to 1.
    """

    def __init__(
        self,
        store: VectorStore,
        embeddings: Embeddings | None = None,
        *,
        where: Callable[[Wanted], Any] | None = None,
        today: Callable[[], date] = today,
    ) -> None:
        self.embeddings = embeddings or embeddings_of(store)
        self._store = store
        self._where = where or dialect(store)[0]
        self._today = today
        self._known: OrderedDict[str, Vectors] = OrderedDict()

    async def search(
        self,
        query: str,
        *,
        visibility: Sequence[Visibility],
        locale: str | None = None,
        products: Sequence[str] = (),
        limit: int = 5,
    ) -> list[Passage]:
        """Up to ``limit`` passages the caller may see that are valid today, best first; see Retriever.

        Raises DatabaseUnavailable when the store does not answer, EmbeddingsUnavailable when the model does not.
        """
        text = searchable(query)
        if not text or not visibility or limit < 1:
            return []
        wanted = Wanted(visibility, self._today(), locale, products)
        vector = (await self.embeddings.aencode([text], query=True))[0]
        most = max(limit, FEW)
        found = await self._candidates(vector, wanted, most)
        shown = [document for document in found if beside.allowed(document.metadata, wanted)][:most]
        passages = await self._scored(vector, shown)
        return sorted(passages, key=lambda p: (-p.score, p.chunk_id))[:limit]

    async def _candidates(self, vector: Vectors, wanted: Wanted, most: int) -> list[Document]:
        options: Json = (
            {"k": most, "filter": self._where(wanted)} if self._where else {"k": most * UNFILTERED}
        )
        async with answering():
            return await self._store.asimilarity_search_by_vector(vector.tolist(), **options)

    async def _scored(self, vector: Vectors, documents: Sequence[Document]) -> list[Passage]:
        texts = [beside.text_of(each.page_content, each.metadata) for each in documents]
        parts = [beside.sentences_of(t, d.metadata) or (t,) for t, d in zip(texts, documents, strict=True)]
        vectors = await self._vectors(documents, parts)
        return [
            _passage(document, text, tuple(zip(own, _cosines(known, vector), strict=True)))
            for document, text, own, known in zip(documents, texts, parts, vectors, strict=True)
        ]

    async def _vectors(self, documents: Sequence[Document], parts: Sequence[Sequence[str]]) -> list[Vectors]:
        """The vectors of each passage's sentences; those not seen lately are embedded, all in one go."""
        keys = ["\0".join([_where(each), *own]) for each, own in zip(documents, parts, strict=True)]
        new = {key: n for n, key in enumerate(keys) if key not in self._known}
        texts = [f"{_where(documents[n])}. {sentence}" for n in new.values() for sentence in parts[n]]
        vectors = await self.embeddings.aencode(texts) if texts else []
        start, made = 0, dict[str, Any]()
        for key, n in new.items():
            made[key] = vectors[start : start + len(parts[n])]
            start += len(parts[n])
        found = [made[key] if key in made else self._known[key] for key in keys]
        self._known.update(made)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)
        return found


class AsLangChain(LangChainModel):
    """Frontdesk's embeddings for a store of LangChain's: ``Chroma(embedding_function=AsLangChain(resolve("")))``."""

    def __init__(self, embeddings: Embeddings) -> None:
        self.embeddings = embeddings

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages. Blocks: not to be called on an event loop."""
        return _from_thread(self.aembed_documents(texts))

    def embed_query(self, text: str) -> list[float]:
        """The vector of a question. Blocks: not to be called on an event loop."""
        return _from_thread(self.aembed_query(text))

    async def aembed_documents(self, texts: list[str]) -> list[list[float]]:
        """Vectors of passages."""
        return (await self.embeddings.aencode(texts)).tolist()

    async def aembed_query(self, text: str) -> list[float]:
        """The vector of a question."""
        return (await self.embeddings.aencode([text], query=True))[0].tolist()


def _from_thread(work: Coroutine[Any, Any, T]) -> T:
    """Await ``work`` on the loop whose thread pool this is, to which a model's connections belong.

    Some stores embed a word when they are made, on the loop itself, which then has to wait.
    """
    loop = _loop.get()
    if loop is None or not loop.is_running():
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, work).result()
    return asyncio.run_coroutine_threadsafe(work, loop).result()


def embeddings_of(store: VectorStore) -> Embeddings:
    """What ``store`` embeds with. Raises SettingsError where it does not say."""
    own = store.embeddings
    if isinstance(own, AsLangChain):
        return own.embeddings
    if own is None:
        raise SettingsError("this vector store does not say what it embeds with: hand over embeddings=…")
    return resolve(own)


def dialect(store: VectorStore) -> tuple[Callable[[Wanted], Any] | None, Callable[[Json], Json]]:
    """How ``store`` writes a filter, or None where nobody knows; and what it can hold beside a passage."""
    for kind in type(store).__mro__:
        if name := DIALECTS.get(kind.__name__):
            module = importlib.import_module(f"frontdesk.knowledge.stores.{name}")
            return module.where, module.metadata
    return None, lambda fields: fields


@asynccontextmanager
async def answering(seconds: float = SECONDS) -> AsyncGenerator[None]:
    """Whatever a store raises, or its silence, as DatabaseUnavailable; its words stay here.

    NotImplementedError is left: the store cannot do this.
    """
    before = _loop.set(asyncio.get_running_loop())
    try:
        async with asyncio.timeout(seconds):
            yield
    except (FrontdeskError, NotImplementedError):
        raise
    except Exception as error:  # noqa: BLE001  each store has errors of its own
        raise DatabaseUnavailable(f"the vector store does not answer ({type(error).__name__})") from None
    finally:
        _loop.reset(before)


def _where(document: Document) -> str:
    """What a sentence stands under: the last of its headings, else the title."""
    heading = beside.word(document.metadata, "heading").rsplit(JOIN, 1)[-1]
    return heading or beside.word(document.metadata, "title")


def _cosines(known: Vectors, vector: Vectors) -> list[float]:
    return [min(max(cosine, -1.0), 1.0) for cosine in (known @ vector).tolist()]


def _passage(document: Document, text: str, scored: tuple[tuple[str, float], ...]) -> Passage:
    fields = document.metadata
    best = max(max((cosine for _, cosine in scored), default=0.0), 0.0)
    try:
        updated = beside.date_of(fields.get("updated"))
    except ValueError:
        updated = None
    return Passage(
        chunk_id=beside.word(fields, "chunk_id") or str(document.id or fields.get("_id") or ""),
        article_id=beside.word(fields, "article_id"),
        title=beside.word(fields, "title"),
        heading=beside.word(fields, "heading"),
        url=beside.address(fields),
        text=text,
        score=best,
        cosine=best,
        updated=updated,
        locale=beside.word(fields, "locale") or "en",
        sentences=scored,
    )
