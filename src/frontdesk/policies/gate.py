"""The gate: every tool call a model proposes passes here, and nowhere else does a tool run.

``decide`` is pure: who may run what. ``Gate.run`` carries out what was allowed and turns whatever happens
into a result the model can read.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import cast
from uuid import UUID, uuid5

import structlog

from frontdesk.desk import VISITOR_PERMISSIONS, Frontdesk
from frontdesk.domain import Json, Principal, Step
from frontdesk.errors import ToolError
from frontdesk.tools import Tool, ToolContext, encode

log = structlog.get_logger("frontdesk.gate")

UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
MOST_CHARS, MOST_ITEMS, MOST_DEPTH = 8000, 100, 8  # of one argument

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
        self._effects: dict[str, list[str]] = {}

    async def run(self, name: str, arguments: Json, *, by_code: bool = False) -> Step:
        """Decide, and run if allowed. Never raises for what a model or a tool does wrong.

        ``by_code``: code calls, not a model; then the limit on a model's calls does not count.
        """
        tool = self._tools.get(name)
        decision = decide(tool, self._held, 0 if by_code else self._calls, self._most_calls)
        self._calls += 1
        # What the tool does not take is not kept: a model may write anything there.
        arguments = {key: arguments[key] for key in tool.accepts if key in arguments} if tool else {}
        arguments = cast("Json", plain(arguments))
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
            tool=tool.name if tool else "unknown",
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

    def _effect_number(self, tool: Tool, arguments: Json) -> int:
        """Which effect of this tool in this turn: the same call again is the same effect."""
        met = self._effects.setdefault(tool.name, [])
        wanted = encode(arguments)
        if wanted not in met:
            met.append(wanted)
        return met.index(wanted)

    async def _call(self, tool: Tool, arguments: Json) -> tuple[str, str]:
        """(result, error code) of an allowed call."""
        context = self._context
        if tool.grant.changes:
            context.effect_id = str(
                effect_id(context.turn_id, tool.name, self._effect_number(tool, arguments))
            )
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


def effect_id(turn_id: UUID, tool: str, number: int = 0) -> UUID:
    """The name of the effect that is ``tool``'s ``number`` in a turn.

    A turn that runs again after a crash repeats the name, so that whoever carries the effect out knows it has
    done so already, even where the model words it differently the second time.
    """
    return uuid5(turn_id, f"{tool}:{number}")


def plain(value: object, depth: int = 0) -> object:
    """A model's JSON as PostgreSQL and everybody's JSON can hold it: bounded, no NUL, no half surrogates."""
    if isinstance(value, str):
        return UNSTORABLE.sub("", value[:MOST_CHARS])
    if isinstance(value, bool | float | None):
        return value
    if isinstance(value, int):
        return value if abs(value) < 2**53 else str(value)[:40]
    if isinstance(value, dict) and depth < MOST_DEPTH:
        items = cast("dict[object, object]", value).items()
        return {UNSTORABLE.sub("", str(k))[:200]: plain(v, depth + 1) for k, v in islice(items, MOST_ITEMS)}
    if isinstance(value, list | tuple) and depth < MOST_DEPTH:
        return [plain(item, depth + 1) for item in islice(cast("list[object]", value), MOST_ITEMS)]
    return None


def _error(code: str, message: str) -> str:
    return encode({"error": {"code": code, "message": message}})


def _label(tool: Tool | None, arguments: Json) -> str:
    """What the customer reads while the tool runs."""
    if tool is None:
        return ""
    try:
        filled = (tool.grant.step or tool.name.replace("_", " ").capitalize()).format(**arguments)
    except (KeyError, IndexError, ValueError, AttributeError, TypeError):
        filled = tool.name.replace("_", " ").capitalize()
    return filled[:120]
