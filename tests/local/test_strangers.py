"""A library's tools, which no built-in utterance speaks of: schema, description and examples suffice."""

import pytest

from tests.local.library import LIBRARY
from tests.local.tools import Talk


@pytest.mark.parametrize(
    ("message", "call"),
    [
        ("which books did I borrow?", ("my_loans", {})),
        ("when do i have to return LN-2077", ("loan_details", {"loan_id": "LN-2077"})),
        ("is ln-2077 overdue", ("loan_details", {"loan_id": "LN-2077"})),
        ("LN-2041", ("loan_details", {"loan_id": "LN-2041"})),
        ("When does the harbour branch open?", ("branch_hours", {"branch": "harbour"})),
        ("how do I become a member?", ("search_knowledge", {"query": "how do i become a member?"})),
        ("how much is a library card", ("search_knowledge", {"query": "how much is a library card"})),
    ],
)
def test_a_message_finds_its_tool(message: str, call: tuple[str, dict[str, str]]):
    talk = Talk(tools=LIBRARY)
    talk.say(message)
    assert talk.calls == [call]


def test_missing_arguments_are_asked_for_one_at_a_time():
    talk = Talk(tools=LIBRARY)
    assert talk.say("I'd like to reserve a room") == "For which day would you like the room?"
    assert talk.outcome == "asked"
    assert talk.say("4 February 2025") == "How many people will come?"
    talk.say("3")
    assert talk.calls == [("book_room", {"day": "2025-02-04", "people": 3})]


def test_a_choice_is_asked_for_and_taken():
    talk = Talk(tools=LIBRARY)
    assert (
        talk.say("what are the opening hours of the branch")
        == "Which branch would you like: central, harbour, north?"
    )
    talk.say("north")
    assert talk.calls == [("branch_hours", {"branch": "north"})]


def test_the_second_one_of_a_list():
    talk = Talk(tools=LIBRARY)
    talk.say("which books did I borrow?")
    assert "Due: 20 January 2025" in talk.say("when is the second one due?")


def test_without_a_template_a_result_is_told_by_its_fields():
    reply = Talk(tools=LIBRARY).say("when is LN-2041 due")
    assert reply.startswith(
        "Here is what I found:\n- Loan number: LN-2041\n- Title: The Left Hand of Darkness"
    )
