"""A scenario from a fresh state to its judgement, through Support and Actions on a real database."""

from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from frontdesk.database import Database
from frontdesk.errors import SettingsError
from frontdesk.evaluation.drive import Driver, driver
from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.persona import persona_model
from frontdesk.evaluation.scenario import Scenario, load
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from tests.desk import call
from tests.evaluation.small import Backend, make_desk

TOOLS = {"get_order": {"order_id"}, "change_email": {"email"}, "hand_over": {"reason"}}
WISH = [call("change_email", email="ann@new.example"), "Please have a look."]
CHANGE = """\
customer: u1
turns:
  - say: my address is ann@new.example now
    calls: [change_email: {email: ann@new.example}]
    outcome: awaiting_confirmation
"""
Open = Callable[..., AbstractAsyncContextManager[Driver]]


@pytest.fixture
def opened(database: Database) -> Open:
    @asynccontextmanager
    async def open_(
        script: Any, backend: Backend | None = None, *, persona: Any = (), sneaky: bool = False
    ) -> AsyncGenerator[Driver]:
        backend = backend or Backend()
        settings = Settings(database_url=database.conninfo, secret="s" * 32)
        models = [("scripted", ScriptedModel(script))]
        players: list[ScriptedModel] = []

        def player(name: str) -> ScriptedModel:
            players.append(ScriptedModel(persona))
            return players[-1]

        desk = make_desk(backend, sneaky=sneaky)
        async with driver(desk, settings, backend, player, models=models) as ready:
            ready.players = players  # type: ignore[attr-defined]
            yield ready

    return open_


def scenario(folder: Path, text: str) -> Scenario:
    (folder / "one.yaml").write_text(text)
    [found] = load(folder, TOOLS)
    return found


def wrong(result: Result) -> list[tuple[int, str]]:
    assert not result.error, result.error
    return [(finding.turn, finding.check) for finding in result.findings]


async def test_a_turn_is_told_with_its_calls_its_time_and_its_tokens(opened: Open, tmp_path: Path) -> None:
    given = scenario(
        tmp_path,
        "customer: u1\nturns:\n  - say: how much is 789?\n    calls: [get_order: {order_id: 789}]\n"
        "    reply: {has: [24.95]}\n    outcome: answered\n",
    )
    async with opened([call("get_order", order_id="789"), "Order 789 costs 24.95 EUR."]) as ready:
        result = await ready.run(given)
    assert wrong(result) == []
    [turn] = result.turns
    assert turn.reply == "Order 789 costs 24.95 EUR."
    assert [(use.tool, use.arguments, use.ok) for use in turn.tools] == [
        ("get_order", {"order_id": "789"}, True)
    ]
    assert turn.model == "scripted"
    assert turn.model_calls == 2
    assert turn.ms > 0
    assert turn.cost_usd is None  # nobody knows what a script costs


async def test_a_press_carries_the_action_out_and_undo_takes_it_back(opened: Open, tmp_path: Path) -> None:
    changed = CHANGE + (
        "  - confirm: change_email\n    reply: {has: [ann@new.example now]}\n    outcome: answered\n"
        "ends: {actions: [change_email], backend: {/users/u1: {email: ann@new.example}}}\n"
    )
    undone = CHANGE + (
        "  - confirm: change_email\n  - undo: change_email\n    reply: {has: [taken back]}\n"
        "ends: {actions: [change_email], backend: {/users/u1: {email: ann@old.example}}}\n"
    )
    async with opened(WISH * 2) as ready:
        assert wrong(await ready.run(scenario(tmp_path, changed))) == []
        assert wrong(await ready.run(scenario(tmp_path, undone))) == []


async def test_a_no_leaves_everything_as_it_is(opened: Open, tmp_path: Path) -> None:
    declined = CHANGE + "  - decline: change_email\nends: {backend: {/users/u1: {email: ann@old.example}}}\n"
    async with opened(WISH) as ready:
        assert wrong(await ready.run(scenario(tmp_path, declined))) == []


async def test_a_button_that_no_proposal_stands_behind_is_missing(opened: Open, tmp_path: Path) -> None:
    given = scenario(tmp_path, "customer: u1\nturns:\n  - say: hello\n  - confirm: change_email\n")
    async with opened(["Hello!"]) as ready:
        assert wrong(await ready.run(given)) == [(2, "confirm")]


async def test_each_run_finds_the_data_and_the_desk_as_if_it_were_the_first(
    opened: Open, tmp_path: Path
) -> None:
    """Three changes a day are fewer than these, and the backend keeps none of them."""
    backend = Backend()
    given = scenario(
        tmp_path, CHANGE + "  - confirm: change_email\nends: {actions: [change_email], ticket: false}\n"
    )
    async with opened(WISH * 5, backend) as ready:
        for run in range(5):
            result = await ready.run(given, run)
            assert wrong(result) == []
            assert result.run == run
    assert backend.resets == 5


