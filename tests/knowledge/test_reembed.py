"""Another embedding model takes the place of the one before, and nobody who asks meanwhile notices."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from frontdesk.database import Database
from frontdesk.errors import EmbeddingsUnavailable, SettingsError
from frontdesk.knowledge import reembed, retrieve
from frontdesk.knowledge.article import Article
from frontdesk.knowledge.embed import Embedder, Embeddings
from frontdesk.knowledge.library import PostgresLibrary
from frontdesk.knowledge.locks import alone
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import publish, sync

PAGES = {
    "returns.md": "# Returns\n\nYou can return boots within 30 days.",
    "shipping.md": "# Shipping\n\nA parcel to Norway costs 14.95 EUR.",
    "fraud.md": "---\nvisibility: internal\n---\n# Fraud\n\nThe zebra list is secret.",
    "warranty.md": "# Warranty\n\nZips are repaired free of charge for two years.",
}

DRONES = Article("drones", "drones", "Do you sell drones?", "No, we do not sell drones.")


class Paid:
    """Stands in for a paid model: a text's words, hashed into a few numbers."""

    def __init__(self, name: str = "paid:small", dimension: int = 48, fails_after: int = 1_000_000) -> None:
        self.name = name
        self.dimension = dimension
        self.left = fails_after
        self.texts = 0

    async def aencode(self, texts: Sequence[str], *, query: bool = False) -> NDArray[np.float32]:
        self.left -= 1
        if self.left < 0:
            raise EmbeddingsUnavailable
        self.texts += len(texts)
        vectors = np.full((len(texts), self.dimension), 0.01, dtype=np.float32)
        for row, text in enumerate(texts):
            for word in text.lower().split():
                vectors[row, hashlib.sha256(word.encode()).digest()[0] % self.dimension] += 1
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (reembed, retrieve):
        monkeypatch.setattr(module, "KNOWN_FOR", 0.3)


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    for name, text in PAGES.items():
        (tmp_path / name).write_text(text)
    return Folder(tmp_path, name="help")


async def first(database: Database, embeddings: Embeddings, query: str = "parcel to Norway") -> str:
    found = await PostgresRetriever(database, embeddings).search(query, visibility=["public"])
    return found[0].text if found else ""


async def rows(database: Database) -> dict[str, int]:
    async with database.transaction() as connection:
        cursor = await connection.execute("SELECT model, count(*)::int FROM knowledge_chunks GROUP BY model")
        return dict(await cursor.fetchall())


async def test_the_model_and_its_dimension_stand_on_each_row(database: Database, folder: Folder) -> None:
    await sync(database, Paid(), folder)
    async with database.transaction() as connection:
        cursor = await connection.execute("SELECT DISTINCT model, dimension FROM knowledge_chunks")
        assert await cursor.fetchall() == [("paid:small", 48)]


async def test_another_model_takes_over_without_reading_a_page_again(
    database: Database, folder: Folder
) -> None:
    await sync(database, Embedder.default(), folder)
    paid = Paid()
    report = await sync(database, paid, folder)
    assert (report.unchanged, report.chunks) == (4, 0)
    assert await rows(database) == {"paid:small": 4}
    assert "Norway" in await first(database, paid)


async def test_who_asks_meanwhile_is_answered_all_the_time(database: Database, folder: Folder) -> None:
    await sync(database, Embedder.default(), folder)
    old, new = PostgresRetriever(database, Embedder.default()), PostgresRetriever(database, paid := Paid())
    missed = asked = 0
    switching = asyncio.create_task(sync(database, paid, folder))
    while not switching.done():
        for retriever in (old, new):
            found = await retriever.search("parcel to Norway", visibility=["public"])
            asked += 1
            missed += not (found and "Norway" in found[0].text)
    await switching
    assert asked > 4
    assert missed == 0
    assert "Norway" in (await new.search("parcel to Norway", visibility=["public"]))[0].text


async def test_words_alone_find_where_the_active_model_is_unknown_here(
    database: Database, folder: Folder
) -> None:
    await sync(database, Paid(), folder)
    retriever = PostgresRetriever(database, Embedder.default())
    found = await retriever.search("parcel to Norway", visibility=["public"])
    assert "Norway" in found[0].text
    assert found[0].cosine == 0


async def test_words_alone_find_while_the_models_endpoint_is_down(database: Database, folder: Folder) -> None:
    await sync(database, Paid(), folder)
    assert "Norway" in await first(database, Paid(fails_after=0))


