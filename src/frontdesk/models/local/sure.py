"""How sure the local model is of a step: the chance that a turn that goes on so is answered rightly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from frontdesk.models.local.catalog import Catalog, Encoder
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.plan import Planner
from frontdesk.models.local.respond import Reply, Wish
from frontdesk.models.local.text import in_english, language, plain


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the confidence in a step rests on.

    kind      what is done: the role of the tool that is called, "search", "hand_over", "open_ticket", "own" (a tool
              of the shop's without a role), "several"; or, without a call, the outcome of the reply
    answered  the tools have run: this is the reply
    share     of the wish that was chosen, among all wishes (0 to 1)
    margin    between it and the next
    parts     how many things were asked
    weakest   share of the least sure of them
    words     of the message
    follows   it is not the conversation's first message
    found     confidence of the search (0 to 1); 0 without one
    failed    a tool came back with an error
    """

    kind: str
    answered: bool
    share: float
    margin: float
    parts: int
    weakest: float
    words: int
    follows: bool
    found: float
    failed: bool
    english: bool
    outcome: str
    top: str


def grounds(step: Reply | list[Wish], dialogue: Dialogue, catalog: Catalog, encoder: Encoder) -> Grounds:
    """What there is to be sure of in a step of this dialogue."""
    planner = Planner(replace(dialogue, message=in_english(dialogue.message)), catalog, encoder)
    whole, parts = planner.whole(), planner.parts()
    shares = sorted(whole.shares.values(), reverse=True) or [0.0]
    wished = [wish.tool for wish in step] if isinstance(step, list) else []
    tools = wished or [call.tool for call in dialogue.calls]
    return Grounds(
        kind=_kind(tools, catalog) or (str(step.outcome) if isinstance(step, Reply) else ""),
        answered=isinstance(step, Reply),
        share=whole.score,
        margin=shares[0] - (shares[1] if len(shares) > 1 else 0.0),
        parts=len(parts),
        weakest=min((part.score for part in parts), default=0.0),
        words=len(plain(dialogue.message).split()),
        follows=bool(dialogue.past),
        found=max((_found(call) for call in dialogue.calls), default=0.0),
        failed=any(call.error for call in dialogue.calls),
        english=language(dialogue.message) == "en",
        outcome=str(step.outcome) if isinstance(step, Reply) else "",
        top=whole.top,
    )


def _kind(tools: Sequence[str], catalog: Catalog) -> str:
    kinds = {catalog.entries[name].role or _bare(name, catalog) for name in tools if name in catalog.entries}
    return kinds.pop() if len(kinds) == 1 else "several" if kinds else ""


def _bare(name: str, catalog: Catalog) -> str:
    return "own" if name in {entry.name for entry in catalog.own()} else name


def _found(call: Call) -> float:
    if call.tool != "search_knowledge" or not isinstance(call.result, dict):
        return 0.0
    found: dict[str, Any] = call.result
    return float(found.get("confidence") or 0.0) if found.get("answerable") else 0.0


def confidence(found: Grounds) -> float:
    return found.share
