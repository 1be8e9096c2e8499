"""The words Frontdesk is written in: plain, frozen dataclasses without a framework."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

Json = dict[str, Any]


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
    """

    permission: str
    changes: bool = False
    confirm: bool = False
    examples: tuple[str, ...] = ()
    says: str | Callable[[Any], str] = ""
    step: str = ""
    asks: Mapping[str, str] = field(default_factory=dict[str, str])
    limits: Mapping[str, str] = field(default_factory=dict[str, str])


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

    @property
    def degraded(self) -> bool:
        """Whether something better than what answered was not to be had."""
        return bool(self.degraded_steps)


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
