from __future__ import annotations

import asyncio
import logging
import time
import traceback
from typing import Any

import orjson
import pytest
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    ChatMessage,
    HumanMessage,
    SystemMessage,
    ToolMessage,
)
from langchain_core.tracers.context import collect_runs
from langchain_openai import ChatOpenAI
from pydantic import SecretStr

from frontdesk.domain import Customer
from frontdesk.errors import ModelError, ModelMisconfigured, ModelRejected, ModelUnavailable
from frontdesk.models import openai as module
from frontdesk.models import wire
from frontdesk.models.openai import OpenAIChat
from frontdesk.tools import tool
from tests.models.conftest import KEY
from tests.models.openai_endpoint import CALLS, TEXT, Endpoint, events

PROMPT = "My card number is 4111-2222 and I am very private"
ASKED: list[BaseMessage] = [SystemMessage("Help."), HumanMessage(PROMPT)]


@tool(permission="orders:read")
async def get_order_status(order_id: str, customer: Customer) -> str:
    """Status of one of the customer's orders."""
    return "shipped"


@tool(permission="orders:read")
async def list_orders(customer: Customer) -> str:
    """The customer's orders."""
    return "[]"


TOOLS = [get_order_status, list_orders]


async def streamed(model: Any, messages: list[BaseMessage]) -> AIMessage:
    return wire.finish([chunk async for chunk in model.astream(messages)])


def essence(message: AIMessage) -> dict[str, Any]:
    meta = message.response_metadata
    return {
        "content": message.content,
        "tool_calls": message.tool_calls,
        "invalid": [(c["name"], c["args"], c["id"]) for c in message.invalid_tool_calls],
        "usage": message.usage_metadata,
        "finish_reason": meta["finish_reason"],
        "model_name": meta["model_name"],
    }


# ------------------------------------------------------------------ replies
async def test_plain_reply_has_text_usage_and_reason(model: OpenAIChat) -> None:
    message = await model.ainvoke(ASKED)
    assert message.content == TEXT
    assert message.usage_metadata == {
        "input_tokens": 40,
        "output_tokens": 9,
        "total_tokens": 49,
        "input_token_details": {"cache_read": 16},
        "output_token_details": {"reasoning": 4},
    }
    assert message.response_metadata["model_name"] == "stub-1"
    assert message.response_metadata["finish_reason"] == "stop"


@pytest.mark.parametrize("behaviour", ["text", "tools", "both", "bad_arguments", "no_usage"])
async def test_streamed_and_plain_replies_are_the_same_message(
    model: OpenAIChat, endpoint: Endpoint, behaviour: str
) -> None:
    endpoint.behaviours = [behaviour]
    bound = model.bind_tools(TOOLS)
    assert essence(await streamed(bound, ASKED)) == essence(await bound.ainvoke(ASKED))
    assert endpoint.requests[0]["stream_options"] == {"include_usage": True}
    assert "stream" not in endpoint.requests[1]


@pytest.mark.parametrize("behaviour", ["text", "tools", "both", "no_usage"])
async def test_reply_is_what_langchain_openai_makes_of_it(
    model: OpenAIChat, endpoint: Endpoint, behaviour: str
) -> None:
    endpoint.behaviours = [behaviour]
    theirs = ChatOpenAI(model="gpt-4o-mini", base_url=endpoint.url, api_key=SecretStr(KEY), max_retries=0)
    history = [
        *ASKED,
        AIMessage("", tool_calls=[call("1")]),
        ToolMessage("shipped", tool_call_id="1"),
        *ASKED,
    ]
    expected = await theirs.bind_tools(TOOLS).ainvoke(history)
    assert essence(await model.bind_tools(TOOLS).ainvoke(history)) == essence(expected)
    assert essence(await streamed(model.bind_tools(TOOLS), history)) == essence(expected)
    sent = [same_json(request) for request in endpoint.requests[:2]]
    assert sent[0]["messages"] == sent[1]["messages"]
    assert sent[0]["tools"] == sent[1]["tools"]


def call(identity: str) -> Any:
    return {"name": "get_order_status", "args": {"order_id": "456"}, "id": identity, "type": "tool_call"}


def same_json(request: dict[str, Any]) -> dict[str, Any]:
    """The request with arguments as values, since spaces in JSON text mean nothing."""
    for message in request["messages"]:
        for one in message.get("tool_calls", ()):
            one["function"]["arguments"] = orjson.loads(one["function"]["arguments"])
    return request


