"""Recorded conversations run again: today's desk and model, the tools' results from the record.

Each turn is run from the past as it was recorded, so that one that goes another way does not spoil those behind it. No
backend is called, nothing is written, no action is made: a call that the record does not answer ends the replay.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn, cast
from uuid import UUID

import orjson

from frontdesk.agent import Agent
from frontdesk.desk import Frontdesk
from frontdesk.domain import Action, Json, Mode, Passage, PastTurn, Preview, Principal, TurnInput, TurnResult
from frontdesk.errors import ToolError
from frontdesk.evaluation.scenario import Call
from frontdesk.memory import remember
from frontdesk.models import ModelChain
from frontdesk.settings import Settings
from frontdesk.store.recorded import Recorded, RecordedTurn
from frontdesk.store.records import steps_of
from frontdesk.tools import Tool, ToolContext

__all__ = ["Difference", "Replayed", "replay"]

SEARCH = "search_knowledge"
WORDED = {SEARCH, "open_ticket", "hand_over", "list_actions"}  # called in a model's own words: asked by name


class _NotRecorded(BaseException):
    """A call that the record does not answer. Not an Exception: whoever turns those into answers must not see it."""

    def __init__(self, call: Call) -> None:
        super().__init__(str(call))
        self.call = call


@dataclass(frozen=True, slots=True)
class Difference:
    """What is not as it was in turn ``seq``: ``what`` is calls, outcome, cites or reply."""

    seq: int
    what: str
    before: str
    after: str


@dataclass(slots=True)
class Replayed:
    """One conversation run again: ``turns`` of ``of`` were run.

    ``missing`` is the call that ended it in turn ``ended_in``, where ``instead`` is what the record has.
    """

    conversation_id: UUID
    of: int
    turns: int = 0
    differences: list[Difference] = field(default_factory=list[Difference])
    missing: str = ""
    ended_in: int = 0
    instead: str = ""
    cost_usd: float = 0.0

    @property
    def same(self) -> bool:
        """Whether every turn went as it did."""
        return not self.differences and not self.missing


async def replay(
    recorded: Recorded, desk: Frontdesk, tools: Sequence[Tool], models: ModelChain, settings: Settings
) -> Replayed:
    """Run the agent's turns again, in order, and compare. Turns that a person answered are left out."""
    turns = [turn for turn in recorded.turns if turn.reply]
    found = Replayed(recorded.conversation_id, len(turns))
    facts: Json = {}
    mode: Mode = "ai"
    for number, turn in enumerate(turns):
        window = _window(recorded, turns[:number], turn.at)[-settings.window_turns :]
        given = TurnInput(
            turn.turn_id, recorded.conversation_id, turn.seq, _principal(recorded, turn), turn.message,
            window, facts, mode,
        )  # fmt: skip
        answers = _Answers(turn, recorded)
        agent = Agent(desk, [_played(tool, answers) for tool in tools], models, settings, answers)
        try:
            result = await agent.run(given)
        except _NotRecorded as missing:
            found.missing, found.ended_in = str(missing.call), turn.seq
            found.instead = _calls(turn.record.get("steps", []))
            return found
        found.turns += 1
        found.cost_usd += result.usage.cost_usd or 0.0
        found.differences += _differences(turn, result)
        facts = remember(facts, turn.message, steps_of(turn.record.get("steps")))
        mode = turn.record.get("mode", mode)
    return found


# ------------------------------------------------------------------ what the tools said
class _Answers:
    """The record in the place of the tools of one turn: the call's result in this turn, else in one before it."""

    def __init__(self, turn: RecordedTurn, recorded: Recorded) -> None:
        before = [past for past in recorded.turns if past.seq < turn.seq]
        # A data-changing call of an earlier turn is another proposal: only reads are answered from there.
        self._now: list[Json] = list(turn.record.get("steps", []))
        self._before: list[Json] = [
            step for past in reversed(before) for step in past.record.get("steps", [])
        ]
        self._actions = {action.state["id"]: action.state for action in recorded.actions}

    def result(self, tool: Tool, arguments: Json) -> str:
        """The recorded result. Raises ToolError where one was raised then."""
        step = self._find(tool, arguments)
        if step.get("ok", True):
            return step["result"]
        error = cast("Json", orjson.loads(step["result"])).get("error", {})
        failed = ToolError(str(error.get("message", "")))
        failed.code = str(error.get("code", "tool_error"))
        raise failed

    async def propose(self, tool: Tool, arguments: Json, context: ToolContext, effect: UUID) -> Action:  # noqa: ARG002  (the gate's signature)
        """The action as it was proposed; it is in memory alone."""
        _, arguments = tool.parse(arguments)
        told: Json = cast("Json", orjson.loads(self.result(tool, arguments))).get("proposed", {})
        if not told:
            self._missing(tool, arguments)
        state = self._actions.get(told["id"])
        preview = Preview.read(state["preview"]) if state else Preview(text=told["text"], title=told["title"])
        return Action(
            id=UUID(told["id"]), conversation_id=context.conversation_id, turn_id=context.turn_id,
            principal=context.principal.key, tool=tool.name, arguments=arguments, digest=b"", preview=preview,
            basis=b"", policy="", status="proposed", expires_at=datetime.now(UTC) + timedelta(minutes=10),
            needs=told.get("approvals", 0),
        )  # fmt: skip

    async def write(self, tool: Tool, arguments: Json, context: ToolContext, effect: UUID) -> tuple[str, str]:  # noqa: ARG002
        """The recorded result of a write that nobody had to confirm."""
        tool.parse(arguments)
        return self.result(tool, arguments), ""

    def _find(self, tool: Tool, arguments: Json) -> Json:
        steps = self._now if tool.grant.changes else [*self._now, *self._before]
        for step in steps:
            if step["tool"] == tool.name and _same(step["arguments"], arguments):
                return step
        for step in self._now:
            if (
                step["tool"] == tool.name
                and tool.name in WORDED
                and _reason(step["arguments"]) == _reason(arguments)
            ):
                return step
        return self._missing(tool, arguments)

    def _missing(self, tool: Tool, arguments: Json) -> NoReturn:
        raise _NotRecorded(Call(tool.name, arguments))