async def test_what_was_embedded_before_a_failure_is_kept(database: Database, folder: Folder) -> None:
    await sync(database, Embedder.default(), folder)
    with pytest.raises(EmbeddingsUnavailable):
        await sync(database, Paid(fails_after=5), folder)
    assert (await rows(database))["paid:small"] == 2
    assert "Norway" in await first(database, Embedder.default())
    paid = Paid()
    await sync(database, paid, folder)
    assert await rows(database) == {"paid:small": 4}
    assert paid.texts < 2 * len(PAGES)


async def test_internal_pages_stay_internal_under_another_model(database: Database, folder: Folder) -> None:
    await sync(database, Embedder.default(), folder)
    await sync(database, paid := Paid(), folder)
    found = await PostgresRetriever(database, paid).search(
        "zebra list secret", visibility=["public", "customers"]
    )
    assert not any("zebra" in passage.text for passage in found)


async def test_words_are_counted_once_after_the_switch(database: Database, folder: Folder) -> None:
    async def counts() -> dict[str, int]:
        async with database.transaction() as connection:
            cursor = await connection.execute(
                "SELECT term, sum(chunks)::int FROM knowledge_terms GROUP BY term"
            )
            return {term: n for term, n in await cursor.fetchall() if n}

    await sync(database, Embedder.default(), folder)
    before = await counts()
    await sync(database, Paid(), folder)
    assert await counts() == before


async def test_two_models_of_several_dimensions_live_in_one_table(database: Database, folder: Folder) -> None:
    for paid in (Paid("paid:a", 48), Paid("paid:b", 1536), Paid("paid:c", 48)):
        await sync(database, paid, folder)
        assert "Norway" in await first(database, paid)


async def test_a_published_article_is_found_and_survives_a_sync(database: Database, folder: Folder) -> None:
    await sync(database, Embedder.default(), folder)
    await publish(database, Embedder.default(), DRONES)
    await sync(database, Embedder.default(), folder, only=True)
    assert "drones" in await first(database, Embedder.default(), "do you sell drones")


async def test_an_article_is_published_under_the_model_that_serves_and_waits_for_no_sync(
    database: Database, folder: Folder
) -> None:
    await sync(database, Embedder.default(), folder)
    paid = Paid()
    async with alone(database):
        await publish(database, paid, DRONES)
    assert paid.texts == 0
    assert set(await rows(database)) == {Embedder.name}
    assert "drones" in await first(database, Embedder.default(), "do you sell drones")


async def test_nothing_is_published_under_a_model_that_cannot_be_had_here(
    database: Database, folder: Folder
) -> None:
    await sync(database, Paid(), folder)
    with pytest.raises(SettingsError, match=r"searched with paid:small now, which cannot be had here"):
        await publish(database, Embedder.default(), DRONES)


async def test_what_is_published_changed_or_withdrawn_during_the_change_is_not_lost(
    database: Database, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = Embedder.default()
    await sync(database, old, folder)
    kayaks = Article("kayaks", "kayaks", "Do you sell kayaks?", "No, we do not sell kayaks.")
    await publish(database, old, replace(DRONES, body="Maybe."))
    await publish(database, old, kayaks)

    copy, looks = reembed._copy, 0  # pyright: ignore[reportPrivateUsage]  the moment between copy and switch

    async def then_changed(*values: Any) -> None:
        nonlocal looks
        await copy(*values)
        looks += 1
        if looks == 1:
            await publish(database, old, DRONES)
            await publish(database, old, Article("tents", "tents", "Tents", "Tents are rented."))
            await PostgresLibrary(database, old).remove("drafts", "kayaks")

    monkeypatch.setattr(reembed, "_copy", then_changed)
    await reembed.reembed(database, Paid())
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "SELECT c.model, c.text FROM knowledge_chunks c JOIN knowledge_articles a ON a.id = c.article_id"
            " WHERE a.source = 'drafts' ORDER BY c.text"
        )
        assert await cursor.fetchall() == [("paid:small", DRONES.body), ("paid:small", "Tents are rented.")]
    assert looks == 2


async def test_a_second_run_waits_for_nobody(
    database: Database, folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await sync(database, Paid(), folder)
    monkeypatch.setattr(reembed, "KNOWN_FOR", 1e6)
    await sync(database, Paid(), folder)
