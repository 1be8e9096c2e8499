from __future__ import annotations

import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from frontdesk import Customer, tool
from frontdesk.bootstrap import assemble, model_chain
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import ModelUnavailable, SettingsError
from frontdesk.models import ModelChain
from frontdesk.models.cascade import AT, SureLocal
from frontdesk.models.chain import PassedOn
from frontdesk.models.local import LocalModel
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings
from tests.desk import Backend, call, make_desk

ANNA = Principal("customer", "u1")
PAID = "openai:gpt-4o-mini"
STORY = (
    "well my brother says that the thing from the other day came apart again but then my aunt told me it was never"
    " like this before, so honestly who knows, what would you all do in a case like mine?"
)


# ------------------------------------------------------------------ names
@pytest.mark.parametrize(
    "name",
    ["cascade:", "cascade:local", "cascade:local,", "cascade:openai:gpt-4o-mini,local", "cascade:local,local",
     "cascade:local,,openai:gpt-4o-mini", "cascade:local,cascade:local"],
)  # fmt: skip
def test_a_cascade_that_is_none_says_what_to_write(name: str) -> None:
    with pytest.raises(SettingsError, match="write cascade:local,NAME"):
        model_chain(Settings(model=name))


def test_a_cascade_among_the_fallbacks_says_what_to_write() -> None:
    with pytest.raises(SettingsError, match="FRONTDESK_MODEL: write cascade:local,NAME"):
        model_chain(Settings(model="local", fallback_models=("cascade:local",)))


def test_a_cascade_with_a_model_nobody_knows_says_so() -> None:
    with pytest.raises(SettingsError, match="'nobody:model' cannot be used"):
        model_chain(Settings(model="cascade:local,nobody:model"))


def test_a_cascade_without_the_key_says_which_variable_to_set() -> None:
    with pytest.raises(SettingsError, match="set OPENAI_API_KEY"):
        model_chain(Settings(model=f"cascade:local,{PAID}"))


def test_local_is_first_where_it_is_sure_and_last_whatever_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    chain = model_chain(
        Settings(model=f"cascade:local, {PAID}", fallback_models=("openai:gpt-4o",), cascade_at=0.9)
    )
    assert [name for name, _ in chain] == ["local", PAID, "openai:gpt-4o", "local"]
    first, last = chain[0][1], chain[-1][1]
    assert isinstance(first, SureLocal)
    assert (first.at, first.local) == (0.9, last)
    unset = model_chain(Settings(model=f"cascade:local,{PAID}"))[0][1]
    assert isinstance(unset, SureLocal)
    assert unset.at == AT


