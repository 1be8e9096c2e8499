"""How sure the local model is of a step: the chance that a turn that goes on so is answered rightly.

A logistic regression over a few grounds, fitted by ``python -m evals.cascade`` on what the example shop's
customers write. Only a cascade asks for it (models/cascade.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from frontdesk.domain import Outcome
from frontdesk.models.local.catalog import Catalog, Encoder
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.examples import KNOWLEDGE, ROLES
from frontdesk.models.local.features import features, wanted, without_courtesy
from frontdesk.models.local.plan import Planner
from frontdesk.models.local.respond import Reply, Wish
from frontdesk.models.local.strangers import likeness
from frontdesk.models.local.text import in_english, plain

WEIGHTS = Path(__file__).parent / "sure.json"
LOOK_UPS = frozenset(role for role, *_ in ROLES)
SEARCHED = ("search_knowledge", "several")
NEAR = 0.05  # likeness within which two wishes are not told apart
LONG = 40  # words; more of them make a message no less clear


@dataclass(frozen=True, slots=True)
class Grounds:
    """What the confidence in a step rests on.

    kind     what is done: "look_up" for the tools every shop has, "own" for the shop's others, the name of a tool of
             Frontdesk's, "several"; the outcome where no tool was called
    outcome  of the turn, or the best that it can still have
    share    of the wish that was chosen, among all wishes (0 to 1), and its margin before the next
    words    of the message
    follows  it is not the conversation's first message
    failed   a tool came back with an error
    found    confidence of the search (0 to 1); the best there is before it ran; 0 without one
    named    the message names a thing: an order's number
    policy   it asks for the rules; change: it wishes for a change
    doubted  it may wish for a change that was not proposed
    """

    kind: str
    outcome: str
    share: float
    margin: float
    words: int
    follows: bool
    failed: bool
    found: float
    named: bool
    policy: bool
    change: bool
    doubted: bool = False

    def numbers(self) -> dict[str, float]:
        """What the weights are for."""
        look_up = self.kind == "look_up"
        return {
            "constant": 1.0,
            f"kind {self.kind}": 1.0,
            f"outcome {self.outcome}": 1.0,
            "share": self.share,
            "margin": self.margin,
            "words": min(self.words, LONG) / LONG,
            "follows": float(self.follows),
            "failed": float(self.failed),
            "found": self.found**2 if self.kind in SEARCHED else 0.0,
            "look-up named": float(look_up and self.named),
            "look-up policy": float(look_up and self.policy),
            "change": float(self.change),
        }


def grounds(step: Reply | list[Wish], dialogue: Dialogue, catalog: Catalog, encoder: Encoder) -> Grounds:
    """What there is to be sure of in a step. Before the tools have run: the most that can come of it."""
    english = replace(dialogue, message=in_english(dialogue.message))
    planner = Planner(english, catalog, encoder)
    chosen = planner.whole()
    shares = sorted(chosen.shares.values(), reverse=True)
    tools = [wish.tool for wish in step] if isinstance(step, list) else [call.tool for call in dialogue.calls]
    shown = features(without_courtesy(wanted(planner.text)))
    outcome = str(step.outcome) if isinstance(step, Reply) else _hoped(tools)
    return Grounds(
        kind=_kind(tools, catalog) or outcome,
        outcome=outcome,
        share=chosen.score,
        margin=shares[0] - sum(shares[1:2]) if shares else 0.0,
        words=len(plain(dialogue.message).split()),
        follows=bool(dialogue.past),
        failed=any(call.error for call in dialogue.calls),
        found=1.0 if isinstance(step, list) else max(map(_found, dialogue.calls), default=0.0),
        named=bool(planner.things),
        policy=shown.policy,
        change=shown.change,
        doubted=_may_wish_for_a_change(planner, tools, encoder),
    )


def _may_wish_for_a_change(planner: Planner, tools: Sequence[str], encoder: Encoder) -> bool:
    """Whether the words are about as like a tool that changes data as what was chosen, or go on from such a one.

    To read where something was to be done is the one mistake that no result shows.
    """
    catalog = planner.catalog
    changing = {entry.name for entry in catalog.own() if entry.grant.changes}
    if not tools or not changing or changing & set(tools):
        return False
    if changing & {call.tool for call in planner.dialogue.last.calls}:
        return True
    like = likeness(without_courtesy(wanted(planner.text)), catalog, encoder, planner.things)
    chosen = max(like.get(KNOWLEDGE if name == "search_knowledge" else name, 0.0) for name in tools)
    return max(like.get(name, 0.0) for name in changing) > chosen - NEAR


def confidence(found: Grounds) -> float:
    """The chance that the turn is answered rightly, 0 to 1."""
    if found.doubted:
        return 0.0
    weights = _weights()
    score = sum(weights.get(name, 0.0) * number for name, number in found.numbers().items())
    return 1 / (1 + math.exp(-score))


@cache
def _weights() -> Mapping[str, float]:
    return json.loads(WEIGHTS.read_text(encoding="utf-8"))


def _hoped(tools: Sequence[str]) -> str:
    return str(Outcome.HANDED_OFF if "hand_over" in tools else Outcome.ANSWERED)


def _kind(tools: Sequence[str], catalog: Catalog) -> str:
    own = {entry.name for entry in catalog.own()}
    kinds = {_of(name, catalog) if name in own else name for name in tools}
    return "several" if len(kinds) > 1 else kinds.pop() if kinds else ""


def _of(name: str, catalog: Catalog) -> str:
    return "look_up" if catalog.entries[name].role in LOOK_UPS else "own"


def _found(call: Call) -> float:
    if call.tool != "search_knowledge" or not isinstance(call.result, dict):
        return 0.0
    return float(call.result.get("confidence") or 0.0) if call.result.get("answerable") else 0.0
