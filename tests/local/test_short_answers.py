"""A few words in answer to a question for an argument, at a service no built-in utterance speaks of."""

import pytest

from frontdesk.models.local.times import duration
from tests.local.rentals import TOOLS
from tests.local.tools import Talk


def test_can_you_extend_wishes_for_the_tool_of_that_name() -> None:
    talk = Talk(tools=TOOLS)
    assert talk.say("can you extend rental RB-310") == "By how many days?"
    talk.say("by 4 days")
    assert talk.calls == [("extend_rental", {"rental_id": "RB-310", "days": 4})]


def test_one_of_a_list_is_named_by_the_word_that_the_others_lack() -> None:
    talk = Talk(tools=TOOLS)
    talk.say("extend my rental")
    assert talk.say("the cargo bike") == "By how many days?"
    talk.say("a week")
    assert talk.calls == [("extend_rental", {"rental_id": "RB-322", "days": 7})]


def test_what_is_missing_is_asked_for_after_the_list_was_read() -> None:
    talk = Talk(tools=TOOLS)
    assert talk.say("keep the city bike longer please") == "By how many days?"
    talk.say("2")
    assert talk.calls == [("extend_rental", {"rental_id": "RB-310", "days": 2})]


def test_the_day_of_a_date_is_no_number_of_people() -> None:
    talk = Talk(tools=TOOLS)
    assert talk.say("book the night tour on 4 February") == "For how many people?"
    talk.say("2 adults")
    assert talk.calls[0][1]["people"] == 2


def test_a_number_is_no_description_of_a_problem() -> None:
    talk = Talk(tools=TOOLS)
    talk.say("my bike has a flat tyre")
    talk.say("RB-310")
    assert talk.calls == [("report_problem", {"rental_id": "RB-310", "problem": "my bike has a flat tyre"})]


@pytest.mark.parametrize(
    ("label", "text", "value"),
    [
        ("days", "a week", 7),
        ("days", "just one day", 1),
        ("weeks", "14 days", 2),
        ("weeks", "10 days", None),
        ("minutes", "two hours", 120),
        ("days", "I have had it for a week now, and it squeaks", None),
        ("people", "a week", None),
    ],
)
def test_a_time_is_told_in_the_unit_of_the_argument(label: str, text: str, value: int | None) -> None:
    assert duration(label, text) == value
