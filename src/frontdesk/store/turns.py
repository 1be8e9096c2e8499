"""Accepting, claiming and finishing turns; the two commits of a turn."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from frontdesk.database import Database
from frontdesk.domain import Json, Mode, PastTurn, Principal, TurnInput, TurnResult
from frontdesk.errors import IdempotencyMismatch, LeaseLost, NotFound
from frontdesk.store.records import record_of, steps_of


@dataclass(frozen=True, slots=True)
class Accepted:
    """A stored message. ``claimed``: this process holds the conversation's lease and must run the turn."""

    conversation_id: UUID
    turn_id: UUID
    seq: int
    claimed: bool
    repeated: bool


ACCEPT = "SELECT * FROM accept_turn(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
# The oldest turn still to be answered; counts the attempt, so that a turn that kills its process is given up.
NEXT = """
UPDATE turns t SET attempts = attempts + 1 FROM conversations c, messages m
WHERE c.id = %s AND c.lease_owner = %s AND t.conversation_id = c.id AND t.seq = c.turns_done + 1
  AND m.conversation_id = c.id AND m.turn_seq = t.seq AND m.n = 0
RETURNING t.id, t.seq, m.body, t.attempts, c.facts, c.mode, t.permissions
"""
WINDOW = """
SELECT t.seq, m.body, coalesce(r.body, ''), t.record -> 'steps'
FROM turns t
JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 0
LEFT JOIN messages r ON r.conversation_id = t.conversation_id AND r.turn_seq = t.seq AND r.n = 1
WHERE t.conversation_id = %s AND t.seq >= %s AND t.seq < %s
ORDER BY t.seq
"""
FINISH = "SELECT * FROM finish_turn(%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)"
CLAIM = """
UPDATE conversations SET lease_owner = %s, lease_until = now() + %s
WHERE id = %s AND turns_done < turns_accepted AND (lease_owner IS NULL OR lease_until < now())
RETURNING true
"""
RENEW = "UPDATE conversations SET lease_until = now() + %s WHERE id = %s AND lease_owner = %s RETURNING true"
RELEASE = """
UPDATE conversations SET lease_owner = NULL, lease_until = NULL WHERE id = %s AND lease_owner = %s
"""
FIND = """
SELECT t.id, t.conversation_id, t.seq, t.status, t.outcome, t.record, r.body, c.mode
FROM turns t JOIN conversations c ON c.id = t.conversation_id
LEFT JOIN messages r ON r.conversation_id = t.conversation_id AND r.turn_seq = t.seq AND r.n = 1
WHERE t.id = %s
"""


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


class Turns:
    """The turns table, for one process: ``runner`` is the name its leases are held under."""

    def __init__(self, database: Database, runner: UUID, lease_seconds: float) -> None:
        self._database = database
        self.runner = runner
        self._lease = timedelta(seconds=lease_seconds)

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
        client_message_id was used for another message.
        """
        digest = hashlib.sha256(orjson.dumps([message, str(conversation_id or "")])).digest()
        async with self._database.transaction(principal.key) as connection:
            cursor = await connection.execute(
                ACCEPT,
                (
                    principal.key,
                    channel,
                    conversation_id,
                    uuid7(),
                    uuid7(),
                    message,
                    client_message_id,
                    digest,
                    None if principal.permissions is None else sorted(principal.permissions),
                    self.runner,
                    self._lease,
                ),
                prepare=True,
            )
            row = await cursor.fetchone()
        problem, conversation, turn, seq, claimed, repeated = _must(row)
        if problem == "mismatch":
            raise IdempotencyMismatch
        if problem:
            raise NotFound
        return Accepted(conversation, turn, seq, claimed, repeated)

    async def next(
        self, principal: Principal, conversation_id: UUID, window: int
    ) -> tuple[TurnInput, int] | None:
        """The oldest turn of a conversation whose lease we hold, with its window, and its attempts so far."""
        async with self._database.transaction(principal.key) as connection:
            cursor = await connection.execute(NEXT, (conversation_id, self.runner), prepare=True)
            row = await cursor.fetchone()
            if row is None:
                return None
            turn_id, seq, message, attempts, facts, mode, rights = row
            past: list[PastTurn] = []
            if seq > 1:
                cursor = await connection.execute(
                    WINDOW, (conversation_id, max(1, seq - window), seq), prepare=True
                )
                past = [PastTurn(s, m, r, steps_of(steps)) for s, m, r, steps in await cursor.fetchall()]
        # The turn's own rights, not those of whoever happened to wake this conversation.
        caller = replace(principal, permissions=None if rights is None else frozenset(rights))
        return TurnInput(turn_id, conversation_id, seq, caller, message, past, facts, mode), attempts

    async def finish(self, turn: TurnInput, result: TurnResult) -> bool:
        """Commit reply, record, facts and audit at once. Returns whether more turns wait.

        Raises LeaseLost when another process has taken the conversation over; then nothing is written.
        """
        record, audit = record_of(turn, result)
        async with self._database.transaction(turn.principal.key) as connection:
            cursor = await connection.execute(
                FINISH,
                (
                    turn.conversation_id,
                    turn.turn_id,
                    turn.seq,
                    self.runner,
                    self._lease,
                    result.outcome.value,
                    record,
                    result.reply,
                    orjson.dumps(result.facts).decode(),
                    result.mode,
                    audit,
                ),
                prepare=True,
            )
            kept, more = _must(await cursor.fetchone())
        if not kept:
            raise LeaseLost
        return more

    async def claim(self, principal_key: str, conversation_id: UUID) -> bool:
        """Take the lease of a conversation that has turns to answer, if nobody alive holds it."""
        async with self._database.transaction(principal_key) as connection:
            cursor = await connection.execute(CLAIM, (self.runner, self._lease, conversation_id))
            return await cursor.fetchone() is not None

    async def renew(self, principal_key: str, conversation_id: UUID) -> bool:
        """Say that we are still at it; False when the lease is lost."""
        async with self._database.transaction(principal_key) as connection:
            cursor = await connection.execute(RENEW, (self._lease, conversation_id, self.runner))
            return await cursor.fetchone() is not None

    async def release(self, principal_key: str, conversation_id: UUID) -> None:
        """Give the lease back without having answered everything, so that others need not wait."""
        async with self._database.transaction(principal_key) as connection:
            await connection.execute(RELEASE, (conversation_id, self.runner))

    async def abandoned(self, most: int = 100) -> list[tuple[UUID, str]]:
        """(conversation, principal) of turns whose process has fallen silent."""
        async with self._database.transaction() as connection:
            cursor = await connection.execute("SELECT * FROM abandoned_turns(%s)", (most,))
            return await cursor.fetchall()

    async def find(self, principal: Principal, turn_id: UUID) -> StoredTurn:
        """A turn of the principal's. Raises NotFound for an unknown one and for somebody else's alike."""
        async with self._database.transaction(principal.key) as connection:
            row = await (await connection.execute(FIND, (turn_id,), prepare=True)).fetchone()
        if row is None:
            raise NotFound
        identity, conversation, seq, status, outcome, record, reply, mode = row
        return StoredTurn(
            identity, conversation, seq, status == "done", outcome or "", reply or "", record or {}, mode
        )


def _must(row: tuple[Any, ...] | None) -> tuple[Any, ...]:
    if row is None:  # the function always returns a row
        raise LeaseLost
    return row
