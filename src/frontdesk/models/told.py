"""What a span says of a call to a chat model, by OpenTelemetry's conventions for generative AI."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

import orjson
import structlog
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage

from frontdesk.domain import Json
from frontdesk.telemetry import metrics, spans
from frontdesk.telemetry.spans import Span
from frontdesk.telemetry.wire import Attributes

if TYPE_CHECKING:
    from frontdesk.models.chain import Completion

log = structlog.get_logger("frontdesk.models")

#: A provider's name in the conventions, where it is another than LangChain's.
PROVIDERS = {
    "google_genai": "gcp.gemini",
    "google_vertexai": "gcp.vertex_ai",
    "mistralai": "mistral_ai",
    "openai-sdk": "openai",
    "xai": "x_ai",
}
ROLES = {"human": "user", "ai": "assistant"}


def about(name: str) -> Attributes:
    """What is known before the call; ``name`` as in settings, ``openai:gpt-4o-mini``."""
    provider, separator, model = name.partition(":")
    if not separator:
        provider, model = ("frontdesk" if name == "local" else "openai"), name
    return {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": PROVIDERS.get(provider, provider),
        "gen_ai.request.model": model,
    }


def tell(span: Span, completion: Completion, asked: Sequence[BaseMessage]) -> None:
    """What came of it, in the span and in the metrics. Raises nothing: a reply that is there is not given up for them."""
    try:
        _tell(span, completion, asked)
    except Exception as error:  # noqa: BLE001  a model may have written anything
        log.warning("call not told", model=completion.model, error=type(error).__name__)


def _tell(span: Span, completion: Completion, asked: Sequence[BaseMessage]) -> None:
    model, message = completion.model, completion.message
    metrics.model_calls.add(model, "ok")
    metrics.model_seconds.observe(completion.ms / 1000, model)
    metrics.tokens.add(model, "input", n=completion.input_tokens)
    metrics.tokens.add(model, "output", n=completion.output_tokens)
    metrics.cost.add(model, n=completion.cost_usd or 0.0)
    if not span:
        return
    said = message.response_metadata
    span.say(
        {
            "gen_ai.response.model": str(said.get("model_name") or span.about["gen_ai.request.model"]),
            "gen_ai.usage.input_tokens": completion.input_tokens,
            "gen_ai.usage.output_tokens": completion.output_tokens,
            "frontdesk.tool.calls": len(message.tool_calls),
        }
    )
    if reason := said.get("finish_reason") or said.get("stop_reason") or said.get("done_reason"):
        span.set("gen_ai.response.finish_reasons", (str(reason),))
    cached = (message.usage_metadata or {}).get("input_token_details", {}).get("cache_read", 0)
    if cached:
        span.set("gen_ai.usage.cache_read.input_tokens", cached)
    if completion.cost_usd is not None:
        span.set("frontdesk.cost_usd", completion.cost_usd)
    if (confidence := said.get("frontdesk", {}).get("confidence")) is not None:
        span.say({"frontdesk.cascade": "answered", "frontdesk.confidence": float(confidence)})
    if spans.content():
        span.set("gen_ai.input.messages", _written(asked))
        span.set("gen_ai.output.messages", _written([message]))


def retried(model: str, reason: str) -> None:
    """A request is sent once more."""
    metrics.model_retries.add(model)
    span = spans.current()
    span.event("retry", {"error.type": reason})
    span.set("frontdesk.model.retries", 1)


def _written(messages: Sequence[BaseMessage]) -> str:
    shown = [_shown(message) for message in messages]
    try:
        return orjson.dumps(shown).decode()
    except TypeError:  # half a character, or a number beyond 64 bits
        return json.dumps(shown, default=str)


def _shown(message: BaseMessage) -> Json:
    """A message as the conventions write it: a role and parts."""
    if isinstance(message, ToolMessage):
        part = {"type": "tool_call_response", "id": message.tool_call_id, "response": message.text}
        return {"role": "tool", "parts": [part]}
    parts: list[Json] = [{"type": "text", "content": message.text}] if message.text else []
    if isinstance(message, AIMessage):
        parts += [
            {"type": "tool_call", "id": call["id"], "name": call["name"], "arguments": call["args"]}
            for call in message.tool_calls
        ]
    return {"role": ROLES.get(message.type, message.type), "parts": parts}