async def test_tool_round_trip_sends_the_call_and_its_result_back(
    model: OpenAIChat, endpoint: Endpoint
) -> None:
    endpoint.behaviours = ["tools", "text"]
    bound = model.bind_tools(TOOLS)
    asked = await bound.ainvoke(ASKED)
    assert [(c["id"], c["name"]) for c in asked.tool_calls] == [(i, n) for i, n, _ in CALLS]
    results = [ToolMessage("{}", tool_call_id=c["id"] or "") for c in asked.tool_calls]
    assert (await bound.ainvoke([*ASKED, asked, *results])).content == TEXT
    sent = endpoint.requests[1]["messages"]
    assert [m["role"] for m in sent] == ["system", "user", "assistant", "tool", "tool"]
    assert sent[2]["content"] is None
    assert sent[2]["tool_calls"][0]["function"] == {
        "name": "get_order_status",
        "arguments": '{"order_id":"456"}',
    }
    assert sent[3] == {"role": "tool", "tool_call_id": "call_1", "content": "{}"}


async def test_arguments_that_are_no_json_object_become_invalid_tool_calls(
    model: OpenAIChat, endpoint: Endpoint
) -> None:
    endpoint.behaviours = ["bad_arguments"]
    for message in (await model.ainvoke(ASKED), await streamed(model, ASKED)):
        assert message.tool_calls == []
        assert [c["args"] for c in message.invalid_tool_calls] == ['{"order_id": "45', "[1]"]
        await model.ainvoke([*ASKED, message])  # and can be sent back as they came
    assert (
        endpoint.requests[-1]["messages"][-1]["tool_calls"][0]["function"]["arguments"] == '{"order_id": "45'
    )


async def test_stream_cut_at_any_byte_is_read_whole(model: OpenAIChat, endpoint: Endpoint) -> None:
    endpoint.behaviours = ["bytewise"]
    message = await streamed(model, ASKED)
    assert message.content == TEXT
    assert [c["args"] for c in message.tool_calls] == [{"order_id": "456"}, {}]


async def test_text_arrives_while_it_is_being_written(model: OpenAIChat, endpoint: Endpoint) -> None:
    endpoint.behaviours = ["slow"]
    times = [time.monotonic() async for chunk in model.astream(ASKED) if chunk.content]
    assert len(times) == len(range(0, len(TEXT), 5))
    assert times[-1] - times[0] > 0.1


async def test_servers_that_leave_out_the_index_of_a_call_are_understood(
    model: OpenAIChat, endpoint: Endpoint
) -> None:
    endpoint.behaviours = ["no_index"]
    assert [c["name"] for c in (await streamed(model, ASKED)).tool_calls] == [
        "get_order_status",
        "list_orders",
    ]


async def test_endpoint_that_never_streams_gives_one_chunk(model: OpenAIChat, endpoint: Endpoint) -> None:
    endpoint.behaviours = ["never_streams"]
    assert (await streamed(model, ASKED)).content == TEXT


async def test_json_under_another_content_type_is_read(model: OpenAIChat, endpoint: Endpoint) -> None:
    endpoint.behaviours = ["mislabelled"]
    assert (await model.ainvoke(ASKED)).content == TEXT


# ------------------------------------------------------------------ requests
async def test_request_holds_what_is_set_and_nothing_of_frontdesk(endpoint: Endpoint) -> None:
    model = OpenAIChat(model="m", base_url=f"{endpoint.url}/", temperature=0.2, extra_body={"seed": 7})
    system = SystemMessage("Help.", additional_kwargs={"frontdesk": {"facts": {"name": "Kim"}}})
    blocks = HumanMessage([{"type": "text", "text": "Hello "}, {"type": "text", "text": "there"}])
    await model.ainvoke([system, blocks], stop=["END"])
    assert endpoint.requests[0] == {
        "model": "m",
        "messages": [{"role": "system", "content": "Help."}, {"role": "user", "content": "Hello there"}],
        "temperature": 0.2,
        "stop": ["END"],
        "seed": 7,
    }
    assert "Authorization" not in endpoint.headers[0]
    await model.aclose()


