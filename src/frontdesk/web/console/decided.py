"""What came of a decision, in words for who decided and for the list of what was."""

from __future__ import annotations

from collections.abc import Mapping

from frontdesk.people import amount_beside
from frontdesk.store.decided import Decided
from frontdesk.web.console.page import customer_of, words

__all__ = ["became_of", "outcome_of", "who_of"]

# Of each state: what it says in the list, its tone, and what it says to who has just decided.
WORDS = {
    "confirmed": ("waits for a second person", "warn", "Approved, and it waits for a second person: {what}."),
    "executing": ("is being carried out", "", "Approved, and it is being carried out: {what}."),
    "executed": ("done", "ok", "Approved and done: {what}."),
    "failed": ("failed", "overdue", "Approved, but it failed: {what}. {reason}"),
    "unknown": (
        "nobody knows whether it happened",
        "overdue",
        "Approved, but nobody knows yet whether it happened: {what}.",
    ),
    "declined": ("declined", "overdue", "Declined: {what}. The customer was told: {reason}"),
    "expired": ("out of date", "", "Not done, since it was out of date: {what}."),
    "undoing": ("is being taken back", "", "It is being taken back: {what}."),
    "undone": ("done, then taken back", "", "Done, and taken back by the customer: {what}."),
}
# Of what a person has found out about an action whose end nobody knew.
FOUND_OUT = {
    "executed": ("done, as somebody found out", "ok", "Noted that it happened: {what}."),
    "failed": ("not done, as somebody found out", "overdue", "Noted that it did not happen: {what}."),
    "undone": ("taken back, as somebody found out", "", "Noted that it was taken back: {what}."),
}


def outcome_of(decided: Decided) -> str:
    """One sentence or two for who has decided."""
    action = decided.action
    money = amount_beside(action.preview)
    amount = f", {money}" if money else ""
    what = f"{action.preview.title or words(action.tool)}{amount}, for {customer_of(action.principal)}"
    return _told(decided)[2].format(what=what, reason=action.reason).strip()


def became_of(decided: Decided) -> tuple[str, str]:
    """What it says in the list, and its tone."""
    return _told(decided)[:2]


def who_of(decided: Decided, names: Mapping[str, str]) -> str:
    """Everybody who had a say, by name, and each once."""
    people = dict.fromkeys([*decided.action.approved_by, *filter(None, [decided.ended_by])])
    return ", ".join(names.get(who, who) for who in people)


def _told(decided: Decided) -> tuple[str, str, str]:
    status = decided.action.status
    return (FOUND_OUT if decided.ended_by and status in FOUND_OUT else WORDS).get(
        status, (words(status), "", "{what}.")
    )
