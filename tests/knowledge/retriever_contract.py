"""What every retriever must do, whatever keeps its passages: subclass RetrieverContract and give it a shelf.

class TestMyStore(RetrieverContract):
    @pytest.fixture(scope="class")
    async def shelf(self) -> AsyncGenerator[Shelf]: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from frontdesk.database import Database
from frontdesk.domain import Passage, Visibility
from frontdesk.knowledge.article import Article
from frontdesk.knowledge.chunk import chunk
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.library import Library
from frontdesk.knowledge.retrieve import Retriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync

TODAY = date(2026, 6, 15)
SOURCE = "contract"
HELP = "https://shop.example/help"
PUBLIC: list[Visibility] = ["public"]
CUSTOMERS: list[Visibility] = ["public", "customers"]
STAFF: list[Visibility] = ["public", "customers", "internal"]

RETURNS = """# Returns

You can send anything back that you bought here, in a shop or on these pages, and need not say why: we ask for no reason and keep no list.

## How long you have {#how-long}

You can return boots within 30 days of delivery. The boots must be unworn and in their original box, with the tag on.

## What it costs

We pay for the parcel when you return something from within the European Union. From Norway a return costs 14.95 EUR, which we take off your refund.
"""
HOW_LONG = "Within how many days of delivery can I return something?"
ODD = [
    "",
    "   \n\t ",
    "?!… --- ;;",
    "\x00",
    "boots\x00return",
    "\ud800 return boots",
    "💥👩‍👩‍👧",
    "' OR 1=1; DROP TABLE knowledge_chunks; --",
    '"}]} {"$where": "1"} $and $or metadata.visibility',
    "it's \\ o'neil & | ! <-> :* ( )",
    "%s %(query)s {0} {{}}",
    "可以退货吗",
    "return boots " * 8000,
    "z" * 100_000,
]


@dataclass
class Shelf:
    """A retriever, and what a sync writes through into the place that it searches."""

    retriever: Retriever
    library: Library
    database: Database

    async def put(self, article: Article) -> None:
        await self.library.put(SOURCE, article, chunk(article), "fingerprint")

    async def search(
        self,
        query: str,
        visibility: Sequence[Visibility] = ("public",),
        *,
        locale: str | None = None,
        products: Sequence[str] = (),
        limit: int = 20,
    ) -> list[Passage]:
        return await self.retriever.search(
            query, visibility=visibility, locale=locale, products=products, limit=limit
        )

    async def titles(
        self,
        query: str,
        visibility: Sequence[Visibility] = ("public",),
        *,
        locale: str | None = None,
        products: Sequence[str] = (),
    ) -> set[str]:
        found = await self.search(query, visibility, locale=locale, products=products)
        return {passage.title for passage in found}


def article(title: str, body: str, **changes: object) -> Article:
    slug = title.lower().replace(" ", "-")
    return replace(Article(f"{slug}.md", slug, title, body, url=f"{HELP}/{slug}"), **changes)  # pyright: ignore[reportArgumentType]  fields of Article


ARTICLES = [
    article("Returns", RETURNS, updated=date(2026, 5, 1)),
    article(
        "Rückgabe",
        "Stiefel können binnen 30 Tagen nach der Lieferung zurückgegeben werden.",
        locale="de-AT",
        slug="returns",
    ),
    article("Loyal customers", "Loyal customers may return boots within 60 days.", visibility="customers"),
    article("Fraud checks", "Staff check returned boots for the zebra mark.", visibility="internal"),
    article("Spring sale", "In the sale boots cost 40 EUR.", valid_until=date(2026, 6, 14)),
    article(
        "Summer sale",
        "In the sale boots cost 50 EUR.",
        valid_from=date(2026, 6, 15),
        valid_until=date(2026, 6, 15),
    ),
    article("Autumn sale", "In the sale boots cost 60 EUR.", valid_from=date(2026, 6, 16)),
    article("Care of boots", "Grease leather boots twice a year.", products=("boots", "shoes")),
    article("Care of tents", "Dry a tent before you pack it, as you do with boots.", products=("tents",)),
]


async def fill(shelf: Shelf) -> Shelf:
    for each in ARTICLES:
        await shelf.put(each)
    return shelf


class RetrieverContract:
    """The tests. ``shelf`` holds ARTICLES; a test that writes takes away what it wrote."""

    # -------------------------------------------------------------- who may see what
    async def test_nobody_is_shown_what_is_not_theirs(self, shelf: Shelf) -> None:
        query = "zebra mark on returned boots of loyal customers"
        everything = await shelf.titles(query, STAFF)
        assert {"Loyal customers", "Fraud checks"} <= everything
        assert await shelf.titles(query, CUSTOMERS) == everything - {"Fraud checks"}
        assert await shelf.titles(query, PUBLIC) == everything - {"Fraud checks", "Loyal customers"}
        assert await shelf.titles(query, ["internal"]) == {"Fraud checks"}

    async def test_no_visibility_and_no_limit_find_nothing(self, shelf: Shelf) -> None:
        assert await shelf.search("boots", []) == []
        assert await shelf.search("boots", limit=0) == []
        assert await shelf.search("boots", ["everything' OR 'a'='a"]) == []  # pyright: ignore[reportArgumentType]  what no caller says

    async def test_a_locale_finds_its_language_only(self, shelf: Shelf) -> None:
        assert await shelf.titles("Stiefel zurückgeben", locale="de") == {"Rückgabe"}
        assert await shelf.titles("Stiefel zurückgeben", locale="de-CH") == {"Rückgabe"}
        assert "Rückgabe" not in await shelf.titles("Stiefel zurückgeben", locale="en")
        assert {"Rückgabe", "Returns"} <= await shelf.titles("boots Stiefel zurückgeben")
        assert await shelf.search("boots", locale="fr") == []

    async def test_only_what_is_valid_today_is_found(self, shelf: Shelf) -> None:
        found = await shelf.titles("What do boots cost in the sale?")
        assert "Summer sale" in found
        assert not {"Spring sale", "Autumn sale"} & found

    async def test_products_leave_out_what_is_for_others(self, shelf: Shelf) -> None:
        query = "care of boots and tents, returns"
        assert {"Care of boots", "Care of tents", "Returns"} <= await shelf.titles(query)
        of_boots = await shelf.titles(query, products=["boots"])
        assert {"Care of boots", "Returns"} <= of_boots
        assert "Care of tents" not in of_boots
        assert {"Care of boots", "Care of tents"} <= await shelf.titles(query, products=["shoes", "tents"])
        assert not {"Care of boots", "Care of tents"} & await shelf.titles(query, products=["o'neil\""])

    # -------------------------------------------------------------- what is found
    async def test_the_passage_that_answers_comes_first_with_its_anchor(self, shelf: Shelf) -> None:
        (first, *_) = await shelf.search(HOW_LONG, locale="en")
        assert (first.title, first.heading) == ("Returns", "How long you have")
        assert first.url == f"{HELP}/returns#how-long"
        assert first.text.startswith("You can return boots within 30 days of delivery.")
        assert first.updated == date(2026, 5, 1)
        assert first.locale == "en"
        assert first.chunk_id
        assert first.article_id

    async def test_a_passages_sentences_are_its_own_with_their_nearness(self, shelf: Shelf) -> None:
        (first, *_) = await shelf.search(HOW_LONG, locale="en")
        texts = [text for text, _ in first.sentences]
        assert texts[0] == "You can return boots within 30 days of delivery."
        assert all(text in first.text for text in texts)
        nearness = [cosine for _, cosine in first.sentences]
        assert nearness[0] == max(nearness) == pytest.approx(first.cosine, abs=1e-3)

    async def test_passages_come_best_first_with_scores_from_0_to_1(self, shelf: Shelf) -> None:
        found = await shelf.search(HOW_LONG, STAFF)
        scores = [passage.score for passage in found]
        assert scores == sorted(scores, reverse=True)
        assert all(0 <= score <= 1 for score in scores)
        assert all(0 <= passage.cosine <= 1 for passage in found)
        assert len({passage.chunk_id for passage in found}) == len(found)

    async def test_no_more_are_found_than_asked_for(self, shelf: Shelf) -> None:
        assert [len(await shelf.search("boots", STAFF, limit=n)) for n in (1, 2, 3)] == [1, 2, 3]
        most = await shelf.search("boots", PUBLIC, limit=500)
        assert len({p.chunk_id for p in most}) == len(most) <= 8

    @pytest.mark.parametrize("query", ODD, ids=lambda query: repr(query[:20]))
    async def test_odd_text_is_searched_without_an_error(self, shelf: Shelf, query: str) -> None:
        found = await shelf.search(query, limit=5)
        assert all(0 <= passage.score <= 1 for passage in found)
        assert not {p.title for p in found} & {
            "Fraud checks",
            "Loyal customers",
            "Spring sale",
            "Autumn sale",
        }

    async def test_searches_at_once_do_not_disturb_each_other(self, shelf: Shelf) -> None:
        queries = ["How do I return boots?", "How often are leather boots greased?"] * 4
        alone = [await shelf.search(query, limit=3) for query in queries]
        assert await asyncio.gather(*(shelf.search(query, limit=3) for query in queries)) == alone

    # -------------------------------------------------------------- what changes
    async def test_what_is_removed_is_gone_at_once(self, shelf: Shelf) -> None:
        page = article("Xylophones", "A xylophone is tuned by hand. We tune it once a year.")
        await shelf.put(page)
        assert "Xylophones" in await shelf.titles("Who tunes a xylophone?")
        await shelf.library.remove(SOURCE, page.path)
        assert "Xylophones" not in await shelf.titles("Who tunes a xylophone?", STAFF)
        await shelf.library.remove(SOURCE, page.path)

    async def test_writing_twice_is_writing_once(self, shelf: Shelf) -> None:
        page = article("Kayaks", "# Kayaks\n\nA kayak is 4 metres long.")
        for _ in range(2):
            await shelf.put(page)
        assert [p.title for p in await shelf.search("How long is a kayak?")].count("Kayaks") == 1
        await shelf.library.remove(SOURCE, page.path)

    async def test_a_new_version_takes_the_place_of_the_old(self, shelf: Shelf) -> None:
        long = "\n\n".join(f"## Part {n}\n\n" + f"A violin has string number {n}. " * 30 for n in range(6))
        await shelf.put(article("Violins", long))
        assert len([p for p in await shelf.search("violin string") if p.title == "Violins"]) == 6
        await shelf.put(article("Violins", "A violin has four strings."))
        found = [p for p in await shelf.search("violin string", STAFF) if p.title == "Violins"]
        assert [p.text for p in found] == ["A violin has four strings."]
        await shelf.library.remove(SOURCE, "violins.md")

    async def test_a_change_of_who_may_see_it_holds_at_once(self, shelf: Shelf) -> None:
        page = article("Harps", "A harp has 47 strings.")
        await shelf.put(page)
        assert "Harps" in await shelf.titles("How many strings has a harp?")
        await shelf.put(replace(page, visibility="internal"))
        assert "Harps" not in await shelf.titles("How many strings has a harp?", CUSTOMERS)
        assert "Harps" in await shelf.titles("How many strings has a harp?", STAFF)
        await shelf.library.remove(SOURCE, page.path)

    async def test_what_is_stored_is_known_by_path(self, shelf: Shelf) -> None:
        known = await shelf.library.stored(SOURCE)
        assert set(known) == {each.path for each in ARTICLES}
        assert {each.fingerprint for each in known.values()} == {"fingerprint"}
        assert known["returns.md"].passages == len(chunk(ARTICLES[0])) > 1
        assert await shelf.library.stored("nobody's") == {}

    async def test_a_sync_of_a_folder_brings_in_takes_away_and_leaves_the_rest(
        self, shelf: Shelf, tmp_path: Path
    ) -> None:
        folder = Folder(tmp_path, name="folder", url=HELP + "/{slug}")
        (tmp_path / "drums.md").write_text("# Drums\n\nA drum is made of calf skin.")
        (tmp_path / "flutes.md").write_text("# Flutes\n\nA flute is made of silver.")
        first = await sync(shelf.database, Embedder.default(), folder, library=shelf.library)
        assert (first.added, first.chunks, first.failed) == (2, 2, [])
        passages = await shelf.search("What is a drum made of? And a flute?")
        found = {passage.title: passage.url.split("#")[0] for passage in passages}
        assert (found["Drums"], found["Flutes"]) == (f"{HELP}/drums", f"{HELP}/flutes")
        (tmp_path / "drums.md").unlink()
        again = await sync(shelf.database, Embedder.default(), folder, library=shelf.library)
        assert (again.removed, again.unchanged) == (1, 1)
        assert "Drums" not in await shelf.titles("What is a drum made of?")
        (tmp_path / "flutes.md").unlink()
        await sync(shelf.database, Embedder.default(), folder, library=shelf.library)
        assert "Flutes" not in await shelf.titles("What is a flute made of?")
