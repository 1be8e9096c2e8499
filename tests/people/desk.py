"""A desk for the tests of people: a look-up that waits for the test, and a write that needs nobody's yes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import psycopg
from langchain_core.messages import AIMessage, BaseMessage

from frontdesk import Customer, tool
from frontdesk.bootstrap import Service, service
from frontdesk.domain import Principal
from frontdesk.models.scripted import ScriptedModel
from frontdesk.people import Staff
from frontdesk.settings import load
from frontdesk.testing import temporary_url
from tests.desk import call
from tests.process import free_port
from tests.web.console.desk import console_desk, follow

ANNA = Principal("customer", "anna")


@dataclass
class Office:
    """A desk at work, without HTTP. ``hold``, not set, keeps the look-up of order 555 from ending."""

    service: Service
    hold: asyncio.Event
    acted: list[str] = field(default_factory=list[str])  # newsletters that were subscribed to

    async def staff(self, name: str = "Mara") -> Staff:
        made, _ = await self.service.staff.add(
            f"{name.lower()}{free_port()}@shop.example", name, "agent", "a long password!"
        )
        return made

    async def talk(self, who: Principal = ANNA) -> UUID:
        """A conversation of a customer's, with one message that was answered."""
        accepted = await self.service.support.receive(who, "hello")
        await self.service.support.wait(who, accepted.turn_id, 10)
        return accepted.conversation_id

    async def send(self, message: str, talk: UUID, who: Principal = ANNA) -> UUID:
        """The turn of a message; it may still run."""
        return (await self.service.support.receive(who, message, conversation_id=talk)).turn_id

    async def answer(self, turn: UUID, who: Principal = ANNA) -> dict[str, Any]:
        response = await self.service.support.wait(who, turn, 10)
        assert response is not None, "the turn was not answered"
        return response

    async def rows(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        """Read as the owner of the tables."""
        options = "-c search_path=frontdesk,public"
        async with await psycopg.AsyncConnection.connect(
            self.service.owner_url, options=options, autocommit=True
        ) as owner:
            cursor = await owner.execute(query.encode(), values)
            return await cursor.fetchall() if cursor.description else []

    async def transcript(self, talk: UUID) -> list[tuple[str, str]]:
        return [
            (role, body)
            for role, body in await self.rows(
                "SELECT role, body FROM messages WHERE conversation_id = %s ORDER BY turn_seq, n", talk
            )
        ]

    async def audited(self, talk: UUID, kind: str) -> list[dict[str, Any]]:
        found = await self.rows(
            "SELECT data FROM audit WHERE conversation_id = %s AND kind = %s ORDER BY n", talk, kind
        )
        return [orjson.loads(row[0]) for row in found]


@asynccontextmanager
async def office(data_dir: Path, **changes: Any) -> AsyncGenerator[Office]:
    """The console's desk with one more tool, on a database of its own."""
    hold = asyncio.Event()
    hold.set()
    acted: list[str] = []

    @tool(permission="newsletter:write", changes=True, confirm=False, reconcile="repeat")
    async def subscribe(customer: Customer, effect_id: str) -> dict[str, Any]:
        """Subscribe to the newsletter."""
        acted.append(customer.id)
        return {"order_id": "newsletter", "status": "subscribed"}

    def script(messages: list[BaseMessage]) -> AIMessage:
        last = messages[-1]
        if last.type == "human" and "newsletter" in last.text:
            return call("subscribe")
        return follow(messages)

    desk = console_desk(hold)
    desk = replace(desk, tools=[*desk.tools, subscribe])
    settings = load(database_url=temporary_url(), data_dir=data_dir, log_level="error", **changes)
    async with service(desk, settings, models=[("scripted", ScriptedModel(script))]) as running:
        yield Office(running, hold, acted)
        hold.set()
