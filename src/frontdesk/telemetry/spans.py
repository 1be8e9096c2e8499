"""Spans: what took how long, within what. They go to an OTLP endpoint where one is set, and are nothing where not.

A trace that no caller began has the id of the turn it is about, and its first span the last half of it: so a
process that takes a turn over finds the trace of the one that accepted it, without asking anybody.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from time import time_ns
from types import TracebackType
from typing import cast
from uuid import UUID

from uuid_utils.compat import uuid7

from frontdesk.telemetry import wire
from frontdesk.telemetry.wire import Attributes, Value

INTERNAL, SERVER, CLIENT = 1, 2, 3
TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(?:-.*)?")

Event = tuple[int, str, Attributes]
Sampler = Callable[[bytes, bool | None], bool]


@dataclass(slots=True)
class Trace:
    """What all spans of a trace share. ``own``: begun here, and its id has not become a turn's yet."""

    id: bytes
    sampled: bool
    own: bool = False


class Span:
    """One span; end it, or use it as a context, in which it is the parent of what begins there.

    ``about`` is its own from here on: hand over a dict that nobody else holds.
    """

    __slots__ = ("_token", "about", "end_ns", "error", "events", "id", "kind", "links", "name", "parent", "start", "trace")  # fmt: skip

    def __init__(
        self, name: str, trace: Trace, identity: bytes, parent: bytes, about: Attributes | None,
        kind: int, start: int,
    ) -> None:  # fmt: skip
        self.name = name
        self.trace = trace
        self.id = identity
        self.parent = parent
        self.about = {} if about is None else cast("dict[str, Value]", about)
        self.kind = kind
        self.start = start or time_ns()
        self.end_ns = 0
        self.error = ""
        self.events: tuple[Event, ...] = ()
        self.links: tuple[tuple[bytes, bytes], ...] = ()

    def __bool__(self) -> bool:
        """Whether it is worth working out what to say in it."""
        return self.trace.sampled

    def set(self, key: str, value: Value) -> None:
        """Say something of it."""
        self.about[key] = value

    def say(self, about: Attributes) -> None:
        """Say several things of it."""
        self.about.update(about)

    def event(self, name: str, about: Attributes) -> None:
        """Something that happened in it, now."""
        self.events = (*self.events, (time_ns(), name, about))

    def fail(self, reason: str) -> None:
        """It went wrong. ``reason`` is a kind of error, never its text."""
        self.error = self.about["error.type"] = reason

    def end(self, at: int = 0) -> None:
        """It is over; nothing is said of it after this."""
        if _sink is not None and self.trace.sampled:
            self.end_ns = at or time_ns()
            _sink(self)

    def encoded(self) -> bytes:
        """It in OTLP's protobuf."""
        return wire.span(
            self.trace.id, self.id, self.parent, self.name, self.kind, self.start, self.end_ns,
            self.about, self.events, self.links, self.error,
        )  # fmt: skip

    def __enter__(self) -> Span:
        self._token = _current.set(self)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        _current.reset(self._token)
        if kind is not None and not self.error:
            self.fail(kind.__name__)
        self.end()


class _Off(Span):
    """What everything is while nothing is traced."""

    __slots__ = ()

    def set(self, key: str, value: Value) -> None:
        """Nothing."""

    def say(self, about: Attributes) -> None:
        """Nothing."""

    def event(self, name: str, about: Attributes) -> None:
        """Nothing."""

    def fail(self, reason: str) -> None:
        """Nothing."""

    def end(self, at: int = 0) -> None:
        """Nothing."""

    def __enter__(self) -> Span:
        return self

    def __exit__(self, *_: object) -> None:
        return None


OFF = _Off("", Trace(bytes(16), sampled=False), bytes(8), b"", None, INTERNAL, 1)
_current: ContextVar[Span | None] = ContextVar("frontdesk_span", default=None)
_sink: Callable[[Span], None] | None = None
_sampler: Sampler | None = None
_content = False


def switch(
    sink: Callable[[Span], None] | None, sampler: Sampler | None = None, *, content: bool = False
) -> None:
    """Begin to hand ended spans to ``sink``, or stop it with None. ``content``: whether texts may stand in spans."""
    global _sink, _sampler, _content
    _sink, _sampler, _content = sink, sampler, content


