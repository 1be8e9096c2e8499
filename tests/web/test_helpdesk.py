"""POST /support/helpdesks/{name}/webhook: who is believed, and what it does to the ticket."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from uuid import UUID, uuid4

import httpx
import pytest
from fastapi import FastAPI

from frontdesk import Frontdesk
from frontdesk.database import Database, as_owner
from frontdesk.domain import Principal
from frontdesk.models.scripted import ScriptedModel
from frontdesk.people import courier
from frontdesk.people.courier import Courier
from frontdesk.store import customers
from frontdesk.store.conversations import begin
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from frontdesk.web.handoff import _events  # pyright: ignore[reportPrivateUsage]
from tests.desk import follow
from tests.helpdesks.fakes import ZendeskFake
from tests.web.service import SERVICE_KEY, make_client, make_settings

SERVICE = {"authorization": f"Bearer {SERVICE_KEY}"}
PATH = "/support/helpdesks/zendesk/webhook"


@pytest.fixture(scope="module")
async def fake() -> AsyncGenerator[ZendeskFake]:
    async with ZendeskFake() as fake:
        yield fake


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory, fake: ZendeskFake) -> AsyncGenerator[FastAPI]:
    settings = make_settings(tmp_path_factory.mktemp("data"), database_url=temporary_url())
    desk = Frontdesk("Testshop", helpdesk=fake.desk())
    app = create_app(desk, settings, models=[("scripted", ScriptedModel(follow))])
    with pytest.MonkeyPatch.context() as changed:
        changed.setattr(
            courier, "LOOK_SECONDS", 3600.0
        )  # the tests bring tickets themselves, when they want to
        async with app.router.lifespan_context(app):
            yield app


@pytest.fixture
async def door(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    async with make_client(app) as client:
        yield client


@pytest.fixture
def database(app: FastAPI) -> Database:
    return app.state.service.database


async def _ticket(database: Database) -> int:
    principal = Principal("customer", f"c{uuid4().hex[:8]}")
    return await customers.call_person(database, principal, await begin(database, principal, "api"))


async def _bring(database: Database, fake: ZendeskFake) -> str:
    """The new ticket's id over there."""
    async with httpx.AsyncClient(trust_env=False) as client:
        await Courier(database, None).one(fake.desk(), client)
    return max(fake.tickets, key=int)


async def _status(database: Database, number: int) -> tuple[object, ...] | None:
    async with database.transaction(staff="test") as connection:
        cursor = await connection.execute(
            "SELECT status, closed_at IS NOT NULL FROM tickets WHERE number = %s", (number,)
        )
        return await cursor.fetchone()


async def _say(door: httpx.AsyncClient, fake: ZendeskFake, identity: str, word: str) -> int:
    headers, body = fake.say(identity, word)
    return (await door.post(PATH, headers=headers, content=body)).status_code


async def test_the_state_arrives_at_the_ticket(
    door: httpx.AsyncClient, database: Database, fake: ZendeskFake
) -> None:
    number = await _ticket(database)
    identity = await _bring(database, fake)
    assert await _say(door, fake, identity, "pending") == 204
    assert await _status(database, number) == ("pending", False)
    assert await _say(door, fake, identity, "Solved") == 204
    assert await _say(door, fake, identity, "Solved") == 204
    assert await _status(database, number) == ("solved", True)
    assert await _say(door, fake, identity, "open") == 204
    assert await _status(database, number) == ("open", False)


async def test_only_the_declared_helpdesk_and_only_signed(
    door: httpx.AsyncClient, database: Database, fake: ZendeskFake
) -> None:
    number = await _ticket(database)
    headers, body = fake.say(await _bring(database, fake), "solved")
    assert (
        await door.post(PATH.replace("zendesk", "acme"), headers=headers, content=body)
    ).status_code == 404
    for given in ({}, {**headers, "x-zendesk-webhook-signature": "AAAA"}):
        answer = await door.post(PATH, headers=given, content=body)
        assert (answer.status_code, answer.json()["code"]) == (401, "invalid_token")
    assert (await door.post(PATH, headers=headers, content=body + b" ")).status_code == 401
    assert await _status(database, number) == ("open", False)


@pytest.mark.parametrize(
    ("body", "status"), [(b"", 400), (b"[]", 400), (b"\xff", 400), (b"{}", 204), (b'{"status": 7}', 204)]
)
async def test_signed_junk_is_refused_or_ignored(
    door: httpx.AsyncClient, fake: ZendeskFake, body: bytes, status: int
) -> None:
    headers, body = fake.sign(body)
    assert (await door.post(PATH, headers=headers, content=body)).status_code == status


