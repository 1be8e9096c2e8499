"""Several chat models behind one call: the first that answers, and a mark for each that did not."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import cast

from langchain_core.exceptions import ContextOverflowError, ModelInvalidRequestError
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

from frontdesk.domain import ModelCall
from frontdesk.errors import ModelError, ModelRejected
from frontdesk.models.breaker import Breaker
from frontdesk.models.budget import Budget
from frontdesk.models.failures import again_after, said_of, whole
from frontdesk.models.prices import cost
from frontdesk.models.private import Private
from frontdesk.models.told import about, retried, tell
from frontdesk.models.wire import finish
from frontdesk.telemetry import metrics, spans

MOST_BINDINGS = 256
WITHIN = ("frontdesk-local", "frontdesk-cascade")  # models that run in this process
#: Failures that are about one request: they say nothing about the endpoint, and a customer can cause them.
ABOUT_THE_REQUEST = (ModelRejected, ModelInvalidRequestError, ContextOverflowError)

Asked = Runnable[LanguageModelInput, AIMessage]


class PassedOn(Exception):
    """Raised by a model of a chain to have the next one asked, without a mark for a failure."""


@dataclass(frozen=True, slots=True)
class Completion:
    """A model's message and what it took.

    model          the name it was asked under, ``openai:gpt-4o-mini``
    index          its place in the chain: start there to stay with it
    degraded_steps one line for each model that was passed over, ``openai:gpt-4o-mini: timeout``
    cost_usd       by list price; None where that is not known
    ms             for the whole call, models that failed included
    """

    message: AIMessage
    model: str
    index: int
    degraded_steps: list[str] = field(default_factory=list[str])
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None
    ms: float = 0.0


class ModelChain:
    """Models in the order they are asked; the last one, as a rule the local one, is never skipped.

    A model may pass a turn on (PassedOn): the next one is asked, and the turn is not degraded by it.
    ``timeout`` is in seconds, for one call to one model. With ``redact``, those that do not run in this process read
    placeholders in the place of personal data.
    """

    def __init__(
        self, models: Sequence[tuple[str, BaseChatModel]], timeout: float, *, redact: bool = False
    ) -> None:
        if not models:
            raise ValueError("a chain needs at least one model")
        self._models = list(models)
        self._timeout = timeout
        self._redact = redact
        self._breakers = [Breaker() for _ in self._models]
        # The tools stand beside what was bound: as long as they are held, their ids are theirs alone.
        self._bound: dict[tuple[int, ...], tuple[tuple[BaseTool, ...], Asked]] = {}

    @property
    def names(self) -> list[str]:
        """The models' names, in the order they are asked."""
        return [name for name, _ in self._models]

    async def complete(
        self,
        messages: Sequence[BaseMessage],
        tools: Sequence[BaseTool] = (),
        *,
        start: int = 0,
        budget: Budget | None = None,
        asked: list[ModelCall] | None = None,
        on_text: Callable[[str], None] | None = None,
        on_reset: Callable[[], None] | None = None,
    ) -> Completion:
        """Ask from the model at ``start`` on, until one answers.

        With ``on_text`` the reply is streamed and each piece of text handed over as it comes. When a model
        fails after some of it, ``on_reset`` is called first: throw away what came, the next one starts anew.
        With a ``budget`` that is used up, paid models are passed over. Each model that is asked is added to ``asked``.
        Raises ModelError when every model failed; its message lists why.
        """
        began = time.perf_counter()
        steps: list[str] = []
        for index in range(start, len(self._models)):
            name = self._models[index][0]
            if index < len(self._models) - 1 and not self._breakers[index].allows():
                steps.append(f"{name}: skipped after failures")
                spans.current().event("model skipped", {"gen_ai.request.model": name})
                metrics.model_calls.add(name, "skipped")
                continue
            last = index == len(self._models) - 1
            if budget and not last and name != "local" and (why := await budget.used_up()):
                steps.append(f"{name}: {why}")
                spans.current().event("model skipped", {"gen_ai.request.model": name})
                metrics.model_calls.add(name, "over_budget")
                metrics.limited.add("budget")
                continue
            with (
                spans.span(f"chat {name}", about(name), kind=spans.CLIENT) as span,
                _timed(name, asked) as call,
            ):
                try:
                    message = await self._ask(index, messages, tools, on_text, on_reset)
                except PassedOn:
                    call.error = "passed on"
                    span.set("frontdesk.cascade", "passed_on")
                    metrics.model_calls.add(name, "passed_on")
                    continue
                except Exception as error:  # noqa: BLE001 — each provider has its own errors; any means: ask the next
                    reason = call.error = self._failed(index, error)
                    steps.append(f"{name}: {reason}")
                    span.fail(reason)
                    metrics.model_calls.add(name, "failed")
                    metrics.model_failures.add(name, reason)
                    continue
                call.error = ""
                self._breakers[index].succeeded()
                completion = self._completion(index, message, steps, began)
                tell(span, completion, messages)
            return completion
        raise ModelError("No chat model answered: " + "; ".join(steps), reason="all failed")

    async def aclose(self) -> None:
        """Close what the models hold open."""
        for _, model in self._models:
            if close := getattr(model, "aclose", None):
                await close()

    async def _ask(
        self,
        index: int,
        messages: Sequence[BaseMessage],
        tools: Sequence[BaseTool],
        on_text: Callable[[str], None] | None,
        on_reset: Callable[[], None] | None,
    ) -> AIMessage:
        kind = self._models[index][1]._llm_type  # pyright: ignore[reportPrivateUsage]  (the one name all have)
        asked = self._bind(index, tools)
        private = Private(messages) if self._redact and kind not in WITHIN else None

        async def once() -> AIMessage:
            if private:  # in pieces, a placeholder could not be told
                message = private.answer(whole(await asked.ainvoke(private.messages), kind))
                if on_text and message.text:
                    on_text(str(message.text))
                return message
            if on_text is None:
                return whole(await asked.ainvoke(list(messages)), kind)
            return await _stream(asked, list(messages), kind, on_text, on_reset)

        async with asyncio.timeout(self._timeout):
            try:
                return await once()
            except Exception as error:
                wait = again_after(error)
                if wait is None:
                    raise
                retried(self._models[index][0], said_of(error))
            await asyncio.sleep(wait)
            return await once()

    def _bind(self, index: int, tools: Sequence[BaseTool]) -> Asked:
        model = self._models[index][1]
        if not tools:
            return model
        key = (index, *map(id, tools))
        if known := self._bound.get(key):
            return known[1]
        if len(self._bound) >= MOST_BINDINGS:
            self._bound.clear()
        bound = model.bind_tools(list(tools))
        self._bound[key] = (tuple(tools), bound)
        return bound

    def _failed(self, index: int, error: Exception) -> str:
        """Note the failure; returns two or three words without a key and without what was asked."""
        if not isinstance(error, ABOUT_THE_REQUEST):
            self._breakers[index].failed()
        return said_of(error)

    def _completion(self, index: int, message: AIMessage, steps: list[str], began: float) -> Completion:
        name = self._models[index][0]
        usage = message.usage_metadata
        return Completion(
            message=message,
            model=name,
            index=index,
            degraded_steps=steps,
            input_tokens=usage["input_tokens"] if usage else 0,
            output_tokens=usage["output_tokens"] if usage else 0,
            cost_usd=cost(name, usage),
            ms=(time.perf_counter() - began) * 1000,
        )


@contextmanager
def _timed(name: str, asked: list[ModelCall] | None) -> Generator[ModelCall]:
    """Of a call that a turn's deadline cuts off it is known as well how long it took."""
    call = ModelCall(name, time.perf_counter())
    if asked is not None:
        asked.append(call)
    try:
        yield call
    finally:
        call.ms = (time.perf_counter() - call.at) * 1000


async def _stream(
    asked: Asked,
    messages: list[BaseMessage],
    kind: str,
    on_text: Callable[[str], None],
    on_reset: Callable[[], None] | None,
) -> AIMessage:
    chunks: list[BaseMessage] = []
    told = False
    try:
        async for piece in asked.astream(messages):
            chunk = cast("BaseMessage", piece)
            chunks.append(chunk)
            if text := str(chunk.text):
                told = True
                on_text(text)
        return whole(finish(chunks), kind)
    except BaseException:  # a timeout arrives as a cancellation
        if told and on_reset:
            on_reset()
        raise
