"""A console over a real server on loopback and a database of its own, with three people: tom, mara the lead, ada the admin."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import uvicorn

from frontdesk import settings as frontdesk_settings
from frontdesk.bootstrap import Service
from frontdesk.testing import ScriptedModel, temporary_url
from frontdesk.web.app import create_app
from tests.process import AUTH, KEY, free_port
from tests.web.console.desk import console_desk, follow

PASSWORD = "correct-horse-battery"
STAFF = {"tom": ("Tom Berg", "agent"), "mara": ("Mara Lind", "lead"), "ada": ("Ada Admin", "admin")}
CSRF = re.compile(r'name="csrf" value="(\w+)"')


@dataclass
class Console:
    """A running console. ``hold``, not set, keeps the look-up of order 555 from ending."""

    url: str
    app: Any
    backend: httpx.AsyncClient
    hold: asyncio.Event = field(default_factory=asyncio.Event)
    numbers: count = field(default_factory=lambda: count(1))

    @property
    def service(self) -> Service:
        return self.app.state.service

    def customer(self) -> str:
        """A customer nobody has seen yet."""
        return f"u{next(self.numbers)}x"

    async def say(self, customer: str, message: str, **more: Any) -> dict[str, Any]:
        answer = await self.backend.post(
            "/support/chat", json={"user_id": customer, "message": message, **more}
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def waiting(self, message: str = "I want to talk to a person") -> tuple[str, str]:
        """(customer, conversation) of somebody who waits for a person."""
        customer = self.customer()
        return customer, (await self.say(customer, message))["conversation_id"]

    async def refund(self) -> tuple[str, str]:
        """(customer, action) of a refund that its customer has confirmed and staff must approve."""
        customer = self.customer()
        action = (await self.say(customer, "please refund order 789"))["actions"][0]
        body = {"user_id": customer, "confirm_token": action["confirm_token"]}
        answer = await self.backend.post(f"/support/actions/{action['id']}/confirm", json=body)
        assert answer.json()["action"]["status"] == "confirmed", answer.text
        return customer, action["id"]

    async def events(self, conversation: str) -> list[str]:
        """What the audit chain says that staff did."""
        import orjson
        import psycopg

        async with await psycopg.AsyncConnection.connect(self.service.owner_url) as owner:
            rows = await owner.execute(
                "SELECT data FROM frontdesk.audit WHERE conversation_id = %s AND kind = 'staff' ORDER BY n",
                (conversation,),
            )
            return [orjson.loads(row[0])["event"] for row in await rows.fetchall()]

    async def decisions(self, action: str) -> list[str]:
        """What the audit chain says that people decided about an action."""
        import orjson
        import psycopg

        async with await psycopg.AsyncConnection.connect(self.service.owner_url) as owner:
            rows = await owner.execute(
                "SELECT data FROM frontdesk.audit WHERE kind = 'action' AND data LIKE %s", (f"%{action}%",)
            )
            events = [orjson.loads(row[0]) for row in await rows.fetchall()]
        return [event["event"] for event in events if str(event.get("by", "")).startswith("staff:")]

    async def transcript(self, customer: str, conversation: str) -> list[dict[str, Any]]:
        answer = await self.backend.get(
            f"/support/conversations/{conversation}", params={"user_id": customer}
        )
        return answer.json()["messages"]

    @asynccontextmanager
    async def signed_in(self, who: str) -> AsyncGenerator[httpx.AsyncClient]:
        async with httpx.AsyncClient(
            base_url=self.url, headers={"origin": self.url}, trust_env=False
        ) as client:
            answer = await sign_in(client, who)
            assert answer.status_code == 303, answer.text
            yield client


async def sign_in(client: httpx.AsyncClient, who: str, password: str = PASSWORD) -> httpx.Response:
    csrf = CSRF.search((await client.get("/console/sign-in")).text)[1]  # type: ignore[index]
    form = {"csrf": csrf, "email": f"{who}@ourshop.example", "password": password, "next": ""}
    return await client.post("/console/sign-in", data=form)


async def post(client: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """A form, with the token that the pages of this browser carry."""
    csrf = CSRF.search((await client.get("/console/settings")).text)[1]  # type: ignore[index]
    return await client.post(path, data={"csrf": csrf, **fields})


@asynccontextmanager
async def console(
    data_dir: Path, staff: Sequence[str] = tuple(STAFF), **changes: Any
) -> AsyncGenerator[Console]:
    port = free_port()
    given = {"database_url": "", "log_level": "error", **changes}
    settings = frontdesk_settings.load(
        data_dir=data_dir,
        service_keys=(KEY,),
        port=port,
        **{**given, "database_url": given["database_url"] or temporary_url()},
    )
    hold = asyncio.Event()
    hold.set()

    app = create_app(console_desk(hold), settings, models=[("scripted", ScriptedModel(follow))])
    config = uvicorn.Config(app, port=port, log_level="error", timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.02)
    url = f"http://127.0.0.1:{port}"
    async with httpx.AsyncClient(base_url=url, headers=AUTH, timeout=30, trust_env=False) as backend:
        running = Console(url, app, backend, hold)
        for who in staff:
            name, role = STAFF[who]
            await running.service.staff.add(f"{who}@ourshop.example", name, role, PASSWORD)  # type: ignore[arg-type]
        yield running
        running.service.support.drain()
        server.should_exit = True
        await serving