async def test_tool_schema_is_worked_out_once_for_each_tool(
    model: OpenAIChat, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[Any] = []
    monkeypatch.setattr(
        module, "convert_to_openai_tool", lambda t: seen.append(t) or {"function": {"name": t.name}}
    )
    for _ in range(3):
        model.bind_tools(TOOLS)
    assert seen == TOOLS


async def test_tool_choice_by_name_and_by_word(model: OpenAIChat, endpoint: Endpoint) -> None:
    await model.bind_tools(TOOLS, tool_choice="list_orders").ainvoke(ASKED)
    await model.bind_tools(TOOLS, tool_choice="any").ainvoke(ASKED)
    assert endpoint.requests[0]["tool_choice"] == {"type": "function", "function": {"name": "list_orders"}}
    assert endpoint.requests[1]["tool_choice"] == "required"


async def test_message_without_a_role_is_rejected(model: OpenAIChat) -> None:
    with pytest.raises(ModelRejected, match="no role for ChatMessage"):
        await model.ainvoke([ChatMessage("x", role="critic")])


async def test_many_calls_at_once_share_one_session(model: OpenAIChat, endpoint: Endpoint) -> None:
    replies = await asyncio.gather(*(model.ainvoke(ASKED) for _ in range(50)))
    assert {reply.content for reply in replies} == {TEXT}
    assert len(model._endpoint._sessions) == 1


async def test_model_works_again_after_it_was_closed(model: OpenAIChat) -> None:
    await model.ainvoke(ASKED)
    await model.aclose()
    await model.aclose()
    assert (await model.ainvoke(ASKED)).content == TEXT


async def test_invoke_works_in_a_thread_and_says_so_in_the_loop(model: OpenAIChat) -> None:
    assert (await asyncio.to_thread(model.invoke, ASKED)).content == TEXT
    with pytest.raises(ModelError, match="ainvoke"):
        model.invoke(ASKED)


async def test_callbacks_and_traces_of_langchain_still_see_the_call(model: OpenAIChat) -> None:
    with collect_runs() as collected:
        await model.ainvoke(ASKED)
    assert [run.run_type for run in collected.traced_runs] == ["llm"]
    assert KEY not in str(collected.traced_runs[0].model_dump())


async def test_unobserved_and_observed_calls_give_the_same_message(
    model: OpenAIChat, endpoint: Endpoint
) -> None:
    endpoint.behaviours = ["both"]
    bound = model.bind_tools(TOOLS)
    unobserved = await bound.ainvoke(ASKED)
    with get_usage_metadata_callback() as usage:
        observed = await bound.ainvoke(ASKED)
        observed_stream = await streamed(bound, ASKED)
    assert usage.usage_metadata["stub-1"]["total_tokens"] == 98
    assert essence(unobserved) == essence(observed) == essence(observed_stream)
    assert endpoint.requests[0] == endpoint.requests[1]


# ------------------------------------------------------------------ failures
@pytest.mark.parametrize("status", [429, 500, 503])
@pytest.mark.parametrize("mode", ["plain", "stream"])
async def test_a_passing_failure_is_tried_once_more(
    model: OpenAIChat, endpoint: Endpoint, status: int, mode: str
) -> None:
    endpoint.behaviours = [f"status {status}", "text"]
    message = await (model.ainvoke(ASKED) if mode == "plain" else streamed(model, ASKED))
    assert message.content == TEXT
    assert len(endpoint.requests) == 2


@pytest.mark.parametrize("behaviour", ["garbage", "empty", "html", "half", "status 500"])
@pytest.mark.parametrize("mode", ["plain", "stream"])
async def test_a_failure_that_stays_is_reported_after_two_tries(
    model: OpenAIChat, endpoint: Endpoint, behaviour: str, mode: str
) -> None:
    endpoint.behaviours = [behaviour]
    with pytest.raises(ModelUnavailable):
        await (model.ainvoke(ASKED) if mode == "plain" else streamed(model, ASKED))
    # what was handed over cannot be taken back: a stream that broke after its first text is not tried again
    assert len(endpoint.requests) == (1 if (behaviour, mode) == ("half", "stream") else 2)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, ModelRejected),
        (413, ModelRejected),
        (422, ModelRejected),
        (401, ModelMisconfigured),
        (403, ModelMisconfigured),
        (404, ModelMisconfigured),
        (307, ModelMisconfigured),
    ],
)
async def test_what_will_not_pass_is_not_tried_again(
    model: OpenAIChat, endpoint: Endpoint, status: int, kind: type[ModelError]
) -> None:
    endpoint.behaviours = [f"status {status}"]
    with pytest.raises(kind, match=f"HTTP {status}"):
        await model.ainvoke(ASKED)
    assert len(endpoint.requests) == 1


