"""The gate: every tool call a model proposes passes here, and nowhere else does a tool run for a model.

What becomes of a call is decided in policies/decide.py. ``Gate.run`` carries it out: a read runs, a write that needs
a person's yes becomes an action that waits for it, another write goes through the ledger; and whatever happens is
turned into a result the model can read.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from itertools import islice
from typing import Protocol, cast
from uuid import UUID, uuid5

import structlog

from frontdesk.domain import Action, Json, Step
from frontdesk.errors import ToolError
from frontdesk.policies.decide import Decision, may_call, permissions_of
from frontdesk.telemetry import metrics, spans, wire
from frontdesk.tools import Tool, ToolContext, encode

__all__ = ["Gate", "OnStep", "Writes", "effect_id", "permissions_of", "plain", "unwatched", "usable"]

log = structlog.get_logger("frontdesk.gate")

UNSTORABLE = re.compile(r"[\x00\ud800-\udfff]")
MOST_CHARS, MOST_ITEMS, MOST_DEPTH = 8000, 100, 8  # of one argument

OnStep = Callable[
    [str, str, bool | None], None
]  # tool, label, None when it starts and then whether it worked


class Writes(Protocol):
    """What makes actions of calls that change data: frontdesk.actions.Actions."""

    async def propose(self, tool: Tool, arguments: Json, context: ToolContext, effect: UUID) -> Action:
        """The action that this call would be. Raises ToolError."""
        ...

    async def write(self, tool: Tool, arguments: Json, context: ToolContext, effect: UUID) -> tuple[str, str]:
        """(result, error code) of a write that needs nobody's yes. Raises ToolError."""
        ...


def usable(tools: Sequence[Tool], held: frozenset[str]) -> list[Tool]:
    """The tools a model is shown: those that would be allowed."""
    return [tool for tool in tools if may_call(tool.grant, held, 0, 1).allowed]


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
        writes: Writes,
        most_calls: int,
        seconds: float,
        on_step: OnStep = unwatched,
    ) -> None:
        self._writes = writes
        self._tools = tools
        self._held = held
        self._context = context
        self._most_calls = most_calls
        self._seconds = seconds
        self._on_step = on_step
        self.steps: list[Step] = []
        self._began = time.perf_counter()
        self._calls = 0
        self._effects: dict[str, list[str]] = {}

    async def run(self, name: str, arguments: Json, *, by_code: bool = False) -> Step:
        """Decide, and run if allowed. Never raises for what a model or a tool does wrong.

        ``by_code``: code calls, not a model; then the limit on a model's calls does not count.
        """
        tool = self._tools.get(name)
        called = tool.name if tool else "unknown"  # a model may write anything for a name
        with spans.span(f"gate {called}", {"gen_ai.tool.name": called}) as span:
            return await self._run(tool, arguments, by_code, span)

    async def _run(self, tool: Tool | None, arguments: Json, by_code: bool, span: spans.Span) -> Step:
        decision = may_call(
            tool.grant if tool else None, self._held, 0 if by_code else self._calls, self._most_calls
        )
        self._calls += 1
        span.say(_about(tool, decision))
        # What the tool does not take is not kept: a model may write anything there.
        arguments = {key: arguments[key] for key in tool.accepts if key in arguments} if tool else {}
        arguments = cast("Json", plain(arguments))
        started = time.perf_counter()
        label = _label(tool, arguments) if decision.allowed else ""
        if decision.allowed and tool:
            self._on_step(tool.name, label, None)
            with spans.span(f"execute_tool {tool.name}", _executed(tool)) as ran:
                result, error = await self._guarded(
                    tool, self._call(tool, arguments, decision.verdict == "propose")
                )
                if error:
                    ran.fail(error)
                if spans.content():
                    ran.say(
                        {
                            "gen_ai.tool.call.arguments": encode(arguments),
                            "gen_ai.tool.call.result": result,
                        }
                    )
            metrics.tool_seconds.observe(time.perf_counter() - started, tool.name)
            self._on_step(tool.name, label, not error)
        else:
            result, error = _error(decision.code, decision.message), decision.code
            span.fail(error)
            metrics.gate_refusals.add(tool.name if tool else "unknown", error)
            log.warning(
                "tool call refused",
                tool=tool.name if tool else "unknown",
                code=decision.code,
                turn=str(self._context.turn_id),
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
            at=(started - self._began) * 1000,
        )
        self.steps.append(step)
        metrics.tool_calls.add(step.tool, error or "ok")
        return step

    def _effect_number(self, tool: Tool, arguments: Json) -> int:
        """Which effect of this tool in this turn: the same call again is the same effect."""
        met = self._effects.setdefault(tool.name, [])
        wanted = encode(arguments)
        if wanted not in met:
            met.append(wanted)
        return met.index(wanted)

    async def _call(self, tool: Tool, arguments: Json, propose: bool) -> tuple[str, str]:
        """(result, error code) of an allowed call."""
        context = self._context
        if not tool.grant.changes:
            async with asyncio.timeout(self._seconds):
                return await tool.call(arguments, context), ""
        effect = effect_id(context.turn_id, tool.name, self._effect_number(tool, arguments))
        if propose:
            action = await self._writes.propose(tool, arguments, context, effect)
            # The same in other letters ("20 EUR", "20.00 EUR") is one button.
            same = (
                known
                for known in context.actions
                if (known.tool, known.digest) == (action.tool, action.digest)
            )
            action = next(same, action)
            if action not in context.actions:
                context.actions.append(action)
            return encode({"proposed": told(action)}), ""
        context.effect_id = str(effect)
        if tool.own:  # Frontdesk's own row is its ledger
            async with asyncio.timeout(self._seconds):
                return await tool.call(arguments, context), ""
        return await self._writes.write(tool, arguments, context, effect)

    async def _guarded(self, tool: Tool, work: Awaitable[tuple[str, str]]) -> tuple[str, str]:
        """Whatever goes wrong in a tool, as a result."""
        try:
            return await work
        except ToolError as error:
            return _error(error.code, error.detail), error.code
        except TimeoutError:
            return _error("unavailable", "This takes too long at the moment."), "unavailable"
        except Exception as error:  # noqa: BLE001  a tool is the shop's code: whatever it raises must not end the turn
            # The type only: the text of somebody else's exception may hold a customer's data.
            log.warning(
                "tool failed", tool=tool.name, error=type(error).__name__, turn=str(self._context.turn_id)
            )
            return _error("tool_error", "This failed for a reason of our own."), "tool_error"


def _about(tool: Tool | None, decision: Decision) -> dict[str, wire.Value]:
    """A decision, for its span."""
    return {
        "frontdesk.permission": tool.grant.permission if tool else "",
        "frontdesk.gate.allowed": decision.allowed,
        "frontdesk.gate.verdict": decision.verdict,
        "frontdesk.gate.reason": decision.code,
    }


def _executed(tool: Tool) -> dict[str, wire.Value]:
    return {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": tool.name,
        "gen_ai.tool.type": "function",
        "frontdesk.tool.changes": tool.grant.changes,
    }


def told(action: Action) -> Json:
    """A proposal as a model reads it. ``status`` says that nothing was done."""
    preview = action.preview
    return {
        "id": str(action.id),
        "title": preview.title,
        "status": "proposed",
        "text": preview.text,
        "changes": [{"label": c.label, "before": c.before, "after": c.after} for c in preview.changes],
        "amount": str(preview.amount) if preview.amount else None,
        "approvals": action.needs,
        "note": "Not done yet. The customer sees it beside your reply and confirms it with a button.",
    }


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
