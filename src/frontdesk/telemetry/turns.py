"""A turn as it is seen from outside: its span, what was waited for before it, and what is counted of it."""

from __future__ import annotations

import time
from typing import NamedTuple
from uuid import UUID

from frontdesk.telemetry import logs, metrics, spans


class Origin(NamedTuple):
    """Where a message came in: its request, its span, and when it was accepted (nanoseconds since 1970)."""

    request: str
    span: spans.Span
    accepted: int


def origin(received: spans.Span) -> Origin:
    """The one of what happens here; ``received`` is the span of the acceptance, where no request has one."""
    return Origin(logs.request.get(), received or spans.current(), time.time_ns())


def begin(turn: UUID, conversation: UUID, came: Origin | None, attempt: int, read: int) -> spans.Span:
    """The span of a turn that begins now; log lines carry its ids from here on.

    Without an origin (``came``) the turn was accepted elsewhere, or begun before. ``read`` is when the look for it
    began, in nanoseconds since 1970; 0 where its window came with the acceptance.
    """
    now = time.time_ns()
    accepted = came.accepted if came else _made(turn)
    logs.request.set(came.request if came else "")
    logs.turn.set((str(conversation), str(turn)))
    metrics.queue_seconds.observe(max(0, (read or now) - accepted) / 1e9)
    if came:
        span = spans.within(came.span, "turn", start=accepted)
    else:
        span = spans.resumed("turn", turn, start=accepted)
    if span:
        span.set("frontdesk.turn.id", str(turn))
        span.set("gen_ai.conversation.id", str(conversation))
        span.set("frontdesk.turn.attempt", attempt)
        spans.within(span, "queue", start=accepted).end(max(accepted, read or now))
        if read:
            read = max(read, accepted)
            looked = spans.within(span, "window", start=read)
            looked.say({"db.system.name": "postgresql", "db.operation.name": "next_turn"})
            looked.end(now)
    return span


def taken(turn: UUID) -> float:
    """Seconds since a message was accepted, by any process."""
    return max(0.0, (time.time_ns() - _made(turn)) / 1e9)


def _made(turn: UUID) -> int:
    """When a turn's id was made: a UUIDv7 begins with the milliseconds."""
    return (turn.int >> 80) * 1_000_000
