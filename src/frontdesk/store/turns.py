"""Accepting, claiming and finishing turns; the two commits of a turn."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from frontdesk.database import Database
from frontdesk.domain import Action, Json, Mode, PastTurn, Principal, TurnInput, TurnResult
from frontdesk.errors import IdempotencyMismatch, LeaseLost, NotFound, QueueFull, Superseded
from frontdesk.store.action_rows import action_of, proposals
from frontdesk.store.records import record_of, steps_of
from frontdesk.store.windows import Window, Windows, key_of
from frontdesk.telemetry import spans


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored message. ``claimed``: this process holds the conversation's lease and must see to the turn.

    ``turn`` is the turn itself where nothing waits before it, so that it can begin at once.
    """

    conversation_id: UUID
    turn_id: UUID
    claimed: bool
    repeated: bool
    turn: TurnInput | None


#: Seconds that work already done waits for its commit behind others, before it is given back and done again.
PATIENCE = 20.0
MOST_BEGUN = 5000  # conversations whose window is remembered until their turn ends
CLAIM = """
UPDATE conversations SET lease_owner = %s, lease_until = now() + %s
WHERE id = %s AND turns_done < turns_accepted AND (lease_owner IS NULL OR lease_until < now())
RETURNING true
"""
RELEASE = """
UPDATE conversations SET lease_owner = NULL, lease_until = NULL WHERE id = %s AND lease_owner = %s
"""
# Given back on purpose is not the same as a process that died over it.
UNBEGIN = (
    "UPDATE turns SET attempts = greatest(attempts - 1, 0) WHERE conversation_id = %s AND status = 'accepted'"
)


@dataclass(frozen=True, slots=True)
class StoredTurn:
    """A turn as it stands in the database; ``record`` and ``reply`` once it is done."""

    turn_id: UUID
    conversation_id: UUID
    seq: int
    done: bool
    outcome: str
    reply: str
    record: Json
    mode: Mode
    actions: tuple[Action, ...] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """What a turn's commit came to.

    more      whether more turns wait in the conversation
    silenced  a person has taken over since it was accepted: neither its reply nor its proposals were kept
    mode      the conversation's from here on
    """

    more: bool
    silenced: bool
    mode: Mode


