"""OpenAI's chat protocol and LangChain's messages: one into the other, in as few steps as possible."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import orjson
from langchain_core.messages import (
    AIMessage,
    AIMessageChunk,
    BaseMessage,
    HumanMessage,
    InvalidToolCall,
    SystemMessage,
    ToolCall,
    ToolMessage,
)
from langchain_core.messages.ai import UsageMetadata, add_ai_message_chunks
from langchain_core.messages.tool import ToolCallChunk

from frontdesk.domain import Json
from frontdesk.errors import ModelRejected, ModelUnavailable

#: What reading JSON of an unknown shape may raise (pydantic's ValidationError is a ValueError).
MALFORMED = (KeyError, IndexError, TypeError, AttributeError, ValueError)


# ------------------------------------------------------------------ what is sent
def encode_body(model: str, messages: Sequence[BaseMessage], options: Json) -> bytes:
    """The request as JSON. Raises ModelRejected for a message the protocol has no role for."""
    body = {"model": model, "messages": [_encode(message) for message in messages], **options}
    return orjson.dumps(body)


def _encode(message: BaseMessage) -> Json:
    content = message.content if isinstance(message.content, str) else _text(message.content)
    if isinstance(message, AIMessage):
        return _encode_assistant(message, content)
    if isinstance(message, ToolMessage):
        return {"role": "tool", "tool_call_id": message.tool_call_id, "content": content}
    if isinstance(message, SystemMessage):
        return {"role": "system", "content": content}
    if isinstance(message, HumanMessage):
        return {"role": "user", "content": content}
    raise ModelRejected(reason=f"no role for {type(message).__name__}")


def _encode_assistant(message: AIMessage, content: str) -> Json:
    calls = [_call(c["id"], c["name"], orjson.dumps(c["args"]).decode()) for c in message.tool_calls]
    # A call that could not be read is sent back as it came: the result that answers it needs its call.
    calls += [_call(c["id"], c["name"] or "", c["args"] or "") for c in message.invalid_tool_calls]
    if calls:
        return {"role": "assistant", "content": content or None, "tool_calls": calls}
    return {"role": "assistant", "content": content}


def _call(identity: str | None, name: str, arguments: str) -> Json:
    return {"id": identity, "type": "function", "function": {"name": name, "arguments": arguments}}


def _text(blocks: list[Any]) -> str:
    """The text among content blocks; reasoning and other providers' own blocks stay behind."""
    parts = [b if isinstance(b, str) else b.get("text", "") for b in blocks if _is_text(b)]
    return "".join(parts)


def _is_text(block: Any) -> bool:
    return isinstance(block, str) or (isinstance(block, dict) and block.get("type") == "text")


# ------------------------------------------------------------------ what comes back
def decode_reply(payload: bytes) -> AIMessage:
    """A whole reply. Raises ModelUnavailable when it is not one."""
    try:
        reply = orjson.loads(payload)
        choice = reply["choices"][0]
        message = choice["message"]
        raw = [(c.get("id"), c["function"]) for c in message.get("tool_calls") or ()]
        calls, invalid = read_calls([(i, f.get("name"), f.get("arguments")) for i, f in raw])
        return AIMessage(
            content=_content(message.get("content")),
            tool_calls=calls,
            invalid_tool_calls=invalid,
            usage_metadata=_usage(reply.get("usage")),
            additional_kwargs=_refusal(message),
            response_metadata=_metadata(reply.get("model"), choice.get("finish_reason")),
        )
    except MALFORMED:
        raise ModelUnavailable(reason="broken reply") from None


def read_calls(raw: Sequence[tuple[Any, Any, Any]]) -> tuple[list[ToolCall], list[InvalidToolCall]]:
    """Tool calls from (id, name, arguments as JSON text); what is not a JSON object goes to the second list."""
    calls: list[ToolCall] = []
    invalid: list[InvalidToolCall] = []
    for identity, name, arguments in raw:
        try:
            parsed = orjson.loads(arguments) if arguments else {}
        except (ValueError, TypeError):
            parsed = None
        if isinstance(parsed, dict) and name:
            calls.append(ToolCall(name=name, args=parsed, id=identity, type="tool_call"))
        else:
            problem = "the arguments are not a JSON object" if name else "the call names no tool"
            text = arguments if isinstance(arguments, str) else None
            invalid.append(
                InvalidToolCall(name=name, args=text, id=identity, error=problem, type="invalid_tool_call")
            )
    return calls, invalid


