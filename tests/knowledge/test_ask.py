"""A question in its conversation and language; the verdict on what it finds."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.domain import Passage, Visibility
from frontdesk.errors import DatabaseUnavailable
from frontdesk.knowledge.ask import Ask, in_context
from frontdesk.knowledge.conflict import Conflict
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.kinds import holds_kind
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.unsaid import focus, unsaid

VISIBLE: tuple[Visibility, ...] = ("public", "customers")
UNANSWERED = [
    json.loads(line)["question"]
    for line in (Path(__file__).parent / "unanswered.jsonl").read_text(encoding="utf-8").splitlines()
    if json.loads(line)["half"] == "test"
]


@pytest.mark.parametrize(
    ("query", "earlier", "first"),
    [
        ("and to Norway?", ["How much is shipping to Spain?"], "How much is shipping to Norway?"),
        ("to norway?", ["How much is shipping to Spain?"], "How much is shipping to norway?"),
        (
            "and to Sweden?",
            ["How much is shipping to Spain?", "and to Norway?"],
            "How much is shipping to Sweden?",
        ),
        ("what about Canada?", ["How long is delivery to Germany?"], "How long is delivery to Canada?"),
        ("and with Klarna?", ["Can I pay with PayPal?", "thanks"], "Can I pay with Klarna?"),
        (
            "how long does that take?",
            ["Can you repair my tent?"],
            "Can you repair my tent? how long does that take",
        ),
        ("sale items?", ["Can I return a jacket?"], "Can I return a jacket? sale items"),
        ("¿y a Noruega?", ["¿Cuánto cuesta el envío a España?"], "Cuánto cuesta el envío a Noruega?"),
    ],
)
def test_half_a_question_is_put_together_with_the_one_before(
    query: str, earlier: list[str], first: str
) -> None:
    assert in_context(query, earlier)[0].lstrip("¿") == first


@pytest.mark.parametrize(
    ("query", "earlier"),
    [
        ("How do I reset my password?", ["How much is shipping to Spain?"]),
        ("Do you ship to Norway?", ["hi"]),
        ("and to Norway?", []),
        ("and to Norway?", ["hi", "ok", "thanks"]),
        ("how much is shipping to spain? and to norway", ["How much is shipping to Spain?"]),
        ("I have waited for my parcel for two weeks now and it still is not here", ["What does it cost?"]),
    ],
)
def test_a_whole_question_stands_on_its_own(query: str, earlier: list[str]) -> None:
    assert in_context(query, earlier) == [query]


@given(st.text(max_size=80), st.lists(st.text(max_size=80), max_size=4))
def test_any_conversation_gives_at_most_three_forms(query: str, earlier: list[str]) -> None:
    assert 1 <= len(in_context(query, earlier)) <= 3


class Pages:
    """A retriever with one page a language."""

    def __init__(self, **pages: str) -> None:
        self._pages = pages
        self.asked: list[tuple[str, str | None]] = []

    async def search(
        self,
        query: str,
        *,
        visibility: Sequence[Visibility],
        locale: str | None = None,
        products: Sequence[str] = (),
        limit: int = 5,
    ) -> list[Passage]:
        self.asked.append((query, locale))
        found = [
            Passage(code, code, "Page", "", "", text, 0.8, 0.8, None, code, ((text, 0.8),))
            for code, text in self._pages.items()
            if locale in (None, code)
        ]
        return [p for p in found if "nothing" not in p.text] or found

    async def languages(self, visibility: Sequence[Visibility]) -> set[str]:
        return set(self._pages)


SPANISH = "¿Puedo devolver los artículos que compré?"


@pytest.mark.parametrize(
    ("pages", "query", "answered", "told"),
    [
        ({"en": "return items", "es": "devolver artículos compré"}, SPANISH, "es", ("", "")),
        ({"en": "devolver artículos compré", "de": "x"}, SPANISH, "en", ("es", "en")),
        ({"en": "return the items", "es": "return the items"}, "Can I return the items?", "en", ("", "")),
        ({"es": "devolver artículos compré"}, SPANISH, "es", ("", "")),
    ],
)
async def test_articles_of_the_questions_language_come_first(
    pages: dict[str, str], query: str, answered: str, told: tuple[str, str]
) -> None:
    retriever = Pages(**pages)
    found = await Ask(retriever, languages=retriever.languages)(query, VISIBLE)
    assert found.answerable
    assert found.passages[0].locale == answered
    assert (found.asked, found.answered) == told


async def test_the_customers_own_words_are_searched_where_a_model_translated_them() -> None:
    retriever = Pages(en="nothing", es="devolver artículos compré")
    await Ask(retriever, languages=retriever.languages)("can I return the items", VISIBLE, (), SPANISH)
    assert retriever.asked[0] == (SPANISH, "es")


async def test_a_conflict_that_cannot_be_recorded_stops_no_answer() -> None:
    class Two(Pages):
        async def search(self, query: str, **more: object) -> list[Passage]:
            texts = ("Returns are free for 30 days.", "Returns are free for 14 days.")
            return [Passage(t, t, "Page", "", "", t, 0.8, 0.8, None, "en", ((t, 0.8),)) for t in texts]

    async def gone(conflict: Conflict) -> None:
        raise DatabaseUnavailable

    found = await Ask(Two(), record=gone)("Are returns free?", VISIBLE)
    assert found.answerable
    assert len(found.passages) == 2


def test_what_is_asked_must_stand_there_in_kind() -> None:
    assert not holds_kind("How often does the newsletter come?", ["It comes by e-mail."])
    assert holds_kind("How often does the newsletter come?", ["It comes once a month."])
    assert not holds_kind("In which country are your servers?", ["Your data is safe with us."])
    assert holds_kind("In which country are your servers?", ["They stand in Germany."])
    assert not holds_kind("What is the maximum size?", ["Parcels wait at the point."])
    assert holds_kind("Can I return it?", [""])


async def test_a_word_that_the_article_knows_nothing_of_speaks_against_it(shop: PostgresRetriever) -> None:
    embedder = Embedder.default()
    strange, known = "Do you offer gift wrapping?", "Do you sell gift cards?"
    numbers = [await unsaid(q, await shop.search(q, visibility=VISIBLE), embedder) for q in (strange, known)]
    assert numbers[0] > numbers[1] >= 0
    assert focus("My lamp broke. Can you repair it?") == "Can you repair it?"


async def test_on_topic_questions_without_an_answer_are_mostly_turned_away(shop: PostgresRetriever) -> None:
    ask = Ask(shop, judge=Embedder.default())
    answered = [question for question in UNANSWERED if (await ask(question, VISIBLE)).answerable]
    assert len(UNANSWERED) >= 30
    assert len(answered) <= 0.35 * len(UNANSWERED), len(answered)


async def test_the_best_articles_opening_is_told_though_its_sections_are_nearer() -> None:
    near = [Passage(f"s{n}", "a", "Label", f"Part {n}", "", "Near.", 0.9, 0.9) for n in range(5)]
    opening = Passage("opening", "a", "Label", "", "", "A label costs 3.95 EUR.", 0.5, 0.5)

    class Sections:
        async def search(self, query: str, *, limit: int = 5, **_: object) -> list[Passage]:
            return [*near, opening][:limit]

    found = await Ask(Sections())("who pays for the label", VISIBLE)  # type: ignore[arg-type]
    assert len(found.passages) == 5
    assert opening in found.passages
