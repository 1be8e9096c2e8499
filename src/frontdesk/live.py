"""A turn as it is watched: events with numbers, the same whether watched live or read back later.

1 is ``accepted``; then a ``step`` when a tool starts and when it ends; then the reply as ``text`` in pieces;
last ``done`` with the whole response. A reader who lost the connection after event n goes on with n + 1.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from frontdesk.domain import Action, Json, TurnResult
from frontdesk.store.turns import StoredTurn
from frontdesk.telemetry.turns import Origin

Show = Callable[[Action], Json]  # an action as a customer's screen needs it
PIECE = re.compile(r"\S+\s*(?:\S+\s*){0,3}")  # four words at a time


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened in a turn."""

    n: int
    type: str
    data: Json


@dataclass(slots=True)
class LiveTurn:
    """One attempt at a turn in this process, for whoever waits for it or watches it."""

    turn_id: UUID
    conversation_id: UUID
    events: list[Event] = field(default_factory=list[Event])
    done: asyncio.Future[Json] = field(default_factory=lambda: asyncio.get_running_loop().create_future())
    abandoned: bool = False
    origin: Origin | None = None  # where its message came in; None: elsewhere, or an attempt ended before
    shown: tuple[str, str] = ("", "")  # whose token came with its message, and the token
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        """The first event says that the message is safe."""
        self.emit("accepted", {"turn_id": str(self.turn_id), "conversation_id": str(self.conversation_id)})

    def emit(self, kind: str, data: Json) -> None:
        """Add an event and wake whoever watches."""
        self.events.append(Event(len(self.events) + 1, kind, data))
        self._wake()

    def step(self, tool: str, label: str, ok: bool | None) -> None:
        """A tool starts (ok is None) or has ended."""
        self.emit("step", step_data(tool, label, ok))

    def finish(self, response: Json) -> None:
        """The reply has been committed: show it, and let go whoever waits."""
        for text in pieces(response["reply"]):
            self.emit("text", {"text": text})
        self.emit("done", response)
        if not self.done.done():
            self.done.set_result(response)

    def abandon(self) -> None:
        """This attempt will not be finished here; whoever watches looks elsewhere."""
        self.abandoned = True
        self._wake()

    async def watch(self, after: int = 0, quiet: float = 15.0) -> AsyncGenerator[Event | None]:
        """Events from number ``after`` + 1 on; None after each ``quiet`` seconds without one.

        Ends with ``done``, which is given even to who has seen it already, or when the attempt is abandoned.
        """
        while True:
            changed = self._changed
            for event in _rest(self.events, after):
                yield event
                after = event.n
                if event.type == "done":
                    return
            if self.abandoned:
                return
            try:
                await asyncio.wait_for(changed.wait(), quiet)
            except TimeoutError:
                yield None

    def _wake(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()


def _rest(events: list[Event], after: int) -> list[Event]:
    """The events behind number ``after``; at least the last where that is ``done``.

    A turn that ran again may have had fewer steps than the attempt somebody saw the beginning of.
    """
    rest = events[after:]
    return rest or [event for event in events[-1:] if event.type == "done"]


def step_data(tool: str, label: str, ok: bool | None) -> Json:
    """What a ``step`` event says."""
    return {"tool": tool, "label": label, "state": "running" if ok is None else "done" if ok else "failed"}


def pieces(reply: str) -> list[str]:
    """The reply in the pieces it is streamed in; joined they are the reply."""
    return PIECE.findall(reply)


def replay(turn: StoredTurn, show: Show, after: int = 0) -> list[Event]:
    """The events of a turn that is done behind number ``after``, as they were when it was watched live."""
    live: list[tuple[str, Json]] = [
        ("accepted", {"turn_id": str(turn.turn_id), "conversation_id": str(turn.conversation_id)})
    ]
    for step in turn.record.get("steps", []):
        if step.get("label"):
            live.append(("step", step_data(step["tool"], step["label"], None)))
            live.append(("step", step_data(step["tool"], step["label"], step.get("ok", True))))
    live += [("text", {"text": text}) for text in pieces(turn.reply)]
    live.append(("done", response_of(turn, show)))
    return _rest([Event(n, kind, data) for n, (kind, data) in enumerate(live, start=1)], after)


def response_of(turn: StoredTurn, show: Show) -> Json:
    """The answer of POST /support/chat, read back; its actions as they stand by now."""
    record = turn.record
    return _response(
        turn.reply,
        turn.conversation_id,
        turn.turn_id,
        turn.outcome,
        record.get("citations", []),
        record.get("suggestions", []),
        record.get("degraded", []),
        record.get("mode", "ai"),
        [show(action) for action in turn.actions],
    )


def response_from(conversation_id: UUID, turn_id: UUID, result: TurnResult, show: Show) -> Json:
    """The answer of POST /support/chat for a turn that has just been committed."""
    citations = [{"n": c.n, "title": c.title, "url": c.url, "passage": c.passage} for c in result.citations]
    return _response(
        result.reply,
        conversation_id,
        turn_id,
        result.outcome.value,
        citations,
        result.suggestions,
        result.degraded_steps,
        result.mode,
        [show(action) for action in result.actions],
    )


def _response(
    reply: str,
    conversation_id: UUID,
    turn_id: UUID,
    outcome: str,
    citations: list[Any],
    suggestions: list[str],
    degraded: list[str],
    mode: str,
    actions: list[Json],
) -> Json:
    return {
        "reply": reply,
        "conversation_id": str(conversation_id),
        "turn_id": str(turn_id),
        "outcome": outcome,
        "citations": citations,
        "actions": actions,
        "suggestions": suggestions,
        "mode": mode,
        "degraded": bool(degraded),
        "degraded_steps": degraded,
    }
