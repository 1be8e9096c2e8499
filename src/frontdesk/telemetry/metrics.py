"""What is counted and timed, by name; ``switch_on`` once, and Prometheus can read it.

    metrics.limited.add("customer")          # a counter, with its labels in order
    metrics.turn_seconds.observe(0.8)        # a histogram, in seconds

Off, each of these is one comparison. Each process counts for itself; Prometheus adds up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry

FAST = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
SLOW = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 20.0, 40.0, 60.0)
LONG = (0.1, 1.0, 10.0, 60.0, 300.0, 900.0, 3600.0)

DECLARED: list[Metric] = []
_registry: CollectorRegistry | None = None


class Metric:
    """One metric: its name, what it is, its labels in the order they are given."""

    kind = ""

    def __init__(self, name: str, about: str, *labels: str) -> None:
        self.name, self.about, self.labels = name, about, labels
        self._live: Any = None
        self._children: dict[tuple[str, ...], Any] = {}
        DECLARED.append(self)

    def register(self, registry: CollectorRegistry) -> None:
        """Begin to count, for whoever reads ``registry``."""
        self._live = self._made(registry)

    def _made(self, registry: CollectorRegistry) -> Any:
        raise NotImplementedError

    def _child(self, labels: tuple[str, ...]) -> Any:
        if not labels:
            return self._live
        child = self._children.get(labels)
        if child is None:
            child = self._children[labels] = self._live.labels(*labels)
        return child


class Counter(Metric):
    """Something that happens; its name ends in _total."""

    kind = "counter"

    def add(self, *labels: str, n: float = 1.0) -> None:
        """It has happened, ``n`` times."""
        if self._live is not None:
            self._child(labels).inc(n)

    def _made(self, registry: CollectorRegistry) -> Any:
        from prometheus_client import Counter as Made  # noqa: PLC0415  (only where metrics are on)

        return Made(self.name, self.about, self.labels, registry=registry)


class Histogram(Metric):
    """How long something takes, in seconds."""

    kind = "histogram"

    def __init__(self, name: str, about: str, *labels: str, buckets: tuple[float, ...] = SLOW) -> None:
        super().__init__(name, about, *labels)
        self._buckets = buckets

    def observe(self, seconds: float, *labels: str) -> None:
        """It has taken ``seconds``."""
        if self._live is not None:
            self._child(labels).observe(seconds)

    def _made(self, registry: CollectorRegistry) -> Any:
        from prometheus_client import Histogram as Made  # noqa: PLC0415

        return Made(self.name, self.about, self.labels, registry=registry, buckets=self._buckets)


class Gauge(Metric):
    """How much of something there is now."""

    kind = "gauge"

    def set(self, value: float, *labels: str) -> None:
        """There is ``value`` of it."""
        if self._live is not None:
            self._child(labels).set(value)

    def change(self, by: float, *labels: str) -> None:
        """There is ``by`` more of it."""
        if self._live is not None:
            self._child(labels).inc(by)

    def _made(self, registry: CollectorRegistry) -> Any:
        from prometheus_client import Gauge as Made  # noqa: PLC0415

        return Made(self.name, self.about, self.labels, registry=registry)


requests = Counter("frontdesk_requests_total", "HTTP requests answered", "route", "status")
request_seconds = Histogram(
    "frontdesk_request_seconds",
    "from a request to the end of its answer; a stream's end is its turn's",
    "route",
)
refusals = Counter("frontdesk_refusals_total", "requests refused, by the problem's code", "code")
limited = Counter(
    "frontdesk_limited_total", "requests refused because a rate or a budget was used up", "limit"
)
streams = Gauge("frontdesk_streams_open", "answers that are being streamed")

turns = Counter("frontdesk_turns_total", "turns finished here", "outcome", "model")
turn_seconds = Histogram("frontdesk_turn_seconds", "from accepting a message to its reply's commit")
queue_seconds = Histogram("frontdesk_queue_seconds", "from accepting a message to beginning with it")
waiting = Gauge("frontdesk_turns_waiting", "turns accepted here and not yet begun")
running = Gauge("frontdesk_turns_running", "conversations being answered here")
leases_taken = Counter(
    "frontdesk_leases_taken_total", "conversations taken over from a process fallen silent"
)
leases_lost = Counter(
    "frontdesk_leases_lost_total", "turns whose conversation another process had taken over"
)
given_back = Counter("frontdesk_turns_given_back_total", "turns given back unfinished", "reason")

model_calls = Counter("frontdesk_model_calls_total", "calls to a chat model", "model", "result")
model_seconds = Histogram("frontdesk_model_seconds", "of one call to a chat model", "model")
model_failures = Counter(
    "frontdesk_model_failures_total", "chat models passed over for a failure", "model", "reason"
)
model_retries = Counter("frontdesk_model_retries_total", "requests sent to a chat model again", "model")
tokens = Counter("frontdesk_tokens_total", "tokens of chat models", "model", "direction")
cost = Counter("frontdesk_cost_usd_total", "US dollars by list price, where it is known", "model")

tool_calls = Counter(
    "frontdesk_tool_calls_total", "tool calls by result: ok, or an error's code", "tool", "result"
)
tool_seconds = Histogram("frontdesk_tool_seconds", "of one tool call that was allowed", "tool")
gate_refusals = Counter("frontdesk_gate_refusals_total", "tool calls that the gate refused", "tool", "reason")
replies_stopped = Counter(
    "frontdesk_replies_stopped_total", "replies that the output gate had rewritten, or replaced", "what"
)
retrievals = Counter("frontdesk_retrievals_total", "searches of the help center", "answerable")
retrieval_seconds = Histogram("frontdesk_retrieval_seconds", "of one search of the help center")

actions = Counter("frontdesk_actions_total", "actions that came to a state", "status")
tickets = Counter("frontdesk_tickets_total", "tickets opened", "reason")
handoffs = Counter("frontdesk_handoffs_total", "conversations handed over to a person", "reason")

database_seconds = Histogram(
    "frontdesk_database_seconds",
    "of a call to PostgreSQL, the wait for a connection included",
    "what",
    buckets=FAST,
)
pool = Gauge("frontdesk_pool_connections", "connections to PostgreSQL: open, idle, most", "state")
pool_waiting = Gauge("frontdesk_pool_waiting", "who waits for a connection to PostgreSQL")

jobs = Counter("frontdesk_jobs_total", "jobs done by the clock", "job", "result")
job_seconds = Histogram("frontdesk_job_seconds", "of one job", "job", buckets=LONG)
spans_dropped = Counter("frontdesk_spans_dropped_total", "spans that no OTLP endpoint took")
build = Gauge("frontdesk_build_info", "1, with the version", "version")

Refresh = Callable[[], None]


def switch_on(version: str) -> CollectorRegistry:
    """Begin to count. The registry is the process's own, with what Python and the system say of the process."""
    global _registry
    if _registry is None:
        from prometheus_client import (  # noqa: PLC0415
            CollectorRegistry,
            GCCollector,
            PlatformCollector,
            ProcessCollector,
        )

        _registry = CollectorRegistry(auto_describe=False)
        for collector in (ProcessCollector, PlatformCollector, GCCollector):
            collector(registry=_registry)
        for metric in DECLARED:
            metric.register(_registry)
        build.set(1, version)
    return _registry


def exposition() -> tuple[bytes, str]:
    """(text, media type) as Prometheus reads it. Raises LookupError before ``switch_on``."""
    from prometheus_client import CONTENT_TYPE_LATEST, generate_latest  # noqa: PLC0415

    if _registry is None:
        raise LookupError("metrics are off")
    return generate_latest(_registry), CONTENT_TYPE_LATEST