_random = random.Random().getrandbits  # noqa: S311  (names spans, keeps nothing secret)


def _identity() -> bytes:
    """A span's id: eight bytes, not all zero."""
    return (_random(64) | 1).to_bytes(8)


def on() -> bool:
    """Whether anything is traced in this process."""
    return _sink is not None


def content() -> bool:
    """Whether what customers, models and tools say may stand in spans."""
    return _content and _sink is not None


def current() -> Span:
    """The span that what happens here belongs to."""
    here = _current.get()
    return OFF if here is None else here


def span(name: str, about: Attributes | None = None, *, kind: int = INTERNAL, start: int = 0) -> Span:
    """A span within the current one; nothing where there is none."""
    if _sink is None:
        return OFF
    above = _current.get()
    if above is None or not above.trace.sampled:
        return OFF
    return Span(name, above.trace, _identity(), above.id, about, kind, start)


def entry(name: str) -> Span:
    """The first span of a trace of its own where there is no current one; else nothing more."""
    return root(name, {}, kind=INTERNAL) if _current.get() is None else OFF


def within(above: Span, name: str, about: Attributes | None = None, *, start: int = 0) -> Span:
    """A span within ``above``, whatever the current one is."""
    if _sink is None or above is OFF:
        return OFF
    return Span(name, above.trace, _identity(), above.id, about, INTERNAL, start)


def root(name: str, about: Attributes, traceparent: str = "", *, kind: int = SERVER) -> Span:
    """The first span of a request: in its caller's trace if it names one, else in a new one."""
    if _sink is None or _sampler is None:
        return OFF
    if (found := TRACEPARENT.fullmatch(traceparent)) and found[1] != "ff":
        identity, parent = bytes.fromhex(found[2]), bytes.fromhex(found[3])
        if any(identity) and any(parent):
            sampled = _sampler(identity, bool(int(found[4], 16) & 1))
            return Span(name, Trace(identity, sampled), _identity(), parent, about, kind, 0)
    identity = uuid7().bytes
    return Span(name, Trace(identity, _sampler(identity, None), own=True), identity[8:], b"", about, kind, 0)


def job(name: str, turn: UUID | None = None) -> Span:
    """The first span of work that nobody asked for just now, linked to the turn that caused it, where it is known."""
    begun = root(name, {}, kind=INTERNAL)
    if begun and turn is not None:
        begun.links = ((turn.bytes, turn.bytes[8:]),)
        begun.set("frontdesk.turn.id", str(turn))
    return begun


def turn_id() -> UUID:
    """The id for a new turn: the trace's, where the trace is ours and this is its first."""
    here = _current.get()
    if here is None or not here.trace.own:
        return uuid7()
    here.trace.own = False
    return UUID(bytes=here.trace.id)


def anchor(turn: UUID) -> None:
    """Leave a mark by which who takes ``turn`` over finds the trace that it was accepted in, a caller's own."""
    here = _current.get()
    if _sink is None or here is None or here.trace.id == turn.bytes or not here.trace.sampled:
        return
    mark = Span("turn accepted", Trace(turn.bytes, sampled=True), turn.bytes[8:], b"", None, INTERNAL, 0)
    mark.links = ((here.trace.id, here.id),)
    mark.end()


def resumed(name: str, turn: UUID, *, start: int = 0) -> Span:
    """The span of a turn that another has begun: within the span that accepted it, and linked to it."""
    if _sink is None or _sampler is None:
        return OFF
    first = turn.bytes[8:]
    found = Span(
        name, Trace(turn.bytes, _sampler(turn.bytes, None)), _identity(), first, None, INTERNAL, start
    )
    found.links = ((turn.bytes, first),)
    return found


def headers() -> dict[str, str]:
    """What to send along, so that whoever is called goes on with the trace; a caller's tracestate stays here."""
    here = _current.get()
    if _sink is None or here is None:
        return {}
    flags = "01" if here.trace.sampled else "00"
    return {"traceparent": f"00-{here.trace.id.hex()}-{here.id.hex()}-{flags}"}


def trace_id() -> str:
    """The current trace's id, for the log; "" where there is none."""
    here = _current.get()
    return here.trace.id.hex() if here is not None and here.trace.sampled else ""


def leave() -> None:
    """A task that was begun in a request goes on without it."""
    _current.set(None)
