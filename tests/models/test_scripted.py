from __future__ import annotations

import asyncio
import time

import pytest
from langchain_core.messages import AIMessage, HumanMessage

from frontdesk.errors import ModelError
from frontdesk.models.scripted import Cut, ScriptedModel
from tests.models.test_openai import TOOLS

ASKED = [HumanMessage("Hello")]


async def test_script_is_played_in_order_and_calls_are_recorded() -> None:
    model = ScriptedModel(["one", AIMessage("two"), lambda messages: f"{messages[0].content} three"])
    bound = model.bind_tools(TOOLS)
    assert [(await bound.ainvoke(ASKED)).content for _ in range(3)] == ["one", "two", "Hello three"]
    assert model.calls[0].tools == ("get_order_status", "list_orders")
    assert model.calls[2].messages == tuple(ASKED)


async def test_exceptions_are_raised_and_numbers_are_waits() -> None:
    model = ScriptedModel([0.05, "late", ConnectionError("down"), Cut("half", ConnectionError("cut"))])
    began = time.monotonic()
    assert (await model.ainvoke(ASKED)).content == "late"
    assert time.monotonic() - began >= 0.05
    for _ in range(2):
        with pytest.raises(ConnectionError):
            await model.ainvoke(ASKED)


async def test_end_of_the_script_is_an_error_that_says_so() -> None:
    with pytest.raises(ModelError, match="over after 0 steps"):
        await ScriptedModel([]).ainvoke(ASKED)


async def test_calls_at_once_get_a_step_each() -> None:
    model = ScriptedModel([str(n) for n in range(50)])
    replies = await asyncio.gather(*(model.ainvoke(ASKED) for _ in range(50)))
    assert sorted(int(str(reply.content)) for reply in replies) == list(range(50))


async def test_one_message_may_be_played_often_and_stays_as_it_is() -> None:
    message = AIMessage("same")
    model = ScriptedModel(lambda messages: message)
    assert [(await model.ainvoke(ASKED)).content for _ in range(2)] == ["same", "same"]
    assert message.id is None


async def test_stream_is_word_by_word_until_it_is_cut() -> None:
    model = ScriptedModel([Cut("Your order is", ConnectionError())])
    words: list[str] = []

    async def listen() -> None:
        async for chunk in model.astream(ASKED):
            words.extend([str(chunk.content)])

    with pytest.raises(ConnectionError):
        await listen()
    assert words == ["Your ", "order ", "is"]


def test_scripts_run_without_an_event_loop_too() -> None:
    assert ScriptedModel([0.01, "yes"]).invoke(ASKED).content == "yes"
