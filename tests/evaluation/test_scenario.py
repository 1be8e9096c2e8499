"""What is written wrongly is refused with file, line, and what to write instead."""

from pathlib import Path

import pytest

from frontdesk.errors import SettingsError
from frontdesk.evaluation.scenario import load
from tests.process import ROOT

TOOLS = {"get_order": {"order_id"}, "cancel_order": {"order_id"}, "search_knowledge": {"query"}}
WHOLE = """\
hard: [typos, negation]
why: All there is.
customer: u1
locale: de
turns:
  - say: Where is 789?
    calls:
      - get_order: {order_id: "789"}
      - search_knowledge
    never: [cancel_order]
    reply: {has: [24.90, [boots, boot]], lacks: [no]}
    cites: refunds
    outcome: [answered, asked]
    choices: [456]
  - confirm: cancel_order
ends: {actions: [cancel_order], backend: {/orders/456: {total: 24.90, gone: null, paid: true}}, mode: ai, ticket: false}
never: [{cancel_order: {order_id: 1}}]
"""


def written(folder: Path, text: str, name: str = "refund/one") -> Path:
    path = folder / f"{name}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return folder


def test_a_scenario_is_read_as_it_is_written(tmp_path: Path) -> None:
    [found] = load(written(tmp_path, WHOLE), TOOLS)
    assert (found.name, found.kind, found.customer, found.locale) == ("refund/one", "refund", "u1", "de")
    assert found.hard == ("typos", "negation")
    first, second = found.turns
    assert [str(call) for call in first.checks.calls] == ["get_order(order_id='789')", "search_knowledge"]
    assert first.checks.has == (("24.90",), ("boots", "boot"))  # not 24.9
    assert first.checks.lacks == ("no",)  # not false
    assert first.checks.cites == ("refunds",)
    assert first.checks.choices == ("456",)
    assert (second.does, second.text) == ("confirm", "cancel_order")
    assert found.ends.backend == (("/orders/456", {"total": "24.90", "gone": None, "paid": True}),)
    assert found.ends.ticket is False
    assert found.tools == ["cancel_order", "get_order", "search_knowledge"]


@pytest.mark.parametrize(
    ("text", "line", "sentence"),
    [
        ("customer: u1\nturn: []\n", 2, "there is no key 'turn'; did you mean 'turns'?"),
        ("turns: [{say: Hello}]\n", 1, "customer is missing: write customer: …"),
        ("customer: u1\n", 1, "write either turns: or persona:, what the customer says or who says it"),
        ("customer: u1\nturns:\n  - tell: Hello\n", 3, "a turn is one of say:, confirm:, decline: and undo:"),
        ("customer: u1\nturns:\n  - say: a\n    confirm: get_order\n", 3, "a turn is one of say:"),
        ("customer: u1\nturns:\n  - confirm: cancel_ordr\n", 3, "the desk has no tool 'cancel_ordr'; did you mean 'cancel_order'?"),
        ("customer: u1\nturns:\n  - say: a\n    calls:\n      - get_order: {order: 1}\n", 5, "get_order has no argument 'order'; did you mean 'order_id'?"),
        ("customer: u1\nturns:\n  - say: a\n    calls:\n      - get_order: 789\n", 5, "write the arguments of get_order as a table"),
        ("customer: u1\nturns:\n  - say: a\n    reply: {have: b}\n", 4, "there is no key 'have': write has, lacks"),
        ("customer: u1\nturns:\n  - say: a\n    outcome: answerd\n", 4, "outcome is one of answered,"),
        ("customer: u1\nturns:\n  - say: a\n    never: get_order\n", 4, "never is a list"),
        ("customer: u1\nturns:\n  - say: a\nends: {mode: off}\n", 4, "mode is one of ai, queued, human"),
        ("customer: u1\nturns:\n  - say: a\nends:\n  ticket: yes\n", 5, "ticket is true or false"),
        ("customer: u1\nturns:\n  - say: a\n  - say: b\n    say: c\n", 5, "'say' stands here twice: keep one"),
        ("customer: u1\npersona: {who: Mia}\n", 2, "wants is missing: write wants: …"),
        ("customer: u1\nturns: [\n", 3, "this is no YAML"),
        ("- customer\n", 1, "write a scenario as a table: customer: u123, turns: [{say: …}]"),
        ("", 1, "write a scenario as a table"),
    ],
)  # fmt: skip
def test_a_mistake_is_named_with_its_line(tmp_path: Path, text: str, line: int, sentence: str) -> None:
    with pytest.raises(SettingsError) as refused:
        load(written(tmp_path, text), TOOLS)
    assert f"one.yaml:{line}: {sentence}" in refused.value.detail


def test_the_mistakes_of_all_files_are_told_at_once(tmp_path: Path) -> None:
    written(tmp_path, "customer: u1\n", "a")
    written(tmp_path, "customer: u1\nturns: [{say: hello}]\n", "b")
    written(tmp_path, "turns: [{say: hello}]\n", "c")
    with pytest.raises(SettingsError) as refused:
        load(tmp_path, TOOLS)
    assert [line.split(":")[0].rpartition("/")[2] for line in refused.value.detail.splitlines()] == [
        "a.yaml",
        "c.yaml",
    ]


def test_only_the_named_scenarios_are_read(tmp_path: Path) -> None:
    written(tmp_path, WHOLE, "refund/one")
    written(tmp_path, "nonsense", "cancel/two")
    assert [found.name for found in load(tmp_path, TOOLS, ["refund/*"])] == ["refund/one"]
    with pytest.raises(SettingsError, match="no scenario of 2 is called returns"):
        load(tmp_path, TOOLS, ["returns/*"])


def test_a_folder_without_scenarios_is_none(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="holds no scenarios"):
        load(tmp_path, TOOLS)
    with pytest.raises(SettingsError, match="there is no folder"):
        load(tmp_path / "nowhere", TOOLS)


def test_another_file_has_another_digest(tmp_path: Path) -> None:
    [before] = load(written(tmp_path, WHOLE), TOOLS)
    [after] = load(written(tmp_path, WHOLE + "# said otherwise\n"), TOOLS)
    assert before.digest != after.digest


def test_the_scenarios_here_are_five() -> None:
    every = {name: {"order_id"} for name in ("get_order_status", "cancel_order", "search_knowledge")}
    assert len(load(ROOT / "tests" / "evaluation" / "scenarios", every)) == 5
