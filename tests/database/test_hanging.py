"""A server that answers nothing and closes nothing: whoever asks it is told in time."""

import asyncio
from pathlib import Path

import psycopg
import pytest
from psycopg import conninfo
from psycopg_pool.base import AttemptWithBackoff

import frontdesk.database
from chaos.proxy import proxy
from frontdesk.database import Database, deadline
from frontdesk.errors import DatabaseUnavailable
from frontdesk.models.scripted import ScriptedModel
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.desk import follow, make_desk
from tests.web.service import ALLOWED, make_client, make_settings


async def test_a_customers_transaction_on_a_server_that_hangs_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadline, "CALL_SECONDS", 0.5)
    url = temporary_url()
    socket = Path(str(conninfo.conninfo_to_dict(url)["host"])) / ".s.PGSQL.5432"
    clock = asyncio.get_running_loop().time
    async with proxy(socket) as between:
        database = await Database.open(conninfo.make_conninfo(url, host="127.0.0.1", port=between.port))
        try:
            async with database.transaction("customer:u1") as connection:
                await connection.execute("SELECT 1")
                between.turn("black hole")
                began = clock()
                with pytest.raises(Exception, match="closed"):
                    await connection.execute("SELECT 2")
                assert clock() - began < 2
        except DatabaseUnavailable:
            pass
        began = clock()
        with pytest.raises(DatabaseUnavailable):  # nor is a new connection waited for
            async with database.transaction("customer:u1"):
                pass
        assert clock() - began < 2
        between.turn("pass")
        for _ in range(100):
            try:
                async with database.transaction("customer:u1") as connection:
                    await connection.execute("SELECT 3")
                break
            except DatabaseUnavailable:
                await asyncio.sleep(0.1)
        await database.close()


async def test_all_that_a_message_asks_of_a_slow_server_has_one_deadline(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each of session, rates and message is quicker than the deadline; one after the other they are not."""
    url = temporary_url()
    socket = Path(str(conninfo.conninfo_to_dict(url)["host"])) / ".s.PGSQL.5432"
    async with proxy(socket) as between:
        between.seconds = 0.15
        slow = conninfo.make_conninfo(url, host="127.0.0.1", port=between.port)
        settings = make_settings(tmp_path, database_url=slow, migration_url=url)
        app = create_app(make_desk(), settings, models=[("scripted", ScriptedModel(follow))])
        async with app.router.lifespan_context(app), make_client(app, origin=ALLOWED) as client:
            session = (await client.post("/support/sessions")).json()["token"]
            client.headers["authorization"] = f"Bearer {session}"
            assert (await client.post("/support/chat", json={"message": "hello"})).status_code == 200
            monkeypatch.setattr(deadline, "CALL_SECONDS", 0.4)
            between.turn("slow")
            refused = await client.post("/support/chat", json={"message": "a second one"})
            assert (refused.status_code, refused.json()["code"]) == (503, "database_unavailable")
            assert int(refused.headers["retry-after"]) > 0
            between.turn("pass")
            monkeypatch.setattr(deadline, "CALL_SECONDS", 4.0)
            assert (await client.post("/support/chat", json={"message": "a third one"})).status_code == 200
    with psycopg.connect(url, options="-c search_path=frontdesk,public") as connection:
        said = connection.execute("SELECT body FROM messages WHERE role = 'customer' ORDER BY turn_seq")
        assert [body for (body,) in said] == ["hello", "a third one"]


async def test_a_server_that_is_back_is_found_however_long_it_was_gone(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The pause between two attempts to connect stays short; psycopg's pool doubles it for five minutes."""
    monkeypatch.setattr(deadline, "CALL_SECONDS", 0.1)
    monkeypatch.setattr(frontdesk.database, "RECONNECT_SECONDS", 0.2)
    monkeypatch.setattr(AttemptWithBackoff, "INITIAL_DELAY", 0.05)
    url = temporary_url()
    socket = Path(str(conninfo.conninfo_to_dict(url)["host"])) / ".s.PGSQL.5432"
    async with proxy(socket) as between:
        database = await Database.open(conninfo.make_conninfo(url, host="127.0.0.1", port=between.port))
        pauses: list[float] = []
        schedule = database._pool.schedule_task

        async def noted(task: object, delay: float) -> None:
            pauses.append(delay)
            await schedule(task, delay)

        monkeypatch.setattr(database._pool, "schedule_task", noted)
        between.turn("reset")
        for _ in range(10):
            with pytest.raises(DatabaseUnavailable):
                await database.call("now")
        between.turn("pass")
        assert len(pauses) >= 3
        assert max(pauses) < 0.25
        await database.close()