async def test_retry_after_is_honoured_up_to_two_seconds(model: OpenAIChat, endpoint: Endpoint) -> None:
    endpoint.behaviours = ["status 429 1", "text"]
    began = time.monotonic()
    await model.ainvoke(ASKED)
    assert time.monotonic() - began >= 1
    endpoint.behaviours = ["status 429 30", "text"]
    with pytest.raises(ModelUnavailable) as caught:
        await model.ainvoke(ASKED)
    assert caught.value.retry_after == 30


@pytest.mark.parametrize("behaviour", ["hang", "stalls"])
async def test_timeout_ends_the_call_whatever_came_before(endpoint: Endpoint, behaviour: str) -> None:
    endpoint.behaviours = [behaviour]
    model = OpenAIChat(model="m", base_url=endpoint.url, timeout=0.3)
    began = time.monotonic()
    with pytest.raises(ModelUnavailable, match="timeout"):
        await streamed(model, ASKED)
    assert time.monotonic() - began < 1
    await model.aclose()


@pytest.mark.parametrize("behaviour", ["half", "cut"])
async def test_stream_without_its_end_is_an_error(
    model: OpenAIChat, endpoint: Endpoint, behaviour: str
) -> None:
    endpoint.behaviours = [behaviour]
    with pytest.raises(ModelUnavailable, match="reply ended early"):
        await streamed(model, ASKED)


async def test_nobody_listening_is_an_error_that_names_no_address() -> None:
    model = OpenAIChat(model="m", base_url="http://127.0.0.1:9/v1", timeout=2)
    with pytest.raises(ModelUnavailable, match=r"\(connection failed\)") as caught:
        await model.ainvoke(ASKED)
    assert "127.0.0.1" not in str(caught.value)
    await model.aclose()


@pytest.mark.parametrize("behaviour", ["status 400", "status 401", "status 500", "garbage", "half", "html"])
async def test_neither_key_nor_question_stands_in_an_error_or_a_log(
    model: OpenAIChat, endpoint: Endpoint, behaviour: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    endpoint.behaviours = [behaviour]
    with pytest.raises(ModelError) as caught:
        await model.ainvoke(ASKED)
    said = (
        "".join(traceback.format_exception(caught.value))
        + repr(model)
        + str(model)
        + repr(caught.value.__dict__)
    )
    for secret in (KEY, "4111-2222"):
        assert secret not in said
        assert secret not in caplog.text


# ------------------------------------------------------------------ the stream's reader alone
def test_usage_that_is_repeated_as_a_running_total_counts_once() -> None:
    stream = wire.EventStream()
    usage = b'"usage":{"prompt_tokens":5,"completion_tokens":%d}'
    chunks: list[AIMessageChunk] = []
    for count in (1, 2, 3):
        choice = b'{"delta":{"content":"a"},"finish_reason":%s}' % (b'"stop"' if count == 3 else b"null")
        chunks += stream.feed(b'data: {"choices":[' + choice + b"]," + usage % count + b"}\n\n")
    message = wire.finish([*chunks, *stream.close()])
    assert message.content == "aaa"
    assert message.usage_metadata is not None
    assert message.usage_metadata["total_tokens"] == 8


def test_error_inside_a_stream_is_an_error() -> None:
    with pytest.raises(ModelUnavailable, match="error in the stream"):
        wire.EventStream().feed(b'data: {"error": {"message": "overloaded"}}\n\n')


def test_last_event_needs_no_line_end() -> None:
    stream = wire.EventStream()
    raw = b"".join(events("text")).rstrip(b"\n")
    assert wire.finish([*stream.feed(raw), *stream.close()]).content == TEXT


@pytest.mark.parametrize(
    "payload",
    [b"null", b"[]", b'"x"', b'{"choices": null}', b'{"choices": [{}]}', b'{"choices": [{"message": 7}]}',
     b'{"choices": [{"message": {"tool_calls": [7]}}]}', b'{"error": {"message": "no"}}', b""],
)  # fmt: skip
def test_reply_of_any_other_shape_is_broken(payload: bytes) -> None:
    with pytest.raises(ModelUnavailable, match="broken reply"):
        wire.decode_reply(payload)
