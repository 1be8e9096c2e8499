"""A desk at work on a real database, and a model that makes exactly the calls it is given."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import psycopg
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from evals.tau_retail.backend import Backend
from evals.tau_retail.data import Json
from evals.tau_retail.desk import DESK
from evals.tau_retail.reads import SHOP
from frontdesk import Frontdesk
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import FrontdeskError
from frontdesk.models.scripted import ScriptedModel
from frontdesk.testing import temporary_database
from tests.actions.shop import Process, process

EMPTY = (b"DELETE FROM effects", b"DELETE FROM approvals", b"DELETE FROM actions")
AT_ONCE = 90  # calls in one turn


@dataclass(frozen=True)
class Answer:
    """What a model reads of a call, and the action the customer sees, if it has become one."""

    ok: bool
    text: str
    action: Json | None = None


@dataclass
class Obedient:
    """The calls to be made next, and all that was read."""

    wanted: Sequence[tuple[str, Json]] = ()
    read: list[ToolMessage] = field(default_factory=list[ToolMessage])

    def step(self, messages: list[BaseMessage]) -> AIMessage:
        if isinstance(messages[-1], HumanMessage) and self.wanted:
            numbered = enumerate(self.wanted)
            calls: Any = [
                {"name": n, "args": a, "id": f"c{i}", "type": "tool_call"} for i, (n, a) in numbered
            ]
            return AIMessage("", tool_calls=calls)
        while isinstance(messages[-1], ToolMessage):
            self.read.insert(0, messages.pop())
        return AIMessage("Please have a look.")


class Work:
    """One desk for all customers, one after the other."""

    def __init__(self, desk: Process, database: Database, model: Obedient, script: ScriptedModel) -> None:
        self._desk = desk
        self._database = database
        self._model = model
        self._script = script
        self.turns = 0
        self.said: Json = {}  # the last response, as a channel gets it

    def begin(self, world: Backend) -> None:
        """A world of its own, and a ledger in which nothing was done yet."""
        SHOP.world = world
        with psycopg.connect(
            self._database.conninfo, autocommit=True, options="-c search_path=frontdesk,public"
        ) as owner:
            for statement in EMPTY:
                owner.execute(statement)

    async def ask(self, customer: str, wanted: Sequence[tuple[str, Json]]) -> list[Answer]:
        """Push calls through the gate in one turn of the customer's; an answer for each."""
        if not wanted:
            return []
        assert len(wanted) <= AT_ONCE
        self.turns += 1
        self._model.wanted, self._model.read = wanted, []
        self.said = said = await self._desk.say("Please do that.", Principal("customer", customer))
        self._script.calls.clear()
        actions = {action["id"]: action for action in said["actions"]}
        read = sorted(self._model.read, key=lambda message: int(message.tool_call_id[1:]))
        assert len(read) == len(wanted), "a call was not answered"
        return [_answer(message, actions) for message in read]

    async def press(self, customer: str, action: Json) -> str:
        """The customer confirms with the button: the action's status afterwards, or the code of what was said."""
        try:
            done = await self._desk.actions.confirm(
                Principal("customer", customer), UUID(action["id"]), action["confirm_token"]
            )
        except FrontdeskError as error:
            return error.code
        return done.status

    async def result(self, customer: str, action: Json) -> Any:
        """What an executed action has brought."""
        return (await self._desk.actions.find(Principal("customer", customer), UUID(action["id"]))).result


def _answer(message: ToolMessage, actions: dict[str, Json]) -> Answer:
    text = str(message.content)
    said = json.loads(text)
    proposed = said.get("proposed") if isinstance(said, dict) else None
    return Answer(message.status == "success", text, actions[proposed["id"]] if proposed else None)


@asynccontextmanager
async def at_work(offered: Frontdesk = DESK) -> AsyncGenerator[Work]:
    model = Obedient()
    script = ScriptedModel(model.step)
    async with temporary_database() as database:
        limits = {
            "max_tool_calls": AT_ONCE,
            "max_model_calls": 4,
            "tool_timeout": 20.0,
            "lease_seconds": 30.0,
        }
        async with process(database, None, script, offered, **limits) as desk:
            yield Work(desk, database, model, script)
