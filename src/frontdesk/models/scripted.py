"""A chat model that plays a script, for tests of desks and of Frontdesk itself."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, cast

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import Field, PrivateAttr

from frontdesk.errors import ModelError
from frontdesk.models.wire import as_chunk


@dataclass(frozen=True, slots=True)
class Call:
    """One call the model got: what it read, and the names of the tools it could use."""

    messages: tuple[BaseMessage, ...]
    tools: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cut:
    """A step that says ``text`` and then fails: streamed, the text is out before ``error`` is raised."""

    text: str
    error: BaseException


class ScriptedModel(BaseChatModel):
    """Plays a script, one step a call: ``ScriptedModel(["Hello!", AIMessage(…), TimeoutError()])``.

    A step is a reply (text or an AIMessage), an exception to raise, a function of the messages that returns
    a step, a Cut, or a number: seconds to wait before the step after it. A script that is a single function
    is asked at every call. ``calls`` holds what the model was asked. Raises ModelError when the script is over.
    """

    script: Any = Field(default_factory=list[Any])
    calls: list[Call] = Field(default_factory=list[Call])
    _next: int = PrivateAttr(default=0)
    _lock: Any = PrivateAttr(default_factory=threading.Lock)

    def __init__(
        self, script: Sequence[Any] | Callable[[list[BaseMessage]], Any] = (), **fields: Any
    ) -> None:
        fields["script"] = script if callable(script) else list(script)
        super().__init__(**fields)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """This model with tools: their names are recorded with each call."""
        return self.bind(tools=list(tools), tool_choice=tool_choice, **kwargs)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 — LangChain's signature
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 — LangChain's signature
        **kwargs: Any,
    ) -> ChatResult:
        wait, step = self._take(messages, kwargs)
        await asyncio.sleep(wait)
        return _result(step)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 — LangChain's signature
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002 — LangChain's signature
        **kwargs: Any,
    ) -> ChatResult:
        wait, step = self._take(messages, kwargs)
        time.sleep(wait)
        return _result(step)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002 — LangChain's signature
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002 — LangChain's signature
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        wait, step = self._take(messages, kwargs)
        await asyncio.sleep(wait)
        for chunk in _chunks(step):
            yield ChatGenerationChunk(message=chunk)
            await asyncio.sleep(0)
        if isinstance(step, Cut):
            raise step.error

    def _take(self, messages: list[BaseMessage], options: dict[str, Any]) -> tuple[float, AIMessage | Cut]:
        """Seconds to wait, and the step: taken in one go, so that calls at once get a step each."""
        with self._lock:
            self.calls.append(Call(tuple(messages), tuple(map(_name, options.get("tools") or ()))))
            wait, step = 0.0, self._step()
            while isinstance(step, int | float):
                wait, step = wait + step, self._step()
        if callable(step):
            step = step(messages)
        if isinstance(step, BaseException):
            step = Cut("", step)
        return wait, AIMessage(step) if isinstance(step, str) else cast("AIMessage | Cut", step)

    def _step(self) -> Any:
        if callable(self.script):
            return self.script
        if self._next >= len(self.script):
            raise ModelError(f"the script is over after {len(self.script)} steps", reason="script over")
        self._next += 1
        return self.script[self._next - 1]


def _result(step: AIMessage | Cut) -> ChatResult:
    if isinstance(step, Cut):
        raise step.error
    # A copy: a step may be played more than once, and LangChain writes an id into what it is given.
    return ChatResult(generations=[ChatGeneration(message=step.model_copy())])


def _chunks(step: AIMessage | Cut) -> Iterator[AIMessageChunk]:
    """The step word by word, then all that is not text."""
    words = str(step.text).split(" ")
    for place, word in enumerate(words):
        if piece := word if place == len(words) - 1 else f"{word} ":
            yield AIMessageChunk(content=piece)
    if isinstance(step, AIMessage):
        yield as_chunk(step.model_copy(update={"content": ""}))


def _name(tool: Any) -> str:
    if isinstance(tool, dict):
        return str(tool.get("function", tool).get("name", ""))
    return str(getattr(tool, "name", getattr(tool, "__name__", tool)))
