"""What a person who takes a conversation over must know, put together by code from the record."""

from __future__ import annotations

from dataclasses import dataclass, field

from frontdesk.domain import Json
from frontdesk.store.people import StaffConversation
from frontdesk.store.records import PROPOSED

__all__ = ["Summary", "summary_of"]

MOST = 6  # lines of each kind
OWN = {"open_ticket", "hand_over"}  # tools that call for a person: nothing that was tried


@dataclass(slots=True)
class Summary:
    """What was asked, what was found, what was tried without success, what was refused, and what is open."""

    asked: list[str] = field(default_factory=list[str])
    found: list[str] = field(default_factory=list[str])
    tried: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    open: list[str] = field(default_factory=list[str])


def summary_of(talk: StaffConversation) -> Summary:
    """The summary of a conversation's newest turns."""
    made = Summary(asked=[" ".join(m.body.split())[:140] for m in talk.messages if m.role == "customer"])
    for turn in talk.turns.values():
        _turn(made, turn)
    for action in talk.actions:
        title = f"{action.preview.title or action.tool}: {action.status}"
        if action.status in ("proposed", "confirmed", "unknown"):
            made.open.append(title)
        else:
            (made.found if action.status in ("executed", "undone") else made.refused).append(title)
    made.open += [f"Ticket {t.reference}: {t.subject}" for t in talk.tickets if t.status == "open"]
    for name in ("asked", "found", "tried", "refused", "open"):
        setattr(made, name, list(dict.fromkeys(getattr(made, name)))[-MOST:])
    return made


def _turn(made: Summary, turn: Json) -> None:
    """What one turn adds."""
    record: Json = turn["record"] or {}
    for step in record.get("steps", []):
        label = step.get("label") or step["tool"].replace("_", " ")
        if step["tool"] in OWN or step.get("result", "").startswith(PROPOSED):
            continue  # what was proposed stands among the actions
        if step.get("ok", True):
            made.found.append(label)
        else:
            made.tried.append(f"{label}: {step.get('error') or 'failed'}")
    if turn["outcome"] in ("refused", "unanswered", "failed"):
        made.refused.append(f"a question was {turn['outcome']}")
