"""A hotel that the local model was not made for (evals/other_shop): its tools are known by what stands beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from evals.other_shop.desk import desk
from evals.other_shop.house import Backend
from frontdesk.models.local import slots
from frontdesk.models.local.parameters import parameters
from frontdesk.models.local.times import clock, days
from tests.local.tools import BUILT_IN, Talk

MARIA = "HB4821"


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    yield
    Backend().reset()


def talk(customer: str = "maria") -> Talk:
    return Talk(tools=(*desk.tools, *BUILT_IN), customer=customer)


@pytest.mark.parametrize(
    ("message", "tool", "arguments"),
    [
        ("Which day did we say we're coming? the number is HB4821", "get_booking", {"booking_id": MARIA}),
        ("is booking 4821 alright", "get_booking", {"booking_id": MARIA}),
        (
            "Have you got anything free from 4 June 2031 to 7 June 2031?",
            "check_availability",
            {"arrival": "2031-06-04", "departure": "2031-06-07"},
        ),
        (
            "can you put breakfast for 2 people on HB4821",
            "add_breakfast",
            {"booking_id": MARIA, "people": 2},
        ),
        (
            "can we have a room facing the sea (sea view) for HB4821?",
            "change_room",
            {"booking_id": MARIA, "room_type": "sea view"},
        ),
        (
            "Could we keep the room until 2pm on HB4821?",
            "request_late_checkout",
            {"booking_id": MARIA, "until": "14:00"},
        ),
        (
            "Can somebody collect us at the airport? We land on 12 March 2031 with KL1234",
            "book_transfer",
            {"flight_number": "KL1234", "day": "2031-03-12"},
        ),
    ],
)
def test_a_message_finds_its_tool_and_its_arguments(
    message: str, tool: str, arguments: dict[str, Any]
) -> None:
    said = talk()
    said.say(message)
    assert said.calls == [(tool, arguments)]


@pytest.mark.parametrize(
    "message",
    [
        "is smoking on the balcony ok",
        "I booked the saver rate, may I change the dates later on?",
        "My train leaves at 6 in the morning, how do I get something to eat before that?",
    ],
)
def test_a_question_about_a_rule_goes_to_the_help_center(message: str) -> None:
    said = talk()
    said.say(message)
    assert {tool for tool, _ in said.calls} == {"search_knowledge"}


def test_what_was_answered_before_is_not_asked_again() -> None:
    said = talk()
    assert said.say("We would like to eat at your restaurant, can you reserve for us") == "On which day?"
    assert said.say("13 March 2031") == "At what time?"
    assert said.say("at 20:00") == "For how many people?"
    said.say("we are three")
    assert said.calls == [("book_table", {"day": "2031-03-13", "at": "20:00", "people": 3})]


def test_two_days_are_read_in_their_order() -> None:
    assert days("3 to 5 May 2031", 2) == ["2031-05-03", "2031-05-05"]
    assert days("from 4 June 2031 for three nights", 2) == ["2031-06-04", "2031-06-07"]
    assert days("until 7 June 2031", 2) == [None, "2031-06-07"]
    assert days("some day", 2) == [None, None]


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("at 19:30", "19:30"),
        ("7.30 pm please", "19:30"),
        ("half past seven in the evening", "19:30"),
        ("noon", "12:00"),
        ("12 am", "00:00"),
        ("room 214", None),
        ("for 2 people", None),
    ],
)
def test_an_hour_is_read_as_customers_write_it(text: str, hour: str | None) -> None:
    assert clock(text) == hour


def test_counts_and_hours_in_examples_are_no_ids() -> None:
    schema = {"properties": {"booking_id": {"type": "string"}}, "required": ["booking_id"]}
    examples = ["leave at 14:00", "breakfast for 2 on HB4821"]
    (booking,) = parameters(schema, examples, {})
    assert slots.identifiers("for 2 at 16:00", booking) == ()
    assert slots.identifiers("hb 4821 for 2", booking) == (MARIA,)


def test_a_question_of_the_developers_may_hold_numbers() -> None:
    assert "13:00, 14:00 or 16:00" in desk.own_words
