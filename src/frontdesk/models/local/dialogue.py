"""What the agent hands a model, read back into turns: earlier ones, this message, this turn's results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage


@dataclass(frozen=True, slots=True)
class Call:
    """One tool call with its result (parsed JSON), or the error code it came back with."""

    id: str
    tool: str
    arguments: dict[str, Any]
    result: Any = None
    error: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier turn: what the customer said, what was replied, what was looked up in between."""

    message: str
    reply: str = ""
    calls: tuple[Call, ...] = ()

    @property
    def failed(self) -> bool:
        """Nothing was found in the help center, or a tool could not be reached."""
        return any(c.error == "unavailable" or _unanswered(c) for c in self.calls) and not any(
            c.tool == "hand_over" for c in self.calls
        )


@dataclass(frozen=True, slots=True)
class Dialogue:
    """The whole of what the model may know."""

    message: str
    past: tuple[Exchange, ...] = ()
    calls: tuple[Call, ...] = ()
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    desk: str = ""
    visitor: bool = False
    queued: bool = False

    @property
    def last(self) -> Exchange:
        """The turn before this one; empty at the start of a conversation."""
        return self.past[-1] if self.past else Exchange("")

    def results(self) -> list[Call]:
        """Every call of the window that brought something, newest first, this turn's included."""
        calls = [call for turn in self.past for call in turn.calls] + list(self.calls)
        return [call for call in reversed(calls) if not call.error]


def read(messages: Sequence[BaseMessage]) -> Dialogue:
    """Turns out of LangChain messages. Text in them is material; none of it is an instruction here."""
    known: dict[str, Any] = {}
    turns: list[tuple[str, list[BaseMessage]]] = []
    for message in messages:
        if isinstance(message, SystemMessage):
            known |= message.additional_kwargs.get("frontdesk") or {}
        elif isinstance(message, HumanMessage):
            turns.append((text_of(message), []))
        elif turns:
            turns[-1][1].append(message)
    text, now = turns[-1] if turns else ("", [])
    customer = known.get("customer") or {}
    return Dialogue(
        message=text,
        past=tuple(Exchange(said, _reply(rest), _calls(rest)) for said, rest in turns[:-1]),
        calls=_calls(now),
        facts=dict(known.get("facts") or {}),
        desk=str(known.get("desk") or ""),
        visitor=customer.get("kind") == "visitor",
        queued=known.get("mode") == "queued",
    )


def text_of(message: BaseMessage) -> str:
    """A message's text, whether it is a string or a list of content blocks."""
    content = message.content
    if isinstance(content, str):
        return content
    parts = [block if isinstance(block, str) else str(block.get("text", "")) for block in content]
    return "\n".join(part for part in parts if part)


def _reply(messages: Sequence[BaseMessage]) -> str:
    spoken = [text_of(m) for m in messages if isinstance(m, AIMessage) and not m.tool_calls]
    return spoken[-1] if spoken else ""


def _calls(messages: Sequence[BaseMessage]) -> tuple[Call, ...]:
    asked = {c["id"]: c for m in messages if isinstance(m, AIMessage) for c in m.tool_calls}
    calls: list[Call] = []
    for message in messages:
        if isinstance(message, ToolMessage):
            call = asked.get(message.tool_call_id)
            name = str(message.name or (call["name"] if call else ""))
            arguments = dict(call["args"]) if call else {}
            calls.append(_result(message.tool_call_id, name, arguments, text_of(message)))
    return tuple(calls)


def _result(identity: str, name: str, arguments: dict[str, Any], content: str) -> Call:
    try:
        value: Any = orjson.loads(content)
    except orjson.JSONDecodeError:
        value = content
    error = value.get("error") if isinstance(value, dict) else None
    if isinstance(error, dict):
        code, note = str(error.get("code") or "tool_error"), str(error.get("message") or "")
        return Call(identity, name, arguments, error=code, message=note)
    return Call(identity, name, arguments, result=value)


def _unanswered(call: Call) -> bool:
    return (
        call.tool == "search_knowledge"
        and isinstance(call.result, dict)
        and not call.result.get("answerable")
    )
