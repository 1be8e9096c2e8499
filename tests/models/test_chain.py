from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import pytest
from langchain_core.exceptions import ModelInvalidRequestError
from langchain_core.language_models.fake_chat_models import FakeListChatModel
from langchain_core.messages import AIMessage, HumanMessage
from pydantic import SecretStr

from frontdesk.errors import ModelError, ModelRejected, ModelUnavailable
from frontdesk.models import Completion, ModelChain
from frontdesk.models.breaker import REST_SECONDS, Breaker
from frontdesk.models.openai import OpenAIChat
from frontdesk.models.scripted import Cut, ScriptedModel
from frontdesk.telemetry import spans
from tests.models.conftest import KEY
from tests.models.openai_endpoint import TEXT, Endpoint
from tests.models.test_openai import TOOLS

ASKED = [HumanMessage("Where is order 456? My secret is 4111")]
CALLING = AIMessage("", tool_calls=[{"name": "list_orders", "args": {}, "id": "c1", "type": "tool_call"}])


def chain(*scripts: Any, timeout: float = 2) -> tuple[ModelChain, list[ScriptedModel]]:
    models = [ScriptedModel(script) for script in scripts]
    names = ["openai:gpt-4o-mini", "anthropic:claude-haiku-4-5", "local"][-len(models) :]
    return ModelChain(list(zip(names, models, strict=True)), timeout), models


async def test_first_model_answers_and_nothing_is_degraded() -> None:
    asked, models = chain(["Hello"], ["local"])
    completion = await asked.complete(ASKED, TOOLS)
    assert (completion.message.content, completion.index, completion.degraded_steps) == ("Hello", 0, [])
    assert models[0].calls[0].tools == ("get_order_status", "list_orders")
    assert models[1].calls == []
    assert completion.ms > 0


async def test_models_are_asked_in_turn_and_each_failure_leaves_a_mark() -> None:
    asked, _ = chain([ModelUnavailable(reason="HTTP 503")], [KeyError("secret 4111")], ["local"])
    completion = await asked.complete(ASKED)
    assert completion.model == "local"
    assert completion.index == 2
    assert completion.degraded_steps == [
        "openai:gpt-4o-mini: HTTP 503",
        "anthropic:claude-haiku-4-5: KeyError",
    ]
    assert completion.cost_usd == 0


async def test_model_that_takes_too_long_is_passed_over() -> None:
    asked, _ = chain([5, "late"], ["local"], timeout=0.05)
    for on_text in (None, lambda text: None):
        completion = await asked.complete(ASKED, on_text=on_text)
        assert completion.message.content == "local"
        assert completion.degraded_steps == ["anthropic:claude-haiku-4-5: timeout"]
        asked, _ = chain([5, "late"], ["local"], timeout=0.05)


async def test_start_stays_on_the_fallback_within_a_turn() -> None:
    asked, models = chain(["never"], ["second"])
    completion = await asked.complete(ASKED, start=1)
    assert (completion.message.content, completion.degraded_steps) == ("second", [])
    assert models[0].calls == []


