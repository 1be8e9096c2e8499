"""What Frontdesk asks of every provider's client, in a chain with a next model behind it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import HumanMessage

from frontdesk.models import Completion, ModelChain
from frontdesk.models.scripted import ScriptedModel
from tests.models.conformance.endpoint import (
    GIVEN,
    HANG,
    WRITTEN,
    Behaviour,
    Cut,
    Endpoint,
    Raw,
    Says,
    Status,
)
from tests.models.test_openai import TOOLS
from tests.process import free_port

TEXT = "Order 456 is on its way – it should be with you on 30 November. ☂"
LOOK_UP = ("get_order_status", {"order_id": "456"})
ASKED = [HumanMessage("Where is order 456? My secret is 4111")]
NEXT = "The next model answers."
Make = Callable[..., BaseChatModel]


class Heard:
    """One call through the chain: whole, or streamed."""

    def __init__(self, name: str, model: BaseChatModel, *, streamed: bool, seconds: float = 30) -> None:
        self.streamed = streamed
        self.shown: list[str] = []
        self.next = ScriptedModel([NEXT] * 20)
        self.chain = ModelChain([(name, model), ("local", self.next)], seconds)

    async def ask(self) -> Completion:
        more: dict[str, Any] = (
            {"on_text": self.shown.append, "on_reset": self.shown.clear} if self.streamed else {}
        )
        self.shown.clear()
        return await self.chain.complete(ASKED, TOOLS, **more)


@pytest.fixture(params=["whole", "streamed"])
def streamed(request: pytest.FixtureRequest) -> bool:
    return request.param == "streamed"


# ------------------------------------------------------------------ what works
async def test_answers_in_words_and_counts_tokens(
    name: str, client: Make, endpoint: Endpoint, streamed: bool
) -> None:
    endpoint.script = [Says(TEXT)]
    heard = Heard(name, client(), streamed=streamed)
    answer = await heard.ask()
    assert (answer.message.text, answer.model, answer.degraded_steps) == (TEXT, name, [])
    assert (answer.input_tokens, answer.output_tokens) == (GIVEN, WRITTEN)
    if streamed:
        assert "".join(heard.shown) == TEXT
        assert len(heard.shown) > 3


async def test_calls_tools_several_at_once_with_whole_arguments(
    name: str, client: Make, endpoint: Endpoint, streamed: bool
) -> None:
    endpoint.script = [Says("Let me look.", (LOOK_UP, ("list_orders", {})))]
    answer = await Heard(name, client(), streamed=streamed).ask()
    calls = answer.message.tool_calls
    assert [(call["name"], call["args"]) for call in calls] == [LOOK_UP, ("list_orders", {})]
    assert len({call["id"] for call in calls}) == 2
    assert all(call["id"] for call in calls)
    assert answer.message.text == "Let me look."
    names = [tool.get("function", tool)["name"] for tool in endpoint.requests[0]["tools"]]
    assert names == ["get_order_status", "list_orders"]


# ------------------------------------------------------------------ what does not
@pytest.mark.parametrize("code", [429, 500, 503])
async def test_a_passing_failure_is_tried_once_more(
    name: str, client: Make, endpoint: Endpoint, streamed: bool, code: int
) -> None:
    endpoint.script = [Status(code, after=0 if code == 429 else None), Says(TEXT)]
    answer = await Heard(name, client(), streamed=streamed).ask()
    assert (answer.message.text, len(endpoint.requests)) == (TEXT, 2)


LASTING: dict[str, tuple[Behaviour, int]] = {  # what the endpoint does, and how often it is asked at most
    "401": (Status(401), 1),
    "404": (Status(404), 1),
    "429, come back in half a minute": (Status(429, after=30), 1),
    "500": (Status(500), 2),
    "a reply that ends half-way": (Cut(Says(TEXT), clean=True), 2),
    "a connection that breaks half-way": (Cut(Says(TEXT), clean=False), 2),
    "a call that ends half-way": (Cut(Says("Let me look.", (LOOK_UP,)), clean=True), 2),
    "JSON that is none": (Raw(b'{"choices": [{"mess'), 2),
    "JSON of another shape": (Raw(b'{"hello": ["world"]}'), 2),
    "a web page": (Raw(b"<html><h1>502 Bad gateway</h1></html>", "text/html"), 2),
    "nothing": (Raw(b""), 2),
    "a reply cut at its limit": (Says(TEXT, limit=True), 1),
    "two million characters": (Says("ha " * 700_000), 1),
}


@pytest.mark.parametrize("failure", list(LASTING))
async def test_a_lasting_failure_leads_to_the_next_model_with_nothing_left_of_the_first(
    name: str,
    client: Make,
    endpoint: Endpoint,
    streamed: bool,
    failure: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING)
    behaviour, most = LASTING[failure]
    if name.startswith("ollama"):
        most = 2  # its client does not say how long to wait
    endpoint.script = [behaviour]
    heard = Heard(name, client(), streamed=streamed)
    answer = await heard.ask()
    assert (answer.message.text, answer.model, answer.message.tool_calls) == (NEXT, "local", [])
    assert len(answer.degraded_steps) == 1
    assert answer.degraded_steps[0].startswith(f"{name}: ")
    assert 1 <= len(endpoint.requests) <= most
    if streamed:
        assert "".join(heard.shown) == NEXT
    for secret in ("sk-very-secret-key", "4111", "127.0.0.1"):
        assert secret not in answer.degraded_steps[0]
        assert secret not in caplog.text


async def test_a_model_that_takes_too_long_is_passed_over(
    name: str, client: Make, endpoint: Endpoint, streamed: bool
) -> None:
    endpoint.script = [HANG]
    answer = await Heard(name, client(model_timeout=0.4), streamed=streamed, seconds=0.4).ask()
    assert (answer.message.text, answer.degraded_steps) == (NEXT, [f"{name}: timeout"])


async def test_nobody_listening_is_passed_over(name: str, client: Make, streamed: bool) -> None:
    model = client(f"http://127.0.0.1:{free_port()}")
    answer = await Heard(name, model, streamed=streamed).ask()
    assert answer.message.text == NEXT
    assert len(answer.degraded_steps) == 1


async def test_an_endpoint_that_is_down_is_left_alone_after_three_failures(
    name: str, client: Make, endpoint: Endpoint
) -> None:
    endpoint.script = [Status(401)]
    heard = Heard(name, client(), streamed=False)
    for _ in range(3):
        await heard.ask()
    answer = await heard.ask()
    assert (answer.degraded_steps, len(endpoint.requests)) == ([f"{name}: skipped after failures"], 3)
