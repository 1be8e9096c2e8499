"""A turn that another process takes over: real processes, one of them killed."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path

import httpx

from frontdesk.testing import temporary_url
from tests.process import Server
from tests.telemetry.collector import Collector, Seen, collecting

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
SLOW = {"TEST_TOOL_SECONDS": "20"}


def turns(collector: Collector) -> list[Seen]:
    return [span for span in collector.spans if span.name == "turn"]


async def test_a_turn_that_another_process_takes_over_leads_back_to_where_it_came_in(tmp_path: Path) -> None:
    url, calls = temporary_url(), tmp_path / "calls"
    with collecting() as collector:
        traced = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "50"}
        with Server(url, TEST_CALLS=str(calls), **SLOW, **traced) as first:
            async with first.client() as client:
                of_ours = asyncio.create_task(
                    client.post("/support/chat", json={"user_id": "u1", "message": "order 789"})
                )
                of_a_caller = asyncio.create_task(
                    client.post(
                        "/support/chat",
                        json={"user_id": "u2", "message": "order 321"},
                        headers={"traceparent": f"00-{CALLER}-00f067aa0ba902b7-01"},
                    )
                )
                while not calls.exists() or len(calls.read_text().split()) < 2:
                    await asyncio.sleep(0.02)
                await asyncio.to_thread(
                    collector.wait, lambda c: [s for s in c.spans if s.name == "turn accepted"]
                )
                first.kill()
                for request in (of_ours, of_a_caller):
                    with contextlib.suppress(httpx.HTTPError):
                        await request
        assert turns(collector) == []
        with Server(url, **traced):
            await asyncio.to_thread(collector.wait, lambda c: len(turns(c)) == 2)
    (mark,) = [span for span in collector.spans if span.name == "turn accepted"]
    assert [trace for trace, _ in mark.links] == [CALLER]
    for turn in turns(collector):
        trace = turn.about["frontdesk.turn.id"].replace("-", "")
        assert turn.trace == trace
        assert turn.links == [(trace, trace[16:])] == [(trace, turn.parent)]
        assert turn.about["frontdesk.turn.attempt"] == 1
        assert turn.about["frontdesk.turn.outcome"] == "answered"
    later = next(turn for turn in turns(collector) if turn.trace == mark.trace)
    assert later.parent == mark.id
