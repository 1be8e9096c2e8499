"""The room where permission, limits and confirmation are decided. Pure: no clock, no database, no model.

Whatever a model proposes, one of these functions says what becomes of it, from what code knows: the grant beside
the tool, what the principal holds, the record the action is about, and how much of each limit is used. Each denies
by default. Who asks them: the gate for a call, ``actions.py`` for a confirmation and an approval.
"""

from __future__ import annotations

import hashlib
import hmac
import unicodedata
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, Literal

import orjson

from frontdesk.desk import VISITOR_PERMISSIONS, Frontdesk
from frontdesk.domain import Action, Grant, Json, Limit, Money, Preview, Principal

Verdict = Literal["run", "propose", "wait", "refuse"]


@dataclass(frozen=True, slots=True)
class Decision:
    """What becomes of a call: it runs, is proposed, waits for ``needs`` members of staff, or is refused."""

    verdict: Verdict
    code: str = ""
    message: str = ""
    needs: int = 0

    @property
    def allowed(self) -> bool:
        """Whether a model may be shown the tool."""
        return self.verdict != "refuse"


RUN = Decision("run")
PROPOSE = Decision("propose")
UNKNOWN = Decision("refuse", "unknown_tool", "There is no such tool.")
DENIED = Decision("refuse", "permission_denied", "This is not available to this customer.")
TOO_MANY = Decision("refuse", "too_many_calls", "Too many tool calls in one turn.")
NO_AMOUNT = Decision("refuse", "no_amount", "Say which amount this is about.")
OTHER_CURRENCY = Decision("refuse", "other_currency", "This cannot be done in that currency.")


# ------------------------------------------------------------------ who may what
def permissions_of(desk: Frontdesk, principal: Principal) -> frozenset[str]:
    """What a principal holds at this desk. A token may narrow it and never widen it."""
    match principal.kind:
        case "customer":
            held = desk.customer_permissions()
        case "visitor":
            held = VISITOR_PERMISSIONS
        case _:
            held = frozenset[str]()
    return held if principal.permissions is None else held & principal.permissions


def never_acting(held: frozenset[str], grants: Iterable[Grant]) -> frozenset[str]:
    """What is left of ``held`` where nothing may be changed at once: tools that read, and tools that only propose.

    A permission that lets one tool act is left out even where others only read by it.
    """
    return held - {grant.permission for grant in grants if grant.changes and not grant.confirm}


def may_call(grant: Grant | None, held: frozenset[str], calls_before: int, most_calls: int) -> Decision:
    """May this call run, or be proposed? ``grant`` is None for a tool that there is not."""
    if grant is None:
        return UNKNOWN
    if grant.permission not in held:
        return DENIED
    if calls_before >= most_calls:
        return TOO_MANY
    return PROPOSE if grant.confirm else RUN


def holds(grant: Grant, subject: Any, arguments: Json) -> Decision:
    """Whether the tool's rules hold for the record this is about: asked before it is proposed and before it runs."""
    for rule in grant.requires:
        said = rule(subject, arguments)
        if said is not None and said != "":  # False is no yes either
            return Decision(
                "refuse", "refused", said if isinstance(said, str) else "This cannot be done here."
            )
    return PROPOSE


def within(grant: Grant, amount: Money | None, used: Sequence[Decimal]) -> Decision:
    """Whether an action keeps within the limits beside its tool.

    ``used`` is how much of each of ``grant.capped`` is used already, this action left out.
    """
    for group in (grant.limit, grant.approve, grant.approve_twice):
        if uncovered := _uncovered(group, amount):
            return uncovered
    for cap, before in zip(grant.capped, used, strict=True):
        if cap in grant.limit and passes(cap, amount, before):
            return Decision("refuse", "limit_reached", f"This is beyond what can be done here: {told(cap)}.")
    return PROPOSE


def approvals_needed(grant: Grant, amount: Money | None, used: Sequence[Decimal]) -> int:
    """How many members of staff must approve: 0, 1 or 2."""
    pairs = list(zip(grant.capped, used, strict=True))
    one = pairs[len(grant.limit) : len(grant.limit) + len(grant.approve)]
    two = pairs[len(grant.limit) + len(grant.approve) :]
    if any(passes(cap, amount, before) for cap, before in two):
        return 2
    return int(any(passes(cap, amount, before) for cap, before in one))


def may_run(grant: Grant, action: Action, amount: Money | None, used: Sequence[Decimal]) -> Decision:
    """What becomes of an action that its customer has confirmed: asked while nobody else can use up a limit."""
    decision = within(grant, amount, used)
    if decision.verdict == "refuse":
        return decision
    needs = max(action.needs, approvals_needed(grant, amount, used))
    return RUN if needs <= approvals(action) else Decision("wait", needs=needs)


