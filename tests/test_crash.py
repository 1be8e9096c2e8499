"""kill -9, two servers, dropped streams: real processes on one database."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx

from frontdesk.testing import temporary_url
from tests.process import Server
from tests.test_support import rows as rows_of


class Url:
    def __init__(self, conninfo: str) -> None:
        self.conninfo = conninfo


def rows(url: str, query: str) -> list[tuple[object, ...]]:
    return rows_of(Url(url), query)  # type: ignore[arg-type]


def ask(message: str, **more: str) -> dict[str, str]:
    return {"user_id": "u1", "message": message, **more}


async def events(answer: httpx.Response) -> AsyncIterator[tuple[str, str, dict[str, object]]]:
    identity = kind = ""
    async for line in answer.aiter_lines():
        if line.startswith("id: "):
            identity = line[4:]
        elif line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            yield identity, kind, json.loads(line[6:])


async def test_a_server_killed_in_mid_turn_answers_once_after_the_restart(tmp_path: Path) -> None:
    url, calls = temporary_url(), tmp_path / "calls"
    slow = {"TEST_TOOL_SECONDS": "20", "TEST_CALLS": str(calls)}
    with Server(url, **slow) as first:
        async with first.client() as client:
            request = asyncio.create_task(
                client.post("/support/chat", json=ask("order 789", client_message_id="m1"))
            )
            while not calls.exists():
                await asyncio.sleep(0.02)
            first.kill()
            with contextlib.suppress(httpx.HTTPError):
                await request
    assert rows(url, "SELECT status FROM turns") == [("accepted",)]
    with Server(url) as second:
        async with second.client() as client:
            answer = await client.post("/support/chat", json=ask("order 789", client_message_id="m1"))
            while answer.status_code == 202:
                await asyncio.sleep(0.1)
                answer = await client.post("/support/chat", json=ask("order 789", client_message_id="m1"))
            assert answer.json()["reply"] == "Order 789 is shipped."
    assert rows(url, "SELECT n, count(*) FROM messages GROUP BY n ORDER BY n") == [(0, 1), (1, 1)]
    assert rows(url, "SELECT turns_done, lease_owner FROM conversations") == [(1, None)]


async def test_two_servers_answer_every_message_of_many_conversations_in_order() -> None:
    url = temporary_url()
    with Server(url, TEST_TOOL_SECONDS="0.01") as one, Server(url, TEST_TOOL_SECONDS="0.01") as two:
        async with one.client() as a, two.client() as b:
            answers = await asyncio.gather(
                *(
                    (a if n % 2 else b).post(
                        "/support/chat", json={"user_id": f"c{c}", "message": f"note {n}"}
                    )
                    for c in range(10)
                    for n in range(10)
                )
            )
    assert {answer.status_code for answer in answers} == {200}
    assert rows(url, "SELECT count(*) FROM messages") == [(200,)]
    assert rows(url, "SELECT count(*), min(turns_done), max(turns_done) FROM conversations") == [(10, 10, 10)]
    mixed = "SELECT count(*) FROM messages m JOIN messages r USING (conversation_id, turn_seq)"
    assert rows(url, f"{mixed} WHERE m.n = 0 AND r.n = 1 AND r.body <> 'You said: ' || m.body") == [(0,)]


async def test_a_dropped_stream_goes_on_after_its_last_event_here_or_on_another_server() -> None:
    url = temporary_url()
    with Server(url, TEST_TOOL_SECONDS="0.5") as one, Server(url) as two:
        stream = {"accept": "text/event-stream"}
        async with (
            one.client() as client,
            client.stream("POST", "/support/chat", json=ask("order 789"), headers=stream) as answer,
        ):
            async for identity, kind, _ in events(answer):
                if kind == "step":
                    break  # the browser hangs up in the middle of the turn
        whole: dict[str, list[tuple[str, str, dict[str, object]]]] = {}
        for server in (one, two):
            async with server.client() as client:
                resume = {**stream, "last-event-id": identity}
                async with client.stream(
                    "POST", "/support/chat", json=ask("order 789"), headers=resume
                ) as answer:
                    whole[server.url] = [event async for event in events(answer)]
    assert whole[one.url] == whole[two.url]
    rest = whole[one.url]
    assert [kind for _, kind, _ in rest] == ["step", "text", "done"]
    assert rest[-1][2]["reply"] == "Order 789 is shipped."
    assert [int(identity.split(":")[1]) for identity, _, _ in rest] == [3, 4, 5]
    assert rows(url, "SELECT count(*) FROM messages") == [(2,)]


async def test_fifty_hang_ups_leave_fifty_recorded_turns() -> None:
    url = temporary_url()
    with Server(url, TEST_TOOL_SECONDS="0.2") as server:
        async with server.client() as client:

            async def hang_up(n: int) -> None:
                body = {"user_id": f"u{n}", "message": "order 789"}
                async with client.stream(
                    "POST", "/support/chat", json=body, headers={"accept": "text/event-stream"}
                ) as answer:
                    async for _ in events(answer):
                        return

            await asyncio.gather(*(hang_up(n) for n in range(50)))
            for _ in range(100):
                if rows(url, "SELECT count(*) FROM turns WHERE status = 'done'") == [(50,)]:
                    break
                await asyncio.sleep(0.1)
    assert rows(url, "SELECT count(*) FROM turns WHERE status = 'done'") == [(50,)]


async def test_a_server_that_is_told_to_stop_ends_its_turns_first() -> None:
    url = temporary_url()
    with Server(url, TEST_TOOL_SECONDS="0.5") as server:
        async with server.client() as client:
            requests = [
                asyncio.create_task(
                    client.post("/support/chat", json={"user_id": f"u{n}", "message": "order 789"})
                )
                for n in range(10)
            ]
            while rows(url, "SELECT count(*) FROM turns") != [(10,)]:
                await asyncio.sleep(0.02)
            code = await asyncio.to_thread(server.stop)
            answers = await asyncio.gather(*requests)
    assert {answer.status_code for answer in answers} == {200}
    assert code in {0, -15}
    assert rows(url, "SELECT status, count(*) FROM turns GROUP BY status") == [("done", 10)]
