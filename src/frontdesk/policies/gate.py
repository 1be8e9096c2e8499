"""The gate: every tool call a model proposes passes here, and nowhere else does a tool run.

``decide`` is pure: who may run what. ``Gate.run`` carries out what was allowed and turns whatever happens
into a result the model can read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID, uuid5

import structlog

from frontdesk.desk import VISITOR_PERMISSIONS, Frontdesk
from frontdesk.domain import Json, Principal, Step
from frontdesk.errors import ToolError
from frontdesk.tools import Tool, ToolContext, encode

log = structlog.get_logger("frontdesk.gate")

OnStep = Callable[
    [str, str, bool | None], None
]  # tool, label, None when it starts and then whether it worked


@dataclass(frozen=True, slots=True)
class Decision:
    """Whether a call may run; if not, the code and sentence the model gets instead."""

    allowed: bool
    code: str = ""
    message: str = ""


ALLOWED = Decision(True)
UNKNOWN = Decision(False, "unknown_tool", "There is no such tool.")
DENIED = Decision(False, "permission_denied", "This is not available to this customer.")
NEEDS_CONFIRMATION = Decision(
    False,
    "confirmation_required",
    "This changes data and cannot be done here without a person's confirmation.",
)
TOO_MANY = Decision(False, "too_many_calls", "Too many tool calls in one turn.")


def permissions_of(desk: Frontdesk, principal: Principal) -> frozenset[str]:
    """What a principal holds at this desk. A token may narrow it and never widen it."""
    match principal.kind:
        case "customer":
            held = desk.customer_permissions()
        case "visitor":
            held = VISITOR_PERMISSIONS
        case _:
            held = frozenset[str]()
    return held if principal.permissions is None else held & principal.permissions


def decide(tool: Tool | None, held: frozenset[str], calls_before: int, most_calls: int) -> Decision:
    """May this call run? Deny by default."""
    if tool is None:
        return UNKNOWN
    if tool.grant.permission not in held:
        return DENIED
    if tool.grant.confirm:
        return NEEDS_CONFIRMATION
    if calls_before >= most_calls:
        return TOO_MANY
    return ALLOWED


def usable(tools: Sequence[Tool], held: frozenset[str]) -> list[Tool]:
    """The tools a model is shown: those that would be allowed."""
    return [tool for tool in tools if decide(tool, held, 0, 1).allowed]


def unwatched(_tool: str, _label: str, _ok: bool | None) -> None:
    """For a turn that nobody watches."""


class Gate:
    """The gate for one turn: tools by name, what the principal holds, and the calls made so far."""

    def __init__(
        self,
        tools: Mapping[str, Tool],
        held: frozenset[str],
        context: ToolContext,
        *,
        most_calls: int,
        seconds: float,
        on_step: OnStep = unwatched,
    ) -> None:
        self._tools = tools
        self._held = held
        self._context = context
        self._most_calls = most_calls
        self._seconds = seconds
        self._on_step = on_step
        self.steps: list[Step] = []
        self._calls = 0

    async def run(self, name: str, arguments: Json) -> Step:
        """Decide, and run if allowed. Never raises for what a model or a tool does wrong."""
        tool = self._tools.get(name)
        decision = decide(tool, self._held, self._calls, self._most_calls)
        self._calls += 1
        started = time.perf_counter()
        label = _label(tool, arguments) if decision.allowed else ""
        if decision.allowed and tool:
            self._on_step(tool.name, label, None)
            result, error = await self._call(tool, arguments)
            self._on_step(tool.name, label, not error)
        else:
            result, error = _error(decision.code, decision.message), decision.code
            log.warning(
                "tool call refused", tool=name[:80], code=decision.code, turn=str(self._context.turn_id)
            )
        step = Step(
            tool=tool.name if tool else name[:80],
            label=label,
            arguments=arguments,
            result=result,
            ok=not error,
            ms=(time.perf_counter() - started) * 1000,
            permission=tool.grant.permission if tool else "",
            error=error,
        )
        self.steps.append(step)
        return step

    async def _call(self, tool: Tool, arguments: Json) -> tuple[str, str]:
        """(result, error code) of an allowed call."""
        context = self._context
        if tool.grant.changes:
            context.effect_id = str(effect_id(context.turn_id, tool.name))
        try:
            async with asyncio.timeout(self._seconds):
                return await tool.call(arguments, context), ""
        except ToolError as error:
            return _error(error.code, error.detail), error.code
        except TimeoutError:
            return _error("unavailable", "This takes too long at the moment."), "unavailable"
        except Exception as error:  # noqa: BLE001  a tool is the shop's code: whatever it raises must not end the turn
            # The type only: the text of somebody else's exception may hold a customer's data.
            log.warning("tool failed", tool=tool.name, error=type(error).__name__, turn=str(context.turn_id))
            return _error("tool_error", "This failed for a reason of our own."), "tool_error"


def effect_id(turn_id: UUID, tool: str) -> UUID:
    """The name of the effect of ``tool`` in a turn: a turn that runs again after a crash repeats the name,
    so that whoever carries the effect out knows it has done so already."""
    return uuid5(turn_id, tool)


def _error(code: str, message: str) -> str:
    return encode({"error": {"code": code, "message": message}})


def _label(tool: Tool | None, arguments: Json) -> str:
    """What the customer reads while the tool runs."""
    if tool is None:
        return ""
    try:
        filled = (tool.grant.step or tool.name.replace("_", " ").capitalize()).format(**arguments)
    except (KeyError, IndexError, ValueError, AttributeError):
        filled = tool.name.replace("_", " ").capitalize()
    return filled[:120]