async def test_a_ticket_that_is_not_ours_is_nothing_to_tell_again(
    door: httpx.AsyncClient, fake: ZendeskFake
) -> None:
    assert await _say(door, fake, "999999", "solved") == 204
    headers, body = fake.sign(json.dumps({"id": "1\0", "status": "solved"}).encode())
    assert (await door.post(PATH, headers=headers, content=body)).status_code == 204


async def test_news_of_a_ticket_that_is_under_way_is_to_be_told_again(
    door: httpx.AsyncClient, database: Database, fake: ZendeskFake
) -> None:
    number = await _ticket(database)
    fake.faults = ["lost"]
    identity = await _bring(database, fake)
    headers, body = fake.say(identity, "solved")
    answer = await door.post(PATH, headers=headers, content=body)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
    async with database.transaction(staff="test") as connection:
        await connection.execute("UPDATE deliveries SET next_at = now()")
    await _bring(database, fake)
    assert await _say(door, fake, identity, "solved") == 204
    assert await _status(database, number) == ("solved", True)


async def _asked(database: Database, fake: ZendeskFake) -> tuple[Principal, UUID, str]:
    """A customer who has asked for a person, their conversation, and its ticket over there."""
    principal = Principal("customer", f"c{uuid4().hex[:8]}")
    conversation = await begin(database, principal, "api")
    await customers.call_person(database, principal, conversation)
    return principal, conversation, await _bring(database, fake)


async def _read(door: httpx.AsyncClient, customer: Principal, conversation: UUID) -> list[tuple[str, str]]:
    answer = await door.get(
        f"/support/conversations/{conversation}", params={"user_id": customer.id}, headers=SERVICE
    )
    return [(each.get("author", ""), each["text"]) for each in answer.json()["messages"]]


async def _state(door: httpx.AsyncClient, customer: Principal, conversation: UUID) -> tuple[str, str]:
    answer = await door.get(
        f"/support/conversations/{conversation}", params={"user_id": customer.id}, headers=SERVICE
    )
    handoff = answer.json()["handoff"]
    return handoff["state"], (handoff["person"] or {}).get("name", "")


async def _tell(door: httpx.AsyncClient, signed: tuple[dict[str, str], bytes]) -> int:
    headers, body = signed
    return (await door.post(PATH, headers=headers, content=body)).status_code


async def test_a_reply_reaches_the_customer_once_and_silences_the_ai(
    door: httpx.AsyncClient, database: Database, fake: ZendeskFake
) -> None:
    customer, conversation, identity = await _asked(database, fake)
    told = fake.reply(identity, "It left our house today.", "Ann\x07 Agent")
    answers = await asyncio.gather(*(_tell(door, told) for _ in range(4)))
    assert answers == [204] * 4
    fake.reply(identity, "He shouts.", private=True)
    assert await _tell(door, fake.reply(identity, "Anything else?", "Ben Agent")) == 204
    assert await _read(door, customer, conversation) == [
        ("Ann Agent", "It left our house today."),
        ("Ben Agent", "Anything else?"),
    ]
    assert await _state(door, customer, conversation) == ("human", "Ben Agent")
    answer = await door.post(
        "/support/chat",
        headers=SERVICE,
        json={"user_id": customer.id, "message": "thanks", "conversation_id": str(conversation)},
    )
    assert answer.json()["reply"] == ""


async def test_a_reply_and_solved_at_once_are_the_last_words_of_a_resolved_conversation(
    door: httpx.AsyncClient, database: Database, fake: ZendeskFake
) -> None:
    customer, conversation, identity = await _asked(database, fake)
    fake.reply(identity, "Refunded.")
    assert await _say(door, fake, identity, "solved") == 204
    assert await _read(door, customer, conversation) == [("Ann Agent", "Refunded.")]
    assert (await _state(door, customer, conversation))[0] == "resolved"
    fake.reply(identity, "PS: by Monday.")
    assert await _say(door, fake, identity, "solved") == 204
    assert (await _read(door, customer, conversation))[-1] == ("Ann Agent", "PS: by Monday.")
    assert (await _state(door, customer, conversation))[0] == "resolved"


