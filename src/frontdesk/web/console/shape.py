"""What the templates show: rows of the store as words, tones and lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from frontdesk.domain import Action, Json
from frontdesk.people import InboxRow, Staff, StaffConversation, Summary, TicketRow, summary_of
from frontdesk.web.console.markdown import unmarked
from frontdesk.web.console.page import customer_of

__all__ = ["REASONS", "Line", "Row", "Talk", "Trace", "row_of", "talk_of"]

REASONS = {
    "asked": "asked for a person",
    "anger": "is angry",
    "danger": "safety",
    "unsure": "the AI was not sure",
    "failed_twice": "failed twice",
    "limit": "limit reached",
    "policy": "policy",
    "staff": "staff",
}
CHANNELS = {"staff": "console"}  # as the rows have it: where it came from, in the words of those who read it


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the inbox. ``tone`` is the colour of its state."""

    id: UUID
    customer: str
    state: str
    tone: str
    reason: str
    waiting_since: datetime | None
    active_at: datetime
    preview: str


@dataclass(frozen=True, slots=True)
class Trace:
    """How a reply came about. ``cost`` in US dollars; None where the model's price is not known."""

    id: UUID
    outcome: str
    steps: list[Json]
    citations: list[Json]
    receipt: list[Json]
    model: str
    seconds: float
    cost: float | None
    confidence: float | None
    input_tokens: int
    output_tokens: int
    model_calls: int
    degraded: list[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A message, and under a reply of the AI's its trace."""

    key: str
    role: str
    author: str
    text: str
    at: datetime
    turn: Trace | None


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation as one member of staff sees it."""

    id: UUID
    principal: str
    customer: str
    channel: str
    mode: str
    state: str
    tone: str
    waiting_since: datetime | None
    created_at: datetime
    resolved: bool
    held_by_me: bool
    held_by_other: bool
    assignee: UUID | None
    assignee_name: str
    reason: str
    email: str
    writing: bool
    rating: str
    lines: list[Line]
    answered_by_staff: bool
    summary: Summary
    actions: Sequence[Action]
    tickets: Sequence[TicketRow]
    others: Sequence[Json]


def row_of(row: InboxRow, staff: Staff) -> Row:
    """A line of the inbox."""
    state, tone = _state(row.mode, row.resolved_at, row.assignee, row.assignee_name, staff)
    reason = REASONS.get(row.queue_reason, row.queue_reason) if row.mode == "queued" else ""
    says = {"staff": "Us: ", "assistant": "AI: "}.get(row.preview_role, "")
    return Row(
        row.id,
        customer_of(row.principal),
        state,
        tone,
        reason,
        row.waiting_since,
        row.active_at,
        says + unmarked(row.preview),
    )


def talk_of(found: StaffConversation, staff: Staff) -> Talk:
    """A conversation, as ``staff`` sees it."""
    head = found.head
    state, tone = _state(head["mode"], head["resolved_at"], head["assignee"], head["assignee_name"], staff)
    held = head["assignee"]
    customer = customer_of(head["principal"])
    lines = [_line(message, found, customer) for message in found.messages]
    lines = sorted([*lines, *_unsent(found)], key=lambda line: (*map(int, line.key.split(".")),))
    return Talk(
        id=head["id"],
        principal=head["principal"],
        customer=customer,
        channel=CHANNELS.get(str(head["channel"]), str(head["channel"])),
        mode=head["mode"],
        state=state,
        tone=tone,
        waiting_since=head["waiting_since"],
        created_at=head["created_at"],
        resolved=head["resolved_at"] is not None,
        held_by_me=held == staff.id,
        held_by_other=held is not None and held != staff.id,
        assignee=held,
        assignee_name=head["assignee_name"],
        reason=REASONS.get(head["queue_reason"], str(head["queue_reason"])),
        email=head["contact_email"] or str(head["facts"].get("email") or ""),
        writing=head["turns_done"] < head["turns_accepted"] and head["mode"] != "human",
        rating=found.rating,
        lines=lines,
        answered_by_staff=any(message.role == "staff" for message in found.messages),
        summary=summary_of(found),
        actions=found.actions,
        tickets=found.tickets,
        others=found.others,
    )


def _unsent(found: StaffConversation) -> list[Line]:
    """What the AI did in turns of which the customer saw nothing: a person had taken over meanwhile."""
    said = {message.turn_seq for message in found.messages if message.n == 1}
    return [
        Line(f"{seq}.1", "event", "AI, not sent", "", turn["done_at"], _trace(turn))
        for seq, turn in found.turns.items()
        if seq not in said and turn["record"] and turn["record"].get("steps")
    ]


def _state(
    mode: str, resolved_at: datetime | None, assignee: UUID | None, name: str, staff: Staff
) -> tuple[str, str]:
    if resolved_at is not None:
        return "Resolved", "ok"
    if mode == "human":
        return ("You hold it", "accent filled") if assignee == staff.id else (f"{name} holds it", "filled")
    return ("Waits for a person", "warn filled") if mode == "queued" else ("AI answers", "")


def _line(message: Any, found: StaffConversation, customer: str) -> Line:
    author = {"customer": customer, "assistant": "AI"}.get(message.role) or message.author_name or "Staff"
    turn = found.turns.get(message.turn_seq) if message.role == "assistant" and message.n == 1 else None
    trace = _trace(turn) if turn and turn["record"] else None
    return Line(message.key, message.role, author, message.body, message.created_at, trace)


def _trace(turn: Json) -> Trace:
    record = cast("Json", turn["record"] or {})
    usage = cast("Json", record.get("usage") or {})
    cost = usage.get("cost_usd")
    if cost is None and (str(record.get("model", "")).startswith("local") or not usage.get("model_calls")):
        cost = 0.0
    return Trace(
        id=turn["id"],
        outcome=turn["outcome"] or "",
        steps=[
            {"ok": True, "error": "", "ms": 0.0, "permission": "", "result": ""} | step
            for step in record.get("steps", [])
        ],
        citations=[{"passage": "", "url": ""} | cited for cited in record.get("citations", [])],
        receipt=[{"detail": "", "source": ""} | item for item in record.get("receipt", [])],
        model=record.get("model", ""),
        seconds=float(record.get("ms", 0.0)) / 1000,
        cost=cost,
        confidence=record.get("confidence"),
        input_tokens=int(usage.get("input_tokens", 0)),
        output_tokens=int(usage.get("output_tokens", 0)),
        model_calls=int(usage.get("model_calls", 0)),
        degraded=record.get("degraded", []),
    )