async def test_only_when_all_fail_is_there_an_error_and_it_holds_no_secret(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    asked, _ = chain([ValueError("sk-secret")], [ModelUnavailable(reason="HTTP 500")])
    with pytest.raises(ModelError) as caught:
        await asked.complete(ASKED)
    assert caught.value.detail == (
        "No chat model answered: anthropic:claude-haiku-4-5: ValueError; local: HTTP 500"
    )
    assert "sk-secret" not in caplog.text


async def test_a_cancelled_turn_asks_nobody_else() -> None:
    asked, models = chain([5, "late"], ["local"])
    task = asyncio.create_task(asked.complete(ASKED))
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert models[1].calls == []


# ------------------------------------------------------------------ streaming
async def test_streamed_text_is_the_message_and_tool_calls_are_whole() -> None:
    both = AIMessage("Let me look.", tool_calls=CALLING.tool_calls)
    asked, _ = chain([both])
    pieces: list[str] = []
    completion = await asked.complete(ASKED, TOOLS, on_text=pieces.append)
    assert pieces == ["Let ", "me ", "look."]
    assert completion.message.content == "Let me look."
    assert completion.message.tool_calls == both.tool_calls
    assert type(completion.message) is AIMessage


async def test_text_of_a_model_that_failed_is_taken_back_before_the_next_speaks() -> None:
    asked, _ = chain([Cut("Your order is", ModelUnavailable(reason="reply ended early"))], ["It is shipped."])
    shown: list[str] = []
    completion = await asked.complete(ASKED, on_text=shown.append, on_reset=shown.clear)
    assert "".join(shown) == completion.message.content == "It is shipped."


async def test_nothing_is_taken_back_when_nothing_was_said() -> None:
    asked, _ = chain([ModelUnavailable(reason="HTTP 500")], ["fine"])
    resets: list[int] = []
    await asked.complete(ASKED, on_text=lambda text: None, on_reset=lambda: resets.append(1))
    assert resets == []


async def test_model_that_cannot_stream_still_hands_its_text_over() -> None:
    pieces: list[str] = []

    class Whole(ScriptedModel):
        _astream = ScriptedModel.__mro__[1]._astream  # pyright: ignore

    completion = await ModelChain([("local", Whole(["All at once"]))], 2).complete(
        ASKED, on_text=pieces.append
    )
    assert pieces == ["All at once"]
    assert type(completion.message) is AIMessage


# ------------------------------------------------------------------ breaker
async def test_model_that_failed_three_times_in_a_row_is_left_alone() -> None:
    asked, models = chain([ModelUnavailable(reason="HTTP 500")] * 3 + ["back"], lambda messages: "local")
    for _ in range(3):
        await asked.complete(ASKED)
    completion = await asked.complete(ASKED)
    assert completion.degraded_steps == ["anthropic:claude-haiku-4-5: skipped after failures"]
    assert len(models[0].calls) == 3


async def test_requests_a_model_rejects_do_not_open_the_breaker_for_others() -> None:
    rejected = [ModelRejected(reason="HTTP 400"), ModelInvalidRequestError("no")] * 3
    asked, _ = chain([*rejected, "still asked"], lambda messages: "local")
    for _ in rejected:
        assert (await asked.complete(ASKED)).model == "local"
    assert (await asked.complete(ASKED)).message.content == "still asked"


async def test_last_model_is_asked_however_often_it_failed() -> None:
    asked, models = chain([ValueError()] * 5)
    for _ in range(5):
        with pytest.raises(ModelError):
            await asked.complete(ASKED)
    assert len(models[0].calls) == 5


def test_breaker_lets_one_call_try_after_its_rest() -> None:
    now = 100.0
    breaker = Breaker(clock=lambda: now)
    for _ in range(3):
        assert breaker.allows()
        breaker.failed()
    assert not breaker.allows()
    now += REST_SECONDS
    assert [breaker.allows(), breaker.allows()] == [True, False]
    breaker.failed()
    assert not breaker.allows()
    now += REST_SECONDS
    assert breaker.allows()
    breaker.succeeded()
    assert [breaker.allows(), breaker.allows()] == [True, True]


# ------------------------------------------------------------------ tools and cost
async def test_tools_are_bound_once_for_each_set_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    bound: list[Any] = []
    original = ScriptedModel.bind_tools
    monkeypatch.setattr(ScriptedModel, "bind_tools", lambda m, t, **k: bound.append(t) or original(m, t, **k))
    asked, _ = chain(lambda messages: "yes")
    for tools in (TOOLS, list(TOOLS), TOOLS[:1], TOOLS):
        await asked.complete(ASKED, tools)
    assert bound == [TOOLS, TOOLS[:1]]


async def test_model_without_tools_is_passed_over_when_there_are_tools() -> None:
    local = ScriptedModel(["local"])
    asked = ModelChain([("fake:x", FakeListChatModel(responses=["?"])), ("local", local)], 2)
    completion = await asked.complete(ASKED, TOOLS)
    assert completion.degraded_steps == ["fake:x: NotImplementedError"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("openai:gpt-4o-mini", (24 * 0.15 + 16 * 0.075 + 9 * 0.60) / 1e6),
        ("openai:gpt-4o-mini-2024-07-18", (24 * 0.15 + 16 * 0.075 + 9 * 0.60) / 1e6),
        ("openai:nobody-knows", None),
        ("local", 0.0),
    ],
)
async def test_cost_is_by_list_price_and_unknown_where_there_is_none(
    model: OpenAIChat, name: str, expected: float | None
) -> None:
    completion = await ModelChain([(name, model)], 2).complete(ASKED)
    assert completion.cost_usd == (None if expected is None else pytest.approx(expected))
    assert (completion.input_tokens, completion.output_tokens) == (40, 9)


