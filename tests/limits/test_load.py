"""What one process takes on at a time, through the whole application."""

import asyncio
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI, Request

from frontdesk.database import Database
from frontdesk.errors import QueueFull
from frontdesk.models.scripted import ScriptedModel
from frontdesk.web.app import create_app
from frontdesk.web.load import BODY_LOOKS, BODY_SECONDS, Streams, _pass_over  # pyright: ignore[reportPrivateUsage]
from tests.desk import Backend, follow, make_desk
from tests.web.service import SERVICE_KEY, bearer, make_settings

pytestmark = pytest.mark.timeout(60)
CHAT = {"user_id": "u1", "message": "Where is order 789?"}
STREAM = {"accept": "text/event-stream"}


@asynccontextmanager
async def served(
    database: Database, folder: Path, seconds: float = 0.0, **settings: object
) -> AsyncGenerator[tuple[FastAPI, httpx.AsyncClient]]:
    backend = Backend()
    backend.seconds = seconds
    wanted = make_settings(folder, database_url=database.conninfo, **settings)
    app = create_app(make_desk(backend), wanted, models=[("scripted", ScriptedModel(follow))], jobs=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://127.0.0.1",
            headers=bearer(SERVICE_KEY),
            timeout=30,
        ) as client,
    ):
        yield app, client


def refused(answers: list[httpx.Response], status: int) -> list[httpx.Response]:
    found = [answer for answer in answers if answer.status_code == status]
    assert {answer.status_code for answer in answers} <= {200, status}
    assert all(int(answer.headers["retry-after"]) >= 1 for answer in found)
    return found


async def test_requests_beyond_the_limit_are_refused_unread_and_health_is_told_all_the_same(
    shared: Database, tmp_path: Path
) -> None:
    async with served(shared, tmp_path, seconds=1.0, request_limit=3) as (_, client):
        asked = [
            asyncio.create_task(client.post("/support/chat", json=CHAT | {"user_id": f"r{n}"}))
            for n in range(8)
        ]
        await asyncio.sleep(0.3)
        assert (await client.get("/healthz")).status_code == 200
        answers = await asyncio.gather(*asked)
        assert len(refused(answers, 503)) == 5
        assert {answer.json()["code"] for answer in refused(answers, 503)} == {"queue_full"}
        assert (await client.post("/support/chat", json=CHAT)).status_code == 200


async def test_a_full_queue_is_said_before_the_body_is_read(shared: Database, tmp_path: Path) -> None:
    async with served(shared, tmp_path, queue_limit=1) as (app, client):
        app.state.service.support._queue.waiting = 1
        answer = await client.post("/support/chat", content=b"not json")
        assert (answer.status_code, answer.json()["code"]) == (503, "queue_full")
        app.state.service.support._queue.waiting = 0
        assert (await client.post("/support/chat", content=b"not json")).status_code == 415


async def test_one_customers_streams_are_bounded_and_end_in_room(shared: Database, tmp_path: Path) -> None:
    async with served(shared, tmp_path, seconds=1.0, stream_limit_customer=2) as (app, client):
        answers = await asyncio.gather(
            *(client.post("/support/chat", json=CHAT | {"user_id": "s1"}, headers=STREAM) for _ in range(5)),
            client.post("/support/chat", json=CHAT | {"user_id": "s2"}, headers=STREAM),
        )
        assert len(refused(answers, 429)) == 3
        assert {answer.json()["code"] for answer in refused(answers, 429)} == {"too_many_streams"}
        assert app.state.streams.places.taken == 0
        last = await client.post("/support/chat", json=CHAT | {"user_id": "s1"}, headers=STREAM)
        assert last.status_code == 200


async def test_all_streams_of_a_process_are_bounded(shared: Database, tmp_path: Path) -> None:
    async with served(shared, tmp_path, seconds=1.0, stream_limit=2) as (_, client):
        answers = await asyncio.gather(
            *(
                client.post("/support/chat", json=CHAT | {"user_id": f"t{n}"}, headers=STREAM)
                for n in range(4)
            )
        )
        assert len(refused(answers, 503)) == 2


