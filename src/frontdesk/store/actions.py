"""Actions, approvals and the ledger of effects. What decides stands in policies/decide.py; this writes it down.

Each change of an action's state is one UPDATE that names the state it leaves, so that of any number of people,
clicks and processes exactly one makes it; the audit entry, and for an effect its row in the ledger, share its
transaction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid5

import orjson
from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from frontdesk.database import Database
from frontdesk.domain import Action, Limit, Principal
from frontdesk.errors import NotFound
from frontdesk.store.action_rows import action_of, row_of
from frontdesk.store.action_statements import (
    APPROVE,
    BEGIN,
    CLAIM,
    DECIDE,
    END_EFFECT,
    HOLD,
    IDENTICAL,
    INSERT_RUNNING,
    LATELY,
    OF_CONVERSATION,
    RESOLVE,
    SETTLE,
    STATE,
    TAKE,
    UNDO,
    WAIT,
)
from frontdesk.store.records import sha
from frontdesk.telemetry import metrics

Judge = Callable[[Sequence[Decimal]], Any]  # gives a decision: .verdict, .code, .message, .needs


@dataclass(frozen=True, slots=True)
class Settlement:
    """How an action's run came out, to be written down in one transaction.

    status      what it is now
    effect      the ledger's word for it: done, failed or unknown
    tell        what the customer is told; empty: nothing new
    again_in    seconds until the backend is asked again; None: it is over, or a person's now
    """

    status: str
    effect: str
    reason: str = ""
    result: Any = None
    tell: str = ""
    again_in: float | None = None
    undo_within: timedelta | None = None


class ActionStore:
    """The rows, for one process: ``runner`` is the name under which it claims them."""

    def __init__(self, database: Database, runner: UUID, lease: timedelta) -> None:
        self._database = database
        self._runner = runner
        self._lease = lease

    # ------------------------------------------------------------------ reading
    async def find(self, principal_key: str, action_id: UUID) -> Action:
        """An action of the principal's. Raises NotFound for an unknown one and for somebody else's alike."""
        async with self._database.transaction(principal_key) as connection:
            row = await (await connection.execute(STATE, (action_id,))).fetchone()
        if row is None:
            raise NotFound
        return action_of(row[0])

    async def identical(self, action: Action) -> Action | None:
        """The same proposal, already shown in this conversation and still standing for more than a minute."""
        async with self._database.transaction(action.principal) as connection:
            whose = (action.principal, action.conversation_id, action.tool, action.preview.object)
            row = await (
                await connection.execute(IDENTICAL, (*whose, action.digest, action.basis))
            ).fetchone()
        return action_of(row[0]) if row else None

    async def of_conversation(self, principal_key: str, conversation_id: UUID, after: int) -> list[Action]:
        """What 100 turns of a conversation behind number ``after`` have proposed, oldest first."""
        return await _actions(
            self._database, principal_key, OF_CONVERSATION, (conversation_id, after, after + 100)
        )

    async def owner(self, action_id: UUID) -> str:
        """Whose action it is, for staff. Raises NotFound."""
        row = await self._database.call("action_owner", action_id)
        if row is None:
            raise NotFound
        return row[0]

    async def due(self, most: int = 50) -> list[tuple[UUID, str]]:
        """(action, principal) of what nobody is at any more."""
        return await self._database.rows("actions_due", most)

    async def waiting(self, most: int = 200) -> list[Action]:
        """What waits for staff, oldest first."""
        return [
            await self.find(owner, identity)
            for identity, owner in await self._database.rows("actions_waiting", most)
        ]

    async def used(self, action: Action, caps: Sequence[Limit]) -> list[Decimal]:
        """How much of each cap is used, outside of any claim: good for a proposal, not for an effect."""
        if not caps:
            return []
        rows = await self._database.rows("effects_used", action.tool, action.principal, _caps(caps, action))
        return [row[0] for row in rows]

    # ------------------------------------------------------------------ deciding
    async def claim(
        self, action: Action, caps: Sequence[Limit], judge: Judge, *, was: str, stands: timedelta
    ) -> Any:
        """Claim an action for its effect: limits, state, ledger and audit in one transaction.

        ``judge`` gets how much of each cap is used, under a lock that lets nobody else count meanwhile. What it
        returns is given back: "run", and it is claimed; "refuse", and it has failed; "wait", and it waits for as
        many members of staff as that says, for at most ``stands``. None when somebody else was faster.
        """
        async with self._database.transaction(action.principal) as connection:
            await self._lock(connection, action, caps)
            judged = judge(await self._used(connection, action, caps))
            if judged.verdict == "refuse":
                given = {"status": "failed", "reason": judged.message, "id": action.id, "was": [was]}
                ended = await _one(connection, DECIDE, {**given, "staff": "", "yes": True})
                if ended:
                    metrics.actions.add("failed")
                    await _audit(connection, action, "failed", "desk", judged.code)
                    await _tell(connection, action, judged.message)
                return judged if ended else None
            if judged.verdict == "wait":
                given = {"needs": judged.needs, "stands": stands, "id": action.id, "was": was}
                waits = await _one(connection, WAIT, {**given, "digest": action.digest})
                if waits:
                    metrics.actions.add("confirmed")
                    await _audit(connection, action, "confirmed", action.principal)
                    await _tell(connection, action, judged.message)
                return judged if waits else None
            values = (self._runner, self._lease, action.id, was, action.digest)
            if not await _one(connection, CLAIM, values):
                return None
            await self._begin(connection, action, caps, "do", action.id)
        return judged

    async def begin(self, action: Action, caps: Sequence[Limit], judge: Judge) -> Any:
        """``claim`` for a write that needs nobody's yes: it is recorded and claimed at once.

        None when the turn has been overtaken, or the action is there already.
        """
        async with self._database.transaction(action.principal) as connection:
            await self._lock(connection, action, caps)
            judged = judge(await self._used(connection, action, caps))
            if judged.verdict != "run":
                return judged
            values = {**row_of(action), "runner": self._runner, "lease": self._lease}
            if not await _one(connection, INSERT_RUNNING, values):
                return None
            await self._begin(connection, action, caps, "do", action.id)
        return judged

    async def end(
        self, action: Action, status: str, reason: str, *, was: Sequence[str], by: str, tell: str = ""
    ) -> bool:
        """Decline or let run out an action that has not been claimed. False when it is past that."""
        async with self._database.transaction(action.principal) as connection:
            await _one(connection, HOLD, (action.conversation_id,))
            given = {"status": status, "reason": reason, "id": action.id, "was": list(was)}
            staff = by.removeprefix("staff:") if by.startswith("staff:") else ""
            done = await _one(connection, DECIDE, {**given, "staff": staff, "yes": False})
            if done:
                metrics.actions.add(status)
                await _audit(connection, action, status, by, reason)
                await _tell(connection, action, tell)
        return bool(done)

    async def approve(self, action: Action, staff: str) -> Action:
        """Count a person's yes, once; returns the action with all who have approved."""
        async with self._database.transaction(action.principal) as connection:
            await _one(connection, HOLD, (action.conversation_id,))
            if await _one(connection, APPROVE, (staff, action.id)):
                await _audit(connection, action, "approved", f"staff:{staff}")
            row = await (await connection.execute(STATE, (action.id,))).fetchone()
        if row is None:
            raise NotFound
        return action_of(row[0])

    async def resolve(self, action: Action, status: str, reason: str, staff: str, tell: str) -> bool:
        """A person has found out what became of an unknown effect, or of its taking back; False when it is past that."""
        undo = action.reason == "undo_person"
        async with self._database.transaction(action.principal) as connection:
            await _one(connection, HOLD, (action.conversation_id,))
            done = await _one(connection, RESOLVE, (status, reason, staff, action.id, action.reason))
            if done:
                outcome = "done" if status == ("undone" if undo else "executed") else "failed"
                await connection.execute(END_EFFECT, (outcome, undo_id(action.id) if undo else action.id))
                metrics.actions.add(status)
                await _audit(connection, action, status, f"staff:{staff}", reason)
                await _tell(connection, action, tell)
        return bool(done)

    # ------------------------------------------------------------------ running
    async def take(self, action: Action) -> bool:
        """Take over what a process has left, or what is due to be asked about again."""
        async with self._database.transaction(action.principal) as connection:
            return bool(await _one(connection, TAKE, (self._runner, self._lease, action.id)))

    async def undo(self, action: Action) -> bool:
        """Claim the taking back of an executed action."""
        async with self._database.transaction(action.principal) as connection:
            await _one(connection, HOLD, (action.conversation_id,))
            done = await _one(connection, UNDO, (self._runner, self._lease, action.id))
            if done:
                await self._begin(connection, action, (), "undo", undo_id(action.id))
        return bool(done)

    async def settle(self, action: Action, settled: Settlement, *, undo: bool = False) -> bool:
        """Write down how a run came out; False when another process has taken it over meanwhile."""
        async with self._database.transaction(action.principal) as connection:
            await _one(connection, HOLD, (action.conversation_id,))
            now = await _one(connection, b"SELECT now()", ())
            values = {
                "id": action.id,
                "runner": self._runner,
                "status": settled.status,
                "reason": settled.reason,
                "result": None if settled.result is None else Jsonb(settled.result),
                "over": settled.status != "unknown",
                "undo_until": now + settled.undo_within if settled.undo_within else None,
                "again": None if settled.again_in is None else now + timedelta(seconds=settled.again_in),
            }
            done = await _one(connection, SETTLE, values)
            if done:
                effect = undo_id(action.id) if undo else action.id
                await connection.execute(END_EFFECT, (settled.effect, effect))
                metrics.actions.add(settled.status)
                event = f"undo {settled.effect}" if undo else settled.status
                await _audit(connection, action, event, "desk", settled.reason)
                await _tell(connection, action, settled.tell)
        return bool(done)

    # ------------------------------------------------------------------ inside a transaction
    async def _lock(self, connection: AsyncConnection[Any], action: Action, caps: Sequence[Limit]) -> None:
        """Who counts the same limit waits: two claims that race must not both see room for one.

        The conversation comes first, as wherever a turn or an action is written down: so nobody waits in a circle.
        """
        await _one(connection, HOLD, (action.conversation_id,))
        if not caps:
            return
        wide = any(cap.scope not in ("customer", "call") for cap in caps)
        name = action.tool if wide else f"{action.tool} {action.principal}"
        await connection.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 1))", (name,))

    async def _used(
        self, connection: AsyncConnection[Any], action: Action, caps: Sequence[Limit]
    ) -> list[Decimal]:
        if not caps:
            return []
        values = (action.tool, action.principal, _caps(caps, action))
        cursor = await connection.execute("SELECT used FROM effects_used(%s, %s, %s)", values)
        return [row[0] for row in await cursor.fetchall()]

    async def _begin(
        self,
        connection: AsyncConnection[Any],
        action: Action,
        caps: Sequence[Limit],
        kind: str,
        effect: UUID,
    ) -> None:
        counted = {cap.scope for cap in caps}
        # Ids are kept though nothing counts by them yet: a limit that is declared later counts what was done before.
        keys = {n: _key(action, n) for n in action.arguments if n in counted or n.endswith("_id")}
        amount = action.preview.amount
        money = (amount.amount, amount.currency) if amount else (None, None)
        whose = (action.conversation_id, action.principal, action.tool)
        await connection.execute(BEGIN, (effect, action.id, kind, *whose, Jsonb(keys), *money))
        await _audit(connection, action, "executing" if kind == "do" else "undoing", action.principal)


