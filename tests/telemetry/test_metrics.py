"""GET /metrics as Prometheus reads it, and the files that name what it holds."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncGenerator

import httpx
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from docs.observability import metrics_table
from frontdesk.domain import Principal
from frontdesk.errors import SettingsError
from frontdesk.settings import Settings
from frontdesk.telemetry import metrics
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.desk import make_desk
from tests.process import ROOT
from tests.telemetry.shop import Shop, shop

TOKEN = "t" * 16
DASHBOARD = ROOT / "deploy" / "grafana" / "frontdesk.json"
ALERTS = ROOT / "deploy" / "prometheus" / "frontdesk.yml"
NAME = re.compile(r"\b(?:frontdesk|process|python)_[a-z0-9_]+\b")


@pytest.fixture(scope="module")
async def desk() -> AsyncGenerator[Shop]:
    async with shop(temporary_url(), None, metrics=True) as ready:
        yield ready


async def read(desk: Shop) -> dict[tuple[str, ...], float]:
    """Each sample by its name and its labels' values, in the order of the labels' names."""
    answer = await desk.client.get("/metrics")
    assert answer.status_code == 200
    return {
        (sample.name, *(sample.labels[label] for label in sorted(sample.labels))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


async def test_a_turn_is_counted_in_every_part(desk: Shop) -> None:
    desk.upstream.statuses = [500]
    before = await read(desk)
    assert (await desk.say("Where is order 789?")).status_code == 200
    after = await read(desk)
    grown = {key: value - before.get(key, 0) for key, value in after.items() if value != before.get(key, 0)}
    assert grown["frontdesk_turns_total", "openai:stub", "answered"] == 1
    assert grown["frontdesk_requests_total", "/support/chat", "200"] == 1
    assert grown["frontdesk_model_calls_total", "openai:stub", "ok"] == 2
    assert grown["frontdesk_model_retries_total", "openai:stub"] == 1
    assert grown["frontdesk_tokens_total", "input", "openai:stub"] == 80
    assert grown["frontdesk_tokens_total", "output", "openai:stub"] == 18
    assert grown["frontdesk_tool_calls_total", "ok", "get_order_status"] == 1
    for timed in ("turn_seconds", "queue_seconds"):
        assert grown[f"frontdesk_{timed}_count",] == 1
    assert grown["frontdesk_tool_seconds_count", "get_order_status"] == 1
    assert grown["frontdesk_database_seconds_count", "finish_turn"] == 1
    assert after["frontdesk_turns_running",] == after["frontdesk_turns_waiting",] == 0
    assert after["frontdesk_pool_connections", "most"] == 10


async def test_what_goes_wrong_is_counted_by_its_reason(desk: Shop) -> None:
    before = await read(desk)
    desk.upstream.invents = True
    await desk.say("Where is order 789?")
    desk.upstream.invents, desk.upstream.statuses = False, [500] * 9
    await desk.say("Where is order 789?", "u2")
    desk.upstream.statuses = []
    await desk.client.get("/support/turns/none", params={"user_id": "u1"})
    visitor = Principal("visitor", "v1")
    support = desk.service.support
    accepted = await support.receive(visitor, "order 789", channel="web")
    await support.wait(visitor, accepted.turn_id, 10)
    after = await read(desk)
    for key in (
        ("frontdesk_replies_stopped_total", "rewritten"),
        ("frontdesk_replies_stopped_total", "replaced"),
        ("frontdesk_model_failures_total", "openai:stub", "HTTP 500"),
        ("frontdesk_handoffs_total", "failure"),
        ("frontdesk_tickets_total", "failure"),
        ("frontdesk_refusals_total", "not_found"),
        ("frontdesk_gate_refusals_total", "permission_denied", "get_order_status"),
    ):
        assert after[key] - before.get(key, 0) == 1, key


async def test_a_stream_is_open_while_it_is_read(desk: Shop) -> None:
    headers = {"accept": "text/event-stream"}
    answer = await desk.client.post(
        "/support/chat", json={"user_id": "u1", "message": "hello"}, headers=headers
    )
    assert "event: done" in answer.text
    assert (await read(desk))["frontdesk_streams_open",] == 0


# ------------------------------------------------------------------ who may read them
async def test_only_this_machines_own_processes_read_them_without_a_token(desk: Shop) -> None:
    far = httpx.AsyncClient(
        transport=httpx.ASGITransport(desk.app, client=("192.0.2.7", 1)), base_url="http://desk"
    )
    async with far:
        assert (await far.get("/metrics")).status_code == 404
    proxied = await desk.client.get("/metrics", headers={"x-forwarded-for": "127.0.0.1"})
    assert proxied.status_code == 404


async def test_with_a_token_everybody_needs_it() -> None:
    async with shop(temporary_url(), None, metrics=True, metrics_token=TOKEN) as desk:
        for sent, status in (("", 401), ("Bearer " + "x" * 16, 401), (f"Bearer {TOKEN}", 200)):
            assert (await desk.client.get("/metrics", headers={"authorization": sent})).status_code == status


async def test_off_there_is_no_endpoint_and_a_short_token_stops_the_start() -> None:
    app = create_app(make_desk(), Settings())
    assert "/metrics" not in {getattr(route, "path", "") for route in app.routes}
    with pytest.raises(SettingsError, match="FRONTDESK_METRICS_TOKEN: write 16 characters"):
        create_app(make_desk(), Settings(metrics=True, metrics_token="short"))


# ------------------------------------------------------------------ the files that name them
async def names(desk: Shop) -> set[str]:
    families = text_string_to_metric_families((await desk.client.get("/metrics")).text)
    known = {sample.name for family in families for sample in family.samples}
    declared = {m.name for m in metrics.DECLARED}
    return known | declared | {f"{m.name}_bucket" for m in metrics.DECLARED if m.kind == "histogram"}


async def test_each_metric_of_the_dashboard_exists_and_each_metric_is_on_it(desk: Shop) -> None:
    board = json.loads(DASHBOARD.read_text())
    shown = " ".join(t["expr"] for panel in board["panels"] for t in panel.get("targets", ()))
    used = set(NAME.findall(shown))
    assert used <= await names(desk)
    bare = {name.removesuffix("_bucket") for name in used}
    assert {metric.name for metric in metrics.DECLARED} <= bare
    ids = [panel["id"] for panel in board["panels"]]
    assert len(ids) == len(set(ids))


async def test_the_alerts_name_metrics_and_labels_that_exist(desk: Shop) -> None:
    (group,) = yaml.safe_load(ALERTS.read_text())["groups"]
    known, labels = await names(desk), {m.name: set(m.labels) for m in metrics.DECLARED}
    for rule in group["rules"]:
        assert {"alert", "expr", "labels", "annotations"} <= rule.keys() <= {"alert", "expr", "for", "labels", "annotations"}  # fmt: skip
        used = set(NAME.findall(rule["expr"]))
        assert used <= known, rule["alert"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
        for name, label in re.findall(r"(frontdesk_\w+)\{(\w+)=", rule["expr"]):
            assert label in labels[name], rule["alert"]


def test_names_are_those_that_prometheus_asks_for() -> None:
    for metric in metrics.DECLARED:
        assert re.fullmatch(r"frontdesk_[a-z_]+", metric.name)
        assert metric.name.endswith("_total") == (metric.kind == "counter"), metric.name
        assert metric.name.endswith("_seconds") == (metric.kind == "histogram"), metric.name


def test_the_page_lists_each_metric() -> None:
    assert metrics_table() in (ROOT / "docs" / "observability.md").read_text()


def test_a_number_is_not_counted_while_metrics_are_off() -> None:
    counter = metrics.Counter("frontdesk_test_total", "for a test", "kind")
    metrics.DECLARED.remove(counter)
    counter.add("a")
    assert counter._children == {}