async def test_a_stream_that_is_refused_later_leaves_its_place(shared: Database, tmp_path: Path) -> None:
    async with served(shared, tmp_path) as (app, client):
        foreign = CHAT | {"conversation_id": "01a22120-c472-72de-8c02-15f6455d46b4"}
        assert (await client.post("/support/chat", json=foreign, headers=STREAM)).status_code == 404
        assert app.state.streams.places.taken == 0


async def test_files_are_taken_in_so_many_at_once(shared: Database, tmp_path: Path) -> None:
    async def slow() -> AsyncGenerator[bytes]:
        yield b"\x89PNG\r\n\x1a\n"
        await asyncio.sleep(0.5)

    async with served(shared, tmp_path, upload_limit=3) as (_, client):
        paths: dict[str, str] = {}
        for who in ("f1", "f2", "f3"):
            begun = await client.post("/support/conversations", json={"user_id": who})
            paths[who] = f"/support/conversations/{begun.json()['conversation_id']}/attachments?user_id={who}"

        async def send(who: str) -> httpx.Response:
            return await client.post(paths[who], content=slow(), headers={"content-type": "image/png"})

        one = asyncio.gather(*(send("f1") for _ in range(4)))
        await asyncio.sleep(0.2)
        others = await asyncio.gather(send("f2"), send("f3"))
        answers = await one
        assert sorted(answer.status_code for answer in answers) == [201, 201, 429, 429]
        assert sorted(answer.status_code for answer in others) == [201, 503]
        assert (await send("f1")).status_code == 201


async def test_a_file_for_somebody_elses_conversation_is_refused_unread(
    shared: Database, tmp_path: Path
) -> None:
    read = False

    async def content() -> AsyncGenerator[bytes]:
        nonlocal read
        read = True
        yield b"\x89PNG\r\n\x1a\n"

    async with served(shared, tmp_path) as (_, client):
        begun = await client.post("/support/conversations", json={"user_id": "f4"})
        path = f"/support/conversations/{begun.json()['conversation_id']}/attachments?user_id=f5"
        answer = await client.post(path, content=content(), headers={"content-type": "image/png"})
    assert answer.status_code == 404
    assert not read


async def test_customers_leave_room_for_the_streams_of_staff(tmp_path: Path) -> None:
    streams = Streams(make_settings(tmp_path, stream_limit=2))
    request = Request({"type": "http"})
    for n in range(2):
        streams.open(request, f"customer:u{n}")
    with pytest.raises(QueueFull):
        streams.open(request, "customer:u2")
    for n in range(200):
        streams.open(request, f"staff:{n}")
    with pytest.raises(QueueFull):
        streams.open(request, "staff:200")


async def test_a_conversations_stream_ends_and_is_read_on_with_a_session_that_still_is_one(
    shared: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("frontdesk.web.handoff.PING_SECONDS", 0.05)
    monkeypatch.setattr("frontdesk.web.handoff.STREAM_SECONDS", 0.2)
    async with served(shared, tmp_path) as (_, client):
        begun = await client.post("/support/conversations", json={"user_id": "e1"})
        path = f"/support/conversations/{begun.json()['conversation_id']}/events?user_id=e1"
        async with asyncio.timeout(20):
            first = await client.get(path)  # returns once the stream has ended
            again = await client.get(path, headers={"last-event-id": "0.0"})
    for answer in (first, again):
        assert answer.status_code == 200
        assert "event: handoff" in answer.text
        assert answer.text.endswith("\n\n")


async def test_a_body_that_came_while_the_process_lagged_is_read_before_its_sender_is_refused() -> None:
    """Who is answered and cut off while a body lies unread hears of a broken connection, and no Retry-After."""
    came: asyncio.Queue[dict[str, object]] = asyncio.Queue()
    loop = asyncio.get_running_loop()

    def lag() -> None:
        time.sleep(BODY_SECONDS / BODY_LOOKS + 0.1)
        loop.call_soon(came.put_nowait, {"type": "http.request", "body": b"{}", "more_body": False})

    loop.call_later(0.01, lag)
    await _pass_over(came.get)  # type: ignore[arg-type]
    assert came.empty()
