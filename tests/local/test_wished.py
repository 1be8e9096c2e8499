"""What customers wish for, in words that name no verb of the tool's; and what only sounds like it."""

from __future__ import annotations

import pytest

from frontdesk.models.local import wishes
from frontdesk.models.local.features import without_courtesy
from frontdesk.models.local.smalltalk import BOT_QUESTION, says_yes
from frontdesk.models.local.text import clauses, in_english
from frontdesk.models.local.wishes import KINDS, denied, wanted_clauses


def kinds(message: str) -> set[str]:
    """The kinds of change that some clause of the message asks for."""
    return {
        kind.name
        for clause in wanted_clauses(in_english(message))
        for core in [without_courtesy(clause)]
        for kind in KINDS
        if (kind.asked.search(clause) or kind.asked.search(core)) and not kind.never.search(clause)
    }


@pytest.mark.parametrize(
    ("message", "kind"),
    [
        ("1502 never came. Please pay me the full amount back.", "refund"),
        ("only the tent goes back. It leaks", "return"),
        ("then the lamp from that one goes back please, wrong shade", "return"),
        ("We divorced, change a.b@example.org to c.d@example.org", "email"),
        ("send 1502 there please", "address"),
        ("Annulez la commande 1502 svp", "cancel"),
        ("I do not want the thing any more, cancel", "cancel"),
    ],
)
def test_a_wish_is_heard(message: str, kind: str) -> None:
    assert kind in kinds(message)


def test_what_is_kept_is_no_wish() -> None:
    assert denied("from 1502 i keep the lamp")


def test_an_order_that_is_to_be_delivered_to_an_address_has_a_new_one() -> None:
    address = "1502 delivered to Vijzelstraat 3, 1017 HD Amsterdam"
    assert wishes._sends_somewhere(f"I want order {address}")  # pyright: ignore[reportPrivateUsage]
    assert wishes._ASKED.match("was order 1502 sent to vijzelstraat 3")  # pyright: ignore[reportPrivateUsage]


def test_an_aim_is_not_asked_of_a_machine_and_oui_is_yes() -> None:
    assert not BOT_QUESTION.search("what day are you aiming for")
    assert BOT_QUESTION.search("are you an ai?")
    assert says_yes("oui, je confirme")
    assert len(clauses("status of 1502 and until when can i return things from 1503?")) == 2