def test_who_has_no_cascade_does_not_load_it() -> None:
    code = (
        "import sys; from frontdesk.bootstrap import model_chain; from frontdesk.settings import Settings;"
        "model_chain(Settings(model='local')); print('frontdesk.models.cascade' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# ------------------------------------------------------------------ the chain
async def test_a_turn_that_is_passed_on_is_not_degraded_and_opens_no_breaker() -> None:
    first = ScriptedModel(lambda messages: PassedOn())
    chain = ModelChain([("local", first), (PAID, ScriptedModel(["paid"] * 9))], 2)
    for _ in range(5):
        completion = await chain.complete([HumanMessage("Hello")])
        assert (completion.model, completion.index, completion.degraded_steps) == (PAID, 1, [])
    assert len(first.calls) == 5


# ------------------------------------------------------------------ whole turns
class Sure(LocalModel):
    """The local model with a confidence that a test sets, one a step; the last one stays."""

    sure: list[float]

    def judged(self, messages: list[BaseMessage], tools: Sequence[Any]) -> tuple[AIMessage, float]:
        message, _ = super().judged(messages, tools)
        return message, self.sure.pop(0) if len(self.sure) > 1 else self.sure[0]


@asynccontextmanager
async def talking(
    database: Database, backend: Backend, sure: list[float], paid: BaseChatModel
) -> AsyncIterator[Any]:
    local = Sure(sure=sure)
    models = [("local", SureLocal(local=local)), (PAID, paid), ("local", local)]
    support, _ = assemble(make_desk(backend), database, ModelChain(models, 10), Settings(lease_seconds=1.0))
    await support.start()

    async def say(message: str) -> tuple[dict[str, Any], dict[str, Any]]:
        accepted = await support.receive(ANNA, message)
        response = await support.wait(ANNA, accepted.turn_id, 15)
        assert response is not None
        return response, (await support.find(ANNA, UUID(response["turn_id"]))).record

    try:
        yield say
    finally:
        await support.stop(1.0)


async def test_what_local_is_sure_of_asks_no_paid_model(database: Database) -> None:
    paid = ScriptedModel([])
    async with talking(database, Backend(), [0.97], paid) as say:
        response, record = await say("Where is my order 789?")
    assert "shipped" in response["reply"]
    assert (record["model"], record["confidence"], response["degraded"]) == ("local", 0.97, False)
    assert paid.calls == []


async def test_what_local_is_not_sure_of_is_the_next_models_from_the_first_step_to_the_last(
    database: Database,
) -> None:
    paid = ScriptedModel([call("get_order_status", order_id="789"), "Order 789 is shipped."])
    async with talking(database, Backend(), [0.5, 1.0], paid) as say:
        response, record = await say("Where is my order 789?")
    assert (response["reply"], response["degraded"]) == ("Order 789 is shipped.", False)
    assert record["model"] == PAID
    assert "confidence" not in record
    assert len(paid.calls) == 2  # sure or not, local is not asked again


async def test_a_look_up_that_settles_nothing_goes_along_to_the_next_model(database: Database) -> None:
    backend, paid = Backend(), ScriptedModel(["Order 789 is shipped."])
    async with talking(database, backend, [0.99, 0.1], paid) as say:
        response, record = await say("Where is my order 789?")
    assert (response["reply"], record["model"]) == ("Order 789 is shipped.", PAID)
    assert backend.calls == [("789", "u1")]  # once: its result was handed over
    assert isinstance(paid.calls[0].messages[-1], ToolMessage)


async def test_after_an_effect_a_turn_stays_where_it_is(database: Database) -> None:
    paid = ScriptedModel([])
    async with talking(database, Backend(), [0.99, 0.1], paid) as say:
        response, record = await say("I want to talk to a human")
    assert (response["outcome"], record["model"]) == ("handed_off", "local")
    assert paid.calls == []


async def test_when_the_paid_model_is_down_local_answers_and_the_turn_is_degraded(database: Database) -> None:
    paid = ScriptedModel([ModelUnavailable(reason="HTTP 503")])
    async with talking(database, Backend(), [0.5], paid) as say:
        response, record = await say("Where is my order 789?")
    assert "shipped" in response["reply"]
    assert (record["model"], record["degraded"]) == ("local", [f"{PAID}: HTTP 503"])


# ------------------------------------------------------------------ the confidence itself
def judged(message: str, *rest: BaseMessage) -> float:
    messages: list[BaseMessage] = [HumanMessage(message), *rest]
    return LocalModel().judged(messages, make_desk().tools)[1]


def test_a_plain_question_about_an_order_is_surer_than_a_story() -> None:
    plain, story = judged("Where is my order 789?"), judged(STORY)
    assert plain >= AT > story


@tool(permission="orders:write", changes=True, examples=["where is my order 789 now"])
async def stop_order(order_id: str, customer: Customer) -> dict[str, Any]:
    """Stop an order on its way."""
    return {"stopped": order_id}


def test_a_look_up_is_doubted_where_a_change_is_as_likely_or_was_the_subject() -> None:
    tools = [*make_desk().tools, stop_order]
    asked: list[BaseMessage] = [HumanMessage("Where is my order 789 now?")]
    before = [
        HumanMessage("stop order 456"),
        AIMessage("", tool_calls=[{"name": "stop_order", "args": {"order_id": "456"}, "id": "1"}]),
        ToolMessage('{"proposed":{"text":"Stop order 456."}}', tool_call_id="1", name="stop_order"),
        AIMessage("Stop order 456. Please confirm."),
    ]
    plain = LocalModel().judged(asked, make_desk().tools)
    alike = LocalModel().judged(asked, tools)
    after = LocalModel().judged([*before, HumanMessage("no wait, 789")], tools)
    assert [call["name"] for call in alike[0].tool_calls] == ["get_order_status"]
    assert plain[1] >= AT > after[1]
    assert alike[1] == 0.0


def test_the_same_messages_are_as_sure_every_time() -> None:
    assert judged("Where is my order 789?") == judged("Where is my order 789?")


def test_what_failed_is_less_sure_than_what_was_found() -> None:
    asked = AIMessage("", tool_calls=[{"name": "get_order_status", "args": {"order_id": "789"}, "id": "1"}])
    good = ToolMessage('{"order_id":"789","status":"shipped"}', tool_call_id="1", name="get_order_status")
    bad = ToolMessage(
        '{"error":{"code":"unavailable","message":""}}', tool_call_id="1", name="get_order_status"
    )
    assert judged("Where is my order 789?", asked, good) > judged("Where is my order 789?", asked, bad)


def test_a_reply_that_was_stopped_is_written_again_by_the_next_model() -> None:
    asked = [
        HumanMessage("Hello"),
        AIMessage("999"),
        HumanMessage("Write it again", additional_kwargs={"frontdesk": {"rewrite": True}}),
    ]
    with pytest.raises(PassedOn):
        SureLocal(local=LocalModel(), at=0.0).invoke(asked)
