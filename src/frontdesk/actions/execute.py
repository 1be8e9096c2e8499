"""Running a claimed action, once: its effect goes out under the action's id, and what came of it is written down.

An answer that was lost leaves the outcome unknown. Then nothing is tried again blindly: the backend is asked, as
the tool declares with ``reconcile=``, a few times and ever more slowly; after that a person is.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol
from uuid import UUID, uuid5

import orjson
import structlog

from frontdesk.actions import words
from frontdesk.actions.propose import context_of, look
from frontdesk.domain import Action, Done, Principal, Ticket
from frontdesk.errors import ToolError, ToolUnavailable
from frontdesk.policies import decide
from frontdesk.policies.gate import UNSTORABLE
from frontdesk.store.actions import ActionStore, Settlement
from frontdesk.tools import Tool, storable

log = structlog.get_logger("frontdesk.actions")

MOST_ASKED = 5  # times that a backend is asked what became of an effect, before a person is
PAUSES = (1.0, 2.0, 5.0, 15.0, 30.0)  # seconds between


class OpenTicket(Protocol):
    """What opens a ticket, once per effect_id."""

    async def __call__(
        self,
        principal: Principal,
        *,
        effect_id: UUID,
        conversation_id: UUID,
        turn_id: UUID,
        subject: str,
        body: str,
        reason: str,
    ) -> Ticket:
        """The ticket, or the one an earlier try has left."""
        ...


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call to the backend came to: ``effect`` is the ledger's word, done, failed or unknown."""

    effect: str
    result: Any = None
    reason: str = ""


UNKNOWN = Outcome("unknown")


