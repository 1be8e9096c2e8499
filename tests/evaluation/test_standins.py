"""Personal data is exchanged, the same for the same, and what is nobody's stays."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.evaluation.standins import Standins
from frontdesk.knowledge.personal import NAME


def test_what_stands_for_one_person_is_the_same_each_time() -> None:
    standins = Standins()
    standins.know(NAME, "Leonie Kowalczyk")
    first = standins.text("Hi, my name is Leonie Kowalczyk, write to leonie@posteo.example.")
    again = standins.text("It's Leonie. LEONIE@posteo.example, as I said.")
    name, _, _ = first.removeprefix("Hi, my name is ").partition(" ")
    assert name in again
    assert "person1@example.com" in first
    assert "person1@example.com" in again


def test_fields_say_what_is_personal() -> None:
    standins = Standins()
    standins.learn(
        {
            "shipping_address": {"street": "Blauwe Kade 7", "city": "Utrecht", "postal_code": "3511 AB"},
            "customer": {"name": "Ines Ferreira", "email": "ines@mail.example"},
            "items": [{"name": "Trail Boots", "price": "89.95"}],
        }
    )
    text = standins.text(
        "Ines Ferreira wants the Trail Boots at Blauwe Kade 7, 3511 AB Utrecht, for 89.95 EUR."
    )
    for gone in ("Ines", "Ferreira", "Blauwe", "3511", "Utrecht"):
        assert gone not in text
    assert "Trail Boots" in text
    assert "89.95 EUR" in text


def test_ids_are_exchanged_alike_in_words_and_in_calls_or_kept() -> None:
    for keep, there in ((True, True), (False, False)):
        standins = Standins(keep_ids=keep)
        standins.learn({"order_id": "456", "line_ids": ["2"]})
        value = standins.value({"order_id": "456", "line_ids": ["2"]})
        text = standins.text("send order 456 back, 2 pairs, 456.00 EUR")
        assert (value["order_id"] == "456") is there
        assert f"order {value['order_id']} back" in text
        assert value["line_ids"] == ["2"]
        assert "2 pairs, 456.00 EUR" in text


@pytest.mark.parametrize("number", ["+49 170 5551234", "4111 1111 1111 1111", "NL91 ABNA 0417 1643 00"])
def test_telephones_cards_and_accounts_go_even_where_ids_are_kept(number: str) -> None:
    text = Standins(keep_ids=True).text(f"my number is {number}, thanks")
    assert number not in text
    assert number[-4:] not in text


@given(st.text(alphabet="abAB 12.@#é-\n", max_size=60))
def test_a_text_is_never_lost(text: str) -> None:
    standins = Standins()
    standins.know(NAME, "ab")
    made = standins.text(text)
    assert "\ue000" not in made
    assert bool(made.strip()) == bool(text.strip())