class Turns:
    """The turns table, for one process: ``runner`` is the name its leases are held under."""

    def __init__(
        self,
        database: Database,
        runner: UUID,
        lease_seconds: float,
        window: int,
        hot: Windows | None = None,
    ) -> None:
        """``window`` is in turns; ``hot`` is where windows are kept ready, if anywhere."""
        self._hot = hot
        # By conversation: the turn that is being answered, where its window goes, and the one it began with.
        self._begun: dict[UUID, tuple[UUID, str, Window]] = {}
        self._database = database
        self.runner = runner
        self._lease = timedelta(seconds=lease_seconds)
        self._window = window

    async def accept(
        self,
        principal: Principal,
        message: str,
        *,
        channel: str,
        conversation_id: UUID | None,
        client_message_id: str | None,
    ) -> Accepted:
        """Commit the message and its turn; after this nothing can lose it.

        Raises NotFound for a conversation that is not the principal's, IdempotencyMismatch when the
        client_message_id was used for another message, QueueFull when too many wait in the conversation.
        """
        digest = hashlib.sha256(orjson.dumps([message, str(conversation_id or "")])).digest()
        rights = None if principal.permissions is None else sorted(principal.permissions)
        given = (
            *(principal.key, channel, conversation_id, uuid7(), spans.turn_id()),
            *(message, client_message_id, digest),
            *(rights, self.runner, self._lease, self._window),
        )
        row = await (
            self._accept_hot(self._hot, given) if self._hot else self._database.call("accept_turn", *given)
        )
        if row is None or row[0] == "not_found":
            raise NotFound
        problem, conversation, turn, seq, claimed, repeated, facts, mode, past = row
        if problem == "full":
            raise QueueFull
        if problem == "mismatch":
            raise IdempotencyMismatch
        ready = None
        if mode is not None:
            ready = TurnInput(turn, conversation, seq, principal, message, _window(past), facts, mode)
        return Accepted(conversation, turn, claimed, repeated, ready)

    async def _accept_hot(self, hot: Windows, given: tuple[Any, ...]) -> tuple[Any, ...] | None:
        """accept_turn, with the window that is kept ready where it is still the conversation's."""
        key = key_of(given[0])
        known = Window.read(await hot.get(key))
        last = (known.conversation, known.audited) if known else (None, None)
        row = await self._database.call("accept_turn_after", *given, *last)
        if row is None or row[7] is None:
            return row[:9] if row else None
        *accepted, past, audited = row
        if known and (known.conversation, known.audited) == (row[1], audited):
            past = known.rows
        if audited is not None or row[3] == 1:
            while len(self._begun) >= MOST_BEGUN:
                del self._begun[next(iter(self._begun))]
            self._begun[row[1]] = row[2], key, Window(row[1], audited or 0, past or [])
        return *accepted, past

    async def _keep_hot(self, turn: TurnInput, result: TurnResult, record: str) -> None:
        turn_id, key, window = self._begun.pop(turn.conversation_id, (None, "", None))
        if self._hot and window and turn_id == turn.turn_id:
            steps: list[Any] = orjson.loads(record).get("steps", [])
            if now := window.after(turn, result, steps, self._window):
                await self._hot.put(key, now.written())

    def leave(self, conversation_id: UUID) -> None:
        """Remember no window of a conversation that is not being answered here any more, however that ended."""
        self._begun.pop(conversation_id, None)

    async def forget(self, principal_key: str) -> None:
        """Keep no window of a principal ready."""
        if self._hot:
            await self._hot.forget(key_of(principal_key))

    async def next(self, principal: Principal, conversation_id: UUID) -> tuple[TurnInput, int] | None:
        """The oldest waiting turn of a conversation whose lease we hold, and how often it was begun."""
        row = await self._database.call(
            "next_turn", principal.key, conversation_id, self.runner, self._window
        )
        if row is None:
            return None
        turn_id, seq, message, tries, facts, mode, rights, past = row
        # The turn's own rights, not those of whoever happened to wake this conversation.
        caller = replace(principal, permissions=None if rights is None else frozenset(rights))
        window = _window(past)
        return TurnInput(turn_id, conversation_id, seq, caller, message, window, facts, mode), tries

    async def finish(self, turn: TurnInput, result: TurnResult) -> Finished:
        """Commit reply, record, facts, proposals and audit at once.

        Raises LeaseLost when another process has taken the conversation over, Superseded when the turn proposes
        something and a newer message has come in; then nothing is written.
        """
        record, audit = record_of(turn, result)
        facts = orjson.dumps(result.facts).decode()
        row = await self._database.call(
            "finish_turn",
            *(turn.principal.key, turn.conversation_id, turn.turn_id, turn.seq, self.runner, self._lease),
            *(result.outcome.value, record, result.reply, facts, result.mode, audit),
            proposals([a for a in result.actions if a.turn_id == turn.turn_id and a.status == "proposed"]),
            patience=PATIENCE,
        )
        if row is None:
            raise LeaseLost
        more, superseded, silenced, mode = row
        if superseded:
            raise Superseded
        if self._hot and not silenced:
            await self._keep_hot(turn, result, record)
        return Finished(more, silenced, mode)

    async def claim(self, principal_key: str, conversation_id: UUID) -> bool:
        """Take the lease of a conversation that has turns to answer, if nobody alive holds it."""
        async with self._database.transaction(principal_key) as connection:
            cursor = await connection.execute(CLAIM, (self.runner, self._lease, conversation_id))
            return await cursor.fetchone() is not None

    async def renew(self, conversations: Collection[UUID]) -> None:
        """Say of these conversations that we are still at them."""
        await self._database.call("renew_leases", self.runner, self._lease, list(conversations))

    async def release(self, principal_key: str, conversation_id: UUID) -> None:
        """Give the lease back without having answered everything, so that others need not wait."""
        async with self._database.transaction(principal_key) as connection:
            cursor = await connection.execute(RELEASE, (conversation_id, self.runner))
            if cursor.rowcount:
                await connection.execute(UNBEGIN, (conversation_id,))

    async def abandoned(self, most: int = 100) -> list[tuple[UUID, str]]:
        """(conversation, principal) of turns whose process has fallen silent."""
        return await self._database.rows("abandoned_turns", most)

    async def find(self, principal: Principal, turn_id: UUID) -> StoredTurn:
        """A turn of the principal's. Raises NotFound for an unknown one and for somebody else's alike."""
        row = await self._database.call("find_turn", principal.key, turn_id)
        if row is None:
            raise NotFound
        identity, conversation, seq, status, outcome, record, mode, reply, actions = row
        return StoredTurn(
            identity,
            conversation,
            seq,
            status == "done",
            outcome or "",
            reply or "",
            record or {},
            mode,
            tuple(map(action_of, actions or ())),
        )


def _window(past: list[Any] | None) -> list[PastTurn]:
    return [
        PastTurn(seq, message, reply, steps_of(steps, actions))
        for seq, message, reply, steps, actions in past or ()
    ]