def finish(chunks: Sequence[BaseMessage]) -> AIMessage:
    """One message from a stream's chunks.

    LangChain completes cut-off arguments while it streams; a call that is run must have been whole, so the
    arguments are read again, strictly.
    """
    first = chunks[0]
    if not isinstance(first, AIMessageChunk):
        return cast("AIMessage", first)
    whole = add_ai_message_chunks(first, *cast("Sequence[AIMessageChunk]", chunks[1:]))
    calls, invalid = read_calls([(c["id"], c["name"], c["args"]) for c in whole.tool_call_chunks])
    return AIMessage(
        content=whole.content,
        id=whole.id,
        tool_calls=calls,
        invalid_tool_calls=invalid,
        usage_metadata=whole.usage_metadata,
        additional_kwargs=whole.additional_kwargs,
        response_metadata=whole.response_metadata,
    )


def as_chunk(message: AIMessage) -> AIMessageChunk:
    """A whole message as the only chunk of a stream."""
    return AIMessageChunk(
        content=message.content,
        tool_calls=message.tool_calls,
        invalid_tool_calls=message.invalid_tool_calls,
        usage_metadata=message.usage_metadata,
        additional_kwargs=message.additional_kwargs,
        response_metadata=message.response_metadata,
        chunk_position="last",
    )


class EventStream:
    """Server-sent events in, message chunks out. Feed it bytes as they come, then close it."""

    def __init__(self) -> None:
        self._rest = b""
        self._done = False
        self._seen = False
        self._finish: str | None = None
        self._model: str | None = None
        self._usage: Json | None = None
        self._calls: list[str | None] = []

    def feed(self, data: bytes) -> list[AIMessageChunk]:
        """The chunks that became whole with ``data``. Raises ModelUnavailable for what is no event."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        chunks: list[AIMessageChunk] = []
        for line in lines:
            if not line.startswith(b"data:"):
                continue  # a comment that keeps the connection alive, or a field this protocol does not use
            payload = line[5:].strip()
            if payload == b"[DONE]":
                self._done = True
                continue
            try:
                chunk = self._read(orjson.loads(payload))
            except MALFORMED:
                raise ModelUnavailable(reason="broken reply") from None
            if chunk:
                chunks.append(chunk)
        return chunks

    def close(self) -> list[AIMessageChunk]:
        """What is left, and the chunk that ends the message. Raises ModelUnavailable if the end is missing."""
        chunks = self.feed(b"\n") if self._rest else []
        if not (self._finish or (self._done and self._seen)):
            raise ModelUnavailable(reason="reply ended early")
        try:
            end = AIMessageChunk(
                content="",
                usage_metadata=_usage(self._usage),
                response_metadata=_metadata(self._model, self._finish),
                chunk_position="last",
            )
        except MALFORMED:
            raise ModelUnavailable(reason="broken reply") from None
        return [*chunks, end]

    def _read(self, event: Json) -> AIMessageChunk | None:
        if event.get("error"):
            raise ModelUnavailable(reason="error in the stream")
        # Usage is a running total with some servers: only the last counts.
        self._usage = event.get("usage") or self._usage
        self._model = event.get("model") or self._model
        if not event.get("choices"):
            return None
        choice = event["choices"][0]
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta") or {}
        content = _content(delta.get("content"))
        calls = [self._call(call) for call in delta.get("tool_calls") or ()]
        refusal = _refusal(delta)
        if not (content or calls or refusal):
            return None
        self._seen = True
        return AIMessageChunk(content=content, tool_call_chunks=calls, additional_kwargs=refusal)

    def _call(self, call: Json) -> ToolCallChunk:
        identity, index = call.get("id") or None, call.get("index")
        if not isinstance(index, int):  # some servers leave it out: a new id begins a new call
            if identity and identity not in self._calls:
                self._calls.append(identity)
            index = self._calls.index(identity) if identity else max(len(self._calls) - 1, 0)
        function = call.get("function") or {}
        return ToolCallChunk(
            name=function.get("name"),
            args=function.get("arguments"),
            id=identity,
            index=index,
            type="tool_call_chunk",
        )


def _content(value: Any) -> str:
    if isinstance(value, list):
        return _text(value)
    return value if isinstance(value, str) else ""


def _refusal(message: Json) -> Json:
    return {"refusal": message["refusal"]} if message.get("refusal") else {}


def _metadata(model: Any, reason: Any) -> Json:
    return {"model_name": model, "finish_reason": reason, "model_provider": "openai"}


def _usage(usage: Any) -> UsageMetadata | None:
    if not usage:
        return None
    given, written = usage.get("prompt_tokens") or 0, usage.get("completion_tokens") or 0
    result = UsageMetadata(
        input_tokens=given,
        output_tokens=written,
        total_tokens=usage.get("total_tokens") or given + written,
    )
    if cached := (usage.get("prompt_tokens_details") or {}).get("cached_tokens"):
        result["input_token_details"] = {"cache_read": cached}
    if thought := (usage.get("completion_tokens_details") or {}).get("reasoning_tokens"):
        result["output_token_details"] = {"reasoning": thought}
    return result
