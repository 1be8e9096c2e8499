from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from frontdesk.cli.eval_calibrate import eval_calibrate
from frontdesk.errors import SettingsError
from frontdesk.evaluation.calibrate import Case, Tried, choose, read, row, turns_of, wilson
from frontdesk.evaluation.happened import Finding, Result, Turn

ANSWER: dict[str, Any] = {
    "reply": "Order 789 has been shipped.",
    "outcome": "answered",
    "citations": [{"url": "https://help.example/orders/track-an-order#where"}],
}


def tries(*of: tuple[float, int, int]) -> list[Tried]:
    """(confidence, how many were right, how many were wrong)."""
    return [Tried(at, ok) for at, right, wrong in of for ok in [*[True] * right, *[False] * wrong]]


def test_the_lowest_threshold_that_is_right_often_enough_is_chosen() -> None:
    tried = tries((0.95, 99, 1), (0.8, 98, 2), (0.5, 50, 50))
    chosen = choose(tried, 0.98)
    assert chosen is not None
    assert 0.5 < chosen.at <= 0.8
    assert (chosen.answered, chosen.right, round(chosen.coverage, 3)) == (200, 197, 0.667)
    assert choose(tried, 0.999) is None


def test_a_share_of_a_few_says_little() -> None:
    assert [round(end, 3) for end in wilson(10, 10)] == [0.722, 1.0]
    assert [round(end, 3) for end in wilson(980, 1000)] == [0.969, 0.987]
    assert wilson(0, 0) == (0.0, 1.0)
    low, high = row(tries((0.9, 49, 1)), 0.5).interval
    assert low < 0.9 < 0.98 < high


def test_a_turn_of_a_scenario_is_wrong_where_something_was_found_or_the_end_is() -> None:
    def said(confidence: float | None) -> Turn:
        return Turn("say", "Hi", "Hello", "answered", confidence=confidence)

    def result(*findings: Finding) -> Result:
        turns = [said(0.9), Turn("confirm", "refund", "Done", "answered"), said(0.8), said(None)]
        return Result("a", 1, "a", (), "en", (), "-", "u1", "", findings, turns, 0.1)

    assert turns_of([result()]) == [Tried(0.9, True), Tried(0.8, True)]
    assert turns_of([result(Finding(3, "has", "x", "y"))]) == [Tried(0.9, True), Tried(0.8, False)]
    turns = result(Finding(0, "ends", "x", "y"))
    assert turns_of([turns]) == [Tried(0.9, True), Tried(0.8, True)]  # the last one was another model's


@pytest.mark.parametrize(
    ("case", "right"),
    [
        ({"tools": ("get_order_status",), "has": ("789", "SHIPPED")}, True),
        ({"tools": ("list_orders",)}, False),
        ({"tools": ()}, False),
        ({"articles": ("track-an-order", "delayed")}, True),
        ({"articles": ("delayed",)}, False),
        ({"outcome": ("answered",), "lacks": ("cancelled",)}, True),
        ({"outcome": ("handed_off",)}, False),
        ({"lacks": ("shipped",), "outcome": ("answered",)}, False),
    ],
)
def test_all_that_a_case_says_must_hold(case: dict[str, Any], right: bool) -> None:
    assert Case("u1", "?", **case).right(ANSWER, ["get_order_status"]) is right


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{not json", r"set.jsonl:2: line: Invalid JSON.*; write \{"),
        ('{"customer": "u1", "has": "x"}', r"set.jsonl:2: message: Field required"),
        ('{"customer": "u1", "message": "Hi", "tool": "x"}', r"set.jsonl:2: tool: Extra"),
        ('{"customer": "u1", "message": "Hi"}', "set.jsonl:2: say what is right with tools"),
        (
            '{"customer": "u1", "message": "Hi", "outcome": "fine"}',
            "there is no outcome 'fine'; write answered",
        ),
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "set.jsonl"
    path.write_text(f'{{"customer": "u1", "message": "Hi", "tools": []}}\n{line}\n')
    with pytest.raises(SettingsError, match=said):
        read(path)


DESK = '''
from frontdesk import Customer, Frontdesk, ToolNotFound, tool

@tool(permission="orders:read", examples=["where is my order 789"])
async def get_order_status(order_id: str, customer: Customer) -> dict:
    """Status of an order."""
    if order_id != "789":
        raise ToolNotFound
    return {"order_id": order_id, "status": "shipped"}

desk = Frontdesk("Testshop", tools=[get_order_status])
'''


def test_a_set_becomes_a_table_and_a_threshold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "shop_to_calibrate.py").write_text(DESK)
    asked = {"customer": "u1", "tools": ["get_order_status"], "has": ["shipped"]}
    lines = [
        {**asked, "message": "Where is my order 789?"},
        {**asked, "message": "Has it left yet?", "history": ["Where is my order 789?"]},
        {**asked, "message": "Tell me about the moon and what it is made of", "tools": ["no_such_tool"]},
    ]
    (tmp_path / "set.jsonl").write_text("\n".join(map(json.dumps, lines)))
    done = CliRunner().invoke(eval_calibrate, [str(tmp_path), "--desk", "shop_to_calibrate:desk"])
    assert done.exit_code == 0, done.output
    assert "3 turns, 2 answered rightly by the local model alone" in done.output
    assert "To use it: FRONTDESK_CASCADE_AT=0." in done.output
    assert "3 turns say little" in done.output


def test_a_folder_without_a_set_says_what_to_write(tmp_path: Path) -> None:
    done = CliRunner().invoke(eval_calibrate, [str(tmp_path)])
    assert isinstance(done.exception, SettingsError)
    assert "write a JSON object a line" in done.exception.detail
