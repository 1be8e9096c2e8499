"""The words Frontdesk is written in: plain, frozen dataclasses without a framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

Json = dict[str, Any]


def counted(number: int, one: str) -> str:
    """``1 turn``, ``1,200 turns``."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


class Outcome(StrEnum):
    """How a turn ended."""

    ANSWERED = "answered"
    ASKED = "asked"
    AWAITING_CONFIRMATION = "awaiting_confirmation"
    HANDED_OFF = "handed_off"
    UNANSWERED = "unanswered"
    REFUSED = "refused"
    FAILED = "failed"


Mode = Literal["ai", "queued", "human"]
Visibility = Literal["public", "customers", "internal"]

HandoffReason = Literal[
    "customer_wish", "anger", "safety", "legal", "repeated_failure", "unanswered", "failure"
]


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever calls: a customer, an anonymous visitor, a member of staff, or a trusted backend.

    ``id`` is the shop's own id of the customer (``u123``) or ``anon:<uuid>`` for a visitor.
    ``permissions`` narrows what the desk grants; None means all of what the desk grants to its kind.
    """

    kind: Literal["customer", "visitor", "staff", "backend"]
    id: str
    permissions: frozenset[str] | None = None

    @property
    def key(self) -> str:
        """The name rows are owned by, for example ``customer:u123``."""
        return f"{self.kind}:{self.id}"


@dataclass(frozen=True, slots=True)
class Customer:
    """The person who asks, as a tool sees them. Injected by code, never filled in by a model."""

    id: str
    verified: bool = True


@dataclass(frozen=True, slots=True)
class Money:
    """An amount, exact, with its ISO 4217 currency: ``Money(Decimal("24.95"), "EUR")``."""

    amount: Decimal
    currency: str

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"


@dataclass(frozen=True, slots=True)
class Limit:
    """A hard limit beside a tool, read from ``"3/day"``, ``"200 EUR/day per shop"`` or ``"1 per order_id"``.

    most      how many calls, or how much money, may be reached
    currency  of ``most``; empty where calls are counted
    window    the rolling time it is counted over; None: for ever
    scope     "customer", "shop", "call" (this one alone), or the name of an argument: per value of it
    said      as it was declared
    """

    most: Decimal
    currency: str
    window: timedelta | None
    scope: str
    said: str


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that an action changes: what it is called, what it is now, what it will be."""

    label: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Preview:
    """What an action will do, worked out by code from the record: in words, and as before and after.

    text      a sentence for the customer, "Refund 24.95 EUR for order 456 to your PayPal account."
    changes   what will be different
    amount    the money it moves, where it moves some
    object    what it is done to, "order 456"; a later proposal for the same object takes this one's place
    title     the verb and its object, for the button's card; by default the tool's name and the object
    remember  what ``undo=`` will need to know of how things were; JSON
    """

    text: str
    changes: tuple[Change, ...] = ()
    amount: Money | None = None
    object: str = ""
    title: str = ""
    remember: Json = field(default_factory=dict[str, Any])

    def shown(self) -> Json:
        """All of it as JSON, in one order: what is stored, and what is hashed."""
        amount = self.amount
        return {
            "title": self.title,
            "text": self.text,
            "changes": [[c.label, c.before, c.after] for c in self.changes],
            "amount": {"amount": str(amount.amount), "currency": amount.currency} if amount else None,
            "object": self.object,
            "remember": self.remember,
        }

    @classmethod
    def read(cls, shown: Json) -> Preview:
        """What ``shown`` wrote."""
        amount = shown["amount"]
        return cls(
            text=shown["text"],
            changes=tuple(Change(*change) for change in shown["changes"]),
            amount=Money(Decimal(amount["amount"]), amount["currency"]) if amount else None,
            object=shown["object"],
            title=shown["title"],
            remember=shown["remember"],
        )


@dataclass(frozen=True, slots=True)
class Done:
    """An executed action, as ``undo=`` gets it: its arguments, its result, what the preview remembered."""

    arguments: Json
    result: Any
    remembered: Json


Rule = Callable[[Any, Json], str | None]


@dataclass(frozen=True, slots=True)
class Grant:
    """What stands beside a tool: who may run it, and how the built-in local model speaks of it.

    permission  the string a principal must hold, ``orders:read``
    changes     the tool changes data
    confirm     a person must confirm each call first
    examples    things customers say when they want this tool
    says        how to phrase a result: a template (see docs/tools.md) or a function of the result
    step        what the customer reads while it runs, ``Looking up order {order_id}``
    asks        the question to ask when an argument is missing, by argument name
    limits      what it allows, by name: {"return window": "14 days"}; `frontdesk check` compares the articles

    For a tool that changes data (docs/actions.md):

    subject     reads what the action is about, and proves that it is the customer's
    requires    rules over (subject, arguments): each gives None, or a sentence that says why not
    defaults    arguments that were not said, from (subject, arguments): stored and confirmed as though they had been
    preview     what will change, from (subject, arguments)
    amount      the argument that holds the money
    limit       what is refused beyond
    approve     beyond these, a member of staff must approve
    approve_twice  beyond these, two different ones
    expires     how long a proposal stands
    undo        takes an executed action back, within ``undo_within``
    reconcile   asks the backend what became of a call whose answer was lost; "repeat": the backend answers a
                repeated Idempotency-Key with what it did the first time
    """

    permission: str
    changes: bool = False
    confirm: bool = False
    examples: tuple[str, ...] = ()
    says: str | Callable[[Any], str] = ""
    step: str = ""
    asks: Mapping[str, str] = field(default_factory=dict[str, str])
    limits: Mapping[str, str] = field(default_factory=dict[str, str])
    subject: Callable[..., Any] | None = None
    requires: tuple[Rule, ...] = ()
    preview: Callable[[Any, Json], Preview] | None = None
    amount: str = ""
    limit: tuple[Limit, ...] = ()
    approve: tuple[Limit, ...] = ()
    approve_twice: tuple[Limit, ...] = ()
    expires: timedelta = timedelta(minutes=10)
    undo: Callable[..., Any] | None = None
    undo_within: timedelta = timedelta(minutes=10)
    reconcile: Callable[..., Any] | Literal["repeat"] | None = None
    defaults: Callable[[Any, Json], Json] | None = None

    @property
    def capped(self) -> tuple[Limit, ...]:
        """Every limit and threshold, in the order their use is looked up in."""
        return (*self.limit, *self.approve, *self.approve_twice)


