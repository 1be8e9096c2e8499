"""The agent: model ⇄ gate ⇄ tools, then the output gate. One function, ``Agent.run``, is one turn.

A turn is stateless: it is run from the transcript's window and the facts, and returns what it came to. It
commits nothing; a tool's effect is the only thing that leaves it, and that has a name that makes it happen
once. The model proposes each call; the gate decides. Whatever the model says, what leaves is checked.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import structlog
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from frontdesk.desk import Frontdesk
from frontdesk.domain import Action, Json, ModelCall, Outcome, Step, TurnInput, TurnResult, Usage
from frontdesk.errors import ModelError
from frontdesk.memory import prompt_template, remember, to_messages
from frontdesk.models import Completion, ModelChain
from frontdesk.models.budget import Budget, Budgets
from frontdesk.policies import evidence, grounding
from frontdesk.policies.gate import Gate, OnStep, Writes, permissions_of, unwatched, usable
from frontdesk.policies.receipt import receipt
from frontdesk.redaction import knowing
from frontdesk.settings import Settings
from frontdesk.telemetry import metrics, spans, wire
from frontdesk.tools import Tool, ToolContext, encode

log = structlog.get_logger("frontdesk.agent")


SAFE = (
    "I'm not certain enough about the details to answer that, and I don't want to tell you something wrong. "
    "Would you like me to pass your question to a colleague?"
)
PLEASE_CONFIRM = "Please check this and confirm it with the button."
GIVEN_UP = "I'm sorry, I can't work this out right now. I've passed it to a colleague ({reference}), who will reply within {reply_within}."
GIVEN_UP_ALONE = "I'm sorry, I can't work this out right now. Please try again in a few minutes."
BROKEN = encode({"error": {"code": "invalid_arguments", "message": "The arguments are not valid JSON."}})
ADDRESS_OF_ARTICLE = re.compile(r'"url":"(https://[^"\\]+)"')
ANSWERABLE = '"answerable":true'
REWRITE = (
    "Your reply holds details that no tool result, passage or customer message supports: {details}. "
    "Write it again without them, or say that you do not know."
)


@dataclass
class _Turn:
    """What one run gathers on its way."""

    gate: Gate
    context: ToolContext
    messages: list[BaseMessage]
    tools: list[Tool]
    usage: Usage = field(default_factory=Usage)
    budget: Budget | None = None
    degraded: list[str] = field(default_factory=list[str])
    model: str = ""
    calls: list[ModelCall] = field(default_factory=list[ModelCall])
    stopped: str = ""
    model_index: int = 0  # once a model has failed, the turn stays with the next one


class Agent:
    """The desk's agent: its tools, its chain of models (the last of which is the local one), its limits."""

    def __init__(
        self,
        desk: Frontdesk,
        tools: Sequence[Tool],
        models: ModelChain,
        settings: Settings,
        writes: Writes,
        budgets: Budgets | None = None,
    ) -> None:
        """``writes`` makes actions of calls that change data; without ``budgets`` models may cost what they cost."""
        self._budgets = budgets
        self._writes = writes
        self._desk = desk
        self._tools = {tool.name: tool for tool in tools}
        self._models = models
        self._settings = settings

    async def run(self, turn: TurnInput, on_step: OnStep = unwatched) -> TurnResult:
        """Answer one message. Always returns a result; what goes wrong ends in an honest handover."""
        about = {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": self._desk.name}
        with spans.span(f"invoke_agent {self._desk.name}", about) as span:
            result = await self._run(turn, on_step)
            if span:
                span.say(_told_of(turn, result))
        return result

    async def _run(self, turn: TurnInput, on_step: OnStep) -> TurnResult:
        started = time.perf_counter()
        state = self._begin(turn, on_step)
        try:
            async with asyncio.timeout(self._settings.turn_seconds):
                message = await self._converse(state)
                result = await self._conclude(turn, state, message)
        except Exception as error:  # noqa: BLE001  whatever goes wrong, the customer gets an honest answer
            # The type only: the text of an exception may hold a customer's.
            log.warning("turn given up", turn=str(turn.turn_id), reason=type(error).__name__)
            result = await self._give_up(state)
        result.steps = state.gate.steps
        result.facts = remember(turn.facts, turn.message, result.steps)
        result.usage, result.model, result.degraded_steps = state.usage, state.model, state.degraded
        result.prompt_version = prompt_template()[0]
        result.mode = "queued" if _handed_over(result.steps) else turn.mode
        result.ms = (time.perf_counter() - started) * 1000
        result.calls = [_told_of_call(call, started) for call in state.calls]
        result.stopped = state.stopped
        return result

    async def hand_over(self, turn: TurnInput, on_step: OnStep = unwatched) -> TurnResult:
        """Give a turn up without asking a model: for one that has ended its process before."""
        state = self._begin(turn, on_step)
        result = await self._give_up(state)
        result.steps, result.facts = state.gate.steps, turn.facts
        result.mode = "queued" if _handed_over(result.steps) else turn.mode
        return result

    # ------------------------------------------------------------------ the parts of a turn, in order
    def _begin(self, turn: TurnInput, on_step: OnStep) -> _Turn:
        """The prompt, the window, and the tools this principal may use."""
        settings = self._settings
        knowing([turn.facts.get("name", ""), turn.facts.get("email", "")])
        held = permissions_of(self._desk, turn.principal)
        said = tuple(past.message for past in turn.window)
        context = ToolContext(
            turn.principal, turn.turn_id, turn.conversation_id, said=said, message=turn.message
        )
        gate = Gate(
            self._tools,
            held,
            context,
            writes=self._writes,
            most_calls=settings.max_tool_calls,
            seconds=settings.tool_timeout,
            on_step=on_step,
        )
        narrowed = held if turn.principal.permissions is not None else None
        messages = to_messages(self._desk, turn, settings.window_chars, narrowed)
        usage = Usage()
        budget = self._budgets.of(turn.principal.key, usage) if self._budgets else None
        return _Turn(gate, context, messages, usable(list(self._tools.values()), held), usage, budget)

    async def _converse(self, state: _Turn) -> AIMessage:
        """Model, gate, tools, and round again, until the model answers in words."""
        for _ in range(self._settings.max_model_calls):
            message = await self._ask(state)
            message.tool_calls = message.tool_calls[: self._settings.max_tool_calls + 1]
            state.messages.append(message)
            if not message.tool_calls and not message.invalid_tool_calls:
                return message
            for call in message.tool_calls:
                step = await state.gate.run(call["name"], call["args"])
                state.messages.append(_tool_message(step, call["id"] or ""))
            for broken in message.invalid_tool_calls:  # cut off in the middle, as a rule: never run in part
                state.messages.append(ToolMessage(BROKEN, tool_call_id=broken["id"] or "", status="error"))
        raise ModelError("The model went on calling tools.")

    async def _ask(self, state: _Turn) -> AIMessage:
        completion: Completion = await self._models.complete(
            state.messages, state.tools, start=state.model_index, budget=state.budget, asked=state.calls
        )
        state.model, state.model_index = completion.model, completion.index
        state.degraded += completion.degraded_steps
        usage = state.usage
        usage.model_calls += 1
        usage.input_tokens += completion.input_tokens
        usage.output_tokens += completion.output_tokens
        if completion.cost_usd is not None:
            usage.cost_usd = (usage.cost_usd or 0.0) + completion.cost_usd
        return completion.message

    async def _conclude(self, turn: TurnInput, state: _Turn, message: AIMessage) -> TurnResult:
        """The output gate: a reply that says what nothing supports is rewritten once, then replaced."""
        with spans.span(
            "output gate", {"frontdesk.gate.rewritten": False, "frontdesk.gate.replaced": False}
        ) as span:
            result = await self._checked(turn, state, message, span)
            span.set("frontdesk.gate.bound", len(result.receipt))
            return result

    async def _checked(
        self, turn: TurnInput, state: _Turn, message: AIMessage, span: spans.Span
    ) -> TurnResult:
        # Not what was replied before: an amount that was only quoted then would be a fact now.
        steps = [*(step for past in turn.window for step in past.steps), *state.gate.steps]
        shown = [self._desk.own_words, *map(evidence.of, steps)]
        said = [turn.message, *(past.message for past in turn.window), *_told(turn.facts)]
        known = grounding.sites([self._desk.instructions, self._desk.knowledge_url, *map(_own, steps)])
        reply = _cleaned(message, known)
        missing = grounding.unsupported(reply, shown, said)
        span.set("frontdesk.gate.unbound", len(missing))
        if missing or not reply:
            state.stopped = "rewritten"
            span.set("frontdesk.gate.rewritten", True)
            metrics.replies_stopped.add("rewritten")
            details = ", ".join(missing) or "it was empty"
            log.warning("reply stopped", turn=str(turn.turn_id), unsupported=len(missing))
            about_reply = {"frontdesk": {"rewrite": True}}  # not the customer's words
            state.messages.append(
                HumanMessage(REWRITE.format(details=details), additional_kwargs=about_reply)
            )
            message = await self._ask(state)
            reply = "" if message.tool_calls else _cleaned(message, known)
            if not reply or grounding.unsupported(reply, shown, said):
                state.stopped = "replaced"
                span.set("frontdesk.gate.replaced", True)
                metrics.replies_stopped.add("replaced")
                return _safe(state.context.actions, known)
        reply, citations = grounding.cite(reply, state.context.passages)
        about: Json = message.response_metadata.get("frontdesk", {})
        return TurnResult(
            grounding.told_of(reply, citations, state.context.conflicts),
            _outcome(about, reply, state.gate.steps, bool(citations)),
            citations=citations,
            suggestions=list(about.get("suggestions", []))[:3],
            actions=state.context.actions,
            receipt=receipt(reply, _sources(steps, self._desk.own_words), said),
            confidence=about.get("confidence"),
        )

    async def _give_up(self, state: _Turn) -> TurnResult:
        """Code hands over to a person when no model can answer."""
        summary = "The assistant could not answer this message."
        step = await state.gate.run("hand_over", {"reason": "failure", "summary": summary}, by_code=True)
        if not step.ok:
            return TurnResult(GIVEN_UP_ALONE, Outcome.FAILED)
        ticket = orjson.loads(step.result)
        return TurnResult(GIVEN_UP.format(**ticket), Outcome.HANDED_OFF)


def _told_of_call(call: ModelCall, began: float) -> Json:
    told: Json = {"model": call.model, "at": round((call.at - began) * 1000, 1), "ms": round(call.ms, 1)}
    return {**told, "error": call.error} if call.error else told


def _told_of(turn: TurnInput, result: TurnResult) -> dict[str, wire.Value]:
    """What the agent's span says of its run: names and numbers."""
    usage = result.usage
    return {
        "gen_ai.conversation.id": str(turn.conversation_id),
        "gen_ai.response.model": result.model,
        "gen_ai.usage.input_tokens": usage.input_tokens,
        "gen_ai.usage.output_tokens": usage.output_tokens,
        "frontdesk.turn.id": str(turn.turn_id),
        "frontdesk.turn.outcome": result.outcome.value,
        "frontdesk.model.calls": usage.model_calls,
        "frontdesk.tool.calls": len(result.steps),
        "frontdesk.prompt.version": result.prompt_version,
        "frontdesk.window.turns": len(turn.window),
    }


def _safe(actions: list[Action], known: set[str]) -> TurnResult:
    """What code says in the place of a reply that nothing supports: of what it has worked out itself, if anything."""
    open_ = [action for action in actions if action.status == "proposed"]
    if not open_:
        return TurnResult(SAFE, Outcome.UNANSWERED, suggestions=["Talk to a person"], actions=actions)
    text = "\n\n".join([*(action.preview.text for action in open_), PLEASE_CONFIRM])
    text = grounding.without_foreign_links(grounding.clean(text), known)
    return TurnResult(text, Outcome.AWAITING_CONFIRMATION, actions=actions)


def _tool_message(step: Step, call_id: str) -> ToolMessage:
    return ToolMessage(
        step.result, tool_call_id=call_id, name=step.tool, status="success" if step.ok else "error"
    )


def _cleaned(message: AIMessage, known: set[str]) -> str:
    return grounding.without_foreign_links(grounding.clean(message.text), known)


def _own(step: Step) -> str:
    """What a step says of addresses: of a search those of the articles, not those that articles speak of."""
    if step.tool != "search_knowledge":
        return evidence.of(step)
    return " ".join(ADDRESS_OF_ARTICLE.findall(step.result))


def _sources(steps: Sequence[Step], instructions: str) -> list[tuple[str, str]]:
    """What a reply may rest on, this turn's results first."""
    return [*((step.tool, evidence.of(step)) for step in reversed(steps)), ("instructions", instructions)]


def _told(facts: Json) -> list[str]:
    """What of the facts the customer said; ids that a model looked up are no evidence for the model."""
    return [*facts.get("said", []), facts.get("name", ""), facts.get("email", "")]


def _handed_over(steps: Sequence[Step]) -> bool:
    return any(step.tool == "hand_over" and step.ok for step in steps)


def _outcome(said: Json, reply: str, steps: Sequence[Step], cited: bool) -> Outcome:
    """How a turn ended: by what happened; the model's own word counts only where nothing else tells."""
    if _handed_over(steps):
        return Outcome.HANDED_OFF
    if any(step.ok and step.result.startswith('{"proposed"') for step in steps):
        return Outcome.AWAITING_CONFIRMATION
    if any(step.error == "permission_denied" for step in steps) and not any(step.ok for step in steps):
        return Outcome.REFUSED
    if said.get("outcome") in Outcome.__members__.values():
        return Outcome(said["outcome"])
    searched = [step for step in steps if step.tool == "search_knowledge" and step.ok]
    others = [step for step in steps if step.tool != "search_knowledge" and step.ok]
    if searched and not cited and (not others or _beyond(reply, searched, others)):
        return Outcome.UNANSWERED
    if not steps and reply.rstrip().endswith("?"):
        return Outcome.ASKED
    return Outcome.ANSWERED


def _beyond(reply: str, searched: Sequence[Step], others: Sequence[Step]) -> bool:
    """Whether a reply states from articles, uncited, what no other tool said, though none of them answered."""
    answered = any(ANSWERABLE in step.result for step in searched)
    return not answered and bool(grounding.unsupported(reply, [step.result for step in others]))
