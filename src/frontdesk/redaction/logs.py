"""Logs without personal data: what structlog has rendered, and each record of the standard library's."""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Sequence
from contextvars import ContextVar
from typing import Any

from frontdesk.redaction.find import find
from frontdesk.redaction.placeholders import mapped

__all__ = ["install", "knowing", "redacted", "rendered", "values"]

_known: ContextVar[tuple[str, ...]] = ContextVar("frontdesk_known", default=())
# Most lines hold nothing that could be any of it; ids of ours are no telephone numbers.
MAYBE = re.compile(r"@|\d[\d ./()-]{4,}\d|[^\W\d_]{2,} \d|\d [^\W\d_]{2,}|[A-Za-z]{2}\d\d")


def knowing(words: Sequence[str]) -> None:
    """From here on, in this task, these words are the customer's own: their name, their address."""
    _known.set(tuple(word for word in words if word))


def redacted(text: str) -> str:
    """The text with ``[email]``, ``[card]``… in the place of personal data."""
    known = _known.get()
    if not known and not MAYBE.search(text):
        return text
    pieces: list[str] = []
    end = 0
    for found in find(text, known):
        pieces += [text[end : found.start], f"[{found.kind}]"]
        end = found.end
    return "".join([*pieces, text[end:]])


def values(_logger: Any, _name: str, event: Any) -> Any:
    """structlog's processor before the one that renders: an escaped name is not found any more."""
    return mapped(redacted, event)


def rendered(_logger: Any, _name: str, line: Any) -> Any:
    """The last of structlog's processors: tracebacks are text only now."""
    return redacted(line) if isinstance(line, str) else line


def install() -> None:
    """Make every record of the standard library's without personal data, whatever handler will write it."""
    made = logging.getLogRecordFactory()
    if getattr(made, "redacts", False):
        return

    def factory(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = made(*args, **kwargs)
        if record.name == "uvicorn.access":  # its handler reads the arguments one by one
            return record
        try:
            record.msg, record.args = redacted(record.getMessage()), None
        except (TypeError, ValueError):  # arguments that do not fit the text: the handler says so
            record.msg, record.args = "a message that does not fit its arguments", None
        if record.exc_info and record.exc_info[0]:
            record.exc_text = redacted("".join(traceback.format_exception(*record.exc_info)).rstrip())
        return record

    factory.redacts = True  # type: ignore[attr-defined]
    logging.setLogRecordFactory(factory)