# ------------------------------------------------------------------ over real HTTP
@pytest.fixture
async def over_http(model: OpenAIChat) -> AsyncIterator[ModelChain]:
    chain = ModelChain(
        [("openai:gpt-4o-mini", model), ("local", ScriptedModel(lambda messages: "local"))], 0.5
    )
    yield chain
    await chain.aclose()


@pytest.mark.parametrize(
    ("behaviour", "reason"),
    [
        ("status 401", "HTTP 401"),
        ("status 429 9", "HTTP 429"),
        ("status 500", "HTTP 500"),
        ("garbage", "broken reply"),
        ("half", "reply ended early"),
        ("cut", "reply ended early"),
        ("hang", "timeout"),
        ("stalls", "timeout"),
    ],
)
async def test_whatever_an_endpoint_does_the_local_model_answers_once(
    over_http: ModelChain, endpoint: Endpoint, behaviour: str, reason: str
) -> None:
    endpoint.behaviours = [behaviour]
    shown: list[str] = []
    completion: Completion = await over_http.complete(
        ASKED, TOOLS, on_text=shown.append, on_reset=shown.clear
    )
    assert completion.degraded_steps == [f"openai:gpt-4o-mini: {reason}"]
    assert "".join(shown) == "local"
    assert KEY not in str(completion)


async def test_streamed_and_whole_completions_are_alike(over_http: ModelChain, endpoint: Endpoint) -> None:
    endpoint.behaviours = ["both"]
    shown: list[str] = []
    streamed = await over_http.complete(ASKED, TOOLS, on_text=shown.append)
    whole = await over_http.complete(ASKED, TOOLS)
    assert "".join(shown) == TEXT
    assert streamed.message.content == whole.message.content
    assert streamed.message.tool_calls == whole.message.tool_calls
    assert streamed.cost_usd == whole.cost_usd


async def test_no_trace_is_sent_anywhere_unless_it_was_asked_for(
    over_http: ModelChain, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []
    loop = asyncio.get_running_loop()
    monkeypatch.setattr("langsmith.Client.create_run", lambda *a, **k: asked.append(a))
    monkeypatch.setattr("socket.getaddrinfo", lambda *a, **k: asked.append(a) or [])
    monkeypatch.setattr(loop, "getaddrinfo", lambda *a, **k: asked.append(a), raising=False)
    assert (await over_http.complete(ASKED, TOOLS)).model == "openai:gpt-4o-mini"
    assert asked == []


def test_a_chain_needs_a_model() -> None:
    with pytest.raises(ValueError, match="at least one"):
        ModelChain([], 1)


def test_key_of_a_model_is_not_in_its_repr() -> None:
    assert KEY not in repr(OpenAIChat(model="m", api_key=SecretStr(KEY)))


@pytest.mark.parametrize(
    "said",
    [
        AIMessage("half a character: \ud83d"),
        AIMessage("", tool_calls=[{"name": "f", "args": {"n": 2**70, "t": "\ud83d"}, "id": "c1", "type": "tool_call"}]),
        AIMessage("Hello", response_metadata={"frontdesk": {"confidence": "high"}}),
    ],
)  # fmt: skip
async def test_what_cannot_stand_in_a_span_costs_no_reply(said: AIMessage) -> None:
    ended: list[spans.Span] = []
    spans.switch(ended.append, lambda *_: True, content=True)
    try:
        with spans.root("turn", {}):
            completion = await chain([said])[0].complete(ASKED)
    finally:
        spans.switch(None)
    assert completion.message.content == said.content
    assert [span.encoded() != b"" for span in ended] == [True, True]
    if "confidence" not in str(said.response_metadata):
        assert "\\ud8" in str(ended[0].about["gen_ai.output.messages"])
