"""The article that shows the most evidence comes first, whatever single passage is nearest."""

from __future__ import annotations

import math
from typing import Any

from frontdesk.knowledge.rank import UNKNOWN, WEIGHTS, Evidence, evidence, named, ranked, rarities

TERMS = {"american": 2, "express": 4, "pay": 60, "zzz": 0, "456": 0, "want": 9}


def row(
    article: str, *cosines: float, found: str = "", title: str = "", text: str = "", **more: Any
) -> dict[str, Any]:
    return {
        "chunk_id": f"{article}{cosines}", "article_id": article, "title": title, "heading": "h", "text": text,
        "locale": "en", "cosines": list(cosines), "cosine": max(cosines), "title_cosine": 0.3, "found": found.split(),
        "found_in_title": title.split(), "found_in_heading": [],
    } | more  # fmt: skip


def test_order_numbers_and_everyday_words_have_no_rarity() -> None:
    rarity = rarities(TERMS, 100)
    assert rarity.keys() == {"american", "express", "pay", "zzz"}
    assert math.isclose(rarity["zzz"], math.log(201))


def test_three_near_sentences_outweigh_one_that_is_nearer() -> None:
    found = ranked([row("a", 0.62, 0.1, 0.1), row("b", 0.6, 0.59, 0.58)], {}, [])
    assert found.scored[0][1]["article_id"] == "b"
    assert found.margin > 0


def test_sentences_of_several_passages_count_for_their_article() -> None:
    shown = evidence([row("a", 0.6), row("a", 0.5, 0.4)], {}, [])
    assert math.isclose(shown.sentences, 0.5)


def test_a_name_of_two_words_wins_over_the_page_with_one_of_them_in_its_title() -> None:
    rarity = rarities(TERMS, 100)
    text = "do you take american express"
    called = named(text, rarity, 100)
    assert called == ["american express"]
    trap = row("express", 0.5, found="express", title="express")
    right = row("methods", 0.45, found="american express", text="Visa, American Express")
    found = ranked([trap, right], rarity, called)
    assert found.scored[0][1]["article_id"] == "methods"
    assert found.strength < found.scored[0][0], "a name alone makes nothing an answer"


def test_words_apart_and_unheard_ones_are_no_name() -> None:
    rarity = rarities(TERMS, 100)
    assert named("american pay express, american zzz", rarity, 100) == []


def test_scores_fall_and_one_article_alone_has_no_margin() -> None:
    found = ranked([row("a", 0.6), row("a", 0.5), row("a", 0.7)], {}, [])
    assert [score for score, _ in found.scored] == sorted((score for score, _ in found.scored), reverse=True)
    assert found.margin == 0


def test_of_two_passages_the_one_whose_heading_has_the_words_comes_first() -> None:
    tents, bags = row("a", 0.5, found="wash"), row("a", 0.48, found="wash", found_in_heading=["wash"])
    assert ranked([tents, bags], {"wash": 3.0}, []).scored[0][1] is bags


def test_in_a_language_the_model_does_not_know_words_outweigh_a_cosine() -> None:
    near, named_in = row("near", 0.6), row("words", 0.3, found="devolver zapatos")
    rarity = {"devolver": 3.0, "zapatos": 4.0}
    assert (
        ranked([near, named_in], {"devolver": 3.0, "zapatos": 4.0, "gratis": 12.0}, []).scored[0][1] is near
    )
    unknown = ranked([near, named_in], rarity, [], lambda _: UNKNOWN)
    assert unknown.scored[0][1] is named_in


def test_each_article_is_weighed_by_its_own_language() -> None:
    english, german = row("a", 0.6), row("b", 0.6, locale="de")
    asked: list[str] = []

    def weights(locale: str) -> Evidence:
        asked.append(locale)
        return UNKNOWN if locale == "de" else WEIGHTS

    found = ranked([english, german], {}, [], weights)
    assert sorted(asked) == ["de", "en"]
    assert found.scored[0][1] is english
