"""The same contract for PostgreSQL with pgvector, Chroma, Qdrant and LangChain's own store; and what is theirs alone."""

from __future__ import annotations

import warnings
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.documents import Document
from langchain_core.vectorstores import InMemoryVectorStore, VectorStore

from frontdesk.database import Database
from frontdesk.errors import DatabaseUnavailable, EmbeddingsUnavailable, SettingsError
from frontdesk.knowledge import gaps
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.declared import Knowledge
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.library import PostgresLibrary
from frontdesk.knowledge.reembed import reembed
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.stores import AsLangChain, VectorStoreLibrary, VectorStoreRetriever
from frontdesk.testing import temporary_database
from tests.gaps import Chat, owner_of

pytest.register_assert_rewrite("tests.knowledge.retriever_contract")

from tests.knowledge.retriever_contract import (  # noqa: E402  its asserts are to say what they saw
    ARTICLES,
    PUBLIC,
    SOURCE,
    STAFF,
    TODAY,
    RetrieverContract,
    Shelf,
    article,
    fill,
)

EMBEDDINGS = Embedder.default()


def over(store: VectorStore, database: Database) -> Shelf:
    retriever = VectorStoreRetriever(store, today=lambda: TODAY)
    return Shelf(retriever, VectorStoreLibrary(database, store), database)


def chroma(folder: Path) -> VectorStore:
    with warnings.catch_warnings():
        # chromadb's own use of what Python and pydantic will drop: nothing of ours.
        warnings.simplefilter("ignore", DeprecationWarning)
        import chromadb
        from langchain_chroma import Chroma

        settings = chromadb.Settings(anonymized_telemetry=False)
        client = chromadb.PersistentClient(str(folder), settings=settings)
        return Chroma("contract", AsLangChain(EMBEDDINGS), client=client)


def qdrant() -> VectorStore:
    from langchain_qdrant import QdrantVectorStore
    from qdrant_client import QdrantClient, models

    client = QdrantClient(":memory:")
    size = models.VectorParams(size=EMBEDDINGS.dimension, distance=models.Distance.COSINE)
    client.create_collection("contract", vectors_config=size)
    return QdrantVectorStore(client, "contract", AsLangChain(EMBEDDINGS))


@pytest.fixture(scope="module")
async def in_postgres() -> AsyncGenerator[Shelf]:
    async with temporary_database() as database:
        await reembed(database, EMBEDDINGS)
        retriever = PostgresRetriever(database, EMBEDDINGS, today=lambda: TODAY)
        yield await fill(Shelf(retriever, PostgresLibrary(database, EMBEDDINGS), database))


@pytest.fixture(scope="module")
async def in_chroma(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Shelf]:
    async with temporary_database() as database:
        yield await fill(over(chroma(tmp_path_factory.mktemp("chroma")), database))


@pytest.fixture(scope="module")
async def in_qdrant() -> AsyncGenerator[Shelf]:
    async with temporary_database() as database:
        store: Any = qdrant()
        yield await fill(over(store, database))
        store.client.close()


@pytest.fixture(scope="module")
async def in_memory() -> AsyncGenerator[Shelf]:
    async with temporary_database() as database:
        yield await fill(over(InMemoryVectorStore(AsLangChain(EMBEDDINGS)), database))


class TestPostgres(RetrieverContract):
    @pytest.fixture
    def shelf(self, in_postgres: Shelf) -> Shelf:
        return in_postgres


class TestChroma(RetrieverContract):
    @pytest.fixture
    def shelf(self, in_chroma: Shelf) -> Shelf:
        return in_chroma


class TestQdrant(RetrieverContract):
    @pytest.fixture
    def shelf(self, in_qdrant: Shelf) -> Shelf:
        return in_qdrant


class TestInMemory(RetrieverContract):
    @pytest.fixture
    def shelf(self, in_memory: Shelf) -> Shelf:
        return in_memory


# ------------------------------------------------------------------ stores that misbehave
class Deaf(InMemoryVectorStore):
    """A store that takes a filter and ignores it."""

    async def asimilarity_search_by_vector(
        self, embedding: list[float], k: int = 4, **_: Any
    ) -> list[Document]:
        return await super().asimilarity_search_by_vector(embedding, k)


