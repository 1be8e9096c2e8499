"""Actions: what a customer confirms, staff approve, and code carries out exactly once.

``Actions`` is what channels call. Each decision is one of the room's (policies/decide.py), each change of state one
statement of the store's, each effect one run of the executor's. Nothing here asks a model.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import structlog

from frontdesk.actions import words
from frontdesk.actions.execute import Executor, OpenTicket
from frontdesk.actions.propose import Look, Proposer, Refused, context_of, look, made
from frontdesk.actions.view import view
from frontdesk.database import Database, deadline
from frontdesk.desk import Frontdesk
from frontdesk.domain import Action, Json, Principal
from frontdesk.errors import (
    ActionDecided,
    ActionExpired,
    ActionStale,
    ApprovalNotYours,
    BackendUnavailable,
    DatabaseUnavailable,
    FrontdeskError,
    NotFound,
    PermissionDenied,
    ReasonMissing,
    Superseded,
    TokenMismatch,
    ToolError,
    ToolUnavailable,
)
from frontdesk.policies import decide
from frontdesk.policies.grounding import clean
from frontdesk.settings import Settings
from frontdesk.store.actions import ActionStore, Judge
from frontdesk.tools import Tool, ToolContext, encode, policy_version

__all__ = ["Actions"]

log = structlog.get_logger("frontdesk.actions")

SWEEP_SECONDS = 1.0
APPROVED_WITHIN = timedelta(days=7)  # what staff have not decided by then runs out
REFUSALS = {
    "denied": PermissionDenied,
    "mismatch": TokenMismatch,
    "decided": ActionDecided,
    "expired": ActionExpired,
    "not_yours": ApprovalNotYours,
}


class Actions:
    """A desk's actions in one process. Use ``start`` and ``stop``."""

    def __init__(
        self,
        desk: Frontdesk,
        tools: Sequence[Tool],
        database: Database,
        settings: Settings,
        *,
        secret: bytes,
        open_ticket: OpenTicket,
    ) -> None:
        """``secret`` signs the confirm buttons; all replicas share it."""
        self._desk = desk
        self._tools = {tool.name: tool for tool in tools}
        self._secret = secret
        self._seconds = settings.tool_timeout
        # Longer than a call may take, so that nobody asks about an effect whose call is still going on.
        lease = timedelta(seconds=settings.tool_timeout + settings.lease_seconds)
        self.store = ActionStore(database, uuid4(), lease)
        self._proposer = Proposer(self.store, settings.tool_timeout)
        self._executor = Executor(self._tools, self.store, open_ticket, settings.tool_timeout)
        self._running: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        self._sweeper: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begin to look for what other processes have left behind, and for what has run out."""
        if any(tool.grant.changes for tool in self._tools.values()):
            self._sweeper = asyncio.create_task(self._sweep())

    async def stop(self, seconds: float = 10.0) -> None:
        """Let what runs end; what does not in time is left to another process."""
        self._stopping.set()
        if self._sweeper:
            await self._sweeper
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=seconds)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)

    # ------------------------------------------------------------------ for the gate
    async def propose(self, tool: Tool, arguments: Json, context: ToolContext, effect: UUID) -> Action:
        """The action that a call would be; recorded with the turn. Raises ToolError where it is not to be had."""
        return await self._proposer.propose(tool, arguments, context, effect)

    async def write(self, tool: Tool, arguments: Json, context: ToolContext, effect: UUID) -> tuple[str, str]:
        """(result, error code) of a write that needs nobody's yes, through the same ledger, once."""
        seen = await look(tool, arguments, context, self._seconds)
        action = made(tool, seen, context, effect)
        judged = await self.store.begin(action, tool.grant.capped, self._judge(tool, action, seen))
        if judged is None:
            action = await self._earlier(context, effect)
        elif judged.verdict == "refuse":
            raise Refused(judged.message, code=judged.code)
        else:
            await self._detached(self._executor.run(replace(action, attempts=1)))
            action = await self.store.find(context.principal.key, effect)
        if action.status == "executed":
            return encode(action.result), ""
        code = "refused" if action.status == "failed" else "unavailable"
        return encode({"error": {"code": code, "message": action.reason or "It is not known yet."}}), code

    async def _earlier(self, context: ToolContext, effect: UUID) -> Action:
        """What an earlier attempt at this turn has begun; nothing, where a newer message has overtaken it."""
        try:
            return await self.store.find(context.principal.key, effect)
        except NotFound:
            raise Refused(Superseded().detail, code="superseded") from None

    # ------------------------------------------------------------------ for the customer
    def token(self, action: Action, purpose: str = "confirm") -> str:
        """What the button carries."""
        return decide.confirm_token(self._secret, action, purpose)

    def show(self, action: Action) -> Json:
        """An action as the customer's screen needs it: what it is, how it stands, and the token of its button."""
        now = datetime.now(UTC)
        shown = view(action)
        if action.status == "proposed" and action.expires_at > now:
            shown["confirm_token"] = self.token(action)
        if action.status == "executed" and action.undo_until and action.undo_until > now:
            shown |= {"undo_until": action.undo_until.isoformat(), "undo_token": self.token(action, "undo")}
        return shown

    def reply(self, action: Action) -> str:
        """How an action stands, in a sentence for the customer."""
        return words.now(self._tools.get(action.tool), action)

    async def find(self, principal: Principal, action_id: UUID) -> Action:
        """An action of the principal's as it stands. Raises NotFound, also for somebody else's."""
        return await self.store.find(principal.key, action_id)

    async def of_conversation(
        self, principal: Principal, conversation_id: UUID, after_turn: int
    ) -> list[Action]:
        """What a page of a conversation's turns have proposed, oldest first."""
        return await self.store.of_conversation(principal.key, conversation_id, after_turn)

    async def confirm(self, principal: Principal, action_id: UUID, token: str) -> Action:
        """The customer's yes: the effect, or its wait for staff. Returns the action as it stands afterwards.

        Raises NotFound, TokenMismatch, ActionDecided, ActionExpired, ActionStale, PermissionDenied, and
        BackendUnavailable where the record cannot be read; after each of them nothing was done.
        """
        action = await self.find(principal, action_id)
        tool = self._tools.get(action.tool)
        held = decide.permissions_of(self._desk, principal)
        refusal = decide.may_confirm(
            action, token, self._secret, held, tool.grant if tool else None, datetime.now(UTC)
        )
        if refusal or tool is None:
            raise REFUSALS[refusal or "denied"]
        await self._execute(tool, action, await self._same(tool, action, "proposed"), was="proposed")
        return await self._afterwards(principal.key, action_id)

    async def decline(self, principal: Principal, action_id: UUID) -> Action:
        """The customer's no. Raises NotFound, ActionDecided, ActionExpired."""
        action = await self.find(principal, action_id)
        if action.status == "expired":
            raise ActionExpired
        if not await self.store.end(
            action,
            "declined",
            "customer",
            was=["proposed", "confirmed"],
            by=action.principal,
            tell=words.say(words.LEFT, title=action.preview.title),
        ):
            raise ActionDecided
        return await self._afterwards(principal.key, action_id)

    async def undo(self, principal: Principal, action_id: UUID, token: str) -> Action:
        """ "I changed my mind": take an executed action back within its time. Raises as ``confirm`` does."""
        action = await self.find(principal, action_id)
        tool = self._tools.get(action.tool)
        held = decide.permissions_of(self._desk, principal)
        refusal = decide.may_undo(
            action, token, self._secret, held, tool.grant if tool else None, datetime.now(UTC)
        )
        if refusal:
            raise REFUSALS[refusal]
        if not await self.store.undo(action):
            raise ActionDecided
        await self._detached(self._executor.take_back(replace(action, attempts=1)))
        return await self._afterwards(principal.key, action_id)

    # ------------------------------------------------------------------ for staff
    async def approve(self, staff: str, action_id: UUID) -> Action:
        """A person's yes; with the last one that is needed the effect.

        Raises NotFound, ActionDecided, ActionExpired, ActionStale, ApprovalNotYours, BackendUnavailable.
        """
        action = await self.store.find(await self.store.owner(action_id), action_id)
        refusal = decide.may_approve(action, staff, datetime.now(UTC))
        if refusal:
            raise REFUSALS[refusal]
        tool = self._tools.get(action.tool)
        if tool is None:
            raise ActionStale
        seen = await self._same(tool, action, "confirmed")
        action = await self.store.approve(action, decide.person(staff))
        if decide.approvals(action) >= action.needs:
            await self._execute(tool, action, seen, was="confirmed")
        return await self._afterwards(action.principal, action_id)

    async def refuse(self, staff: str, action_id: UUID, reason: str) -> Action:
        """A person's no; the customer is told why. Raises NotFound, ActionDecided, ReasonMissing."""
        action = await self.store.find(await self.store.owner(action_id), action_id)
        told = words.say(words.DECLINED, title=action.preview.title, reason=_said(reason))
        if not await self.store.end(
            action, "declined", reason, was=["confirmed"], by=f"staff:{staff}", tell=told
        ):
            raise ActionDecided
        return await self._afterwards(action.principal, action_id)

    async def settle(self, staff: str, action_id: UUID, *, happened: bool, reason: str) -> Action:
        """A person has found out whether an unknown effect, or its taking back, has happened.

        Raises NotFound, ActionDecided, ReasonMissing, and ApprovalNotYours for who asked for it.
        """
        action = await self.store.find(await self.store.owner(action_id), action_id)
        if decide.asked(action, staff):
            raise ApprovalNotYours
        undo = action.reason == "undo_person"
        status = ("undone" if happened else "executed") if undo else ("executed" if happened else "failed")
        what = words.WENT["not undone" if undo and not happened else status]
        told = words.say(words.RESOLVED, title=action.preview.title, what=what, reason=_said(reason))
        if not await self.store.resolve(action, status, reason, staff, told):
            raise ActionDecided
        return await self._afterwards(action.principal, action_id)

    async def waiting(self) -> list[Action]:
        """What waits for staff: to be approved, or to be found out; oldest first."""
        return await self.store.waiting()

    async def passed(self, action: Action) -> list[str]:
        """The thresholds beside its tool that an action goes beyond, in words: why it waits for staff."""
        tool = self._tools.get(action.tool)
        if tool is None:
            return []
        grant, money = tool.grant, action.preview.amount
        used = await self.store.used(action, grant.capped)
        pairs = list(zip(grant.capped, used, strict=True))[len(grant.limit) :]
        return [decide.told(cap) for cap, before in pairs if decide.passes(cap, money, before)]

    async def _afterwards(self, owner: str, action_id: UUID) -> Action:
        """An action once more, with time of its own: what was done by now is not to be told as a failure."""
        with deadline.aside():
            return await self.store.find(owner, action_id)

    # ------------------------------------------------------------------ running
    async def _same(self, tool: Tool, action: Action, was: str) -> Look:
        """A second look: raises ActionStale, and ends the proposal, where it is not what was shown."""
        if policy_version(tool.grant) != action.policy:
            raise await self._stale(action, was)
        try:
            with deadline.aside():
                seen = await look(tool, action.arguments, context_of(action), self._seconds)
        except ToolUnavailable:
            raise BackendUnavailable from None
        except ToolError as error:
            raise await self._stale(action, was, error.detail) from None
        if decide.basis(seen.preview) != action.basis:
            raise await self._stale(action, was)
        return seen

    async def _stale(self, action: Action, was: str, why: str = "") -> FrontdeskError:
        """End a proposal that rests on what is no longer so; returns what to raise."""
        told = clean(f"{words.STALE} {why}".strip())
        ended = await self.store.end(action, "expired", "stale", was=[was], by="desk", tell=told)
        return ActionStale() if ended else ActionDecided()

    def _judge(self, tool: Tool, action: Action, seen: Look) -> Judge:
        """What a claim asks while it holds the lock."""

        def judge(used: Sequence[Decimal]) -> decide.Decision:
            decision = decide.may_run(tool.grant, action, seen.preview.amount, used)
            return replace(decision, message=words.waits(decision.needs)) if decision.needs else decision

        return judge

    async def _execute(self, tool: Tool, action: Action, seen: Look, *, was: str) -> None:
        """Claim and run, whoever has pressed the button or not stayed to see; or let it wait for staff."""
        judge = self._judge(tool, action, seen)
        judged = await self.store.claim(action, tool.grant.capped, judge, was=was, stands=APPROVED_WITHIN)
        if judged is None:
            raise ActionDecided
        if judged.verdict == "run":
            await self._detached(self._executor.run(replace(action, attempts=1)))

    async def _detached(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Run to the end, though whoever waits for it hangs up."""
        with deadline.aside():
            task = asyncio.create_task(work)
            self._running.add(task)
            task.add_done_callback(self._running.discard)
            return await asyncio.shield(task)

    # ------------------------------------------------------------------ what is left behind
    async def _sweep(self) -> None:
        while not self._stopping.is_set():
            try:
                await asyncio.gather(*(self._see_to(*due) for due in await self.store.due()))
            except DatabaseUnavailable:
                log.warning("database gone; will look again")
            except Exception as error:  # noqa: BLE001  whatever it is, actions must go on being looked for
                log.warning("looking for actions failed", error=type(error).__name__)
            with suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), SWEEP_SECONDS)

    async def _see_to(self, identity: UUID, owner: str) -> None:
        """One action that nobody is at: run out, approved and not yet run, or of unknown outcome."""
        action = await self.store.find(owner, identity)
        if action.status == "expired":
            # Who has said yes waits to hear of it; who has not knows.
            for was, tell in (("confirmed", words.EXPIRED), ("proposed", "")):
                await self.store.end(action, "expired", "expired", was=[was], by="desk", tell=tell)
        elif action.status == "confirmed":
            tool = self._tools.get(action.tool)
            if tool is None:
                await self._stale(action, "confirmed")
            elif decide.approvals(action) >= action.needs:
                # Decided meanwhile, or stale, or the backend is away: then it is seen to again.
                with suppress(FrontdeskError):
                    seen = await self._same(tool, action, "confirmed")
                    await self._execute(tool, action, seen, was="confirmed")
        elif await self.store.take(action):
            await self._executor.resume(replace(action, attempts=action.attempts + 1))


def _said(reason: str) -> str:
    """A reason as the customer will read it. Raises ReasonMissing where nothing of it is left to read."""
    why = clean(reason)
    if not why:
        raise ReasonMissing
    return why
