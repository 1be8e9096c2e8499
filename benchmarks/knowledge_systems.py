"""What is compared: Frontdesk's own search and what it must not fall behind.

All of them get the same pages; Frontdesk cuts them itself, the others take each whole, as they come. Where vectors
are needed they are those of the built-in model: Chroma's default model is the same MiniLM, which it would
download; nothing is downloaded here.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from benchmarks.knowledge_sets import Page, Set
from frontdesk.domain import Passage, Visibility
from frontdesk.knowledge.answer import best_passage
from frontdesk.knowledge.embed import Embedder, Embeddings
from frontdesk.knowledge.multilingual import Multilingual
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.stores import AsLangChain
from frontdesk.knowledge.sync import sync
from frontdesk.knowledge.unsaid import unsaid
from frontdesk.testing import temporary_database

DEPTH = 10  # pages that count
PASSAGES = 40  # of Frontdesk's, several of one page
VISIBILITY: tuple[Visibility, ...] = ("public",)
STOPWORDS = {"en", "de", "es", "fr", "zh"}

Hits = list[tuple[str, float]]


class System(Protocol):
    """Something that searches the pages of a set."""

    async def search(self, text: str) -> Any:
        """What it finds; this is what is timed."""
        ...

    async def judged(self, text: str, found: Any) -> tuple[list[str], float]:
        """The ids of the pages found, best first, and how sure it is that the first one answers."""
        ...


class Ours:
    """Frontdesk's hybrid search, and the confidence by which it answers or does not."""

    def __init__(self, retriever: PostgresRetriever, ids: Sequence[str], language: str) -> None:
        self._retriever, self._ids, self._language = retriever, ids, language

    async def search(self, text: str) -> list[Passage]:
        """The passages."""
        return await self._retriever.search(
            text, visibility=VISIBILITY, locale=self._language, limit=PASSAGES
        )

    async def judged(self, text: str, found: list[Passage]) -> tuple[list[str], float]:
        """As the desk itself judges: what the best article leaves unsaid counts in English."""
        missing = await unsaid(text, found, Embedder.default()) if found and self._language == "en" else 0.0
        pages = [self._ids[int(passage.url.split("#")[0])] for passage in found]
        return list(dict.fromkeys(pages)), best_passage(text, found, unsaid=missing)[1]


@asynccontextmanager
async def ours(chosen: Set, model: str) -> AsyncGenerator[System]:
    """Frontdesk over the pages of ``chosen``, written to files and synced."""
    embeddings: Embeddings = Embedder(kept=0) if model == "local" else Multilingual(kept=0)
    async with temporary_database() as database:
        with tempfile.TemporaryDirectory() as folder:
            _write(Path(folder), chosen)
            await sync(database, embeddings, Folder(folder, name="bench", url="{slug}"))
        yield Ours(
            PostgresRetriever(database, embeddings), [page.id for page in chosen.pages], chosen.language
        )


def _write(folder: Path, chosen: Set) -> None:
    for number, page in enumerate(chosen.pages):
        front = f"title: {json.dumps(page.title or '-')}\nlocale: {chosen.language}"
        (folder / f"{number}.md").write_text(f"---\n{front}\n---\n{page.text}", encoding="utf-8")


class _Scored:
    """A system that gives each page it finds a score."""

    async def judged(self, text: str, found: Hits) -> tuple[list[str], float]:  # noqa: ARG002  the score says it
        """The best score is how sure it is."""
        return [page for page, _ in found], found[0][1] if found else 0.0


class BM25(_Scored):
    """bm25s with its own stop words."""

    def __init__(self, chosen: Set) -> None:
        import bm25s  # noqa: PLC0415  for development only

        self._stopwords = chosen.language if chosen.language in STOPWORDS else None
        self._ids = [page.id for page in chosen.pages]
        self._bm25s = bm25s
        self._index = bm25s.BM25()
        self._index.index(self._tokens([_text(page) for page in chosen.pages]), show_progress=False)

    async def search(self, text: str) -> Hits:
        """The best pages."""
        most = min(DEPTH, len(self._ids))
        found, scores = self._index.retrieve(self._tokens(text), k=most, show_progress=False)
        return [
            (self._ids[n], float(score)) for n, score in zip(found[0], scores[0], strict=True) if score > 0
        ]

    def _tokens(self, texts: str | list[str]) -> Any:
        return self._bm25s.tokenize(texts, stopwords=self._stopwords, show_progress=False)


class Dense(_Scored):
    """Each page as one vector, compared with all of them."""

    def __init__(self, chosen: Set) -> None:
        self._embedder = Embedder(kept=0)
        self._ids = [page.id for page in chosen.pages]
        self._vectors = self._embedder.encode([_text(page) for page in chosen.pages])

    async def search(self, text: str) -> Hits:
        """The nearest pages."""
        cosines = self._vectors @ (await self._embedder.aencode([text], query=True))[0]
        return [(self._ids[n], float(cosines[n])) for n in np.argsort(-cosines)[:DEPTH]]


class Chroma(_Scored):
    """langchain-chroma as it comes: its default collection in a folder."""

    def __init__(self, chosen: Set, folder: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # chromadb's own
            import chromadb  # noqa: PLC0415  takes a second
            from langchain_chroma import Chroma as Store  # noqa: PLC0415

        client = chromadb.PersistentClient(folder, settings=chromadb.Settings(anonymized_telemetry=False))
        self._store = Store(embedding_function=AsLangChain(Embedder(kept=0)), client=client)
        self._store.add_texts([_text(page) for page in chosen.pages], ids=[page.id for page in chosen.pages])

    async def search(self, text: str) -> Hits:
        """The nearest pages; a distance counts less the greater it is."""
        found = await self._store.asimilarity_search_with_score(text, k=DEPTH)
        return [(str(document.id), -distance) for document, distance in found]


@asynccontextmanager
async def built(chosen: Set, name: str, model: str = "local") -> AsyncGenerator[System]:
    """The system called ``name`` over the pages of ``chosen``."""
    if name == "ours":
        async with ours(chosen, model) as system:
            yield system
    elif name == "Chroma":
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            yield Chroma(chosen, folder)
    else:
        yield BM25(chosen) if name == "BM25" else Dense(chosen)


def _text(page: Page) -> str:
    return f"{page.title}\n\n{page.text}" if page.title else page.text