class _Played(Tool):
    """A tool as a model sees it today, answered from the record."""

    answers: Any

    async def call(self, arguments: Json, context: ToolContext) -> str:
        self.parse(arguments)  # what today's schema refuses never reached a tool
        result = self.answers.result(self, arguments)
        if self.name == SEARCH:
            context.passages.extend(_passages(result))
        return result


def _played(tool: Tool, answers: _Answers) -> Tool:
    return _Played(answers=answers, **{name: getattr(tool, name) for name in Tool.model_fields})


def _passages(result: str) -> list[Passage]:
    """What a search had found, as far as a citation needs it."""
    return [
        Passage(
            chunk_id=f"{found['url']}#{found['n']}", article_id=found["url"], title=found["title"],
            heading=found["heading"], url=found["url"], text=found["text"], score=found["score"],
            cosine=found["cosine"],
        )
        for found in cast("Json", orjson.loads(result)).get("passages", [])
    ]  # fmt: skip


def _same(before: Json, after: Json) -> bool:
    """Equal, with what is not given and what is null alike."""
    return {k: str(v) for k, v in before.items() if v is not None} == {
        k: str(v) for k, v in after.items() if v is not None
    }


def _reason(arguments: Json) -> Any:
    return arguments.get("reason")


# ------------------------------------------------------------------ the past as it was
def _window(recorded: Recorded, past: Sequence[RecordedTurn], at: datetime) -> list[PastTurn]:
    actions = [_state_at(action.state, action.decided_at, at) for action in recorded.actions]
    return [
        PastTurn(
            turn.seq,
            turn.message,
            "\n\n".join([turn.reply, *(text for when, text in turn.told if when < at)]),
            steps_of(turn.record.get("steps"), actions),
        )
        for turn in past
    ]


def _state_at(state: Json, decided: datetime | None, at: datetime) -> Json:
    return state if decided and decided < at else {**state, "status": "proposed", "result": None}


def _principal(recorded: Recorded, turn: RecordedTurn) -> Principal:
    kind, _, identity = recorded.principal.partition(":")
    rights = None if turn.permissions is None else frozenset(turn.permissions)
    return Principal(cast("Any", kind), identity, rights)


# ------------------------------------------------------------------ comparing
def _differences(turn: RecordedTurn, result: TurnResult) -> list[Difference]:
    pairs = (
        ("calls", _calls(turn.record.get("steps", [])), _calls([_plain(step) for step in result.steps])),
        ("outcome", turn.outcome, result.outcome.value),
        (
            "cites",
            _cites(turn.record.get("citations", [])),
            _cites([{"url": c.url} for c in result.citations]),
        ),
        ("reply", turn.reply, result.reply),
    )
    return [Difference(turn.seq, what, before, after) for what, before, after in pairs if before != after]


def _plain(step: Any) -> Json:
    return {"tool": step.tool, "arguments": step.arguments}


def _calls(steps: Sequence[Json]) -> str:
    """In the order of their names: in which order two things are looked up, or their arguments stand, is nobody's concern."""
    calls = [
        Call(
            s["tool"],
            {} if s["tool"] in WORDED else {k: v for k, v in sorted(s["arguments"].items()) if v is not None},
        )
        for s in steps
    ]
    return ", ".join(sorted(map(str, calls))) or "no call"


def _cites(citations: Sequence[Json]) -> str:
    return ", ".join(dict.fromkeys(citation["url"] for citation in citations)) or "nothing"