async def lately(database: Database, principal: Principal, conversation_id: UUID) -> list[Action]:
    """A conversation's actions of the last day, newest first, at most ten."""
    return await _actions(database, principal.key, LATELY, (conversation_id,))


def undo_id(action_id: UUID) -> UUID:
    """The name of the effect that takes an action's effect back."""
    return uuid5(action_id, "undo")


def _caps(caps: Sequence[Limit], action: Action) -> Jsonb:
    return Jsonb(
        [
            {
                "currency": cap.currency,
                "seconds": cap.window.total_seconds() if cap.window else None,
                "scope": cap.scope,
                "value": _key(action, cap.scope),
            }
            for cap in caps
        ]
    )


def _key(action: Action, name: str) -> str:
    """An argument's value as a limit counts by it, as it was written: subject= refuses other spellings of an id."""
    value = action.arguments.get(name)
    return value if isinstance(value, str) else orjson.dumps(value).decode()


async def _actions(
    database: Database, principal_key: str, query: str, values: tuple[Any, ...]
) -> list[Action]:
    async with database.transaction(principal_key) as connection:
        rows = await (await connection.execute(query.encode(), values)).fetchall()
    return [action_of(row[0]) for row in rows]


async def _one(connection: AsyncConnection[Any], query: str | bytes, values: Any) -> Any:
    text = query.encode() if isinstance(query, str) else query
    row = await (await connection.execute(text, values)).fetchone()
    return row[0] if row else None


async def _audit(
    connection: AsyncConnection[Any], action: Action, event: str, by: str, reason: str = ""
) -> None:
    """Ids, names and hashes: the log outlives an erased customer."""
    entry = {
        "action": str(action.id),
        "event": event,
        "tool": action.tool,
        "by": by,
        "arguments": action.digest.hex()[:16],
    }
    data = orjson.dumps(entry | ({"reason": sha(reason)} if reason else {})).decode()
    await connection.execute("SELECT audit_append(%s, 'action', %s)", (action.conversation_id, data))


async def _tell(connection: AsyncConnection[Any], action: Action, text: str) -> None:
    if text:
        values = (action.conversation_id, action.turn_id, action.principal, text)
        await connection.execute("SELECT tell(%s, %s, %s, %s)", values)
