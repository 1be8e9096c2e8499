"""LocalModel: a LangChain chat model that needs no key, no network and no guess."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from threading import Lock
from typing import TYPE_CHECKING, Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.ai import UsageMetadata
from langchain_core.outputs import ChatGeneration, ChatResult
from pydantic import ConfigDict, PrivateAttr

from frontdesk.models.local.catalog import Catalog, Encoder, build, describe
from frontdesk.models.local.changes import how_to
from frontdesk.models.local.dialogue import Dialogue, read
from frontdesk.models.local.respond import Reply, Step, Wish
from frontdesk.models.local.sure import confidence, grounds

if TYPE_CHECKING:
    from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

CATALOGS = 32  # tool sets whose vectors are kept


class LocalModel(BaseChatModel):
    """Routes a message to the bound tools, fills their arguments, phrases what they return.

    The same messages give the same answer. Every value in a reply comes from a tool's result, a passage or
    the customer's words. ``embedder`` is anything with ``encode(texts) -> (n, d)`` unit vectors;
    without one, frontdesk.knowledge.embed.Embedder.default() is loaded at the first message.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    embedder: Any = None
    # By the identity of the tools, which are kept with it: an id is never one of a tool that is gone.
    _catalogs: dict[tuple[int, ...], tuple[list[Any], Catalog]] = PrivateAttr(default_factory=dict[Any, Any])
    _lock: Any = PrivateAttr(default_factory=Lock)

    @property
    def _llm_type(self) -> str:
        return "frontdesk-local"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[Any, AIMessage]:
        """The model with these tools; ``tool_choice`` is not followed: the message decides."""
        return self.bind(tools=list(tools), tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  the base class asks for it
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        return self._result(read(messages), kwargs.get("tools") or ())

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  the base class asks for it
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        # Embedding takes milliseconds of CPU: not on the event loop.
        return await asyncio.to_thread(self._result, read(messages), kwargs.get("tools") or ())

    def warm(self, tools: Sequence[Any]) -> None:
        """Embed the tools' utterances now, so that the first customer does not wait for it."""
        self._catalog(tools)
        how_to("", self._encoder())

    def judged(self, messages: list[BaseMessage], tools: Sequence[Any]) -> tuple[AIMessage, float]:
        """The answer, and the chance, 0 to 1, that a turn that is answered so is answered rightly."""
        dialogue, catalog = read(messages), self._catalog(tools)
        step = Step(dialogue, catalog, self._encoder()).take()
        return _message(step, dialogue), confidence(grounds(step, dialogue, catalog, self._encoder()))

    def _result(self, dialogue: Dialogue, tools: Sequence[Any]) -> ChatResult:
        step = Step(dialogue, self._catalog(tools), self._encoder()).take()
        return ChatResult(generations=[ChatGeneration(message=_message(step, dialogue))])

    def _encoder(self) -> Encoder:
        if self.embedder is None:
            from frontdesk.knowledge.embed import Embedder  # noqa: PLC0415  loads numpy and the model

            self.embedder = Embedder.default()
        return self.embedder

    def _catalog(self, tools: Sequence[Any]) -> Catalog:
        key = tuple(map(id, tools))
        with self._lock:
            kept = self._catalogs.get(key)
            if kept is None:
                if len(self._catalogs) >= CATALOGS:
                    self._catalogs.pop(next(iter(self._catalogs)))
                kept = (list(tools), build(describe(tools), self._encoder()))
                self._catalogs[key] = kept
            return kept[1]


def _message(step: Reply | list[Wish], dialogue: Dialogue) -> AIMessage:
    return _said(step) if isinstance(step, Reply) else _asked(step, len(dialogue.calls))


def _asked(wishes: list[Wish], before: int) -> AIMessage:
    calls = [
        {"name": wish.tool, "args": wish.arguments, "id": f"local_{before + n}", "type": "tool_call"}
        for n, wish in enumerate(wishes)
    ]
    return AIMessage(content="", tool_calls=calls, **_metadata({}))


def _said(reply: Reply) -> AIMessage:
    return AIMessage(
        content=reply.text,
        **_metadata({"outcome": reply.outcome.value, "suggestions": list(reply.suggestions)}),
    )


def _metadata(frontdesk: dict[str, Any]) -> dict[str, Any]:
    return {
        "response_metadata": {"model_name": "local", "frontdesk": frontdesk},
        "usage_metadata": UsageMetadata(input_tokens=0, output_tokens=0, total_tokens=0),
    }
