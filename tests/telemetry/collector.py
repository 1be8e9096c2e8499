"""An OTLP/HTTP receiver on loopback, and what it received as trees: all that is known here came over the wire."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue


@dataclass
class Seen:
    """A span as a backend sees it. Times are nanoseconds since 1970."""

    trace: str
    id: str
    parent: str
    name: str
    kind: int
    start: int
    end: int
    about: dict[str, Any]
    events: list[str]
    links: list[tuple[str, str]]
    error: str
    children: list[Seen] = field(default_factory=list["Seen"])

    @property
    def ms(self) -> float:
        return (self.end - self.start) / 1e6

    @property
    def own_ms(self) -> float:
        """What none of its children explains."""
        covered, until = 0, self.start
        for child in sorted(self.children, key=lambda c: c.start):
            begin, end = max(child.start, until), min(child.end, self.end)
            if end > begin:
                covered, until = covered + end - begin, end
        return (self.end - self.start - covered) / 1e6

    def walk(self) -> Iterator[Seen]:
        yield self
        for child in self.children:
            yield from child.walk()

    def find(self, name: str) -> Seen:
        return next(span for span in self.walk() if span.name == name)

    def drawn(self, depth: int = 0) -> list[str]:
        """The tree in names, as it came about."""
        below = [line for child in self.children for line in child.drawn(depth + 1)]
        return ["  " * depth + self.name, *below]

    def culprit(self) -> Seen:
        """Where the time went."""
        return max(self.walk(), key=lambda span: span.own_ms)


class Collector:
    """``status`` is what it answers; ``spans`` all that it took; ``resources`` and ``headers`` as they came."""

    def __init__(self) -> None:
        self.spans: list[Seen] = []
        self.resources: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []
        self.statuses: list[int] = []
        self.raw = b""
        self.url = ""

    def take(self, body: bytes) -> None:
        self.raw += body
        request = ExportTraceServiceRequest.FromString(body)
        for resource in request.resource_spans:
            self.resources.append({a.key: _value(a.value) for a in resource.resource.attributes})
            for scope in resource.scope_spans:
                self.spans += [_seen(span) for span in scope.spans]

    def wait(self, enough: Callable[[Collector], object], seconds: float = 20.0) -> None:
        """Until what came is enough."""
        end = time.monotonic() + seconds
        while not enough(self):
            assert time.monotonic() < end, [span.name for span in self.spans]
            time.sleep(0.02)

    def tree(self, trace: str) -> Seen:
        """The one tree of a trace. Fails where it has two roots, or a span whose parent did not come."""
        spans = [span for span in self.spans if span.trace == trace]
        known = {span.id: span for span in spans}
        assert len(known) == len(spans), "an id came twice"
        for span in spans:
            span.children = []
        roots: list[Seen] = []
        for span in sorted(spans, key=lambda s: (s.start, -s.end)):
            (known[span.parent].children if span.parent in known else roots).append(span)
        assert len(roots) == 1, [root.name for root in roots]
        return roots[0]


def _value(value: AnyValue) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return [_value(item) for item in value.array_value.values]
    return getattr(value, kind) if kind else None


def _seen(span: Any) -> Seen:
    return Seen(
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        span.name,
        span.kind,
        span.start_time_unix_nano,
        span.end_time_unix_nano,
        {a.key: _value(a.value) for a in span.attributes},
        [event.name for event in span.events],
        [(link.trace_id.hex(), link.span_id.hex()) for link in span.links],
        span.status.message if span.status.code == 2 else "",
    )


@contextmanager
def collecting() -> Iterator[Collector]:
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = collector.statuses.pop(0) if collector.statuses else 200
            collector.headers.append({name.lower(): value for name, value in self.headers.items()})
            if status == 200:
                assert self.path == "/v1/traces", self.path
                packed = self.headers.get("content-encoding") == "gzip"
                collector.take(gzip.decompress(body) if packed else body)
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield collector
    finally:
        server.shutdown()
        server.server_close()
