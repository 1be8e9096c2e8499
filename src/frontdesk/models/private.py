"""Messages as a model outside may read them: placeholders for personal data, put back in what it answers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolCall

from frontdesk.domain import Json
from frontdesk.redaction import Placeholders

__all__ = ["Private"]

TOLD = (
    "\n\nPersonal data stands here as placeholders such as [email-1] or [card-2]. Write a placeholder, to the customer"
    " and in a tool's arguments, exactly as it stands; never invent one."
)
OURS = ("frontdesk", "tool_calls")  # what a message carries beside its text, and says it again


class Private:
    """One call to a model: what it is sent, and what its answer means.

    The placeholders are worked out from the messages alone, in their order, so that a later call of the same turn
    gives the same ones; nothing of them is kept.
    """

    def __init__(self, messages: Sequence[BaseMessage]) -> None:
        about: Json = messages[0].additional_kwargs.get("frontdesk", {}) if messages else {}
        facts: Json = about.get("facts") or {}
        self._places = Placeholders([str(facts[key]) for key in ("name", "email") if facts.get(key)])
        for message in messages:
            self._places.said_in(message.content)
            if isinstance(message, AIMessage):
                self._places.said_in([call["args"] for call in message.tool_calls])
        self.messages: list[BaseMessage] = [self._hidden(message) for message in messages]

    def answer(self, message: AIMessage) -> AIMessage:
        """The model's message with the values put back, in its text and in the arguments of its calls."""
        calls = [_with(call, self._places.show_in(call["args"])) for call in message.tool_calls]
        return message.model_copy(
            update={"content": self._content(self._places.show, message.content), "tool_calls": calls}
        )

    def _hidden(self, message: BaseMessage) -> BaseMessage:
        beside = {key: value for key, value in message.additional_kwargs.items() if key not in OURS}
        content = self._content(self._places.hide, message.content)
        update: Json = {"content": content, "additional_kwargs": beside}
        if isinstance(message, SystemMessage) and isinstance(content, str):
            update["content"] = content + TOLD
        if isinstance(message, AIMessage):
            calls = [_with(call, self._places.hide_in(call["args"])) for call in message.tool_calls]
            update["tool_calls"] = calls
        return message.model_copy(update=update)

    def _content(self, change: Any, content: Any) -> Any:
        """A text, or blocks: of those what is said and what a tool is given, not ids and signatures."""
        if isinstance(content, str):
            return change(content)
        of = self._places.hide_in if change == self._places.hide else self._places.show_in
        return [
            {
                key: of(value) if key in ("text", "input", "content", "partial_json") else value
                for key, value in block.items()
            }
            if isinstance(block, dict)
            else of(block)
            for block in content
        ]


def _with(call: ToolCall, arguments: Json) -> ToolCall:
    changed = call.copy()
    changed["args"] = arguments
    return changed
