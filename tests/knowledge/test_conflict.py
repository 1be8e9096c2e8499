"""Articles that disagree are found; those that speak of different things are left alone."""

from __future__ import annotations

from datetime import date
from uuid import uuid4

import pytest

from frontdesk.database import Database
from frontdesk.domain import Passage
from frontdesk.knowledge.conflict import Conflict, find_conflict, in_words, preferring
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.quote import best_sentences
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.store import conflicts
from frontdesk.store.places import languages
from tests.knowledge.test_answer import QUESTIONS


def passage(
    n: int,
    sentence: str,
    updated: date | None = None,
    *,
    locale: str = "en",
    cosine: float = 0.7,
    title: str = "",
) -> Passage:
    pairs = ((sentence, cosine),)
    return Passage(
        str(n),
        f"a{n}",
        title or f"Page {n}",
        "",
        f"https://h.example/{n}",
        sentence,
        0.8,
        cosine,
        updated,
        locale,
        pairs,
    )


async def between(one: str, other: str) -> Conflict | None:
    return await find_conflict([passage(1, one), passage(2, other)], [one], Embedder.default())


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "You can return items within 30 days from delivery.",
            "Items can be returned within 14 days of delivery.",
        ),
        (
            "Refunds are paid within 5 business days after your return.",
            "We pay refunds within 10 business days after your return.",
        ),
        ("The return label costs 3.95 EUR.", "A return label costs 4.95 EUR."),
        ("Shipping to Norway costs 14.95 EUR.", "Delivery to Norway costs 12.00 EUR."),
        ("Country: Norway; Cost: 14.95 EUR", "Country: Norway; Cost: 19.95 EUR"),
        ("We answer e-mails within 24 hours.", "We reply to e-mails within 2 days."),
        ("Students get 10 % off.", "Students get 15 % off."),
    ],
)
async def test_different_values_of_the_same_thing_are_a_conflict(one: str, other: str) -> None:
    assert await between(one, other) is not None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Country: Norway; Cost: 14.95 EUR", "Country: Germany; Cost: 4.95 EUR"),
        ("Express delivery costs 12.95 EUR.", "Standard delivery costs 4.95 EUR."),
        (
            "We pay refunds within 5 business days.",
            "Your bank may take up to 10 more days to show the refund.",
        ),
        ("You can return items within 30 days.", "Final-sale items can be exchanged within 14 days."),
        ("Clothing can be returned within 30 days.", "Electronics can be returned within 14 days."),
        ("Delivery takes 2–3 business days in zone 1.", "Delivery takes 3–5 business days in zone 2."),
        ("The warranty on tents lasts 2 years.", "The warranty on lamps lasts 1 year."),
        ("Claims for lost parcels take 10 days.", "Claims for damaged parcels take 5 days."),
        ("You have 14 days to return it.", "You have two weeks to return it."),
        ("It costs 3.95 EUR.", "It takes 3 days."),
        ("The return label costs 3.95 EUR.", "The return label costs 3.95 EUR for members."),
    ],
)
async def test_different_things_are_none(one: str, other: str) -> None:
    assert await between(one, other) is None


async def test_articles_in_another_language_far_from_the_question_or_the_same_are_not_compared() -> None:
    mine, theirs = "Returns are free for 30 days.", "Returns are free for 14 days."
    for other in (passage(2, theirs, locale="es"), passage(2, theirs, cosine=0.2), passage(1, theirs)):
        assert await find_conflict([passage(1, mine), other], [mine], None) is None
    assert await find_conflict([passage(1, mine), passage(2, theirs)], [mine], None) is not None


@pytest.mark.parametrize(
    ("first", "second", "chosen"),
    [
        (date(2024, 1, 1), date(2025, 1, 1), "2"),
        (date(2025, 1, 1), date(2024, 1, 1), "1"),
        (None, date(2024, 1, 1), "2"),
        (date(2024, 1, 1), None, "1"),
        (None, None, "1"),
    ],
)
async def test_the_newer_one_is_preferred(first: date | None, second: date | None, chosen: str) -> None:
    mine, theirs = "Returns are free for 30 days.", "Returns are free for 14 days."
    pages = [passage(1, mine, first), passage(3, "Hello."), passage(2, theirs, second)]
    conflict = await find_conflict(pages, [mine], None)
    assert conflict is not None
    assert conflict.chosen.chunk_id == chosen
    assert conflict.newer == max(filter(None, (first, second)), default=None)
    assert [p.chunk_id for p in preferring(pages, conflict)][2] == "3"


def test_a_title_stays_a_title_in_the_sentence() -> None:
    bad = passage(2, "x", title="<b>[Pay](https://evil.example/x)</b> ![a](b) https://evil.example")
    told = in_words(Conflict(passage(1, "y", date(2025, 1, 6)), bad, "y", "x"), cites_chosen=True)
    assert "evil" not in told
    assert not set("<>[]()!") & set(told)
    assert "6 January 2025" in told
    spanish = in_words(
        Conflict(passage(1, "y", date(2025, 1, 6)), bad, "y", "x"), cites_chosen=True, language="es"
    )
    assert "2025-01-06" in spanish


async def test_the_example_shop_contradicts_itself_nowhere(shop: PostgresRetriever) -> None:
    for question in QUESTIONS[::4]:
        passages = await shop.search(question["question"], visibility=["public", "customers"])
        if passages:
            quoted = best_sentences(question["question"], passages[0])
            assert await find_conflict(passages, quoted, Embedder.default()) is None, question["question"]


async def test_a_conflict_of_articles_that_are_not_stored_here_leaves_nothing(database: Database) -> None:
    for one, other in (("chroma-1", "chroma-2"), (str(uuid4()), str(uuid4()))):
        await conflicts.record(database, chosen=one, other=other, chosen_sentence="a", other_sentence="b")
    assert await conflicts.conflicts(database) == []
    assert await languages(database, ["public"]) == set()
