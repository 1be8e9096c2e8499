"""What became of a change, in words."""

from typing import get_args

import pytest

from examples.ourshop.support import desk
from frontdesk.domain import ActionStatus
from frontdesk.models.local.acted import BECAME, FINAL, NOTHING, told
from frontdesk.models.local.answers import Answers
from frontdesk.models.local.catalog import Catalog, describe
from frontdesk.models.local.dialogue import Call, Dialogue, Exchange
from frontdesk.models.local.respond import Step


def test_every_status_has_its_words() -> None:
    assert set(BECAME) == set(get_args(ActionStatus))


@pytest.mark.parametrize(
    ("action", "text"),
    [
        ({"status": "executed", "can_be_undone": True}, "Cancel order 456: done. It can still be taken back with the button."),
        ({"status": "failed"}, "Cancel order 456: it failed, and nothing was changed."),
        ({"status": "proposed"}, "Cancel order 456: not done yet, it waits for your confirmation."),
    ],
)  # fmt: skip
def test_an_action_is_told_by_its_title_and_never_by_its_id(action: dict[str, object], text: str) -> None:
    shown = {"id": "6e1f", "tool": "cancel_order", "title": "Cancel order 456", **action}
    assert told({"actions": [shown]}) == text


def test_no_action_is_none() -> None:
    assert told({"actions": []}) == NOTHING


CANCELLED = Exchange(
    "cancel 456", "", (Call("1", "cancel_order", {"order_id": "456"}, {"proposed": {"text": "…"}}),)
)


def _step(message: str, *past: Exchange) -> Step:
    class Bound(Catalog):
        def bound(self, tool: str) -> bool:
            return True

    entries = describe(desk.tools)
    return Step(Dialogue(message, past), Bound({e.name: e for e in entries}, {}), None)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "asks"),
    [
        ("oh no, I changed my mind, undo that", True),
        ("I changed my mind, I want it after all", True),
        ("Sorry, changed my mind!", True),
        ("I changed my mind, refund order 123 instead", False),
        ("hm, cancel it after all", False),
    ],
)
def test_who_takes_a_change_back_is_told_of_it_and_not_how_to_change(message: str, asks: bool) -> None:
    found = _step(message, CANCELLED)._undoing()
    assert bool(found and found[0].tool == "list_actions") is asks
    assert _step(message)._undoing() is None


@pytest.mark.parametrize(
    ("action", "final"), [({}, True), ({"can_be_undone": True}, False), ({"status": "proposed"}, False)]
)
def test_what_cannot_be_taken_back_is_said_and_a_person_offered(
    action: dict[str, object], final: bool
) -> None:
    done = Call(
        "2", "list_actions", {}, {"actions": [{"title": "Cancel order 456", "status": "executed", **action}]}
    )
    step = _step("undo that", CANCELLED)
    reply = Answers(step.dialogue, step.catalog, step.encoder).said(done, None).text
    assert (f"{FINAL} Would you like me to pass it to a colleague?" in reply) is final
    asked = _step("did that go through?", CANCELLED)
    assert FINAL not in Answers(asked.dialogue, asked.catalog, asked.encoder).said(done, None).text
