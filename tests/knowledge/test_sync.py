"""A sync brings the database to what the folder holds, and can be interrupted anywhere."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from frontdesk.database import Database
from frontdesk.errors import DataRefused, KnowledgeFolderMissing
from frontdesk.knowledge.article import Article
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.library import PostgresLibrary
from frontdesk.knowledge.locks import alone
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import Progress, SyncReport, sync
from frontdesk.store import knowledge as store

EMBEDDER = Embedder.default()


async def run(database: Database, folder: Path, progress: Progress | None = None) -> SyncReport:
    url = "https://ourshop.example/help/{slug}"
    return await sync(database, EMBEDDER, Folder(folder, name="help", url=url), progress=progress)


async def ask(database: Database, query: str, *visibility: str) -> list[str]:
    found = await PostgresRetriever(database, EMBEDDER).search(query, visibility=visibility or ["public"])  # type: ignore[arg-type]
    return [passage.text for passage in found]


def counts(report: SyncReport) -> tuple[int, int, int, int]:
    return report.added, report.updated, report.unchanged, report.removed


async def terms(database: Database) -> dict[str, int]:
    async with database.transaction() as connection:
        cursor = await connection.execute("SELECT term, chunks FROM knowledge_terms")
        return dict(await cursor.fetchall())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "returns.md").write_text("# Returns\n\nYou can return boots within 30 days.")
    (tmp_path / "shipping.md").write_text("# Shipping\n\nA parcel to Norway costs 14.95 EUR.")
    (tmp_path / "fraud.md").write_text("---\nvisibility: internal\n---\n# Fraud\n\nThe zebra list is secret.")
    return tmp_path


async def test_only_what_changed_is_embedded_again(database: Database, folder: Path) -> None:
    assert counts(await run(database, folder)) == (3, 0, 0, 0)
    (folder / "returns.md").write_text("# Returns\n\nYou can return boots within 14 days.")
    report = await run(database, folder)
    assert counts(report) == (0, 1, 2, 0)
    assert report.chunks == 1
    assert (await ask(database, "How long can I return boots?"))[0] == "You can return boots within 14 days."


async def test_a_page_is_read_again_when_what_it_includes_changes(database: Database, folder: Path) -> None:
    (folder / "terms.md").write_text("# Terms\n\n{!_window.md!}\n")
    (folder / "_window.md").write_text("Boots come back within 30 days.\n")
    await run(database, folder)
    (folder / "_window.md").write_text("Boots come back within 14 days.\n")
    assert counts(await run(database, folder))[:2] == (0, 1)


async def test_another_model_or_address_means_everything_anew(database: Database, folder: Path) -> None:
    await run(database, folder)
    report = await sync(database, EMBEDDER, Folder(folder, name="help", url="https://other.example/{slug}"))
    assert report.updated == 3


async def test_a_removed_page_is_gone_from_answers_at_once(database: Database, folder: Path) -> None:
    await run(database, folder)
    assert (await terms(database))["norway"] == 1
    (folder / "shipping.md").unlink()
    assert counts(await run(database, folder)) == (0, 0, 2, 1)
    assert not any("Norway" in text for text in await ask(database, "parcel to Norway"))
    assert "norway" not in await terms(database)


async def test_a_visibility_change_shows_after_one_sync(database: Database, folder: Path) -> None:
    await run(database, folder)
    page = folder / "shipping.md"
    page.write_text("---\nvisibility: internal\n---\n" + page.read_text())
    await run(database, folder)
    assert not any(
        "Norway" in text for text in await ask(database, "parcel to Norway", "public", "customers")
    )
    assert any("Norway" in text for text in await ask(database, "parcel to Norway", "internal"))


async def test_a_malformed_page_is_reported_and_no_longer_quoted(database: Database, folder: Path) -> None:
    await run(database, folder)
    (folder / "shipping.md").write_text("---\nvisibility: [inter\n---\nA parcel to Norway costs 14.95 EUR.")
    (folder / "latin.md").write_bytes("Größe".encode("latin-1"))
    report = await run(database, folder)
    assert [path for path, _ in report.failed] == ["latin.md", "shipping.md"]
    assert report.unchanged == 2
    assert not any("Norway" in text for text in await ask(database, "parcel to Norway"))


async def test_a_page_that_the_database_refuses_stops_no_other(
    database: Database, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put = PostgresLibrary.put

    async def refusing(self: PostgresLibrary, source: str, article: Article, *values: Any) -> None:
        if article.path == "returns.md":
            raise DataRefused
        await put(self, source, article, *values)

    monkeypatch.setattr(PostgresLibrary, "put", refusing)
    report = await run(database, folder)
    assert report.failed == [("returns.md", "holds a character that cannot be stored")]
    assert counts(report) == (2, 0, 0, 0)


async def test_an_interrupted_sync_goes_on_where_it_was(database: Database, folder: Path) -> None:
    def stop(done: int, total: int, path: str) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await run(database, folder, stop)
    assert counts(await run(database, folder)) == (1, 0, 2, 0)
    assert (await terms(database))[""] == 1 or sum((await terms(database)).values()) > 0


async def test_two_syncs_at_once_do_not_collide(database: Database, folder: Path) -> None:
    first, second = await asyncio.gather(run(database, folder), run(database, folder))
    assert sorted([counts(first), counts(second)]) == [(0, 0, 3, 0), (3, 0, 0, 0)]


async def test_sources_do_not_remove_each_others_pages(
    database: Database, folder: Path, tmp_path: Path
) -> None:
    await run(database, folder)
    other = tmp_path / "other"
    other.mkdir()
    report = await sync(database, EMBEDDER, Folder(other, name="blog"))
    assert report.removed == 0
    assert await ask(database, "parcel to Norway")


async def test_a_missing_folder_removes_nothing(database: Database, folder: Path) -> None:
    await run(database, folder)
    with pytest.raises(KnowledgeFolderMissing):
        await run(database, folder / "nowhere")
    assert await ask(database, "parcel to Norway")


async def test_progress_is_told(database: Database, folder: Path) -> None:
    seen: list[tuple[int, int, str]] = []
    await run(database, folder, lambda done, of, path: seen.append((done, of, path)))
    assert seen == [(1, 3, "fraud.md"), (2, 3, "returns.md"), (3, 3, "shipping.md")]


async def test_a_sync_may_be_idle_for_longer_than_the_server_allows(database: Database) -> None:
    async with database.transaction() as connection:
        await connection.execute("SET SESSION idle_in_transaction_session_timeout = 1000")
        assert await store.try_lock(connection)
        await asyncio.sleep(1.5)
        await connection.execute("RESET idle_in_transaction_session_timeout")


async def test_what_times_out_under_the_lock_is_not_the_database(database: Database) -> None:
    with pytest.raises(TimeoutError):
        async with alone(database):
            raise TimeoutError
    async with alone(database):
        pass


async def test_a_source_that_lists_nothing_any_more_keeps_its_pages(database: Database, folder: Path) -> None:
    (folder / "warranty.md").write_text("# Warranty\n\nZips are repaired free of charge.")
    await run(database, folder)
    for page in folder.iterdir():
        page.unlink()
    report = await run(database, folder)
    ((source, reason),) = report.unavailable
    assert (source, report.removed) == ("help", 0)
    assert "nothing of it was removed" in reason
    assert any("Norway" in text for text in await ask(database, "parcel to Norway"))
