"""Replays episodes at the desk: what is allowed runs, what is forbidden does not, and the end state is the right one."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from evals.tau_retail.backend import Backend
from evals.tau_retail.data import Json, records
from evals.tau_retail.desk import DESK
from evals.tau_retail.episodes import Call, Episode
from evals.tau_retail.mutations import Mutation, Wish, after, before, rival
from evals.tau_retail.reference import refusal
from evals.tau_retail.work import Answer, Work

BESIDE = "second use: both proposed, the other confirmed first"
TWICE = "second use: the button pressed again"
THIEF = "another customer's button"
BARE = "of the forbidden calls would have changed data, had the backend been told directly"
THEIRS = "of the forbidden calls would have been done by the benchmark's own tools"
ALLOWED = "of the calls made as forbidden ones were left out: they are allowed in that state"


@dataclass
class Report:
    """Counts by name; ``problems`` says, in words, what must not be."""

    passed: Counter[str] = field(default_factory=Counter[str])
    of: Counter[str] = field(default_factory=Counter[str])
    problems: list[str] = field(default_factory=list[str])

    def count(self, what: str, holds: object, problem: str) -> None:
        self.of[what] += 1
        self.passed[what] += bool(holds)
        if not holds:
            self.problems.append(f"{what}: {problem}")

    def note(self, what: str, so: bool) -> None:
        """A count that nothing is wrong with either way."""
        self.of[what] += 1
        self.passed[what] += so


def calls_of(episodes: Sequence[Episode]) -> frozenset[str]:
    """Every allowed write with the state in which it is: what no mutation may be."""
    known: set[str] = set()
    for episode in episodes:
        world = Backend(records())
        for call in episode.calls:
            if call.writes and not call.fails:
                known.add(key(world, episode.customer, call.name, call.arguments))
                world.do(call.name, call.arguments)
    return frozenset(known)


def key(world: Backend, customer: str, name: str, arguments: Json) -> str:
    state = sorted((*where, record) for where, record in world.changed().items())
    return json.dumps([customer, name, arguments, state], sort_keys=True, default=str)


class Replay:
    """Episodes pushed through one desk. ``attacks`` is the share of the mutations that is tried."""

    def __init__(
        self,
        work: Work,
        report: Report,
        *,
        allowed: frozenset[str] = frozenset(),
        attacks: float = 0.0,
        seed: int = 1,
    ) -> None:
        self._work = work
        self.report = report
        self._allowed = allowed
        self._attacks = attacks
        self._seed = seed
        self._world = Backend(records())
        self._rng = Random(0)

    async def run(self, episode: Episode, sort: str) -> None:
        """One customer's calls, one after the other, from the published records on."""
        self._world, self._rng = Backend(records()), Random(f"{self._seed} {episode.name}")
        self._work.begin(self._world)
        reads: list[Call] = []
        for call in episode.calls:
            if not call.writes:
                reads.append(call)
                continue
            await self._read(episode, sort, reads)
            reads = []
            await self._write(episode, sort, call)
        await self._read(episode, sort, reads)
        self.report.count(f"{sort}: end states equal", self._world.changed() == episode.end, episode.name)

    async def _read(self, episode: Episode, sort: str, calls: Sequence[Call]) -> None:
        answers = await self._work.ask(episode.customer, [(call.name, call.arguments) for call in calls])
        for call, answer in zip(calls, answers, strict=True):
            problem = f"{episode.name} {call.name} {call.arguments}: {answer.text[:200]}"
            if call.fails:
                self.report.count(f"{sort}: failing calls fail", not answer.ok, problem)
                continue
            self.report.count(f"{sort}: reads pass", answer.ok, problem)
            self._compare(sort, call, json.loads(answer.text), problem)

    async def _write(self, episode: Episode, sort: str, call: Call) -> None:
        wish, customer = (call.name, call.arguments), episode.customer
        other = None
        if self._attacks and not call.fails:
            await self._forbidden(episode, before(self._world, customer, wish, self._rng))
            other = self._rival(customer, wish)
        [answer, *beside] = await self._work.ask(customer, [wish, *([other] if other else [])])
        problem = f"{episode.name} {call.name} {call.arguments}: {answer.text[:200]}"
        if call.fails:
            self.report.count(f"{sort}: failing calls fail", not answer.ok and not answer.action, problem)
            return
        status = await self._confirmed(customer, answer)
        self.report.count(f"{sort}: writes pass", status == "executed", f"{status} {problem}")
        if status != "executed" or not answer.action:
            return
        self._compare(sort, call, await self._work.result(customer, answer.action), problem)
        if self._attacks:
            await self._buttons(episode, answer.action, other, beside)
            await self._forbidden(episode, after(self._world, customer, wish, self._rng))

    async def _confirmed(self, customer: str, answer: Answer) -> str:
        """Press the button; where attacks are made, somebody else does first, with the very token."""
        if not answer.action:
            return "not proposed"
        if self._attacks:
            thief = self._rng.choice([user for user in self._world.base.users if user != customer])
            await self._nothing(THIEF, lambda: self._work.press(thief, answer.action or {}))
        return await self._work.press(customer, answer.action)

    def _compare(self, sort: str, call: Call, got: Any, problem: str) -> None:
        """Against the original tool's answer: records alike, but for fields that hold nothing."""
        if call.recorded is None:
            return
        try:
            wanted = json.loads(call.recorded)
        except ValueError:
            wanted = call.recorded
        if call.name == "calculate":
            got, wanted = float(got), float(wanted)
        if call.name in ("get_user_details", "modify_user_address"):
            wanted.pop("user_id", None)
        self.report.count(f"{sort}: answers equal those recorded", _held(got) == _held(wanted), problem)

    # ------------------------------------------------------------------ what must be refused
    def _rival(self, customer: str, wish: Wish) -> Wish | None:
        """A call that is allowed now and, by the benchmark's tools or by "once per order", not behind ``wish``."""
        other = rival(self._world, customer, wish, self._rng)
        if other is None or refusal(self._world, *other):
            return None
        later = self._world.fork()
        later.do(*wish)
        return other if refusal(later, *other) or other[0] == wish[0] else None

    def _new(self, world: Backend, customer: str, wish: Wish) -> bool:
        return key(world, customer, *wish) not in self._allowed

    async def _forbidden(self, episode: Episode, mutations: Sequence[Mutation]) -> None:
        """Try mutations in one turn, and press whatever button comes of them."""
        chosen = [m for m in mutations if self._attacks >= 1 or self._rng.random() < self._attacks]
        news = [self._new(self._world, episode.customer, (m.name, m.arguments)) for m in chosen]
        for new in news:
            self.report.note(ALLOWED, not new)
        chosen = [mutation for mutation, new in zip(chosen, news, strict=True) if new]
        if not chosen:
            return
        state, effects = self._world.fork().changed(), len(self._world.effects)
        answers = await self._work.ask(episode.customer, [(m.name, m.arguments) for m in chosen])
        for mutation, answer in zip(chosen, answers, strict=True):
            self._told_directly(mutation)
            status = await self._work.press(episode.customer, answer.action) if answer.action else "refused"
            problem = f"{episode.name} {mutation.name} {mutation.arguments}: {status} {answer.text[:200]}"
            self.report.count(f"refused: {mutation.kind}", not answer.ok and not answer.action, problem)
        same = self._world.changed() == state and len(self._world.effects) == effects
        self.report.count("forbidden turns that changed nothing", same, episode.name)

    def _told_directly(self, mutation: Mutation) -> None:
        """What would have come of it elsewhere: at the bare backend, and at the benchmark's own tools."""
        tool = next(tool for tool in DESK.tools if tool.name == mutation.name)
        arguments = {name: value for name, value in mutation.arguments.items() if name in tool.accepts}
        told = self._world.fork()
        told.do(mutation.name, arguments)
        self.report.note(BARE, told.changed() != self._world.changed())
        self.report.note(THEIRS, not refusal(self._world, mutation.name, arguments))

    async def _buttons(
        self, episode: Episode, action: Json, other: Wish | None, beside: Sequence[Answer]
    ) -> None:
        """The same button again, and that of a proposal which the first one has overtaken."""
        await self._nothing(TWICE, lambda: self._work.press(episode.customer, action))
        if not other:
            return
        [answer] = beside
        self.report.count("rivals proposed", answer.action, f"{episode.name} {other}: {answer.text[:200]}")
        if answer.action:
            await self._nothing(BESIDE, lambda: self._work.press(episode.customer, answer.action or {}))

    async def _nothing(self, kind: str, press: Callable[[], Any]) -> None:
        state, effects = self._world.fork().changed(), len(self._world.effects)
        status = await press()
        same = self._world.changed() == state and len(self._world.effects) == effects
        self.report.count(f"refused: {kind}", status != "executed" and same, status)


def _held(value: Any) -> Any:
    """JSON without what is null."""
    if isinstance(value, dict):
        return {name: _held(one) for name, one in value.items() if one is not None}
    return [_held(one) for one in value] if isinstance(value, list) else value