@pytest.fixture(scope="module")
async def in_a_deaf_store() -> AsyncGenerator[Shelf]:
    async with temporary_database() as database:
        store = Deaf(AsLangChain(EMBEDDINGS))
        shelf = await fill(over(store, database))
        shelf.retriever = VectorStoreRetriever(store, where=lambda _: None, today=lambda: TODAY)
        yield shelf


class TestAStoreThatIgnoresItsFilter(RetrieverContract):
    """It may find fewer, but leaks nothing: the whole contract holds on a shelf this small."""

    @pytest.fixture
    def shelf(self, in_a_deaf_store: Shelf) -> Shelf:
        return in_a_deaf_store


class Broken(InMemoryVectorStore):
    async def asimilarity_search_by_vector(self, *_: Any, **__: Any) -> list[Document]:
        raise RuntimeError("password=hunter2")


async def test_a_store_that_fails_is_one_error_without_its_words() -> None:
    retriever = VectorStoreRetriever(Broken(AsLangChain(EMBEDDINGS)))
    with pytest.raises(DatabaseUnavailable) as caught:
        await retriever.search("boots", visibility=PUBLIC)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


async def test_a_closed_store_is_that_error_too() -> None:
    store: Any = qdrant()
    retriever = VectorStoreRetriever(store)
    assert await retriever.search("boots", visibility=PUBLIC) == []
    store.client.close()
    with pytest.raises(DatabaseUnavailable):
        await retriever.search("boots", visibility=PUBLIC)


async def test_a_closed_database_is_that_error_too() -> None:
    async with temporary_database() as database:
        await reembed(database, EMBEDDINGS)
        retriever = PostgresRetriever(database, EMBEDDINGS)
    with pytest.raises(DatabaseUnavailable):
        await retriever.search("boots", visibility=PUBLIC)


async def test_a_store_that_says_no_embeddings_must_be_given_them() -> None:
    class Silent(InMemoryVectorStore):
        @property
        def embeddings(self) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]  what VectorStore allows
            return None

    with pytest.raises(SettingsError, match="hand over embeddings="):
        VectorStoreRetriever(Silent(AsLangChain(EMBEDDINGS)))
    assert VectorStoreRetriever(Silent(AsLangChain(EMBEDDINGS)), EMBEDDINGS).embeddings is EMBEDDINGS


class Down:
    name, dimension = "down", 384

    async def aencode(self, texts: Any, *, query: bool = False) -> Any:
        raise EmbeddingsUnavailable


async def test_a_model_that_cannot_be_asked_is_said_so() -> None:
    retriever = VectorStoreRetriever(InMemoryVectorStore(AsLangChain(EMBEDDINGS)), Down())
    with pytest.raises(EmbeddingsUnavailable):
        await retriever.search("boots", visibility=PUBLIC)


# ------------------------------------------------------------------ documents of others
@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"visibility": "everyone"},
        {"visibility": None},
        {"visibility": ["public"]},
        {"visibility": "public", "valid_until": "soon"},
        {"visibility": "public", "valid_from": "2026-13-45"},
        {"visibility": "public", "valid_until": "2026-06-14T23:00:00Z"},
        {"visibility": "public", "products": "tents, kayaks"},
        {"visibility": "public", "locale": "de_AT"},
        {"visibility": "public", "locale": 7},
    ],
    ids=repr,
)
async def test_a_document_that_cannot_be_judged_is_shown_to_nobody(fields: dict[str, Any]) -> None:
    store = InMemoryVectorStore(AsLangChain(EMBEDDINGS))
    await store.aadd_documents([Document("Boots.", metadata=fields)])
    retriever = VectorStoreRetriever(store, where=lambda _: None, today=lambda: TODAY)
    assert await retriever.search("boots", visibility=STAFF, locale="en", products=["boots"]) == []


