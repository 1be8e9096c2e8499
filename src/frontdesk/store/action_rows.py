"""Actions as rows: what is written of a new one, and what is read of one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import orjson
from psycopg.types.json import Jsonb

from frontdesk.domain import Action, Json, Preview

__all__ = ["action_of", "proposals", "row_of"]


def row_of(action: Action) -> Json:
    """The columns of a new action."""
    amount = action.preview.amount
    return {
        "id": action.id,
        "conversation": action.conversation_id,
        "turn": action.turn_id,
        "principal": action.principal,
        "tool": action.tool,
        "arguments": Jsonb(action.arguments),
        "digest": action.digest,
        "preview": Jsonb(action.preview.shown()),
        "basis": action.basis,
        "policy": action.policy,
        "object": action.preview.object,
        "amount": amount.amount if amount else None,
        "currency": amount.currency if amount else None,
        "expires_at": action.expires_at,
    }


def proposals(actions: Sequence[Action]) -> str | None:
    """New proposals as finish_turn takes them; None where there are none."""
    rows = [
        {
            "id": str(action.id),
            "tool": action.tool,
            "arguments": action.arguments,
            "digest": action.digest.hex(),
            "preview": action.preview.shown(),
            "basis": action.basis.hex(),
            "policy": action.policy,
            "object": action.preview.object,
            "amount": str(action.preview.amount.amount) if action.preview.amount else None,
            "currency": action.preview.amount.currency if action.preview.amount else None,
            "needs": action.needs,
            "stands": (action.expires_at - (action.created_at or datetime.now(UTC))).total_seconds(),
        }
        for action in actions
    ]
    return orjson.dumps(rows).decode() if rows else None


def action_of(state: Json) -> Action:
    """An action out of the database's action_state."""
    return Action(
        id=UUID(state["id"]),
        conversation_id=UUID(state["conversation_id"]),
        turn_id=UUID(state["turn_id"]),
        principal=state["principal"],
        tool=state["tool"],
        arguments=state["arguments"],
        digest=bytes.fromhex(state["digest"]),
        preview=Preview.read(state["preview"]),
        basis=bytes.fromhex(state["basis"]),
        policy=state["policy"],
        status=state["status"],
        expires_at=datetime.fromisoformat(state["expires_at"]),
        needs=state["needs"],
        approved_by=tuple(state["approved_by"]),
        reason=state["reason"],
        result=state["result"],
        attempts=state["attempts"],
        undo_until=datetime.fromisoformat(state["undo_until"]) if state["undo_until"] else None,
        created_at=datetime.fromisoformat(state["created_at"]),
    )