def passes(cap: Limit, amount: Money | None, before: Decimal) -> bool:
    """Whether this action would go beyond ``cap``, of which ``before`` is used."""
    if not cap.currency:
        return before + 1 > cap.most
    if amount is None or amount.currency != cap.currency:
        return False  # another currency's cap; that one of them covers this one is checked first
    return before + amount.amount > cap.most


def _uncovered(caps: Sequence[Limit], amount: Money | None) -> Decision | None:
    """Where money is limited, an action without an amount, or in a currency nobody thought of, is refused."""
    currencies = {cap.currency for cap in caps if cap.currency}
    if not currencies:
        return None
    if amount is None or amount.amount <= 0:
        return NO_AMOUNT
    return None if amount.currency in currencies else OTHER_CURRENCY


def told(cap: Limit) -> str:
    """A limit in words a customer understands."""
    most = f"{cap.most} {cap.currency}" if cap.currency else f"{cap.most} time{'s' if cap.most != 1 else ''}"
    span = {60: " a minute", 3600: " an hour", 86400: " a day", 604800: " a week", 2592000: " in 30 days"}
    when = span.get(int(cap.window.total_seconds()), "") if cap.window else ""
    if cap.scope == "call":
        return f"at most {most} at once"
    if cap.scope == "shop":
        return f"at most {most}{when} in all"
    if cap.scope == "customer":
        return f"at most {most}{when}"
    return f"at most {most}{when} for each {cap.scope.removesuffix('_id').replace('_', ' ')}"


# ------------------------------------------------------------------ what is proposed
def canonical(arguments: Json) -> bytes:
    """Arguments as the bytes that are hashed: keys sorted, nothing between them."""
    return orjson.dumps(arguments, option=orjson.OPT_SORT_KEYS)


def digest(arguments: Json) -> bytes:
    """The SHA-256 of the canonical arguments."""
    return hashlib.sha256(canonical(arguments)).digest()


def basis(preview: Preview) -> bytes:
    """The SHA-256 of what the customer was shown; the data it rests on has changed when it is another one."""
    return hashlib.sha256(orjson.dumps(preview.shown(), option=orjson.OPT_SORT_KEYS)).digest()


def confirm_token(secret: bytes, action: Action, purpose: str = "confirm") -> str:
    """What the button carries: bound to principal, action, arguments and what was shown; the same after a reload."""
    text = "\n".join(
        (purpose, action.principal, str(action.id), action.digest.hex(), action.basis.hex())
    ).encode()
    return urlsafe_b64encode(hmac.digest(secret, text, "sha256")).decode().rstrip("=")


# ------------------------------------------------------------------ who decides
def may_confirm(
    action: Action, token: str, secret: bytes, held: frozenset[str], grant: Grant | None, now: datetime
) -> str:
    """ "" if the customer's yes counts; else why not: denied, mismatch, decided or expired."""
    if grant is None or grant.permission not in held or not grant.confirm:
        return "denied"
    if not hmac.compare_digest(token.encode(), confirm_token(secret, action).encode()):
        return "mismatch"
    if action.status == "expired" or (action.status == "proposed" and action.expires_at <= now):
        return "expired"
    return "" if action.status == "proposed" else "decided"


def may_approve(action: Action, staff: str, now: datetime) -> str:
    """ "" if this member of staff may approve; else why not: decided, expired or not_yours."""
    if action.status == "expired" or (action.status == "confirmed" and action.expires_at <= now):
        return "expired"
    if action.status != "confirmed":
        return "decided"
    who = person(staff)
    return "not_yours" if not who or asked(action, staff) or who in map(person, action.approved_by) else ""


def person(staff: str) -> str:
    """One spelling of who somebody is: "staff:Kim@shop.example" and "kim@shop.example" are the same person."""
    return unicodedata.normalize("NFKC", staff).strip().casefold().removeprefix("staff:")


def asked(action: Action, staff: str) -> bool:
    """Whether this member of staff is the one who asked for the action: nobody decides on their own wish."""
    return person(staff) in {person(action.principal), person(action.principal.partition(":")[2])}


def approvals(action: Action) -> int:
    """How many different people have approved; who asked does not count."""
    return len({person(staff) for staff in action.approved_by if not asked(action, staff)})


def may_undo(
    action: Action, token: str, secret: bytes, held: frozenset[str], grant: Grant | None, now: datetime
) -> str:
    """ "" if the action may be taken back; else why not: denied, mismatch, decided or expired."""
    if grant is None or grant.permission not in held or grant.undo is None:
        return "denied"
    if not hmac.compare_digest(token.encode(), confirm_token(secret, action, "undo").encode()):
        return "mismatch"
    if action.status != "executed":
        return "decided"
    return "" if action.undo_until and now < action.undo_until else "expired"
