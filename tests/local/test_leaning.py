"""Messages and clauses that are half of something else: of the turn before, or of the clause beside them."""

from __future__ import annotations

from tests.local.tools import Talk


def test_a_field_of_what_was_just_read_is_read_again() -> None:
    talk = Talk()
    talk.say("what is on my account")
    talk.say("and the city?")
    assert talk.calls == [("get_profile", {})]


def test_what_that_costs_is_asked_of_the_help_center_after_its_answer() -> None:
    talk = Talk()
    talk.say("how do I send something back?")
    talk.say("What does that cost me in the end?")
    assert [name for name, _ in talk.calls] == ["search_knowledge"]


def test_what_can_be_done_is_asked_of_the_order_in_view() -> None:
    talk = Talk()
    talk.say("where is 123")
    talk.say("so what are my choices")
    assert talk.calls[0] == ("search_knowledge", {"query": "order shipped, what are my choices"})


def test_a_clause_that_points_at_a_question_is_no_question_about_an_order() -> None:
    talk = Talk()
    reply = talk.say("how much is shipping to spain and when would it arrive")
    assert [name for name, _ in talk.calls] == ["search_knowledge"]
    assert "Which one" not in reply


def test_what_is_not_to_be_cancelled_is_only_looked_up() -> None:
    talk = Talk()
    reply = talk.say("please do not cancel order 456, I only want to know how it stands")
    assert ("get_order_status", {"order_id": "456"}) in talk.calls
    assert "processing" in reply