async def test_a_plain_document_with_little_beside_it_is_found_and_quoted() -> None:
    store = InMemoryVectorStore(AsLangChain(EMBEDDINGS))
    fields = {
        "title": "Boots",
        "visibility": "public",
        "products": "boots, shoes",
        "updated": "whenever",
        "locale": "en_GB",
    }
    text = "Grease boots twice a year. Dry them slowly."
    await store.aadd_documents([Document(text, metadata=fields)])
    retriever = VectorStoreRetriever(store, today=lambda: TODAY)
    (found,) = await retriever.search(
        "grease boots", visibility=PUBLIC, locale="en", products=["shoes"], limit=5
    )
    assert (found.text, found.url, found.updated) == (text, "", None)
    assert [sentence for sentence, _ in found.sentences] == ["Grease boots twice a year.", "Dry them slowly."]


# ------------------------------------------------------------------ the write side
async def test_a_store_that_lost_its_passages_is_filled_again(database: Database) -> None:
    first = InMemoryVectorStore(AsLangChain(EMBEDDINGS))
    await VectorStoreLibrary(database, first).put(SOURCE, ARTICLES[0], chunks_of(0), "as it was")
    assert (await VectorStoreLibrary(database, first).stored(SOURCE))["returns.md"].fingerprint == "as it was"
    after_a_restart = VectorStoreLibrary(database, InMemoryVectorStore(AsLangChain(EMBEDDINGS)))
    assert (await after_a_restart.stored(SOURCE))["returns.md"].fingerprint == ""


async def test_what_was_interrupted_is_written_again_and_leaves_nothing_behind(database: Database) -> None:
    class Stops(InMemoryVectorStore):
        stops = True

        async def adelete(self, ids: Any = None, **_: Any) -> None:
            if self.stops:
                raise RuntimeError
            await super().adelete(ids)

    store = Stops(AsLangChain(EMBEDDINGS))
    library = VectorStoreLibrary(database, store)
    await library.put(SOURCE, ARTICLES[0], chunks_of(0), "long")
    short = article("Returns", "Nothing is taken back.")
    with pytest.raises(DatabaseUnavailable):
        await library.put(SOURCE, short, chunks_of(0)[:1], "short")
    store.stops = False
    again = VectorStoreLibrary(database, store)
    assert (await again.stored(SOURCE))["returns.md"].fingerprint == ""
    await again.put(SOURCE, short, chunks_of(0)[:1], "short")
    assert len(store.store) == 1
    await again.remove(SOURCE, "returns.md")
    assert store.store == {}
    assert await again.stored(SOURCE) == {}


async def test_a_library_is_named_by_its_store_and_model_or_by_its_caller(database: Database) -> None:
    store = InMemoryVectorStore(AsLangChain(EMBEDDINGS))
    assert VectorStoreLibrary(database, store).model == "inmemory:all-minilm-l6-v2-int8"
    assert VectorStoreLibrary(database, store, name="ours").model == "ours"


def chunks_of(number: int) -> list[Any]:
    from frontdesk.knowledge.chunk import chunk

    return chunk(ARTICLES[number])


def test_frontdesks_embeddings_serve_a_store_without_an_event_loop() -> None:
    model = AsLangChain(EMBEDDINGS)
    assert len(model.embed_query("boots")) == 384
    assert [len(vector) for vector in model.embed_documents(["boots", "tents"])] == [384, 384]


async def test_a_gap_closes_itself_by_an_article_of_another_vector_store(
    database: Database, tmp_path: Path
) -> None:
    (tmp_path / "rental.md").write_text("# Renting tents\n\nYes. You can rent a tent for up to 14 days.")
    vectors = InMemoryVectorStore(AsLangChain(EMBEDDINGS))
    base = KnowledgeBase(database, Knowledge(sources=[Folder(tmp_path, name="help")], store=vectors))
    async with await owner_of(database) as owner:
        await Chat(owner).turn("Do you rent out tents?")
    await gaps.sweep(database)
    assert await gaps.recheck(database, base.ask()) == []
    await base.sync()
    assert await gaps.recheck(database, base.ask()) == [1]
    async with database.transaction() as connection:
        (first, *_) = (await base.ask()("Do you rent out tents?", ("public",))).passages
        assert await store_ids(connection) == [first.article_id]


async def store_ids(connection: Any) -> list[str]:
    return [
        row[0]
        for row in await (await connection.execute("SELECT id::text FROM knowledge_articles")).fetchall()
    ]
