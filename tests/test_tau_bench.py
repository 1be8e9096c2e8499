"""evals/tau_bench: on a little shop of our own, and on three tasks of the real one where DATA_DIR names it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from evals.tau_bench import agents
from evals.tau_bench.__main__ import main
from evals.tau_bench.agents import PatientChain
from evals.tau_bench.desk import desk, settings
from evals.tau_bench.gold import Gold
from evals.tau_bench.grade import pass_hat, told
from evals.tau_bench.talk import trial
from evals.tau_bench.tasks import Instruction, tasks
from evals.tau_bench.users import GO_ON, Heard, Move, ScriptedUser, first_person
from evals.tau_retail import data
from frontdesk.models.scripted import ScriptedModel
from tests import tau_shop

HAVE_DATA = data.there()


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The little shop in the place of the real one; returns a folder for results."""
    tau_shop.write(tmp_path / "tau-retail")
    monkeypatch.setattr(data, "FOLDER", tmp_path / "tau-retail")
    data.records.cache_clear()
    yield tmp_path / "results"
    data.records.cache_clear()


def run(out: Path, *arguments: str) -> tuple[int, dict[str, Any]]:
    code = main(["--out", str(out), *arguments])
    return code, json.loads((out / "summary.json").read_text("utf-8"))


# ------------------------------------------------------------------ the gold calls
def test_the_gold_calls_pass_all_at_once(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, figures = run(shop, "--agent", "gold", "--tasks", "0-2", "--trials", "2", "--jobs", "6")
    assert (code, figures["passed"], figures["trials"]) == (0, 6, 6)
    assert (figures["pass^1"], figures["pass^2"], figures["idle"]) == (1.0, 1.0, 0)
    result = json.loads((shop / "task-001-trial-0.json").read_text("utf-8"))
    pressed = [entry for entry in result["transcript"] if entry["role"] == "button"]
    assert [entry["status"] for entry in pressed] == ["executed", "executed"]
    assert "6/6" in capsys.readouterr().out


@pytest.mark.skipif(not HAVE_DATA, reason=data.MISSING)
def test_the_gold_calls_of_real_tasks_pass(tmp_path: Path) -> None:
    code, figures = run(tmp_path, "--agent", "gold", "--tasks", "19-21")
    assert (code, figures["passed"], figures["database"], figures["outputs"]) == (0, 3, 3, 3)


def test_gold_calls_that_do_not_pass_end_with_1(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Gold, "model", lambda _: ScriptedModel(lambda _: AIMessage("No.")))
    code, figures = run(shop, "--agent", "gold", "--tasks", "0")
    assert (code, figures["passed"]) == (1, 0)


# ------------------------------------------------------------------ what fails
def proposes(tool: str, arguments: dict[str, Any]) -> ScriptedModel:
    """An agent that makes this call first, and has a lamp's price ready."""

    def step(messages: list[BaseMessage]) -> AIMessage:
        asked = sum(isinstance(message, HumanMessage) for message in messages)
        if isinstance(messages[-1], ToolMessage) or asked > 1:
            return AIMessage("Please look at this.")
        call: Any = {"name": tool, "args": arguments, "id": "c1", "type": "tool_call"}
        return AIMessage("", tool_calls=[call])

    return ScriptedModel(step)


async def graded(number: int, model: ScriptedModel) -> dict[str, Any]:
    task = tasks()[number]
    chain = PatientChain("scripted", model, 5.0)
    return await trial(task, desk(), settings(), chain, ScriptedUser(task.instruction))


@pytest.mark.parametrize(
    ("order", "reason", "passes"),
    [
        ("#W1000001", "no longer needed", True),
        ("#W1000001", "ordered by mistake", False),
        ("#W1000003", "no longer needed", False),
        ("#W1000002", "no longer needed", False),  # delivered: never proposed
        ("#W1000001", "because", False),  # no reason of the tool's
    ],
)
async def test_a_wrong_proposal_is_confirmed_and_fails(
    shop: Path, order: str, reason: str, passes: bool
) -> None:
    result = await graded(0, proposes("cancel_pending_order", {"order_id": order, "reason": reason}))
    assert result["database"] is result["passed"] is passes
    assert not result["error"]


async def test_what_is_not_told_fails_though_the_end_state_is_right(shop: Path) -> None:
    result = await graded(2, proposes("list_all_product_types", {}))
    assert (result["database"], result["outputs"], result["passed"]) == (True, {"31": False}, False)


def test_outputs_are_found_without_commas_in_any_case() -> None:
    assert told(["1234.5", "wool", "7"], ["It is 1,234.50 USD", "WOOL"]) == {
        "1234.5": True,
        "wool": True,
        "7": False,
    }


@pytest.mark.parametrize(
    ("trials", "k", "value"),
    [
        ([[True, True, False, False]], 1, 1 / 2),
        ([[True, True, False, False]], 2, 1 / 6),
        ([[True, True, False, False]], 3, 0.0),
        ([[True, True], [False, False]], 2, 1 / 2),
    ],
)
def test_pass_hat_k_is_the_chance_that_all_k_pass(trials: list[list[bool]], k: int, value: float) -> None:
    assert pass_hat(trials, k) == pytest.approx(value)


# ------------------------------------------------------------------ the scripted customer
@pytest.mark.parametrize(
    ("told", "said"),
    [
        ("You want to return your lamp.", "I want to return my lamp."),
        ("You are Ada. You name is Ada.", "I am Ada. My name is Ada."),
        ("You'd go for blue if the agent asks you.", "I'd go for blue if you ask me."),
        ("Ask the agent to cancel it.", "Please cancel it."),
        ("Finally, ask the agent how much it is.", "Tell me how much it is."),
        ("Ask the agent for a refund.", "I'd like a refund."),
        ("You want the office address (you do not want to reveal it).", "I want the office address."),
    ],
)
def test_an_instruction_is_said_in_the_first_person(told: str, said: str) -> None:
    assert first_person(told) == said


async def test_the_scripted_customer_says_wishes_answers_presses_and_leaves() -> None:
    wish = "You want a lamp. Make sure you are rude. If the agent asks which colour lamp, it is the blue lamp. You like tea."
    user = ScriptedUser(Instruction(wish, "", "You are Ada.", ""))
    heard = [
        (Heard("Hi!"), Move("I want a lamp.")),
        (Heard("Which colour of lamp is it, blue or red?"), Move("It is the blue lamp.")),
        (Heard("What is your name?"), Move("I am Ada.")),
        (Heard("What is your email?"), Move("I don't remember my email address.")),
        (Heard("Here.", cards=["Buy a lamp."]), Move(press=True)),
        (Heard(receipts=["Done."]), Move("I like tea.")),
        (Heard("Here.", cards=["Buy tea."]), Move(press=True)),
        (Heard(receipts=["Done."]), Move(GO_ON)),
        (Heard("What is your email?"), Move(over=True)),
    ]
    for before, move in heard:
        assert await user.next(before) == move


async def test_the_scripted_customer_leaves_when_handed_over() -> None:
    user = ScriptedUser(Instruction("You want a lamp.", "", "", ""))
    assert await user.next(Heard("A colleague will write.", ended=True)) == Move(over=True)


# ------------------------------------------------------------------ models behind an endpoint
def test_models_play_agent_and_customer_and_tokens_are_counted(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with tau_shop.provider() as (url, asked):
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        code, figures = run(
            shop, "--agent", "openai:gpt-4o", "--user", "openai:gpt-4o-mini", "--tasks", "0", "--trials", "2"
        )
    assert (code, figures["passed"], figures["trials"]) == (0, 2, 2)
    assert (figures["agent model_calls"], figures["agent input_tokens"], figures["agent output_tokens"]) == (
        6,
        600,
        60,
    )
    assert (figures["user model_calls"], figures["user input_tokens"]) == (6, 600)
    assert figures["agent cost_usd"] == pytest.approx(600 * 2.5e-6 + 60 * 10e-6)
    agent = next(body for body in asked if body["model"] == "gpt-4o")
    assert "Be kind to lamps." in agent["messages"][0]["content"]
    assert "Cancel a pending order of this little shop." in json.dumps(agent["tools"])
    gold = json.dumps(tau_shop.TASKS[0]["evaluation_criteria"])
    assert not any(gold in json.dumps(body) for body in asked)


def test_a_trial_without_an_answer_is_not_graded_and_is_done_again(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(agents, "PAUSES", ())
    arguments = ["--agent", "openai:gpt-4o", "--user", "openai:gpt-4o-mini", "--tasks", "0", "--resume"]
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    code, figures = run(shop, *arguments)
    assert (code, figures["trials"], figures["errors"]) == (1, 0, 1)
    with tau_shop.provider() as (url, asked):
        monkeypatch.setenv("OPENAI_BASE_URL", url)
        code, figures = run(shop, *arguments)
        before = len(asked)
        assert (code, figures["passed"], before) == (0, 1, 6)
        capsys.readouterr()
        code, figures = run(shop, *arguments)
        assert (code, figures["passed"], len(asked)) == (0, 1, before)
    assert "1 trials were done before" in capsys.readouterr().out


def test_a_model_that_cannot_be_had_is_said_in_a_sentence(
    shop: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert main(["--agent", "openai:gpt-4o"]) == 2
    assert "OPENAI_API_KEY" in capsys.readouterr().out