class Executor:
    """Runs claimed actions for one process."""

    def __init__(
        self, tools: Mapping[str, Tool], store: ActionStore, open_ticket: OpenTicket, seconds: float
    ) -> None:
        self._tools = tools
        self._store = store
        self._open_ticket = open_ticket
        self._seconds = seconds

    async def run(self, action: Action) -> Settlement:
        """Carry a claimed action out, and settle it."""
        tool = self._tools[action.tool]
        return await self._settle(tool, action, await self._do(tool, action))

    async def resume(self, action: Action) -> Settlement:
        """Go on with what another process began, or what is due to be asked about again."""
        tool = self._tools.get(action.tool)
        if tool is None:
            return await self._to_a_person(action)
        if action.status == "undoing":
            # Nobody can ask whether it was taken back: only a backend that knows the effect's name may be told again.
            repeats = tool.grant.undo is not None and tool.grant.reconcile == "repeat"
            return await (self.take_back(action) if repeats else self._to_a_person(action, undo=True))
        return await self._settle(tool, action, await self._ask(tool, action))

    async def take_back(self, action: Action) -> Settlement:
        """Carry out ``undo=`` of an action whose taking back is claimed."""
        tool = self._tools[action.tool]
        outcome = await self._undo(tool, action)
        title = action.preview.title
        match outcome.effect:
            case "done":
                settled = Settlement("undone", "done", tell=words.say(words.UNDONE, title=title))
            case "failed":
                told = words.say(words.NOT_UNDONE, title=title, reason=outcome.reason)
                settled = Settlement("executed", "failed", "not_undone", tell=told)
            case _ if tool.grant.reconcile == "repeat" and action.attempts < MOST_ASKED:
                settled = Settlement("undoing", "unknown", again_in=_pause(action))
            case _:
                return await self._to_a_person(action, undo=True)
        await self._store.settle(action, settled, undo=True)
        return settled

    # ------------------------------------------------------------------ asking the backend
    async def _do(self, tool: Tool, action: Action) -> Outcome:
        return await self._call(action, lambda: _parsed(tool.call(action.arguments, context_of(action))))

    async def _undo(self, tool: Tool, action: Action) -> Outcome:
        undo = tool.grant.undo
        assert undo is not None  # noqa: S101  (claimed only where there is one)
        done = Done(action.arguments, action.result, action.preview.remember)
        context = context_of(action)
        context.effect_id = str(uuid5(action.id, "undo"))
        return await self._call(action, lambda: tool.ask(undo, action.arguments, context, done=done))

    async def _ask(self, tool: Tool, action: Action) -> Outcome:
        """What became of an effect whose answer nobody has. A no to the question is none to the effect."""
        asks = tool.grant.reconcile
        if asks is None:
            return UNKNOWN
        if asks == "repeat":
            found = await self._do(tool, action)
        else:
            found = await self._call(action, lambda: tool.ask(asks, action.arguments, context_of(action)))
            if found.effect == "done" and found.result is None:
                return await self._once_more(tool, action)
        return UNKNOWN if found.effect == "failed" else found

    async def _once_more(self, tool: Tool, action: Action) -> Outcome:
        """It has not happened. Not yet is not never: it may still be on its way.

        So it goes out again only under its name, by which a backend knows the two as one, and while all is as it
        was shown to the customer; else a person finds out.
        """
        if "effect_id" not in tool.injected:
            return UNKNOWN
        try:
            seen = await look(tool, action.arguments, context_of(action), self._seconds)
        except ToolError:
            return UNKNOWN
        return await self._do(tool, action) if decide.basis(seen.preview) == action.basis else UNKNOWN

    async def _call(self, action: Action, work: Callable[[], Awaitable[Any]]) -> Outcome:
        try:
            async with asyncio.timeout(self._seconds):
                return Outcome("done", storable(await work()))
        except ToolUnavailable:
            return UNKNOWN
        except ToolError as error:
            return Outcome("failed", reason=UNSTORABLE.sub("", error.detail))
        except Exception as error:  # noqa: BLE001  the shop's code; whatever it raises leaves open what was done
            log.warning("action unknown", action=str(action.id), tool=action.tool, error=type(error).__name__)
            return UNKNOWN

    # ------------------------------------------------------------------ writing it down
    async def _settle(self, tool: Tool, action: Action, outcome: Outcome) -> Settlement:
        match outcome.effect:
            case "done":
                settled = Settlement(
                    "executed",
                    "done",
                    result=outcome.result,
                    tell=words.done(tool, action, outcome.result),
                    undo_within=tool.grant.undo_within if tool.grant.undo else None,
                )
            case "failed":
                told = words.not_done(action, outcome.reason)
                settled = Settlement("failed", "failed", outcome.reason[:500], tell=told)
            case _ if tool.grant.reconcile is not None and action.attempts <= MOST_ASKED:
                told = (
                    words.say(words.UNCLEAR, title=action.preview.title) if action.status != "unknown" else ""
                )
                settled = Settlement("unknown", "unknown", tell=told, again_in=_pause(action))
            case _:
                return await self._to_a_person(action)
        await self._store.settle(action, settled)
        log.info("action", action=str(action.id), tool=action.tool, status=settled.status)
        return settled

    async def _to_a_person(self, action: Action, *, undo: bool = False) -> Settlement:
        """Nobody can tell by asking: a person finds out. The action stays unknown until they have."""
        context = context_of(action)
        what = "taking back of this action" if undo else "outcome of this action"
        ticket = await self._open_ticket(
            context.principal,
            effect_id=uuid5(action.id, "undo unknown" if undo else "unknown"),
            conversation_id=action.conversation_id,
            turn_id=action.turn_id,
            subject=f"Unknown outcome: {action.preview.title}"[:200],
            body=f"The {what} is unknown, effect {action.id}: {action.preview.text}",
            reason="failure",
        )
        told = words.say(words.PERSON, title=action.preview.title, reference=ticket.reference)
        settled = Settlement("unknown", "unknown", "undo_person" if undo else "person", tell=told)
        await self._store.settle(action, settled, undo=undo)
        log.warning("action goes to a person", action=str(action.id), tool=action.tool)
        return settled


async def _parsed(result: Awaitable[str]) -> Any:
    return orjson.loads(await result)


def _pause(action: Action) -> float:
    return PAUSES[min(action.attempts, len(PAUSES)) - 1]