async def test_what_a_colleague_holds_here_is_not_ended_from_there(
    door: httpx.AsyncClient, app: FastAPI, database: Database, fake: ZendeskFake
) -> None:
    service = app.state.service
    customer, conversation, identity = await _asked(database, fake)
    mara = (await service.staff.add("mara@shop.example", "Mara Lind", "lead", "a-long-password-1"))[0]
    await service.people.take_over(mara, conversation)
    fake.reply(identity, "From there.")
    assert await _say(door, fake, identity, "solved") == 204
    assert await _read(door, customer, conversation) == [("Ann Agent", "From there.")]
    assert await _state(door, customer, conversation) == ("human", "Mara Lind")


async def test_where_replies_cannot_be_read_it_is_to_be_told_again(
    door: httpx.AsyncClient, database: Database, fake: ZendeskFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    customer, conversation, identity = await _asked(database, fake)
    told = fake.reply(identity, "Hello.")
    with monkeypatch.context() as broken:
        broken.setattr(fake, "answer", lambda *_: 1 / 0)  # its 500
        assert await _tell(door, told) == 503
    assert await _tell(door, told) == 204
    assert await _read(door, customer, conversation) == [("Ann Agent", "Hello.")]


async def test_replies_that_will_never_be_readable_are_not_told_again_and_the_state_arrives(
    door: httpx.AsyncClient, database: Database, fake: ZendeskFake, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await _ticket(database)
    identity = await _bring(database, fake)
    for answer, word in (({"comments": None}, "pending"), ({"comments": "x" * 6_000_000}, "solved")):
        with monkeypatch.context() as broken:
            broken.setattr(fake, "answer", lambda *_, answer=answer: answer)
            assert await _say(door, fake, identity, word) == 204
        status = await _status(database, number)
        assert status is not None
        assert status[0] == word


async def test_an_open_page_hears_of_it_at_once(
    door: httpx.AsyncClient, app: FastAPI, database: Database, fake: ZendeskFake
) -> None:
    customer, conversation, identity = await _asked(database, fake)
    stream = _events(app.state.service, customer, conversation, None)
    try:
        assert await anext(stream) == b": here\n\n"
        assert b'"state":"queued"' in await anext(stream)
        assert await _tell(door, fake.reply(identity, "Hello.")) == 204
        told = await asyncio.wait_for(anext(stream), 5)
        assert b"event: message" in told
        assert b'"text":"Hello.","author":"Ann Agent"' in told
        assert b'"person":{"name":"Ann Agent"}' in await asyncio.wait_for(anext(stream), 5)
    finally:
        await stream.aclose()


async def test_what_a_customer_sends_afterwards_reaches_the_helpdesk_and_resolving_solves_it_there(
    app: FastAPI, door: httpx.AsyncClient, database: Database, fake: ZendeskFake
) -> None:
    customer = f"c{uuid4().hex[:8]}"
    said = {"user_id": customer}
    begun = (await door.post("/support/handoff", json=said, headers=SERVICE)).json()
    conversation = begun["conversation_id"]
    identity = await _bring(database, fake)
    path = f"/support/conversations/{conversation}/attachments"
    png = {**SERVICE, "content-type": "image/png"}
    given = {"name": "tent.png", "user_id": customer}
    file = (await door.post(path, params=given, content=b"\x89PNG\r\n\x1a\n0", headers=png)).json()["id"]
    message = {**said, "message": "Here it is.", "conversation_id": conversation, "attachments": [file]}
    assert (await door.post("/support/chat", json=message, headers=SERVICE)).status_code == 200
    with as_owner(app.state.service.owner_url) as owner:  # a moment passes
        owner.execute("UPDATE turns SET accepted_at = accepted_at - interval '10 seconds'")
        owner.execute("UPDATE tickets SET created_at = created_at - interval '1 minute'")
        owner.execute("UPDATE helpdesks SET since = since - interval '1 minute'")
    staff, _ = await app.state.service.staff.add(
        f"{customer}@shop.example", "Mara", "agent", "a long password!"
    )
    await app.state.service.people.resolve(staff, UUID(conversation))
    async with httpx.AsyncClient(trust_env=False) as client:
        for _ in range(3):
            await Courier(database, None).one(fake.desk(), client)
    [(text, files)] = fake.tickets[identity]["said"]
    assert text == f"[{begun['ticket']}] message 1:\n\nHere it is.\n\nFile: tent.png"
    assert files == [("tent.png", b"\x89PNG\r\n\x1a\n0")]
    assert fake.tickets[identity]["status"] == "solved"
