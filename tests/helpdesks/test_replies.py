"""Replies that are asked for: which of them, and what is done about answers that are not what they should be."""

from __future__ import annotations

import threading
from collections.abc import AsyncGenerator, Callable

import httpx
import pytest

from frontdesk.helpdesks import Freshdesk, Helpdesk, Intercom, Reply, Zendesk, intercom
from frontdesk.helpdesks.base import call
from frontdesk.helpdesks.plain import text_of
from tests.helpdesks.fakes import FreshdeskFake, IntercomFake
from tests.helpdesks.test_contract import client, copy

__all__ = ["client"]


async def test_the_newest_of_many_entries_are_read(client: httpx.AsyncClient) -> None:
    async with FreshdeskFake() as fake:
        made = await fake.desk().create(client, copy())
        for n in range(199):
            fake.reply(made.id, f"reply {n}")
        found = await fake.desk().replies(client, made.id)
        assert found[-1].text == "reply 198"
        fake.reply(made.id, "reply 199")  # the first of a page
        found = await fake.desk().replies(client, made.id)
        assert [reply.text for reply in found[-3:]] == ["reply 197", "reply 198", "reply 199"]


GOOD = {"id": 2, "body": "Hello.", "body_text": "Hello."}
ZENDESK = {"author_id": 5, "public": True}
FRESHDESK = {"incoming": False, "private": False}
INTERCOM = {"part_type": "comment", "author": {"type": "admin"}}


@pytest.mark.parametrize(
    ("desk", "answer"),
    [
        (
            Zendesk("s", "e", token="t"),
            lambda e: {"users": [{"id": 5, "role": "agent", "name": None}], "comments": e},
        ),
        (Freshdesk("s", key="k"), lambda e: e),
        (Intercom("t", "1"), lambda e: {"ticket_parts": {"ticket_parts": e}}),
    ],
    ids=["zendesk", "freshdesk", "intercom"],
)
async def test_a_reply_that_cannot_be_read_costs_only_itself(
    desk: Helpdesk, answer: Callable[[list[object]], object]
) -> None:
    good = {**ZENDESK, **FRESHDESK, **INTERCOM, **GOOD}
    bad = [
        None,
        {},
        {**good, "body": 7, "body_text": None},
        {**good, "author": None, "author_id": [], "private": 1},
    ]
    told = answer([good, *bad])
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=told))
    async with httpx.AsyncClient(transport=transport) as client:
        assert await desk.replies(client, "1") == (Reply("2", "Hello."),)


async def test_html_is_read_beside_the_event_loop(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    threads: list[int] = []
    monkeypatch.setattr(
        intercom, "text_of", lambda html: threads.append(threading.get_ident()) or text_of(html)
    )
    async with IntercomFake() as fake:
        made = await fake.desk().create(client, copy())
        fake.reply(made.id, "Hello.")
        assert await fake.desk().replies(client, made.id)
    assert len(threads) == 1
    assert threads[0] != threading.get_ident()


async def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    read = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal read
        while read < 50_000_000:
            read += 1_000_000
            yield b" " * 1_000_000

    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=endless()))
    async with httpx.AsyncClient(transport=transport) as client:
        with pytest.raises(httpx.DecodingError):
            await call(client, "GET", "http://helpdesk.example")
    assert read < 10_000_000
