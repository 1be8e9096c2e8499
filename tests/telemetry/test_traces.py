"""A turn's trace as any OTLP backend sees it: rebuilt from what came over the wire, and nothing else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from uuid import UUID

import psycopg
import pytest

from frontdesk.testing import temporary_url
from tests.telemetry.collector import Collector, Seen, collecting
from tests.telemetry.shop import SECRET_WORDS, Shop, cancels, shop

CALLER = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{CALLER}-00f067aa0ba902b7-01"
TURN = """
POST /support/chat
  rates
  receive
  turn
    queue
    invoke_agent Testshop
      chat openai:stub
      gate get_order_status
        execute_tool get_order_status
          GET
      chat openai:stub
      output gate
    commit
"""


@pytest.fixture(scope="module")
def collector() -> AsyncGenerator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture(scope="module")
def environment(collector: Collector) -> AsyncGenerator[pytest.MonkeyPatch]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        patch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        patch.setenv("OTEL_SERVICE_NAME", "desk-under-test")
        yield patch


@pytest.fixture(scope="module")
async def desk(collector: Collector, environment: pytest.MonkeyPatch) -> AsyncGenerator[Shop]:
    async with shop(temporary_url(), collector) as ready:
        yield ready


@pytest.fixture(autouse=True)
def quick(desk: Shop) -> None:
    """Each test begins with everything quick and well."""
    desk.upstream.model_seconds = desk.upstream.backend_seconds = 0.0
    desk.upstream.statuses, desk.upstream.invents = [], False
    desk.upstream.headers.clear()


async def asked(desk: Shop, message: str = "Where is order 789?", user: str = "u1") -> Seen:
    return await desk.tree((await desk.say(message, user)).json()["turn_id"])


# ------------------------------------------------------------------ seen whole
async def test_a_turns_tree_is_whole_with_every_parent_right(desk: Shop) -> None:
    tree = await asked(desk)
    assert tree.drawn() == TURN.strip().split("\n")
    for span in tree.walk():
        assert span.error == "", span.name
        for child in span.children:
            assert child.start >= span.start, (span.name, child.name)
            # What is answered later than the request still belongs to it; all else ends within.
            assert child.end <= span.end or child.name == "turn", (span.name, child.name)


async def test_the_durations_of_a_turn_add_up(desk: Shop) -> None:
    desk.upstream.model_seconds = desk.upstream.backend_seconds = 0.05
    turn = (await asked(desk)).find("turn")
    assert sum(span.own_ms for span in turn.walk()) == pytest.approx(turn.ms)
    for before, after in zip(turn.children, turn.children[1:], strict=False):
        assert before.end <= after.start, (before.name, after.name)
    waits = [span for span in turn.walk() if span.name in ("chat openai:stub", "GET")]
    assert [span.own_ms >= 45 for span in waits] == [True, True, True]


async def test_spans_say_what_the_genai_conventions_ask_for(desk: Shop) -> None:
    tree = await asked(desk)
    chat, agent = tree.find("chat openai:stub"), tree.find("invoke_agent Testshop")
    assert chat.kind == 3
    wanted = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "stub",
        "gen_ai.response.model": "stub-2026",
        "gen_ai.response.finish_reasons": ["stop"],
        "gen_ai.usage.input_tokens": 40,
        "gen_ai.usage.output_tokens": 9,
        "gen_ai.usage.cache_read.input_tokens": 16,
    }
    assert wanted.items() <= chat.about.items()
    assert agent.about["gen_ai.operation.name"] == "invoke_agent"
    assert agent.about["gen_ai.usage.input_tokens"] == 80
    assert UUID(agent.about["gen_ai.conversation.id"])
    executed = tree.find("execute_tool get_order_status").about
    assert executed["gen_ai.operation.name"] == "execute_tool"
    assert executed["gen_ai.tool.name"] == "get_order_status"
    gate = tree.find("gate get_order_status").about
    assert (gate["frontdesk.gate.allowed"], gate["frontdesk.permission"]) == (True, "orders:read")
    assert tree.find("turn").about["frontdesk.turn.outcome"] == "answered"
    assert tree.about["http.response.status_code"] == 200
    assert tree.find("commit").about["db.system.name"] == "postgresql"


async def test_a_service_says_who_it_is(desk: Shop, collector: Collector) -> None:
    await asked(desk)
    assert collector.resources[-1]["service.name"] == "desk-under-test"
    assert collector.headers[-1]["content-type"] == "application/x-protobuf"


async def test_no_text_of_anybody_stands_in_a_span(desk: Shop, collector: Collector) -> None:
    await asked(desk, f"Where is {SECRET_WORDS}, order 789?", "u1")
    for text in (SECRET_WORDS, "canary-u1-789", "shipped", "Be kind", "/orders/789", '"u1"'):
        assert text.encode() not in collector.raw, text


# ------------------------------------------------------------------ whose trace it is
async def test_a_turn_without_a_caller_has_the_trace_of_its_own_id(desk: Shop) -> None:
    turn_id = (await desk.say("order 789")).json()["turn_id"]
    assert (await desk.tree(turn_id)).find("turn").about["frontdesk.turn.id"] == turn_id


async def test_a_callers_trace_goes_on_to_the_model_and_to_the_backend(desk: Shop) -> None:
    answer = await desk.say("order 789", traceparent=TRACEPARENT, tracestate="shop=1")
    tree = await desk.tree(answer.json()["turn_id"], CALLER)
    assert tree.parent == "00f067aa0ba902b7"
    chats = [span for span in tree.walk() if span.name.startswith("chat")]
    sent = [headers["traceparent"] for headers in desk.upstream.headers["model"]]
    assert sent == [f"00-{CALLER}-{span.id}-01" for span in chats]
    (backend,) = desk.upstream.headers["backend"]
    assert backend["traceparent"] == f"00-{CALLER}-{tree.find('GET').id}-01"
    assert all("tracestate" not in headers for headers in [*desk.upstream.headers["model"], backend])


@pytest.mark.parametrize(
    "wrong",
    ["", "00-1-2-01", f"ff-{CALLER}-00f067aa0ba902b7-01", f"00-{'0' * 32}-00f067aa0ba902b7-01", "x" * 9000],
)
async def test_a_malformed_traceparent_begins_a_trace_of_our_own(desk: Shop, wrong: str) -> None:
    answer = await desk.say("hello", traceparent=wrong)
    assert (await desk.tree(answer.json()["turn_id"])).parent == ""


async def test_a_caller_that_does_not_sample_is_followed(desk: Shop, collector: Collector) -> None:
    unsampled = CALLER[:-1] + "0"
    await desk.say("order 789", traceparent=f"00-{unsampled}-00f067aa0ba902b7-00")
    await asked(desk)
    assert unsampled not in {span.trace for span in collector.spans}
    assert desk.upstream.headers["model"][0]["traceparent"].endswith("-00")


async def test_each_turn_of_a_conversation_belongs_to_the_request_that_brought_it(desk: Shop) -> None:
    desk.upstream.model_seconds = 0.1
    first, second = await asyncio.gather(desk.say("order 789", "u9"), desk.say("order 456", "u9"))
    trees = [await desk.tree(answer.json()["turn_id"]) for answer in (first, second)]
    for tree, answer in zip(trees, (first, second), strict=True):
        assert tree.find("turn").about["frontdesk.turn.id"] == answer.json()["turn_id"]
        assert tree.about["frontdesk.request.id"] == answer.headers["x-request-id"]
    later = max(trees, key=lambda tree: tree.find("turn").end)
    assert "window" in [span.name for span in later.find("turn").children]


# ------------------------------------------------------------------ what went otherwise
async def test_a_refused_call_says_which_permission_was_missing(desk: Shop, collector: Collector) -> None:
    async with shop(temporary_url(), collector, cancels) as other:
        visitor = await other.service.support.receive(_visitor(), "cancel it", channel="web")
        await other.service.support.wait(_visitor(), visitor.turn_id, 10)
        trace = visitor.turn_id.hex
        await asyncio.to_thread(
            collector.wait, lambda c: any(s.trace == trace and s.name == "turn" for s in c.spans)
        )
        gate = collector.tree(trace).find("gate cancel_order")
    assert gate.about["frontdesk.gate.allowed"] is False
    assert gate.about["frontdesk.gate.reason"] == gate.error == "permission_denied"
    assert gate.about["frontdesk.permission"] == "orders:write"
    assert gate.children == []


def _visitor():
    from frontdesk.domain import Principal

    return Principal("visitor", "v1")


async def test_a_model_that_fails_is_seen_beside_the_one_that_answers(desk: Shop) -> None:
    desk.upstream.statuses = [500]
    tree = await asked(desk)
    first = tree.find("chat openai:stub")
    assert first.events == ["retry"]
    assert first.about["frontdesk.model.retries"] == 1
    desk.upstream.statuses = [500] * 9
    tree = await asked(desk, user="u5")
    failed = tree.find("chat openai:stub")
    assert failed.error == failed.about["error.type"] == "HTTP 500"
    assert tree.find("turn").about["frontdesk.turn.outcome"] == "handed_off"
    assert tree.find("execute_tool hand_over").error == ""


async def test_a_stopped_reply_shows_in_the_output_gate(desk: Shop) -> None:
    desk.upstream.invents = True
    gate = (await asked(desk)).find("output gate")
    assert gate.about["frontdesk.gate.unbound"] == 1
    assert (gate.about["frontdesk.gate.rewritten"], gate.about["frontdesk.gate.replaced"]) == (True, True)
    assert [child.name for child in gate.children] == ["chat openai:stub"]


# ------------------------------------------------------------------ a slow turn, explained from its trace alone
async def test_a_slow_model_is_found_in_the_trace(desk: Shop) -> None:
    desk.upstream.model_seconds = 0.5
    assert (await asked(desk)).culprit().name == "chat openai:stub"


async def test_a_slow_backend_is_found_in_the_trace(desk: Shop) -> None:
    desk.upstream.backend_seconds = 0.5
    culprit = (await asked(desk)).culprit()
    assert (culprit.name, culprit.about["server.address"]) == ("GET", "127.0.0.1")


async def test_a_wait_behind_an_earlier_message_is_found_in_the_trace(desk: Shop) -> None:
    desk.upstream.model_seconds = 0.3
    answers = await asyncio.gather(desk.say("order 789", "u8"), desk.say("hello", "u8"))
    trees = [await desk.tree(answer.json()["turn_id"]) for answer in answers]
    waited = max(trees, key=lambda tree: tree.find("queue").ms).find("turn")
    assert waited.culprit().name == "queue"


async def test_a_slow_database_is_found_in_the_trace(desk: Shop) -> None:
    await desk.say("hello", "u7")
    url = desk.service.owner_url
    with psycopg.connect(url, options="-c search_path=frontdesk,public") as held:
        held.execute("SELECT 1 FROM conversations WHERE principal = 'customer:u7' FOR UPDATE")
        task = asyncio.create_task(desk.say("order 789", "u7"))
        await asyncio.sleep(0.6)
        held.rollback()
        answer = await task
    culprit = (await desk.tree(answer.json()["turn_id"])).culprit()
    assert (culprit.name, culprit.about["db.operation.name"]) == ("receive", "accept_turn")
    assert culprit.about["frontdesk.pool.wait_ms"] < 300  # the server was slow, not the pool short


async def test_a_pool_that_is_used_up_is_found_in_the_trace(desk: Shop) -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(desk.service.database.pool_use()["most"]):
            group.create_task(_hold(desk, 0.6))
        await asyncio.sleep(0.1)
        answer = await desk.say("hello", "u6")
    culprit = (await desk.tree(answer.json()["turn_id"])).culprit()
    assert culprit.about["db.system.name"] == "postgresql"
    assert culprit.about["frontdesk.pool.wait_ms"] > 300


async def _hold(desk: Shop, seconds: float) -> None:
    async with desk.service.database.statements() as connection:
        await connection.execute("SELECT pg_sleep(%s)", (seconds,))
