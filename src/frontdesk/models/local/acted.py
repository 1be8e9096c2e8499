"""What became of the changes of a conversation, in words: "did that go through?"."""

from __future__ import annotations

import re
from typing import Any

_MONEY = re.compile("refund|return|money back", re.IGNORECASE)

BECAME = {
    "proposed": "not done yet, it waits for your confirmation",
    "confirmed": "you confirmed it, and a colleague has to approve it",
    "declined": "not done, as it was declined",
    "expired": "not done, as it was not confirmed in time or has changed since",
    "executing": "under way",
    "executed": "done",
    "failed": "it failed, and nothing was changed",
    "unknown": "I don't know yet whether it went through, this is being checked",
    "undoing": "it is being taken back",
    "undone": "done, and taken back again",
}
NOTHING = "Nothing was to be changed in the last day."
CAN_BE_UNDONE = " It can still be taken back with the button."
FINAL = "I can't take that back myself."
_UNDOES = re.compile(
    r"\b(?:undo|revert|reverse|take (?:it|that) back)\b"
    r"|^(?:(?:oh|no|wait|sorry|actually|ok|but) )*(?:i )?(?:have )?changed my mind"
    r"(?: (?:and )?(?:i )?(?:do )?(?:want|keep|need) (?:to keep )?(?:it|that|this|them|the order))?(?: (?:after all|please))*$"
)


def undoes(message: str) -> bool:
    """Whether a message (plain) wants what was changed last to be taken back, and names nothing else."""
    words = " ".join(re.sub(r"[^\w']+", " ", message).split())
    return bool(_UNDOES.search(words)) and not any(letter.isdigit() for letter in words)


def is_final(result: Any) -> bool:
    """Whether the newest action that ``list_actions`` gave was done and cannot be taken back any more."""
    actions = (result.get("actions") if isinstance(result, dict) else None) or [{}]
    return actions[0].get("status") == "executed" and not actions[0].get("can_be_undone")


def told(result: Any) -> str:
    """A line for each action that ``list_actions`` gave, newest first; its button stands beside the reply."""
    actions = result.get("actions") if isinstance(result, dict) else None
    lines = [_line(action) for action in actions or () if isinstance(action, dict)]
    if not lines:
        return NOTHING
    return lines[0] if len(lines) == 1 else "\n".join(f"- {line}" for line in lines)


def of_money(result: Any) -> list[dict[str, Any]]:
    """Of what ``list_actions`` gave: refunds and returns, but for those that are on record by now."""
    actions = result.get("actions") if isinstance(result, dict) else None
    return [
        action
        for action in actions or ()
        if isinstance(action, dict)
        and action.get("status") != "executed"
        and _MONEY.search(f"{action.get('tool')} {action.get('title')}")
    ]


def _line(action: dict[str, Any]) -> str:
    status = str(action.get("status"))
    undo = CAN_BE_UNDONE if action.get("can_be_undone") else ""
    reason = (
        f" ({' '.join(str(action['reason']).split())})"
        if status == "declined" and action.get("reason")
        else ""
    )
    return f"{action.get('title')}: {BECAME.get(status, status)}{reason}.{undo}"
