"""Recorded conversations again: what stays, what changes, and that nothing is done."""

from collections.abc import Callable, Sequence
from typing import Any
from uuid import UUID

import psycopg
import pytest
from langchain_core.messages import BaseMessage, HumanMessage, ToolMessage

from frontdesk.bootstrap import service, tools_of
from frontdesk.database import Database
from frontdesk.desk import Frontdesk
from frontdesk.domain import Principal
from frontdesk.evaluation.replay import Replayed, _calls, replay  # pyright: ignore[reportPrivateUsage]
from frontdesk.models import ModelChain
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from frontdesk.store.conversations import begin
from frontdesk.store.recorded import recorded
from tests.desk import call
from tests.evaluation.small import Backend, make_desk

ANN = Principal("customer", "u1")
SAID = ("where is order 789", "where is order 1", "change my e-mail to a@new.example", "thanks")
Model = Callable[[list[BaseMessage]], Any]


def obey(messages: list[BaseMessage]) -> Any:
    """An order is looked up, an address is proposed, and the result is told."""
    last = messages[-1]
    if isinstance(last, ToolMessage):
        found = str(last.content)
        if "proposed" in found:
            return "Please press the button."
        return "There is no such order." if "error" in found else "Order 789 costs 24.95 EUR."
    assert isinstance(last, HumanMessage)
    words = last.text.split()
    if words[0] == "where":
        return call("get_order", order_id=words[-1])
    return call("change_email", email=words[-1]) if words[0] == "change" else "You're welcome."


class Recording:
    """A conversation of four turns, and a way to run it again."""

    def __init__(self, database: Database, settings: Settings, backend: Backend) -> None:
        self.database, self.settings, self.backend = database, settings, backend
        self.conversation = UUID(int=0)

    async def make(self) -> None:
        desk = make_desk(self.backend)
        async with service(desk, self.settings, models=[("scripted", ScriptedModel(obey))]) as ready:
            self.conversation = await begin(self.database, ANN, "api")
            for message in SAID:
                accepted = await ready.support.receive(ANN, message, conversation_id=self.conversation)
                assert await ready.support.wait(ANN, accepted.turn_id, 10)

    async def again(self, model: Model = obey, desk: Frontdesk | None = None) -> Replayed:
        desk = desk or make_desk(self.backend)
        chain = ModelChain([("scripted", ScriptedModel(model))], 5)
        past = recorded(self.database.conninfo, self.conversation)
        return await replay(past, desk, tools_of(desk, self.database, self.settings), chain, self.settings)

    def rows(self) -> list[Any]:
        with psycopg.connect(self.database.conninfo, options="-c search_path=frontdesk") as owner:
            tables = ("conversations", "turns", "messages", "tickets", "actions", "effects", "audit")
            return [owner.execute(f"SELECT count(*) FROM {table}").fetchone() for table in tables]


@pytest.fixture
async def past(database: Database) -> Recording:
    settings = Settings(database_url=database.conninfo, secret="s" * 32)
    made = Recording(database, settings, Backend())
    await made.make()
    return made


def changed(found: Replayed) -> list[tuple[int, str, str, str]]:
    return [(d.seq, d.what, d.before, d.after) for d in found.differences]


async def test_nothing_changed_nothing_is_shown_and_nothing_is_done(past: Recording) -> None:
    before = past.rows()

    async def out_of_reach(*_: Any, **__: Any) -> Any:
        raise AssertionError("a backend was called")

    desk = make_desk(past.backend)
    for tool in desk.tools:
        tool.function = out_of_reach
    found = await past.again(desk=desk)
    assert (found.same, found.turns, found.of) == (True, 4, 4), found
    assert past.rows() == before
    assert past.backend.noted == []


async def test_another_reply_and_another_outcome_are_shown(past: Recording) -> None:
    def silent(messages: list[BaseMessage]) -> Any:
        last = messages[-1]
        return (
            "What is its number?"
            if isinstance(last, HumanMessage) and "thanks" in last.text
            else obey(messages)
        )

    assert changed(await past.again(silent)) == [
        (4, "outcome", "answered", "asked"),
        (4, "reply", "You're welcome.", "What is its number?"),
    ]


async def test_each_turn_is_run_from_the_past_as_it_was(past: Recording) -> None:
    def rude(messages: list[BaseMessage]) -> Any:
        if isinstance(messages[-1], HumanMessage) and messages[-1].text == "thanks":
            assert [m.text for m in messages if m.text == "Order 789 costs 24.95 EUR."]
            assert not [m.text for m in messages if m.text == "24.95 EUR."]
        answer = obey(messages)
        return "24.95 EUR." if answer == "Order 789 costs 24.95 EUR." else answer

    assert changed(await past.again(rude)) == [(1, "reply", "Order 789 costs 24.95 EUR.", "24.95 EUR.")]


async def test_a_call_that_is_not_in_the_record_ends_it(past: Recording) -> None:
    def curious(messages: list[BaseMessage]) -> Any:
        last = messages[-1]
        wrong = isinstance(last, HumanMessage) and "789" in last.text
        return call("get_order", order_id="456") if wrong else obey(messages)

    found = await past.again(curious)
    assert (found.missing, found.ended_in, found.turns, found.same) == (
        "get_order(order_id='456')",
        1,
        0,
        False,
    )


async def test_a_proposal_with_other_arguments_is_not_in_the_record(past: Recording) -> None:
    def thief(messages: list[BaseMessage]) -> Any:
        last = messages[-1]
        if isinstance(last, HumanMessage) and last.text.startswith("change"):
            return call("change_email", email="thief@evil.example")
        return obey(messages)

    found = await past.again(thief)
    assert (found.missing, found.ended_in) == ("change_email(email='thief@evil.example')", 3)
    assert past.backend.noted == []


async def test_a_tool_that_is_gone_shows(past: Recording) -> None:
    desk = make_desk(past.backend)
    fewer = Frontdesk(
        "Small", tools=[t for t in desk.tools if t.name != "get_order"], instructions=desk.instructions
    )
    found = await past.again(desk=fewer)
    assert (1, "calls", "get_order(order_id='789')", "unknown") in changed(found)


async def test_what_is_read_again_is_answered_from_an_earlier_turn(past: Recording) -> None:
    def careful(messages: list[BaseMessage]) -> Any:
        last = messages[-1]
        if isinstance(last, HumanMessage) and last.text == "thanks":
            return call("get_order", order_id="789")
        if isinstance(last, ToolMessage) and _asked(messages) == "thanks":
            return "You're welcome."
        return obey(messages)

    assert changed(await past.again(careful)) == [(4, "calls", "no call", "get_order(order_id='789')")]


def _asked(messages: Sequence[BaseMessage]) -> str:
    return [message.text for message in messages if isinstance(message, HumanMessage)][-1]


def test_the_order_of_arguments_is_no_change() -> None:
    """The database hands them out in an order of its own."""
    before, after = {"order_id": "654", "reason": "late"}, {"reason": "late", "order_id": "654"}
    assert _calls([{"tool": "refund", "arguments": before}]) == _calls(
        [{"tool": "refund", "arguments": after}]
    )
