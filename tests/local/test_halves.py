"""Wishes that come in halves: a question in between, a reason that is not given, what was told of before."""

from __future__ import annotations

import pytest

from frontdesk.models.local.changes import exchanges
from frontdesk.models.local.dialogue import Exchange
from frontdesk.models.local.leaning import with_denied
from frontdesk.models.local.text import in_english
from tests.local.test_changes import CATALOG, changes
from tests.local.tools import Talk

REASON = CATALOG.entries["refund_order"].grant.asks["reason"]


@pytest.mark.parametrize(
    "message", ["refund order 1954 please", "I want my money back for order 1954", "please refund 1954"]
)
def test_a_bare_wish_is_no_reason(message: str) -> None:
    assert changes(message) == [("refund_order", {"order_id": "1954"})]


def test_what_is_said_beside_the_wish_is_the_reason() -> None:
    message = "refund order 1954, the torch stopped working"
    assert changes(message) == [("refund_order", {"order_id": "1954", "reason": message})]


def test_a_question_in_between_leaves_the_wish_open() -> None:
    wish = Exchange("refund order 1954 please", REASON)
    between = Exchange("wait, how long does that take?", "Within 5 business days. [1]")
    found = changes("it broke", wish, between)
    assert found == [("refund_order", {"order_id": "1954", "reason": "it broke"})]
    assert changes("where is order 456?", wish, between) == []
    assert changes("it broke", between, wish, Exchange("never mind, thanks", "All right.")) == []


def test_the_first_of_two_that_were_just_looked_up() -> None:
    talk = Talk()
    talk.say("status of 789 and 123 please")
    talk.say("and the tracking number of the first?")
    assert talk.calls == [("get_order_status", {"order_id": "789"})]


def test_an_order_is_looked_up_by_what_is_in_it() -> None:
    talk = Talk()
    talk.say("what is the number of the order with the rain jacket?")
    assert talk.calls[0] == ("list_orders", {})


def test_without_a_refund_the_return_is_looked_up() -> None:
    talk = Talk()
    reply = talk.say("is there a refund for order 456?")
    assert {"get_refunds", "get_returns"} <= {name for name, _ in talk.calls}
    assert "return" not in reply.split("refund", 1)[0]  # there is none either, and nobody asked for one


def test_when_a_colleague_answers_is_said_again() -> None:
    talk = Talk()
    talk.say("I want to talk to a person")
    assert talk.say("how soon will I hear back?") == "You will hear back within 1 business day."
    assert talk.calls == []


def test_whoever_asks_for_a_machine_is_told_so_and_stays() -> None:
    talk = Talk()
    assert "AI assistant" in talk.say("am I talking to a real human or a machine?")
    assert talk.calls == []


def test_what_it_is_may_stand_in_what_is_not_wanted() -> None:
    text = "i do not want a refund for 456 yet! just explain how it would be paid."
    assert with_denied("explain how it would be paid", text) == "refund, explain how it would be paid"
    assert with_denied("how long do refunds take", text) == "how long do refunds take"


@pytest.mark.parametrize(
    ("text", "yes"),
    [
        ("the jacket is a size too small do you swap it for an l?", True),
        ("can i exchange the boots for another size", True),
        ("change my address to 12 mill lane", False),
        ("what size should i take", False),
    ],
)
def test_an_exchange_is_told_from_another_change(text: str, yes: bool) -> None:
    assert exchanges(text) is yes


def test_the_words_of_a_question_are_read_in_four_languages() -> None:
    assert in_english("Où est la commande 534782, et combien coûte une étiquette ?").startswith(
        "where is the order 534782, and how much costs a label"
    )
    assert in_english("Und wenn der Artikel defekt ist?") == "and if the item defective is?"
    assert in_english("¿Cómo puedo restablecer mi contraseña?").startswith("¿how can i reset my password")
    assert in_english("Wat kost het label en wanneer komt mijn pakket?").startswith(
        "what costs the label and when"
    )
