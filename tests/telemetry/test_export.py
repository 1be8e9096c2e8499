"""How spans leave: encoded as protobuf reads them, in batches, never at a turn's cost."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from frontdesk.errors import SettingsError
from frontdesk.telemetry import export, metrics, spans, wire
from frontdesk.telemetry.export import Exporter, tracing
from frontdesk.testing import temporary_url
from tests.process import ROOT
from tests.telemetry.collector import Collector, collecting
from tests.telemetry.shop import SECRET_WORDS, shop

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=300)
values = st.one_of(
    texts,
    st.booleans(),
    st.integers(-(2**63), 2**63 - 1),
    st.floats(allow_nan=False),
    st.lists(texts).map(tuple),
)
abouts = st.dictionaries(texts, values, max_size=6)
ids, times = st.binary(min_size=8, max_size=8), st.integers(0, 2**64 - 1)


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=16, max_size=16), ids, ids, texts, st.integers(1, 5), times, abouts, abouts, texts)
def test_protobuf_reads_what_was_written_by_hand(
    trace: bytes,
    identity: bytes,
    parent: bytes,
    name: str,
    kind: int,
    at: int,
    about: Any,
    more: Any,
    error: str,
) -> None:
    span = wire.span(
        trace, identity, parent, name, kind, at, at, about, [(at, name, more)], [(trace, parent)], error
    )
    request = ExportTraceServiceRequest.FromString(wire.request(about, "scope", "1", [span, span]))
    (resource,) = request.resource_spans
    (scope,) = resource.scope_spans
    assert (scope.scope.name, scope.scope.version, len(scope.spans)) == ("scope", "1", 2)
    assert {a.key for a in resource.resource.attributes} == set(about)
    read = scope.spans[0]
    assert (read.trace_id, read.span_id, read.parent_span_id) == (trace, identity, parent)
    assert (read.name, read.kind) == (name, kind)
    assert read.start_time_unix_nano == read.end_time_unix_nano == at
    assert (read.status.code, read.status.message) == ((2, error) if error else (0, ""))
    assert (read.links[0].trace_id, read.links[0].span_id) == (trace, parent)
    assert {a.key: _value(a.value) for a in read.attributes} == about
    assert {a.key: _value(a.value) for a in read.events[0].attributes} == more


def _value(value: Any) -> Any:
    kind = value.WhichOneof("value")
    if kind == "array_value":
        return tuple(item.string_value for item in value.array_value.values)
    return getattr(value, kind)


def ended(name: str = "a") -> spans.Span:
    span = spans.Span(name, spans.Trace(b"t" * 16, sampled=True), b"s" * 8, b"", None, 1, 1)
    span.end_ns = 2
    return span


def exporter(collector: Collector, **environment: str) -> Exporter:
    return Exporter({ENDPOINT: collector.url, **environment}, "1", "test")


def test_a_receiver_that_is_busy_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "PAUSES", (0.01, 0.01, 0.01))
    with collecting() as collector:
        collector.statuses = [503, 429]
        sender = exporter(collector)
        sender.start()
        sender.take(ended())
        sender.take(ended("b"))
        collector.wait(lambda c: len(c.spans) == 2 or sender._due.set())
        sender.stop()
        assert len(collector.headers) == 3


def test_what_is_left_is_sent_at_the_end_packed_and_with_the_key() -> None:
    with collecting() as collector:
        sender = exporter(
            collector, OTEL_EXPORTER_OTLP_COMPRESSION="gzip", OTEL_EXPORTER_OTLP_HEADERS="x-key=a%20b,x-org=1"
        )
        sender.start()
        sender.take(ended())
        sender.stop()
        assert [span.name for span in collector.spans] == ["a"]
        sent = collector.headers[0]
        assert (sent["content-encoding"], sent["x-key"], sent["x-org"]) == ("gzip", "a b", "1")


def test_a_full_queue_and_a_dead_receiver_drop_and_count(monkeypatch: pytest.MonkeyPatch) -> None:
    dropped: list[float] = []
    monkeypatch.setattr(metrics.spans_dropped, "add", lambda n=1.0: dropped.append(n))
    monkeypatch.setattr(export, "PAUSES", ())
    sender = Exporter({ENDPOINT: "http://127.0.0.1:9", "OTEL_BSP_MAX_QUEUE_SIZE": "3"}, "1", "test")
    for _ in range(5):
        sender.take(ended())
    assert dropped == [1.0, 1.0]
    sender.start()
    sender.stop()
    assert dropped == [1.0, 1.0, 3]


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({ENDPOINT: "localhost:4318"}, "OTEL_EXPORTER_OTLP_ENDPOINT: write an address such as http://"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "write http/protobuf"),
        ({"OTEL_EXPORTER_OTLP_HEADERS": "key"}, "write name=value pairs"),
        ({"OTEL_BSP_SCHEDULE_DELAY": "soon"}, "OTEL_BSP_SCHEDULE_DELAY: write a whole number"),
        ({"OTEL_TRACES_SAMPLER": "mine"}, "OTEL_TRACES_SAMPLER: write parentbased_always_on"),
        (
            {"OTEL_TRACES_SAMPLER": "traceidratio", "OTEL_TRACES_SAMPLER_ARG": "x"},
            "write a number from 0 to 1",
        ),
        ({"OTEL_EXPORTER_OTLP_CERTIFICATE": "/nowhere"}, "name a readable file"),
    ],
)
async def test_a_variable_that_is_wrong_stops_the_start_with_a_sentence(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], sentence: str
) -> None:
    for name, value in ({ENDPOINT: "https://127.0.0.1:9"} | variables).items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError, match=sentence):
        async with tracing("1", "test"):
            pass
    assert not spans.on()


async def test_a_tenth_is_a_tenth(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(ENDPOINT, "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.1")
    async with tracing("1", "test"):
        sampled = sum(bool(spans.root("a", {})) for _ in range(4000))
        followed = spans.root("a", {}, f"00-{'a' * 32}-{'b' * 16}-01")
    assert 250 < sampled < 550
    assert followed


async def test_off_nothing_is_recorded_and_no_sdk_is_loaded() -> None:
    assert not spans.on()
    async with shop(temporary_url(), None) as desk:
        answer = await desk.say("Where is order 789?")
        assert answer.status_code == 200
        assert "traceparent" not in desk.upstream.headers["model"][0]
    assert spans.root("a", {}) is spans.OFF is spans.span("b")
    sources = (ROOT / "src").rglob("*.py")
    imports = re.compile(r"^\s*(?:from|import) opentelemetry", re.MULTILINE)
    assert [source.name for source in sources if imports.search(source.read_text())] == []


async def test_texts_stand_in_spans_only_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with collecting() as collector:
        monkeypatch.setenv(ENDPOINT, collector.url)
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        async with shop(temporary_url(), collector, trace_content=True) as desk:
            turn_id = (await desk.say(f"Where is {SECRET_WORDS}, order 789?")).json()["turn_id"]
            tree = await desk.tree(turn_id)
    chat, tool = tree.find("chat openai:stub"), tree.find("execute_tool get_order_status")
    assert SECRET_WORDS in chat.about["gen_ai.input.messages"]
    assert '"type":"tool_call"' in chat.about["gen_ai.output.messages"]
    assert tool.about["gen_ai.tool.call.arguments"] == '{"order_id":"789"}'
    assert "shipped" in tool.about["gen_ai.tool.call.result"]


def test_a_turn_does_not_wait_for_a_receiver_that_hangs() -> None:
    sender = Exporter({ENDPOINT: "http://192.0.2.1:4318"}, "1", "test")
    sender.start()
    began = time.monotonic()
    sender.take(ended())
    assert time.monotonic() - began < 1
    sender.stop(0.0)
