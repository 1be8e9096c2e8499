"""What changes in a source of the web shows after one sync; what only does not come for now stays."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from frontdesk.database import Database
from frontdesk.knowledge.article import Source
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources import pages
from frontdesk.knowledge.sources.questions import Questions
from frontdesk.knowledge.sources.web import Sitemap
from frontdesk.knowledge.sync import SyncReport, sync
from tests.knowledge.web import Site, page, redirect, serve

EMBEDDER = Embedder.default()


@pytest.fixture
async def site(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Site]:
    monkeypatch.setattr(pages, "PAUSE", 0)
    async with serve() as site:
        site.pages["/returns"] = page("<h1>Returns</h1><p>You can return boots within 30 days.</p>")
        site.pages["/norway"] = page("<h1>Shipping</h1><p>A parcel to Norway costs 14.95 EUR.</p>")
        site.pages["/repair"] = page("<h1>Repair</h1><p>We mend a broken zipper for free.</p>")
        places = "".join(f"<url><loc>{site.url(path)}</loc></url>" for path in site.pages)
        space = "http://www.sitemaps.org/schemas/sitemap/0.9"
        site.pages["/sitemap.xml"] = page(f'<urlset xmlns="{space}">{places}</urlset>', "application/xml")
        yield site


async def run(database: Database, site: Site) -> SyncReport:
    source: Source = Sitemap(site.url("/sitemap.xml"), allow=[site.place])
    try:
        return await sync(database, EMBEDDER, source)
    finally:
        await source.aclose()


async def found(database: Database, query: str) -> str:
    passages = await PostgresRetriever(database, EMBEDDER).search(query, visibility=["public"])
    return " ".join(passage.text for passage in passages)


async def test_a_page_that_is_gone_or_closed_is_not_quoted_and_one_that_fails_is(
    database: Database, site: Site
) -> None:
    assert (await run(database, site)).added == 3
    site.pages["/returns"] = page("<h1>Returns</h1><p>You can return boots within 14 days.</p>")
    site.pages["/norway"] = page("busy", status=503)
    site.pages["/repair"] = page("no", status=410)
    report = await run(database, site)
    assert (report.updated, report.removed) == (1, 1)
    assert sorted(reason for _, reason in report.failed) == ["The page's host answered 503.", "is gone"]
    everything = await found(database, "boots, a parcel to Norway, a broken zipper")
    assert "14 days" in everything
    assert "30 days" not in everything
    assert "14.95" in everything
    assert "zipper" not in everything
    site.pages["/returns"] = redirect("/login?next=/returns")
    site.pages["/login?next=/returns"] = page("<h1>Sign in</h1>")
    assert (await run(database, site)).removed == 1
    assert "boots" not in await found(database, "How long can I return boots?")


async def test_a_sitemap_that_fails_removes_nothing(database: Database, site: Site) -> None:
    await run(database, site)
    site.pages["/sitemap.xml"] = page("oops", status=500)
    report = await run(database, site)
    assert report.removed == 0
    assert [name for name, _ in report.unavailable] == ["sitemap"]
    site.pages["/sitemap.xml"] = redirect("http://169.254.169.254/sitemap.xml")
    report = await run(database, site)
    assert (report.removed, len(report.unavailable)) == (0, 1)
    assert "14.95" in await found(database, "parcel to Norway")


async def test_an_edited_answer_in_a_table_shows_and_a_stricter_row_hides(
    database: Database, tmp_path: Path
) -> None:
    file = tmp_path / "questions.csv"
    file.write_text(
        "question,answer,visibility\nMay I return boots?,Within 30 days.,\nIs repair free?,Zippers are.,\n"
    )
    assert (await sync(database, EMBEDDER, Questions(file))).added == 2
    file.write_text(
        "question,answer,visibility\nNew?,Yes.,\nMay I return boots?,Within 14 days.,\nIs repair free?,Zippers are.,internal\n"
    )
    report = await sync(database, EMBEDDER, Questions(file))
    assert (report.added, report.updated, report.removed) == (1, 2, 0)
    everything = await found(database, "May I return boots? Is repair free?")
    assert "Within 14 days." in everything
    assert "Zippers" not in everything
