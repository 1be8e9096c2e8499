"""What goes wrong with other people's clients: a reply that is none, whether to try again, and how it is called."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import langchain_core.exceptions as langchain
from langchain_core.messages import AIMessage

from frontdesk.errors import ModelError, ModelRejected, ModelUnavailable

#: Where each of LangChain's clients says why a reply ended. A stream that was cut in good order has no such word,
#: and the client hands over what came as if it were all.
ENDS = {"openai-chat": "finish_reason", "anthropic-chat": "stop_reason", "chat-ollama": "done_reason"}
AT_THE_LIMIT = {"length", "max_tokens", "model_context_window_exceeded"}
LONGEST = 20_000  # characters that a customer is sent
PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 2.0
LATER = {408, 409, 425, 429}


def whole(message: AIMessage, kind: str) -> AIMessage:
    """The message, if it is all of the reply. ``kind`` is the client's _llm_type.

    Raises ModelUnavailable for one that was cut off, ModelRejected for one that ran into a limit.
    """
    said = message.response_metadata
    ended = [said.get(name) for name in ("finish_reason", "stop_reason", "done_reason")]
    if kind in ENDS and not said.get(ENDS[kind]):
        raise ModelUnavailable(reason="reply ended early")
    if AT_THE_LIMIT & {reason for reason in ended if isinstance(reason, str)}:
        raise ModelRejected(reason="reply cut at its limit")
    if len(message.text) > LONGEST:
        raise ModelRejected(reason="reply too long")
    return message


def again_after(error: Exception) -> float | None:
    """Seconds to wait before the one second try; None where there is none: it would not help, or has been made.

    Our own client tries again itself.
    """
    status = _status(error)
    passing = isinstance(error, langchain.ModelRateLimitError | langchain.ModelAPIError) or (
        status is not None and (status in LATER or status >= 500)
    )
    if isinstance(error, ModelError) or not passing:
        return None
    wait = _retry_after(error)
    return wait if wait <= LONGEST_PAUSE_SECONDS else None


def said_of(error: Exception) -> str:
    """Two or three words about a failure, without a key and without what was asked."""
    if isinstance(error, ModelError):
        return error.reason
    if isinstance(error, TimeoutError | langchain.ModelTimeoutError):
        return "timeout"
    status = _status(error)
    return f"HTTP {status}" if status else type(error).__name__


def _status(error: Exception) -> int | None:
    status = getattr(error, "status_code", None)
    return status if isinstance(status, int) and status >= 400 else None


def _retry_after(error: Exception) -> float:
    headers: Any = getattr(getattr(error, "response", None), "headers", None)
    given = headers.get("retry-after") if isinstance(headers, Mapping) else None
    if given is None:
        return PAUSE_SECONDS
    try:
        return max(0.0, float(given))
    except ValueError:  # a date: longer than a customer waits
        return LONGEST_PAUSE_SECONDS + 1
