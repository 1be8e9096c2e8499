"""What a person who takes a conversation over must know, in sentences, put together by code from the record."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from typing import cast

import orjson

from frontdesk.domain import Action, Json, Preview
from frontdesk.people.results import shortened, told, words
from frontdesk.store.people import StaffConversation, TicketRow
from frontdesk.store.records import PROPOSED

__all__ = ["Summary", "amount_beside", "summary_of"]

MOST = 6  # sentences of each kind
LONGEST = 240  # characters of what a customer wrote
OWN = {
    "open_ticket",
    "hand_over",
    "list_actions",
}  # Frontdesk's own: what they did stands among tickets and actions
SEARCH = "search_knowledge"
READS = (
    "get",
    "list",
    "find",
    "read",
    "show",
    "search",
    "fetch",
    "look_up",
    "lookup",
    "check",
    "retrieve",
    "view",
)
NO = ("refused", "permission_denied", "limit_reached", "other_currency")
FAILED = {"refused": "was refused", "unanswered": "was not answered", "failed": "failed"}
RAN_OUT = {
    "replaced": "was replaced by a later proposal",
    "stale": "was not done, since the record had changed meanwhile",
}

# How an action stands: where that is said, and how.
ACTIONS = {
    "proposed": ("open", "{what} waits for the customer's button."),
    "confirmed": ("open", "The customer confirmed {what}; staff must approve it, {count}."),
    "executing": ("open", "{what} is being carried out."),
    "undoing": ("open", "{what} is being taken back."),
    "unknown": ("open", "Nobody knows yet whether {what} happened."),
    "executed": ("done", "{what} was done{result}."),
    "undone": ("done", "{what} was done, and taken back."),
    "left": ("refused", "The customer declined {what}."),
    "declined": ("refused", "Staff declined {what}{why}."),
    "failed": ("tried", "{what} failed{why}."),
    "expired": ("tried", "{what} {over}."),
}


@dataclass(slots=True)
class Summary:
    """What the customer wants in their own words, what was looked up, what was done, what was tried without success,
    what was refused, and what waits.
    """

    asked: list[str] = field(default_factory=list[str])
    found: list[str] = field(default_factory=list[str])
    done: list[str] = field(default_factory=list[str])
    tried: list[str] = field(default_factory=list[str])
    refused: list[str] = field(default_factory=list[str])
    open: list[str] = field(default_factory=list[str])


def summary_of(talk: StaffConversation) -> Summary:
    """The summary of a conversation's newest turns."""
    said = {m.turn_seq: shortened(m.body, LONGEST) for m in talk.messages if m.role == "customer"}
    made = Summary(asked=list(said.values()))
    for seq, turn in talk.turns.items():
        _turn(made, turn, said.get(seq, ""))
    for action in talk.actions:
        _action(made, action)
    made.open += [_ticket(each) for each in talk.tickets if each.status in ("open", "pending")]
    for each in fields(made):
        once = list(dict.fromkeys(getattr(made, each.name)))
        # What the customer came for stands at the beginning of what they wrote.
        kept = [once[0], *once[1 - MOST :]] if each.name == "asked" and len(once) > MOST else once[-MOST:]
        setattr(made, each.name, kept)
    return made


def _turn(made: Summary, turn: Json, said: str) -> None:
    """What one turn adds: ``said`` is what its customer wrote."""
    record: Json = turn["record"] or {}
    for step in record.get("steps", []):
        result = step.get("result", "")
        if step["tool"] in OWN or result.startswith(PROPOSED):
            continue  # what was proposed stands among the actions
        if step.get("ok", True):
            (made.found if _reads(step["tool"]) else made.done).append(
                _success(step["tool"], step["arguments"], result)
            )
        else:
            error = str(step.get("error") or "failed")
            (made.refused if error in NO else made.tried).append(_failure(step, error))
    if turn["outcome"] in FAILED and said:
        made.refused.append(f"“{shortened(said, 120)}” {FAILED[turn['outcome']]}.")


def _reads(tool: str) -> bool:
    return tool == SEARCH or any(tool.startswith(f"{verb}_") for verb in READS)


def _about(tool: str, arguments: Json) -> str:
    """``order status (order id 789)``."""
    name = next((tool.removeprefix(f"{verb}_") for verb in READS if tool.startswith(f"{verb}_")), tool)
    given = told({key: value for key, value in arguments.items() if value not in (None, "")})
    return words(name) + (f" ({given})" if given else "")


def _success(tool: str, arguments: Json, result: str) -> str:
    if tool == SEARCH:
        return _searched(arguments, result)
    about, found = _about(tool, arguments), told(_read(result), beside=arguments)
    if not _reads(tool):
        return _ended(f"Did {about}" + (f": {found}" if found else ""))
    return _ended(f"Looked up {about}: {found or 'nothing there'}")


def _ended(sentence: str) -> str:
    return sentence if sentence.endswith("…") else f"{sentence.rstrip('.')}."


def _searched(arguments: Json, result: str) -> str:
    found, query = _object(result), shortened(str(arguments.get("query", "")), 120)
    best: Json | None = (found.get("passages") or [None])[0]
    if best and found.get("answerable"):
        title = shortened(" › ".join(filter(None, (best.get("title"), best.get("heading")))), 120)
        return f"Searched the help center for “{query}”: “{title}” answers it."
    return f"Searched the help center for “{query}”: no article answers it."


def _failure(step: Json, error: str) -> str:
    why: Json = _object(step.get("result", "")).get("error") or {}
    message = shortened(str(why.get("message") or ""), 160)
    verb = "Looking up" if _reads(step["tool"]) else "Trying to"
    outcome = "was refused" if error in NO else "did not work"
    return _ended(f"{verb} {_about(step['tool'], step['arguments'])} {outcome}: {message or words(error)}")


def amount_beside(preview: Preview) -> str:
    """The amount as it stands beside the title; empty where there is none, or the title says it: "Refund 20.00 EUR"."""
    amount = str(preview.amount or "")
    return "" if re.search(rf"(?<![\d.,]){re.escape(amount)}(?!\w)", preview.title) else amount


def _action(made: Summary, action: Action) -> None:
    """The sentence that says how an action stands, in the place for it."""
    state = "left" if (action.status, action.reason) == ("declined", "customer") else action.status
    place, sentence = ACTIONS[state]
    money = amount_beside(action.preview)
    amount = f" ({money})" if money else ""
    result = told(action.result) if action.result else ""
    said = sentence.format(
        what=f"“{action.preview.title or words(action.tool)}”{amount}",
        why=f": {shortened(action.reason, 160)}".rstrip(".") if action.reason else "",
        result=f": {result}" if result else "",
        count=f"{len(action.approved_by)} of {action.needs} have" if action.approved_by else "nobody has yet",
        over=RAN_OUT.get(action.reason, "ran out before it was decided"),
    )
    getattr(made, place).append(said)


def _ticket(ticket: TicketRow) -> str:
    if ticket.handover:
        return f"Ticket {ticket.reference} of this handover is {ticket.status}; resolving the conversation solves it."
    return f"Ticket {ticket.reference} is {ticket.status}: {shortened(ticket.subject, 120)}."


def _object(text: str) -> Json:
    found = _read(text)
    return cast("Json", found) if isinstance(found, dict) else {}


def _read(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return text
