"""Each thing that a scenario may ask for, and what is always asked: what holds passes, what does not is named."""

from dataclasses import replace
from typing import Any

import pytest

from frontdesk.evaluation.happened import Deed, Happened, ToolUse, Turn
from frontdesk.evaluation.judge import judge
from frontdesk.evaluation.scenario import Call, Checks, Ends, Scenario, Spoken

CONFIRMING = {"refund"}
TURN = Turn(
    "say",
    "Where is order 456?",
    "Order **456** costs 24.95 EUR.",
    "answered",
    tools=[ToolUse("get_order", {"order_id": "456", "lines": ["1", "2"]}, '{"total":"24.95"}', ok=True)],
    citations=[{"url": "https://shop.example/help/refund-policy#when", "passage": "Within 14 days."}],
    suggestions=["Order 456", "Talk to a person"],
)
DEED = Deed(
    "a1", "refund", {"order_id": "456", "amount": {"amount": "5.00", "currency": "EUR"}}, "executed", "{}"
)


def scenario(checks: Checks | None = None, *, never: tuple[Call, ...] = (), **ends: Any) -> Scenario:
    spoken = Spoken("say", "Where is order 456?", checks or Checks(), 1)
    return Scenario("a/b", "a", "u1", (spoken,), None, Ends(**ends), never, (), "-", "en", "a/b.yaml", 1, "0")


def wrong(given: Scenario, happened: Happened) -> list[tuple[int, str]]:
    return [(finding.turn, finding.check) for finding in judge(given, happened, CONFIRMING)]


@pytest.mark.parametrize(
    ("held", "broken", "check"),
    [
        ({"calls": (Call("get_order", {"order_id": 456}),)}, {"calls": (Call("get_order", {"order_id": "45"}),)}, "calls"),
        ({"calls": (Call("get_order", {"lines": ["2", "1"]}),)}, {"calls": (Call("get_order", {"lines": ["2"]}),)}, "calls"),
        ({"never": (Call("get_order", {"order_id": "7"}),)}, {"never": (Call("get_order", {}),)}, "never"),
        ({"has": (("order 456", "x"),)}, {"has": (("24.95",), ("25.00", "26.00"))}, "reply has"),
        ({"lacks": ("cancelled",)}, {"lacks": ("COSTS",)}, "reply lacks"),
        ({"cites": ("returns", "refund-policy")}, {"cites": ("refund",)}, "cites"),
        ({"outcome": ("answered", "asked")}, {"outcome": ("asked",)}, "outcome"),
        ({"choices": ("456",)}, {"choices": ("456", "789")}, "choices"),
    ],
)  # fmt: skip
def test_a_turn_is_held_to_what_is_written(held: Any, broken: Any, check: str) -> None:
    happened = Happened([TURN])
    assert wrong(scenario(Checks(**held)), happened) == []
    assert wrong(scenario(Checks(**broken)), happened) == [(1, check)]


def test_a_tool_that_never_may_be_called_is_found_in_every_turn() -> None:
    assert wrong(scenario(never=(Call("get_order", {}),)), Happened([TURN])) == [(1, "never")]


def test_a_call_that_must_be_confirmed_counts_as_a_standing_proposal() -> None:
    wish = Checks(calls=(Call("refund", {"order_id": "456", "amount": "5.00 EUR"}),))
    tried = ToolUse("refund", DEED.arguments, "{}", ok=False, error="refused")
    proposed = replace(DEED, status="proposed")
    assert wrong(scenario(wish), Happened([replace(TURN, proposed=[proposed])])) == []
    assert wrong(scenario(wish), Happened([replace(TURN, tools=[*TURN.tools, tried])])) == [(1, "calls")]
    expired = replace(DEED, status="expired")
    assert wrong(scenario(wish), Happened([replace(TURN, proposed=[expired])])) == [(1, "calls")]


