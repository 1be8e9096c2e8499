"""A customer's side of a handover, over HTTP: asking for a person, who answers, live; files; mail."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from frontdesk import BusinessHours
from frontdesk.bootstrap import Service
from frontdesk.models.scripted import ScriptedModel
from frontdesk.people import Staff
from frontdesk.testing import temporary_url
from frontdesk.web.app import create_app
from tests.process import free_port
from tests.web.console.desk import console_desk, follow
from tests.web.service import ALLOWED, bearer, make_client, make_settings, token

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 40


@pytest.fixture(scope="module")
async def app(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[FastAPI]:
    settings = make_settings(
        tmp_path_factory.mktemp("data"),
        database_url=temporary_url(),
        smtp_url=f"smtp://127.0.0.1:{free_port()}",
        mail_from="OurShop <support@shop.example>",
    )
    held = asyncio.Event()
    held.set()
    app = create_app(console_desk(held), settings, models=[("scripted", ScriptedModel(follow))])
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture
async def door(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    async with make_client(app) as client:
        yield client


@pytest.fixture
def desk(app: FastAPI) -> Service:
    return app.state.service


async def _staff(desk: Service, name: str = "Mara") -> Staff:
    made, _ = await desk.staff.add(
        f"{name.lower()}{free_port()}@shop.example", name, "agent", "a long password!"
    )
    return made


async def _said(door: httpx.AsyncClient, who: str, message: str, **more: Any) -> dict[str, Any]:
    answer = await door.post(
        "/support/chat", json={"message": message} | more, headers=bearer(token(sub=who))
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


async def _read(door: httpx.AsyncClient, who: str, identity: str) -> dict[str, Any]:
    return (await door.get(f"/support/conversations/{identity}", headers=bearer(token(sub=who)))).json()


async def test_a_person_is_one_press_away_and_a_second_press_makes_nothing_twice(
    door: httpx.AsyncClient, desk: Service
) -> None:
    talk = (await _said(door, "h1", "hello"))["conversation_id"]
    first = await door.post(f"/support/conversations/{talk}/handoff", headers=bearer(token(sub="h1")))
    again = await door.post(f"/support/conversations/{talk}/handoff", headers=bearer(token(sub="h1")))
    assert first.json()["ticket"] == again.json()["ticket"]
    assert first.json()["handoff"]["state"] == "queued"
    assert (await _said(door, "h1", "where is order 789?"))["mode"] == "queued"  # the AI answers meanwhile
    assert (await _read(door, "h1", talk))["handoff"]["reason"] == "asked"
    mara = await _staff(desk)
    found = await desk.people.conversation(mara, UUID(talk))
    assert len(found.tickets) == 1


async def test_a_person_may_be_asked_for_before_a_word_is_said_and_what_they_write_is_read(
    door: httpx.AsyncClient, desk: Service
) -> None:
    asked = await door.post("/support/handoff", headers=bearer(token(sub="h2")))
    assert asked.status_code == 201
    talk = asked.json()["conversation_id"]
    mara = await _staff(desk)
    await desk.people.reply(mara, UUID(talk), "How can I help?", client_id="c1")
    read = await _read(door, "h2", talk)
    assert [(m["role"], m["author"], m["text"]) for m in read["messages"]] == [
        ("staff", "Mara", "How can I help?")
    ]
    assert read["handoff"]["person"] == {"name": "Mara"}
    answer = await _said(door, "h2", "where is order 789?", conversation_id=talk)
    assert (answer["mode"], answer["reply"]) == ("human", "")
    await desk.people.reply(mara, UUID(talk), "It is shipped.", client_id="c2")
    roles = [m["role"] for m in (await _read(door, "h2", talk))["messages"]]
    assert roles == ["staff", "customer", "staff"]


async def test_what_a_person_does_reaches_an_open_page_at_once_and_a_lost_stream_goes_on(
    app: FastAPI, door: httpx.AsyncClient, desk: Service
) -> None:
    talk = (await _said(door, "h3", "hello"))["conversation_id"]
    mara = await _staff(desk)
    path = f"/support/conversations/{talk}/events"

    async def watch(last: str = "") -> AsyncGenerator[tuple[str, str, dict[str, Any]]]:
        """ASGITransport buffers a whole answer, so the application is called by hand."""
        from frontdesk.domain import Principal
        from frontdesk.web.handoff import _events  # pyright: ignore[reportPrivateUsage]

        turn, _, n = last.partition(".")
        after = (int(turn), int(n)) if last else None
        async for chunk in _events(desk, Principal("customer", "h3"), UUID(talk), after):
            lines = dict(
                line.split(": ", 1) for line in chunk.decode().splitlines() if line and line[0] != ":"
            )
            if "event" in lines:
                yield lines["event"], lines.get("id", ""), json.loads(lines["data"])

    stream = watch()
    assert (await anext(stream))[2]["state"] == "ai"
    await desk.people.take_over(mara, UUID(talk))
    event, _, told = await asyncio.wait_for(anext(stream), 5)
    assert (event, told["state"], told["person"]) == ("handoff", "human", {"name": "Mara"})
    await desk.people.reply(mara, UUID(talk), "One moment.", client_id="a")
    event, last, told = await asyncio.wait_for(anext(stream), 5)
    assert (event, told["text"], told["author"]) == ("message", "One moment.", "Mara")
    await stream.aclose()
    await desk.people.reply(mara, UUID(talk), "Found it.", client_id="b")
    stream = watch(last)
    event, _, told = await asyncio.wait_for(anext(stream), 5)
    assert (event, told["text"]) == ("message", "Found it.")
    await stream.aclose()
    assert (await door.get(path, headers=bearer(token(sub="other")))).status_code == 404


async def test_a_customer_sees_only_their_own_conversations(door: httpx.AsyncClient) -> None:
    mine = (await _said(door, "h4", "where is order 789?"))["conversation_id"]
    await _said(door, "h5", "hello")
    listed = (await door.get("/support/conversations", headers=bearer(token(sub="h4")))).json()
    assert [(c["conversation_id"], c["title"]) for c in listed["conversations"]] == [
        (mine, "where is order 789?")
    ]
    for path in ("handoff", "email", "attachments"):
        answer = await door.post(
            f"/support/conversations/{mine}/{path}",
            headers=bearer(token(sub="h5"))
            | ({"content-type": "image/png"} if path == "attachments" else {}),
            **({"content": PNG} if path == "attachments" else {"json": EMAIL if path == "email" else {}}),
        )
        assert answer.status_code == 404, path


EMAIL = {"email": "ann@example.com", "what": "replies"}


async def test_a_file_is_kept_for_its_owner_and_staff_and_for_nobody_else(
    door: httpx.AsyncClient, desk: Service
) -> None:
    talk = (await _said(door, "h6", "hello"))["conversation_id"]
    own, path = bearer(token(sub="h6")), f"/support/conversations/{talk}/attachments"
    kept = await door.post(
        f"{path}?name=..%2Fa%0Ab.png", content=PNG, headers=own | {"content-type": "image/png"}
    )
    assert kept.status_code == 201, kept.text
    file = kept.json()
    assert (file["name"], file["bytes"]) == ("ab.png", len(PNG))
    answer = await _said(door, "h6", "this is broken", attachments=[file["id"]], conversation_id=talk)
    assert (await _read(door, "h6", talk))["attachments"][0]["turn_id"] == answer["turn_id"]
    read = await door.get(f"/support/attachments/{file['id']}", headers=own)
    assert (read.content, read.headers["content-disposition"][:10]) == (PNG, "attachment")
    assert "sandbox" in read.headers["content-security-policy"]
    assert (
        await door.get(f"/support/attachments/{file['id']}", headers=bearer(token(sub="h7")))
    ).status_code == 404
    sent = await door.delete(f"{path}/{file['id']}", headers=own)
    assert sent.status_code == 404  # what was sent with a message stays


@pytest.mark.parametrize(
    ("media_type", "content", "status"),
    [
        ("image/png", b"<svg onload=alert(1)>", 415),
        ("image/svg+xml", b"<svg/>", 415),
        ("text/html", b"<b>", 415),
        ("application/pdf", PNG, 415),
        ("image/png", b"", 422),
        ("image/png", PNG + b"0" * 6_000_000, 413),
    ],
)
async def test_what_is_no_picture_and_no_pdf_is_refused(
    door: httpx.AsyncClient, media_type: str, content: bytes, status: int
) -> None:
    talk = (await _said(door, "h8", "hello"))["conversation_id"]
    answer = await door.post(
        f"/support/conversations/{talk}/attachments?name=a",
        content=content,
        headers=bearer(token(sub="h8")) | {"content-type": media_type},
    )
    assert answer.status_code == status, answer.text


async def test_a_conversation_holds_ten_files(door: httpx.AsyncClient) -> None:
    talk = (await _said(door, "h9", "hello"))["conversation_id"]
    path, own = f"/support/conversations/{talk}/attachments", bearer(token(sub="h9"))
    got = [
        (
            await door.post(f"{path}?name={n}.png", content=PNG, headers=own | {"content-type": "image/png"})
        ).status_code
        for n in range(11)
    ]
    assert got == [201] * 10 + [409]


@pytest.mark.parametrize(
    "bad", ["", "a@b", "a b@example.com", "a@example.com\r\nBcc: x@example.com", "<a@example.com>"]
)
async def test_what_is_no_address_is_refused(door: httpx.AsyncClient, bad: str) -> None:
    talk = (await _said(door, "h10", "hello"))["conversation_id"]
    body = {"email": bad, "what": "replies"}
    answer = await door.post(
        f"/support/conversations/{talk}/email", json=body, headers=bearer(token(sub="h10"))
    )
    assert answer.status_code == 422, answer.text


async def test_mail_is_asked_for_three_times_an_hour(door: httpx.AsyncClient) -> None:
    talk = (await _said(door, "h11", "hello"))["conversation_id"]
    body = {"email": "ann@example.com", "what": "transcript"}
    path = f"/support/conversations/{talk}/email"
    got = [(await door.post(path, json=body, headers=bearer(token(sub="h11")))).status_code for _ in range(4)]
    assert got == [202, 202, 202, 429]


async def test_the_widget_is_told_what_it_must_know_without_a_credential(door: httpx.AsyncClient) -> None:
    told = await door.get("/support/widget.json", headers={"origin": ALLOWED})
    assert told.json()["desk"] == "OurShop"
    assert told.json()["hours"] == {"open": True, "reply_time": None, "reply": None}
    assert told.headers["access-control-allow-origin"] == ALLOWED


async def test_outside_the_hours_nobody_is_promised_and_an_address_is_asked_for(
    door: httpx.AsyncClient, desk: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.handoffs, "_hours", BusinessHours("UTC", {"mon": "9-9:01"}))
    monkeypatch.setattr(desk.handoffs, "open", lambda _: False)
    talk = (await _said(door, "h12", "hello"))["conversation_id"]
    answer = await door.post(f"/support/conversations/{talk}/handoff", headers=bearer(token(sub="h12")))
    told = answer.json()["handoff"]
    assert told["state"] == "away"
    assert told["reply_time"].endswith("at 9:00")
    assert told["reply"]["at"].endswith("T09:00:00+00:00")
    assert told["email"] is False
