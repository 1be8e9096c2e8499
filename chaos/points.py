"""Crash points, put around production code from outside by the process that is to die: the package knows none of them.

A strike is one kill -9 at one point. It waits until every customer of its batch stands there, so that one kill hits
all of their turns in the same place; those who do not come within its grace it does without.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from collections.abc import Awaitable, Callable
from contextvars import ContextVar
from pathlib import Path
from typing import Any, NoReturn

from frontdesk import support
from frontdesk.actions import execute
from frontdesk.agent import Agent
from frontdesk.domain import Action
from frontdesk.models import ModelChain
from frontdesk.store.actions import ActionStore
from frontdesk.store.turns import Turns
from frontdesk.tools import Tool

#: In the order a turn and its action pass them. "noted" and "refunded": the backend has done it, nobody knows yet.
BEFORE = ("received",)
WITHIN = ("stored", "model", "note claimed", "noted", "reply ready")
AFTER = ("replied",)
ACTION = ("confirmed", "claimed", "refunded", "recorded")
ANYWHERE = "anywhere"  # some milliseconds after the first message has come in: inside of a commit, too
POINTS = (*BEFORE, ANYWHERE, *WITHIN, *AFTER, *ACTION)

TOOL_SECONDS = 2.4  # what a tool may take, at the desk that is killed

whose: ContextVar[str] = ContextVar("whose", default="")


class Strike:
    """One kill to come. ``kills`` is the file it is written down in just before."""

    def __init__(self, point: str, batch: list[str], kills: Path, seed: int) -> None:
        self._point = point
        self._batch = set(batch)
        self._kills = kills
        # Inside of a tool the gate's patience ends after TOOL_SECONDS; elsewhere there is time for a lease to run out.
        self._grace = TOOL_SECONDS / 2 if point in ("noted", "refunded") else 2 * TOOL_SECONDS
        self._moment = random.Random(seed).uniform(0, 0.15)
        self._here: set[str] = set()

    async def passing(self, point: str, customer: str) -> None:
        """A customer's turn comes by. Who stands at the strike's point stands there for good."""
        if self._point == ANYWHERE and point == "received" and customer in self._batch:
            if not self._here:
                asyncio.get_running_loop().call_later(self._moment, self._kill)
            self._here.add(customer)
        if point != self._point or customer not in self._batch:
            return
        if not self._here:
            asyncio.get_running_loop().call_later(self._grace, self._kill)
        self._here.add(customer)
        if self._here == self._batch:
            self._kill()
        await asyncio.Event().wait()

    def _kill(self) -> NoReturn:
        with self._kills.open("a") as file:
            file.write(json.dumps({"point": self._point, "whose": sorted(self._here)}) + "\n")
        os.kill(os.getpid(), signal.SIGKILL)
        raise AssertionError("unreachable")


class Points:
    """The points of this process; ``strike`` is set in the child that is to die."""

    def __init__(self) -> None:
        self.strike: Strike | None = None

    async def at(self, point: str, customer: str) -> None:
        """Pass a point."""
        if self.strike:
            await self.strike.passing(point, customer)

    def around(
        self,
        kind: type,
        method: str,
        customer: Callable[..., str],
        before: Callable[..., str] | str = "",
        after: Callable[..., str] | str = "",
    ) -> None:
        """Put a point before and after a method; ``customer`` tells from its arguments whose turn it is."""
        inner: Callable[..., Awaitable[Any]] = getattr(kind, method)

        async def passed(*arguments: Any, **more: Any) -> Any:
            who = customer(*arguments)
            if name := before(*arguments) if callable(before) else before:
                await self.at(name, who)
            result = await inner(*arguments, **more)
            if name := after(*arguments) if callable(after) else after:
                await self.at(name, who)
            return result

        setattr(kind, method, passed)

    def install(self) -> None:
        """Put all points around the production code of this process."""
        self._name_the_customer()
        self.around(Turns, "accept", lambda _, who, *__: who.id, "received", "stored")
        self.around(ModelChain, "complete", lambda *_: whose.get(), "model")
        self.around(Turns, "finish", lambda _, turn, *__: turn.principal.id, "reply ready", "replied")
        self.around(ActionStore, "begin", _owner, after="note claimed")
        self.around(ActionStore, "claim", _owner, "confirmed", "claimed")
        self.around(Tool, "call", lambda _, __, context: context.principal.id, after=_effect)
        self.around(ActionStore, "settle", _owner, after=_recorded)

    def _name_the_customer(self) -> None:
        """A model is not told whose turn it is; the task that asks it is."""
        inner = Agent.run

        async def run(agent: Agent, turn: Any, *more: Any) -> Any:
            whose.set(turn.principal.id)
            return await inner(agent, turn, *more)

        Agent.run = run  # type: ignore[method-assign]


def _owner(_: ActionStore, action: Action, *__: Any) -> str:
    return action.principal.partition(":")[2]


def _effect(tool: Tool, *_: Any) -> str:
    return {"add_note": "noted", "refund_order": "refunded"}.get(tool.name, "")


def _recorded(_: ActionStore, action: Action, *__: Any) -> str:
    return "recorded" if action.tool == "refund_order" else ""


def hurry(seconds: float) -> None:
    """Look for what the dead have left more often than in production, so that a kill costs less time."""
    support.SWEEP_SECONDS = seconds
    actions = __import__("frontdesk.actions", fromlist=["SWEEP_SECONDS"])
    actions.SWEEP_SECONDS = seconds
    execute.PAUSES = (seconds,)
