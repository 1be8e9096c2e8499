"""A server that answers nothing and closes nothing: whoever asks it is told in time."""

import asyncio
from collections.abc import Awaitable
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import psycopg
import pytest
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from psycopg import conninfo
from psycopg_pool.base import AttemptWithBackoff

import frontdesk.database
from chaos.proxy import proxy
from frontdesk import Customer, Frontdesk, Preview, tool
from frontdesk.database import Database, deadline
from frontdesk.errors import DatabaseUnavailable
from frontdesk.models.scripted import ScriptedModel
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.desk import call, follow, make_desk
from tests.web.service import ALLOWED, bearer, make_client, make_settings, token


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


async def _asked(ends: list[float], request: Awaitable[httpx.Response], *status: int) -> list[float]:
    """When each of the questions that a request asked had to be over."""
    ends.clear()
    answer = await request
    assert answer.status_code in status, answer.text
    return list(ends)


async def test_so_has_each_other_request_and_a_slow_shop_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock, until = asyncio.get_running_loop().time, deadline.until
    ends: list[float] = []
    left: list[float] = []

    def watched() -> float:
        ends.append(until())
        return ends[-1]

    async def slow_shop() -> None:
        await asyncio.sleep(0.05)
        left.append(until() - clock())

    async def looked(order_id: str, customer: Customer) -> dict[str, Any]:
        await slow_shop()
        return {"order_id": order_id}

    @tool(
        permission="orders:write",
        confirm=True,
        subject=looked,
        preview=lambda order, _: Preview(f"Cancel order {order['order_id']}."),
        reconcile="repeat",
    )
    async def cancel_order(order_id: str, customer: Customer, effect_id: str) -> dict[str, Any]:
        """Cancel an order."""
        await slow_shop()
        return {"order_id": order_id}

    def says(messages: list[BaseMessage]) -> AIMessage:
        asked = isinstance(messages[-1], HumanMessage)
        return call("cancel_order", order_id="789") if asked else AIMessage("Please confirm below.")

    whole = {
        "rate_customer_minute": 60,
        "rate_customer_hour": 60,
        "rate_address_minute": 60,
    }  # not in portions
    settings = make_settings(tmp_path, database_url=temporary_url(), **whole)
    desk = Frontdesk("Testshop", tools=[cancel_order])
    app = create_app(desk, settings, models=[("scripted", ScriptedModel(says))], jobs=False)
    async with app.router.lifespan_context(app), make_client(app, origin=ALLOWED) as client:
        began = await client.post("/support/sessions", headers=bearer(token()))
        client.headers.update(bearer(began.json()["token"]))
        monkeypatch.setattr(deadline, "until", watched)

        async def proposed() -> tuple[str, dict[str, Any]]:
            """(the conversation's address, the action) of a new proposal."""
            said = (await client.post("/support/chat", json={"message": "cancel 789"})).json()
            return f"/support/conversations/{said['conversation_id']}", said["actions"][0]

        _, action = await proposed()
        asked = await _asked(ends, client.post(f"/support/actions/{action['id']}/decline", json={}), 200)
        # What was decided is looked at with time of its own.
        assert (len(asked) > 2, len(set(asked[:-1]))) == (True, 1), asked
        here, action = await proposed()
        left.clear()
        body = {"confirm_token": action["confirm_token"]}
        asked = await _asked(ends, client.post(f"/support/actions/{action['id']}/confirm", json=body), 200)
        assert len(set(asked[:3])) == 1, asked
        assert asked[3] >= asked[0] + 0.05  # the claim, after the second look
        assert len(left) == 2
        assert min(left) > deadline.CALL_SECONDS - 0.01  # whatever the shop itself asks of this database
        # The file itself takes as long as it takes: so has what comes behind it.
        pdf = {"content-type": "application/pdf"}
        asked = await _asked(ends, client.post(f"{here}/attachments", content=b"%PDF-1.7", headers=pdf), 201)
        assert (len(asked) > 2, len(set(asked[:-1]))) == (True, 1), asked
        kept = (await client.post(f"{here}/attachments", content=b"%PDF-1.7", headers=pdf)).json()["id"]
        for method, path in (
            ("GET", "/support/conversations"),
            ("POST", "/support/handoff"),
            ("POST", f"{here}/handoff"),
            ("GET", f"/support/conversations/{uuid4()}/events"),
            ("GET", f"/support/actions/{action['id']}"),
            ("GET", f"/support/attachments/{kept}"),
            ("DELETE", f"{here}/attachments/{kept}"),
        ):
            asked = await _asked(ends, client.request(method, path), 200, 201, 204, 404)
            assert (len(asked) > 1, len(set(asked))) == (True, 1), (path, asked)


async def test_what_is_waited_for_aside_moves_the_deadline_on() -> None:
    clock = asyncio.get_running_loop().time
    with deadline.deadline():
        before = deadline.until()
        with deadline.aside():
            await asyncio.sleep(0.05)
            assert deadline.until() >= clock() + deadline.CALL_SECONDS - 0.001
        assert deadline.until() >= before + 0.05
    assert deadline.until() > before + 0.05
