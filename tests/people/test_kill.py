"""kill -9 while consoles and widgets are open and write: after the restart nothing is lost, nothing is there twice."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import httpx

from frontdesk.database import Database
from frontdesk.people import StaffDirectory
from frontdesk.store.audit import verify
from frontdesk.testing import temporary_url
from tests.process import AUTH, Server, free_port
from tests.test_crash import events, rows
from tests.web.console.console import PASSWORD, post, sign_in

WIDGETS, CONSOLES, REPLIES = 4, 3, 2
GONE = (httpx.HTTPError,)


@dataclass
class Stream:
    """An open page: what it was told, and where it goes on."""

    client: httpx.AsyncClient
    path: str
    user: str = ""
    last: str = ""
    told: list[tuple[str, Any]] = field(default_factory=list[tuple[str, Any]])
    opened: int = 0

    async def follow(self) -> None:
        """Watch, and go on behind the last event after a loss, until it is cancelled."""
        params = {"user_id": self.user} if self.user else {}
        while True:
            headers = {"last-event-id": self.last} if self.last else {}
            with suppress(*GONE):
                async with self.client.stream(
                    "GET", self.path, params=params, headers=headers, timeout=None
                ) as answer:
                    assert answer.status_code == 200
                    self.opened += 1
                    async for self.last, kind, data in events(answer):
                        self.told.append((kind, data))
            await asyncio.sleep(0.3)

    def texts(self) -> list[str]:
        return [data["text"] for kind, data in self.told if kind == "message"]


async def _until_done(send: Callable[[], Awaitable[httpx.Response]]) -> None:
    """Send it as often as it takes, as the pages do."""
    while True:
        with suppress(*GONE):
            answer = await send()
            if answer.status_code in (200, 303):
                return
            assert answer.status_code in (202, 503), answer.text
        await asyncio.sleep(0.3)


async def _soon(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.3)


async def test_a_server_killed_under_open_consoles_and_widgets_loses_and_doubles_nothing() -> None:
    url, port = temporary_url(), free_port()
    database = await Database.open(url)
    for n in range(CONSOLES):
        await StaffDirectory(database).add(f"s{n}@ourshop.example", f"Staff {n}", "agent", PASSWORD)
    await database.close()
    base = f"http://127.0.0.1:{port}"
    customers = httpx.AsyncClient(base_url=base, headers=AUTH, timeout=30, trust_env=False)
    staff = [
        httpx.AsyncClient(base_url=base, headers={"origin": base}, timeout=30, trust_env=False)
        for _ in range(CONSOLES)
    ]
    with Server(url, port=port) as first:
        for n, client in enumerate(staff):
            assert (await sign_in(client, f"s{n}")).status_code == 303
        talks = []
        for n in range(WIDGETS):
            asked = await customers.post("/support/handoff", json={"user_id": f"u{n}"})
            talks.append(asked.json()["conversation_id"])
        widgets = [
            Stream(customers, f"/support/conversations/{talk}/events", f"u{n}")
            for n, talk in enumerate(talks)
        ]
        consoles = [Stream(client, "/console/events") for client in staff]
        following = [asyncio.create_task(stream.follow()) for stream in (*widgets, *consoles)]
        await _soon(lambda: all(stream.opened for stream in (*widgets, *consoles)))

        async def answer(n: int, first: int = 0, last: int = REPLIES - 1) -> None:
            for k in range(first, last):
                form = {"text": f"reply {n}.{k}", "client_id": f"r{k}"}
                path = f"/console/conversations/{talks[n]}/reply"
                await _until_done(lambda: post(staff[n % CONSOLES], path, **form))  # noqa: B023

        async def write(n: int) -> None:
            for k in range(REPLIES):
                body = {"user_id": f"u{n}", "message": f"message {n}.{k}", "client_message_id": f"{n}.{k}"}
                body |= {"conversation_id": talks[n]}
                await _until_done(lambda: customers.post("/support/chat", json=body))  # noqa: B023

        writing = [asyncio.create_task(act(n)) for n in range(WIDGETS) for act in (answer, write)]
        stored = "SELECT count(*) FROM messages WHERE role = 'staff'"
        await _soon(lambda: rows(url, stored)[0][0] >= WIDGETS // 2)  # type: ignore[operator]
        first.kill()
    before = [(stream.opened, len(stream.told)) for stream in consoles]
    with Server(url, port=port):
        await asyncio.gather(*writing)
        await _soon(lambda: all(c.opened > opened for c, (opened, _) in zip(consoles, before, strict=True)))
        await asyncio.gather(*(answer(n, REPLIES - 1, REPLIES) for n in range(WIDGETS)))
        expected = [[f"reply {n}.{k}" for k in range(REPLIES)] for n in range(WIDGETS)]
        await _soon(lambda: [widget.texts() for widget in widgets] == expected)
        await _soon(lambda: all(len(c.told) > told for c, (_, told) in zip(consoles, before, strict=True)))
        for task in following:
            task.cancel()
        await asyncio.gather(*following, return_exceptions=True)
    for client in (customers, *staff):
        await client.aclose()
    twice = "SELECT body FROM messages WHERE role IN ('staff', 'customer') GROUP BY body HAVING count(*) > 1"
    assert rows(url, twice) == []
    counts = (
        "SELECT role, count(*) FROM messages WHERE role IN ('staff', 'customer') GROUP BY role ORDER BY role"
    )
    assert rows(url, counts) == [("customer", WIDGETS * REPLIES), ("staff", WIDGETS * REPLIES)]
    assert verify(url).problems == []
