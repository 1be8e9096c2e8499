"""The cascade: the local model answers the turns it is sure of, and leaves the others to the model after it.

It stands first in the chain of models. Whoever answers a turn's first step answers all of it, with one
exception: how well a question is answered is known only once the help center was searched, so a turn may be
passed on after it, and what was found goes along. After anything but a look-up it is never passed on.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, cast

from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

from frontdesk.domain import Grant
from frontdesk.models.chain import PassedOn

if TYPE_CHECKING:
    from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
    from langchain_core.language_models import LanguageModelInput
    from langchain_core.runnables import Runnable
    from langchain_core.tools import BaseTool

    from frontdesk.models.local import LocalModel

#: Confidence from which the local model answers alone; `python -m evals.cascade` measures it.
AT = 0.965
EFFECTS = ("open_ticket", "hand_over")


class SureLocal(BaseChatModel):
    """The local model where its confidence is ``at`` or more (0 to 1); raises PassedOn everywhere else."""

    local: Any
    at: float = AT

    @property
    def _llm_type(self) -> str:
        return "frontdesk-cascade"

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with these tools; ``tool_choice`` is not followed: the message decides."""
        return self.bind(tools=list(tools), tool_choice=tool_choice, **kwargs)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,  # noqa: ARG002  the base class asks for it
        run_manager: CallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        tools = kwargs.get("tools") or ()
        if messages and messages[-1].additional_kwargs.get("frontdesk", {}).get("rewrite"):
            raise PassedOn  # what it said was stopped: it has nothing better
        message, confidence = cast("LocalModel", self.local).judged(messages, tools)
        if not (confidence >= self.at or _acted(messages, tools)):
            raise PassedOn
        message.response_metadata["frontdesk"]["confidence"] = confidence
        return ChatResult(generations=[ChatGeneration(message=message)])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,  # noqa: ARG002
        **kwargs: Any,
    ) -> ChatResult:
        # Embedding takes milliseconds of CPU: not on the event loop.
        return await asyncio.to_thread(self._generate, messages, stop, None, **kwargs)


def _acted(messages: Sequence[BaseMessage], tools: Sequence[Any]) -> bool:
    """Whether this turn has already proposed or done something: another model might do it again."""
    grants = {tool.name: getattr(tool, "grant", None) for tool in tools if hasattr(tool, "name")}
    for message in reversed(messages):
        if isinstance(message, HumanMessage):
            return False
        if isinstance(message, ToolMessage) and _effect(str(message.name), grants.get(str(message.name))):
            return True
    return False


def _effect(name: str, grant: Any) -> bool:
    return name in EFFECTS or (isinstance(grant, Grant) and (grant.changes or grant.confirm))
