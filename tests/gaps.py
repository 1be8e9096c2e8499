"""Turns that ended unanswered, written as finish_turn and staff leave them, for tests of what is made of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
from psycopg import AsyncConnection

from frontdesk.database import Database
from frontdesk.domain import Json
from frontdesk.knowledge.ask import Ask
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.declared import Knowledge
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync

RENT = ("Do you rent out tents?", "Can I rent a tent from you?", "Is it possible to rent tents from you")
REPLY = "Yes. You can rent a tent for up to 14 days; a two-person tent costs 25 EUR a week."


def step(tool: str, *, ok: bool = True, **arguments: Any) -> Json:
    """A tool call as store/records.py keeps it."""
    known: Json = {
        "tool": tool,
        "label": "",
        "arguments": arguments,
        "result": "{}",
        "ms": 1.0,
        "permission": "",
    }
    return known if ok else {**known, "ok": False, "error": "failed"}


def searched(query: str = "", *, ok: bool = True) -> Json:
    return step("search_knowledge", ok=ok, query=query)


def handed_over(reason: str = "unanswered") -> Json:
    return step("hand_over", reason=reason, summary="")


@dataclass
class Chat:
    """One conversation of ``customer``, written by the role that owns the tables."""

    owner: AsyncConnection[Any]
    customer: str = "u1"
    kind: str = "customer"
    facts: Json = field(default_factory=dict[str, Any])
    id: UUID = field(default_factory=uuid4)
    seq: int = 0

    @property
    def principal(self) -> str:
        return f"{self.kind}:{self.customer}"

    async def turn(
        self, message: str, outcome: str = "unanswered", steps: list[Json] | None = None, ago: str = "0 s"
    ) -> UUID:
        """A finished turn; it searched the help center unless ``steps`` says otherwise."""
        self.seq += 1
        turn = uuid4()
        record = orjson.dumps({"steps": [searched(message)] if steps is None else steps}).decode()
        async with self.owner.transaction():
            await self.owner.execute(
                "INSERT INTO conversations (id, principal, channel, facts, turns_accepted, turns_done)"
                " VALUES (%s, %s, 'api', %s, 1, 1) ON CONFLICT (id) DO UPDATE SET facts = excluded.facts",
                (self.id, self.principal, orjson.dumps(self.facts).decode()),
            )
            await self.owner.execute(
                "INSERT INTO turns (id, conversation_id, principal, seq, status, outcome, record, accepted_at, done_at)"
                " VALUES (%s, %s, %s, %s, 'done', %s, %s, now() - %s::interval, now() - %s::interval)",
                (turn, self.id, self.principal, self.seq, outcome, record, ago, ago),
            )
            await self._message(0, "customer", message)
            await self._message(1, "assistant", "I don't know that.")
        return turn

    async def reply(self, text: str) -> None:
        """What a colleague wrote after the last turn."""
        row = await (
            await self.owner.execute(
                "SELECT max(n) FROM messages WHERE conversation_id = %s AND turn_seq = %s",
                (self.id, self.seq),
            )
        ).fetchone()
        await self._message((row[0] if row else 1) + 1, "staff", text)

    async def _message(self, n: int, role: str, text: str) -> None:
        await self.owner.execute(
            "INSERT INTO messages (conversation_id, turn_seq, n, principal, role, body, created_at)"
            " VALUES (%s, %s, %s, %s, %s, %s, clock_timestamp())",
            (self.id, self.seq, n, self.principal, role, text),
        )


async def owner_of(database: Database) -> AsyncConnection[Any]:
    """A connection of the role that owns the tables."""
    return await AsyncConnection.connect(
        database.conninfo, autocommit=True, options="-c search_path=frontdesk,public"
    )


def base_of(database: Database) -> KnowledgeBase:
    """The knowledge base of a desk that declares nothing of its own."""
    return KnowledgeBase(database, Knowledge())


def asking(database: Database) -> Ask:
    """Its search."""
    return base_of(database).ask()


def run_as_owner(url: str, work: Callable[[AsyncConnection[Any]], Awaitable[None]]) -> None:
    """``work`` with the owner's connection, for tests that are not asynchronous themselves."""

    async def run() -> None:
        async with await AsyncConnection.connect(
            url, autocommit=True, options="-c search_path=frontdesk,public"
        ) as owner:
            await work(owner)

    asyncio.run(run())


async def asked(owner: AsyncConnection[Any], *questions: str, **more: Any) -> list[Chat]:
    chats = [Chat(owner, f"u{n}", **more) for n, _ in enumerate(questions)]
    for chat, question in zip(chats, questions, strict=True):
        await chat.turn(question)
    return chats


async def help_center(database: Database, folder: Path, **pages: str) -> None:
    folder.mkdir(exist_ok=True)
    for name, text in {"shipping": "# Shipping\n\nA parcel to Norway costs 14.95 EUR.", **pages}.items():
        (folder / f"{name}.md").write_text(text)
    await sync(database, Embedder.default(), Folder(folder, name="help", url="https://shop.example/{slug}"))
