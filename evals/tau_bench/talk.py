"""One trial: a whole conversation through Frontdesk's real turn, gate, proposals and buttons, on a database of its own."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field
from uuid import UUID

from evals.tau_bench.agents import PatientChain
from evals.tau_bench.desk import HERE
from evals.tau_bench.grade import state_hash, told
from evals.tau_bench.tasks import Task
from evals.tau_bench.users import GREETING, Heard, Move, User
from evals.tau_retail.backend import Backend
from evals.tau_retail.data import Json, records
from frontdesk import Frontdesk
from frontdesk.actions import Actions
from frontdesk.bootstrap import assemble
from frontdesk.domain import Action, Principal
from frontdesk.errors import FrontdeskError, ModelError
from frontdesk.settings import Settings
from frontdesk.support import Support
from frontdesk.testing import temporary_database

MOST_MOVES = 40  # of the customer's: messages and buttons; tau-bench ends after 30 steps of the agent's
LEAVES = "transfer_to_human_agents"


@dataclass
class Talk:
    """A conversation as it goes on. ``shown`` is all that the customer could read."""

    support: Support
    actions: Actions
    customer: Principal
    conversation: UUID | None = None
    cards: list[Json] = field(default_factory=list[Json])
    transcript: list[Json] = field(default_factory=list[Json])
    shown: list[str] = field(default_factory=list[str])
    usage: Json = field(default_factory=dict[str, float])

    async def go(self, user: User) -> None:
        """Until the customer leaves."""
        heard = Heard(GREETING)
        for _ in range(MOST_MOVES):
            move = await user.next(heard)
            receipts = await self._buttons(move)
            if move.over:
                return
            heard = await self._say(move.text, receipts) if move.text else Heard(receipts=receipts)

    async def _say(self, text: str, receipts: Sequence[str]) -> Heard:
        """A message, and the reply with its cards."""
        accepted = await self.support.receive(self.customer, text, conversation_id=self.conversation)
        self.conversation = accepted.conversation_id
        answer = await self.support.wait(self.customer, accepted.turn_id, 3600.0)
        assert answer, "the turn was not answered"
        record = (await self.support.find(self.customer, accepted.turn_id)).record
        steps = record.get("steps", [])
        self.cards = [card for card in answer["actions"] if "confirm_token" in card]
        cards = [_written(card) for card in self.cards]
        for name, amount in record.get("usage", {}).items():
            self.usage[name] = self.usage.get(name, 0) + amount
        self.shown += [answer["reply"], *cards]
        self.transcript += [
            {"role": "customer", "text": text},
            *(
                {"role": "tool", "name": s["tool"], "arguments": s["arguments"], "ok": s.get("ok", True)}
                for s in steps
            ),
            {"role": "assistant", "text": answer["reply"], "cards": cards},
        ]
        ended = answer["mode"] != "ai" or any(s["tool"] == LEAVES and s.get("ok", True) for s in steps)
        return Heard(answer["reply"], cards, receipts, ended)

    async def _buttons(self, move: Move) -> list[str]:
        """Press or decline what is open; returns what the customer is told of it."""
        if not (move.press or move.decline):
            return []
        told_: list[str] = []
        for card in self.cards:
            try:
                action = await self._press(card, move.press)
                told_.append(self.actions.reply(action))
                status = action.status
            except FrontdeskError as error:
                told_.append(error.detail)
                status = error.code
            self.transcript.append(
                {"role": "button", "pressed": move.press, "card": card["title"], "status": status}
            )
        self.cards = []
        self.shown += told_
        return told_

    async def _press(self, card: Json, yes: bool) -> Action:
        if yes:
            return await self.actions.confirm(self.customer, UUID(card["id"]), card["confirm_token"])
        return await self.actions.decline(self.customer, UUID(card["id"]))


async def trial(task: Task, desk: Frontdesk, settings: Settings, chain: PatientChain, user: User) -> Json:
    """The graded result of one conversation; ``error`` says where an endpoint kept it from being one."""
    began, world = time.monotonic(), Backend(records())
    HERE.set(world)
    error = ""
    async with _at_work(task, desk, settings, chain) as talk:
        try:
            await talk.go(user)
        except ModelError as failure:
            error = f"{type(failure).__name__}: {failure}"
    failures = [*chain.failures, *user.spent.failures]
    state, wanted = state_hash(world.changed()), state_hash(task.end)
    outputs = told(task.outputs, talk.shown)
    spent = {name: amount for name, amount in asdict(user.spent).items() if amount}
    return {
        "task": task.number,
        "passed": state == wanted and all(outputs.values()),
        "database": state == wanted,
        "outputs": outputs,
        "state": state,
        "wanted": wanted,
        "agent": talk.usage,
        "user": spent,
        "seconds": round(time.monotonic() - began, 1),
        "error": error or (failures[0] if failures else ""),
        "transcript": talk.transcript,
    }


@asynccontextmanager
async def _at_work(
    task: Task, desk: Frontdesk, settings: Settings, chain: PatientChain
) -> AsyncGenerator[Talk]:
    """A process of Frontdesk's with a database in which nothing has happened yet."""
    async with temporary_database() as database:
        support, actions = assemble(desk, database, chain, settings)
        await actions.start()
        await support.start()
        try:
            yield Talk(support, actions, Principal("customer", task.customer))
        finally:
            await support.stop(1.0)
            await actions.stop(1.0)


def _written(card: Json) -> str:
    """A card as the customer reads it."""
    preview = card["preview"]
    changes = [f"{c['label']}: {c['before']} → {c['after']}" for c in preview["changes"]]
    return f"{preview['text']} {'; '.join(changes)}".strip()