ActionStatus = Literal[
    "proposed",  # waits for the customer
    "confirmed",  # the customer has said yes; waits for staff
    "declined",
    "expired",  # ran out, was replaced by a newer one, or what it was about has changed: see ``reason``
    "executing",  # claimed; the backend is being asked
    "executed",
    "failed",  # refused by a limit or by the backend: nothing was changed
    "unknown",  # the backend's answer was lost; it is being asked what became of it
    "undoing",
    "undone",
]


@dataclass(frozen=True, slots=True)
class Action:
    """A data-changing tool call that is recorded before it runs. Its id is the name of its effect.

    ``digest`` is the SHA-256 of the canonical arguments, ``basis`` that of the preview: what the customer was
    shown. ``needs`` is how many members of staff must approve, ``approved_by`` who has.
    """

    id: UUID
    conversation_id: UUID
    turn_id: UUID
    principal: str
    tool: str
    arguments: Json
    digest: bytes
    preview: Preview
    basis: bytes
    policy: str
    status: ActionStatus
    expires_at: datetime
    needs: int = 0
    approved_by: tuple[str, ...] = ()
    reason: str = ""
    result: Any = None
    attempts: int = 0
    undo_until: datetime | None = None
    created_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class File:
    """A file that a customer attached."""

    id: str
    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Passage:
    """A piece of an article as search returns it. ``score`` is the fused score, ``cosine`` the dense one.

    ``sentences`` are its sentences in order, each with its own similarity to the question.
    """

    chunk_id: str
    article_id: str
    title: str
    heading: str
    url: str
    text: str
    score: float
    cosine: float
    updated: date | None = None
    locale: str = "en"
    sentences: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Citation:
    """A numbered source under an answer: ``[n]`` in the reply points here."""

    n: int
    title: str
    url: str
    passage: str


@dataclass(frozen=True, slots=True)
class Step:
    """One tool call as it happened: arguments, result (JSON text) and time in milliseconds."""

    tool: str
    label: str
    arguments: Json
    result: str
    ok: bool
    ms: float
    permission: str = ""
    error: str = ""
    at: float = 0.0  # milliseconds after its turn began


@dataclass(slots=True)
class ModelCall:
    """One model that was asked: when it was (``time.perf_counter``), for how long, and "" or what went wrong."""

    model: str
    at: float
    ms: float = 0.0
    error: str = "cut off"


@dataclass(slots=True)
class Usage:
    """What a turn cost: tokens in and out, and money where the model's price is known."""

    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    cost_usd: float | None = None


@dataclass(frozen=True, slots=True)
class PastTurn:
    """A finished turn as the window holds it."""

    seq: int
    message: str
    reply: str
    steps: tuple[Step, ...] = ()


@dataclass(frozen=True, slots=True)
class TurnInput:
    """All that a turn is run from: the transcript's window and what is known, nothing hidden."""

    turn_id: UUID
    conversation_id: UUID
    seq: int
    principal: Principal
    message: str
    window: Sequence[PastTurn]
    facts: Json
    mode: Mode = "ai"


@dataclass(slots=True)
class TurnResult:
    """What a turn came to; committed at once with the reply."""

    reply: str
    outcome: Outcome
    citations: list[Citation] = field(default_factory=list[Citation])
    suggestions: list[str] = field(default_factory=list[str])
    steps: list[Step] = field(default_factory=list[Step])
    facts: Json = field(default_factory=dict[str, Any])
    usage: Usage = field(default_factory=Usage)
    model: str = ""
    prompt_version: str = ""
    degraded_steps: list[str] = field(default_factory=list[str])
    mode: Mode = "ai"
    ms: float = 0.0
    actions: list[Action] = field(default_factory=list[Action])
    receipt: list[Json] = field(default_factory=list[Json])  # what each detail of the reply is bound to
    confidence: float | None = None  # of the local model that answered it in a cascade
    calls: list[Json] = field(default_factory=list[Json])  # models asked: model, at, ms, and what failed
    waited: float = 0.0  # milliseconds from the acceptance to the run
    stopped: str = ""  # what the output gate had done to the reply: rewritten, replaced

    @property
    def degraded(self) -> bool:
        """Whether something better than what answered was not to be had."""
        return bool(self.degraded_steps)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a person wrote to the customer in a helpdesk, as plain text. ``id``: the same however often it is told. ``at``: when;
    None where the helpdesk does not say.
    """

    id: str
    text: str
    author: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Ticket:
    """A question a person will follow up."""

    id: UUID
    number: int
    subject: str
    body: str
    reason: str
    status: str
    created_at: datetime

    @property
    def reference(self) -> str:
        """What the customer is told: ``T-1042``."""
        return f"T-{self.number}"