def test_a_button_that_does_not_stand_cannot_be_pressed() -> None:
    missing = Turn("confirm", "refund", "", "", missing="none stands")
    given = replace(scenario(), turns=(Spoken("confirm", "refund", Checks(has=(("refunded",),)), 1),))
    assert wrong(given, Happened([missing])) == [(1, "confirm")]


@pytest.mark.parametrize(
    ("change", "check"),
    [
        ({"reply": " "}, "always: a reply"),
        ({"outcome": "failed"}, "always: no turn fails"),
        ({"reply": "Order 456 costs 29.95 EUR."}, "always: faithful"),
    ],
)
def test_some_things_are_always_wrong(change: Any, check: str) -> None:
    assert wrong(scenario(), Happened([replace(TURN, **change)])) == [(1, check)]


def test_a_failure_may_be_expected() -> None:
    failed = Happened([replace(TURN, outcome="failed")])
    assert wrong(scenario(Checks(outcome=("failed",))), failed) == []


def test_a_reply_may_rest_on_an_earlier_turn_but_not_on_a_later_one() -> None:
    bare = replace(TURN, said="and what does it cost?", tools=[])
    two = replace(scenario(), turns=scenario().turns * 2)
    assert wrong(two, Happened([TURN, bare])) == []
    assert wrong(two, Happened([replace(bare, reply="It costs 24.95 EUR."), TURN])) == [
        (1, "always: faithful")
    ]


def test_the_actions_that_were_executed_are_exactly_those() -> None:
    done = Happened([TURN], actions=[DEED], pressed=["a1"])
    assert wrong(scenario(actions=("refund",)), done) == []
    assert wrong(scenario(), done) == [(0, "ends.actions")]
    assert wrong(scenario(actions=("refund", "refund")), done) == [(0, "ends.actions")]
    only_proposed = replace(done, actions=[replace(DEED, status="proposed")])
    assert wrong(scenario(), only_proposed) == []


def test_an_effect_without_a_press_is_found_though_it_was_expected() -> None:
    done = Happened([TURN], actions=[DEED], pressed=[])
    assert wrong(scenario(actions=("refund",)), done) == [(0, "always: no effect without a press")]


def test_a_change_of_the_backend_that_no_action_made_is_found() -> None:
    done = Happened([TURN], actions=[DEED], pressed=["a1"], effects=["a1"], changes=["a1"])
    assert wrong(scenario(actions=("refund",)), done) == []
    for strange in ("", "a2"):
        changed = replace(done, changes=["a1", strange])
        assert wrong(scenario(actions=("refund",)), changed) == [(0, "always: no effect without a press")]


@pytest.mark.parametrize(
    ("expected", "holds"),
    [
        ({"status": "paid"}, True),
        ({"total": "24.95"}, True),
        ({"count": "2"}, True),
        ({"note": None}, True),
        ({"lines": [{"id": "2"}]}, True),
        ({"address": {"city": "Utrecht"}}, True),
        ({"status": "open"}, False),
        ({"note": "x"}, False),
        ({"lines": [{"id": "3"}]}, False),
        ({"gone": None}, False),
        ({"paid": "true"}, False),
    ],
)
def test_the_backend_is_held_to_a_part_of_what_it_says(expected: Any, holds: bool) -> None:
    says = {
        "status": "paid",
        "total": "24.95",
        "count": 2,
        "note": None,
        "paid": True,
        "lines": [{"id": "1"}, {"id": 2, "name": "boots"}],
        "address": {"city": "Utrecht", "country": "NL"},
    }
    found = wrong(
        scenario(backend=(("/orders/456", expected),)), Happened([TURN], backend={"/orders/456": says})
    )
    assert found == ([] if holds else [(0, "ends.backend /orders/456")])


def test_mode_and_ticket_are_looked_at_where_they_are_written() -> None:
    queued = Happened([TURN], mode="queued", tickets=1)
    assert wrong(scenario(), queued) == []
    assert wrong(scenario(mode="queued", ticket=True), queued) == []
    assert wrong(scenario(mode="ai", ticket=False), queued) == [(0, "ends.mode"), (0, "ends.ticket")]
