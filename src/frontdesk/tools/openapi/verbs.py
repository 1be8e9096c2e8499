"""Whether a GET is named like what changes something: in doubt it is, since a model runs a read without asking."""

from __future__ import annotations

import re

from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.identity import IDS
from frontdesk.tools.openapi.operations import Operation

__all__ = ["named_like_a_change"]

CHANGING = frozenset(
    {"accept", "activate", "add", "approve", "archive", "cancel", "charge", "clear", "close", "confirm", "create",
     "deactivate", "delete", "destroy", "disable", "dismiss", "enable", "execute", "generate", "login", "logout", "pause",
     "pay", "reactivate", "redeem", "refund", "regenerate", "reject", "remove", "renew", "reopen", "resend", "reset",
     "restore", "resume", "revoke", "send", "set", "submit", "subscribe", "suspend", "trigger", "unsubscribe", "update",
     "void", "withdraw"}
)  # fmt: skip
# Of these, what is a thing as well: getRefund and /refund-status read one.
THINGS = frozenset({"archive", "charge", "login", "refund", "resume", "set"})
READING = frozenset(
    {"count", "describe", "download", "fetch", "find", "get", "list", "read", "retrieve", "search", "show", "view"}
)  # fmt: skip
OF_A_THING = frozenset({"date", "details", "history", "options", "policy", "reason", "status", "summary"})
_PARAMETER = re.compile(r"\{[^{}]*\}")


def named_like_a_change(operation: Operation) -> bool:
    """Whether a verb that changes something stands in its operationId, or in its path where verbs stand.

    In a path that is behind the first parameter, ``/orders/{id}/resend-invoice``, and in its last fixed part.
    """
    if _acts(words_of(operation.id)):
        return True
    parts = [part for part in operation.path.split("/") if part]
    fixed = [words_of(_PARAMETER.sub("", part)) for part in parts]
    last = max((n for n, said in enumerate(fixed) if said), default=0)
    first = next((n for n, part in enumerate(parts) if "{" in part), last)
    return any(
        _acts(said) and not _names(said, parts[n + 1 : n + 2])
        for n, said in enumerate(fixed)
        if n >= min(first, last)
    )


def _acts(said: list[str]) -> bool:
    return any(word in CHANGING and not _is_thing(said, n) for n, word in enumerate(said))


def _is_thing(said: list[str], n: int) -> bool:
    """Whether the word at ``n`` names a thing: what is read, or what has a status."""
    before, after = said[:n], set(said[n + 1 : n + 2])
    if said[n] not in THINGS:
        return said[n] == "add" and after == {"ons"}
    read = bool(READING & set(before)) and before[-1] not in ("and", "or", "then")
    return read or bool(after & (READING | OF_A_THING))


def _names(said: list[str], below: list[str]) -> bool:
    """Whether a part is a thing whose id comes next: ``/charge/{charge_id}``."""
    found = _PARAMETER.fullmatch(below[0]) if below else None
    return bool(found) and said[0] in THINGS and set(words_of(below[0])) <= {*said, *IDS, "id"}
