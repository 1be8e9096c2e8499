"""What a person who takes over reads: sentences that say what of it."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import orjson
import pytest

from frontdesk import Money, Preview
from frontdesk.people import amount_beside, summary_of
from frontdesk.people.results import told
from frontdesk.store.people import Message, StaffConversation

NOW: Any = None


def _talk(outcome: str, *steps: dict[str, Any], said: str = "Where is 8841?") -> StaffConversation:
    record = {"steps": [{"arguments": {}, "result": "{}"} | step for step in steps]}
    turn = {"record": record, "outcome": outcome}
    return StaffConversation({}, [Message(1, 0, "customer", said, NOW, None)], {1: turn}, [], [], "")


def _json(value: object) -> str:
    return orjson.dumps(value).decode()


@pytest.mark.parametrize(
    ("place", "step", "sentence"),
    [
        (
            "found",
            {"tool": "get_order_status", "label": "Order: 8841", "arguments": {"order_id": "8841"},
             "result": _json({"order_id": "8841", "status": "shipped", "total": {"amount": "20.00", "currency": "EUR"}})},
            "Looked up order status (order id 8841): status shipped, total 20.00 EUR.",
        ),
        (
            "found",
            {"tool": "list_orders", "result": _json({"orders": [{"id": "1", "paid": True}, {"id": "2", "paid": False}]})},
            "Looked up orders: 2 found: id 1, paid yes; id 2, paid no.",
        ),
        (
            "found",
            {"tool": "search_knowledge", "arguments": {"query": "tent warranty"},
             "result": _json({"answerable": True, "passages": [{"title": "Warranty", "heading": "Tents"}]})},
            "Searched the help center for “tent warranty”: “Warranty › Tents” answers it.",
        ),
        (
            "found",
            {"tool": "search_knowledge", "arguments": {"query": "tents to rent"}, "result": _json({"answerable": False, "passages": []})},
            "Searched the help center for “tents to rent”: no article answers it.",
        ),
        (
            "tried",
            {"tool": "get_order_status", "arguments": {"order_id": "9"}, "ok": False, "error": "not_found",
             "result": _json({"error": {"code": "not_found", "message": "There is no such order."}})},
            "Looking up order status (order id 9) did not work: There is no such order.",
        ),
        (
            "refused",
            {"tool": "refund_order", "arguments": {"order_id": "9"}, "ok": False, "error": "refused",
             "result": _json({"error": {"code": "refused", "message": "It is not paid"}})},
            "Trying to refund order (order id 9) was refused: It is not paid.",
        ),
        ("done", {"tool": "subscribe", "result": "{}"}, "Did subscribe."),
    ],
)  # fmt: skip
def test_a_step_is_a_sentence_that_says_what_came_of_it(
    place: str, step: dict[str, Any], sentence: str
) -> None:
    assert getattr(summary_of(_talk("answered", step)), place) == [sentence]


def test_the_customers_own_words_and_what_was_not_answered() -> None:
    made = summary_of(_talk("unanswered", said="Do you **rent** out\ntents?"))
    assert made.asked == ["Do you **rent** out tents?"]
    assert made.refused == ["“Do you **rent** out tents?” was not answered."]


def test_a_long_result_is_cut_and_a_strange_one_shown_as_it_is() -> None:
    assert told({"a": {"b": "1", "c": None}, "d": [], "e": [1, 2]}) == "a b 1, 2 e"
    assert told([]) == "none"
    assert told("plain text") == "plain text"
    assert len(told([{f"field_{n}": "x" * 90 for n in range(9)}])) <= 240


def test_of_many_messages_the_first_and_the_newest_are_shown() -> None:
    talk = _talk("answered")
    talk.messages[:] = [Message(n, 0, "customer", f"message {n}", NOW, None) for n in range(1, 12)]
    assert summary_of(talk).asked == [f"message {n}" for n in (1, 7, 8, 9, 10, 11)]


@pytest.mark.parametrize(
    ("title", "beside"),
    [
        ("Refund 71.00 EUR", ""),
        ("Refund order 789", "71.00 EUR"),
        ("Refund 471.00 EUR", "71.00 EUR"),
        ("", "71.00 EUR"),
    ],
)
def test_an_amount_that_the_title_says_is_not_said_again(title: str, beside: str) -> None:
    assert amount_beside(Preview("text", amount=Money(Decimal("71.00"), "EUR"), title=title)) == beside
    assert amount_beside(Preview("text", title=title)) == ""