async def test_a_reading_tool_that_changes_the_backend_is_caught(opened: Open, tmp_path: Path) -> None:
    given = scenario(tmp_path, "customer: u1\nturns:\n  - say: how much is 789?\n")
    script = [call("get_order", order_id="789"), "It costs 24.95 EUR."]
    async with opened(script * 2, sneaky=True) as ready:
        result = await ready.run(given)
    assert wrong(result) == [(0, "always: no effect without a press")]


async def test_a_handover_is_seen_in_mode_and_ticket(opened: Open, tmp_path: Path) -> None:
    text = "customer: u1\nturns:\n  - say: a person please\n    outcome: handed_off\nends: {mode: queued, ticket: true}\n"
    script = [
        call("hand_over", reason="customer_wish", summary="Wants a person."),
        "A colleague will write to you.",
    ]
    async with opened(script) as ready:
        assert wrong(await ready.run(scenario(tmp_path, text))) == []


async def test_a_visitor_may_use_no_tool_of_customers(opened: Open, tmp_path: Path) -> None:
    given = scenario(tmp_path, "customer: visitor\nturns:\n  - say: where is 789?\n    outcome: refused\n")
    async with opened([call("get_order", order_id="789"), "Please sign in first."]) as ready:
        result = await ready.run(given)
    assert wrong(result) == []
    assert result.turns[0].tools[0].error == "permission_denied"


async def test_what_cannot_be_run_is_an_error_and_no_failure(opened: Open, tmp_path: Path) -> None:
    class Broken(Backend):
        def reset(self) -> None:
            raise RuntimeError("the database is gone")

    async with opened([], Broken()) as ready:
        result = await ready.run(scenario(tmp_path, "customer: u1\nturns: [{say: hello}]\n"))
    assert result.error == "RuntimeError: the database is gone"
    assert not result.passed


# ------------------------------------------------------------------ a prompt
def obeying(messages: list[BaseMessage]) -> Any:
    """A model that reads its instructions, as the good ones do."""
    if not isinstance(messages[-1], ToolMessage):
        return call("get_order", order_id="789")
    told = str(messages[0].content)
    return "It is lost." if "never tell a price" in told else "It costs 24.95 EUR."


async def test_a_broken_prompt_is_caught(database: Database, tmp_path: Path) -> None:
    given = scenario(tmp_path, "customer: u1\nturns:\n  - say: how much is 789?\n    reply: {has: [24.95]}\n")
    settings = Settings(database_url=database.conninfo, secret="s" * 32)
    for instructions, expected in (("", []), ("You never tell a price.", [(1, "reply has")])):
        backend = Backend()
        desk = make_desk(backend)
        object.__setattr__(desk, "instructions", instructions)
        models = [("scripted", ScriptedModel(obeying))]
        async with driver(desk, settings, backend, lambda _: ScriptedModel(), models=models) as ready:
            assert wrong(await ready.run(given)) == expected


# ------------------------------------------------------------------ personas
PERSONA = """\
customer: u1
persona:
  who: You are Ann, in a hurry.
  wants: your new e-mail address on file
  knows: {new: ann@new.example}
  turns: 3
  confirms: true
ends: {actions: [change_email], backend: {/users/u1: {email: ann@new.example}}}
"""


async def test_a_persona_talks_presses_and_stops_when_it_has_what_it_wants(
    opened: Open, tmp_path: Path
) -> None:
    said = ["hi, my mail is ann@new.example now", "###OVER###"]
    async with opened(WISH, persona=said) as ready:
        result = await ready.run(scenario(tmp_path, PERSONA))
        [player] = ready.players  # type: ignore[attr-defined]
    assert wrong(result) == []
    assert [(turn.does, turn.said) for turn in result.turns] == [
        ("say", said[0]),
        ("confirm", "change_email"),
    ]
    brief, *_ = player.calls[0].messages
    for part in ("in a hurry", "your new e-mail address on file", "ann@new.example"):
        assert part in brief.text
    heard = [message.text for message in player.calls[1].messages if not isinstance(message, AIMessage)]
    assert any("Please have a look." in text for text in heard)
    assert any("ann@new.example now" in text for text in heard)


async def test_a_persona_that_does_not_stop_is_stopped(opened: Open, tmp_path: Path) -> None:
    async with opened(lambda _: "Yes?", persona=lambda _: "and then?") as ready:
        result = await ready.run(scenario(tmp_path, PERSONA))
    assert len(result.turns) == 3
    assert (0, "ends.actions") in wrong(result)


def test_a_persona_needs_a_model_of_its_own() -> None:
    for chosen in ("", "local"):
        with pytest.raises(SettingsError, match="--persona-model openai:gpt-4o-mini"):
            persona_model(Settings(), chosen, "")
