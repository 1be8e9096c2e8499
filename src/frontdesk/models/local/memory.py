"""Questions about the conversation itself, answered from facts and from what stands in the window."""

from __future__ import annotations

import re
from typing import Any

from frontdesk.domain import Outcome
from frontdesk.models.local.catalog import Encoder
from frontdesk.models.local.dialogue import Dialogue
from frontdesk.models.local.features import without_courtesy
from frontdesk.models.local.smalltalk import Reply, bare
from frontdesk.models.local.text import content_words, plain

_NAME = re.compile(
    r"\b(?:what is my name|who am i|(?:do you )?(?:know|remember) my name|say my name|what am i called|what did i say my name)\b"
)
_ORDER = re.compile(
    r"\bwhich (?:order|one|parcel)s?\b.*\b(?:i|we)\b.*\b(?:ask|asked|talk|talked|mention\w*|discuss\w*|start\w*|speak|spoke)\b|\bwhat orders?\b.*\b(?:i|we)\b.*\b(?:ask|asked|talk|talked|mention\w*|discuss\w*)\b|\border (?:number )?(?:did i|i) (?:ask|mention|give|say)\w*\b"
)
_SAID = re.compile(
    r"\b(?:what did i (?:say|tell|ask|write|mention)|do you remember|did i (?:tell|mention|say)|have i (?:told|mentioned)|what (?:was|were) (?:i|we) (?:saying|talking)|remember (?:what|when|my)|what did we (?:talk|discuss)|i told you (?:about|earlier)|what was my (?:first|last) (?:question|message)|remind me what i)\b"
)
_MINE = re.compile(
    r"^(?:and |so |hey |ok |okay |by the way )*(?:(?:can|could) you (?:tell me|remember) |do you (?:know|remember) |tell me (?:again )?|remind me )?(?:what|who|where|how|which|when) (?:is|was|are|were|old is|old was|did)\b.*\b(?:my|i|mine)\b"
)
_ASKS = re.compile(
    r"^(?:who|what|when|where|which|why|how|is|are|was|were|do|does|did|has|have|can|could|will|would|should|may|any|show|list|tell|give|track|cancel|change|open)\b"
)
_SHOP = re.compile(
    r"\b(?:orders?|parcels?|packages?|refunds?|returns?|payments?|deliver\w*|e-?mail|address|phone|account|profile|customer|status|money|invoice|tracking|purchases?|bought|password|points|balance|voucher|warranty|appointments?|bookings?|loans?|stuff|things|box|card|total|shipment)\b"
)


def recall(dialogue: Dialogue, encoder: Encoder) -> Reply | None:
    """A reply to "what was my dog's name?" and its like; None when the question is not about what was said."""
    text = bare(dialogue.message)
    if _NAME.search(text):
        return _name(dialogue)
    if _ORDER.search(text):
        return _order(dialogue, first="first" in text)
    if (
        re.search(r"\bwhat was my first (?:question|message)\b|\bwhat did i ask (?:you )?first\b", text)
        and dialogue.past
    ):
        return Reply(f"The first thing I still have from you is: “{dialogue.past[0].message}”")
    asked = bool(_SAID.search(text))
    if not asked and re.match(r"(?:and |so |hey |ok |okay )*where(?:abouts)? (?:is|are) my\b", text):
        return None
    if not asked and (not _MINE.search(text) or _SHOP.search(text)):
        return None
    return statement(dialogue, encoder, sure=asked)


def _name(dialogue: Dialogue) -> Reply | None:
    name = dialogue.facts.get("name")
    if name:
        return Reply(f"You told me your name is {name}.")
    return None


def _order(dialogue: Dialogue, *, first: bool) -> Reply:
    orders = [str(o) for o in dialogue.facts.get("order_ids") or ()]
    if not orders:
        return Reply("You haven't asked me about a particular order in this conversation yet.")
    chosen = orders[0] if first else str(dialogue.facts.get("order_id") or orders[-1])
    if not first and len(orders) > 1:
        return Reply(
            f"We last talked about order {chosen}. In this conversation you asked about orders {', '.join(orders)}."
        )
    return Reply(f"{'The first one you asked about was' if first else 'We talked about'} order {chosen}.")


def statement(dialogue: Dialogue, encoder: Encoder, *, sure: bool) -> Reply | None:
    """What the customer said that is most like the question; ``sure``: it is about what was said."""
    said = _statements(dialogue)
    best, score = _closest(dialogue.message, said, encoder)
    if best and score >= 0.45:
        return Reply(f"You told me: “{best}”")
    if sure and said:
        return Reply("Here is what you told me:\n" + "\n".join(f"- “{text}”" for text in said[-3:]))
    if sure or re.search(r"\b(?:was|were)\b", bare(dialogue.message)):
        return Reply("I don't think you've told me that in this conversation.", Outcome.UNANSWERED)
    return None


def _statements(dialogue: Dialogue) -> list[str]:
    kept: list[Any] = list(dialogue.facts.get("said") or ())
    recent = [turn.message for turn in dialogue.past if _tells(turn.message)]
    texts = [" ".join(str(text).split())[:300] for text in [*kept, *recent]]
    return [
        t for i, t in enumerate(texts) if t not in texts[:i] and not any(t in other for other in texts[:i])
    ]


def _tells(message: str) -> bool:
    """Whether the customer told something, rather than asked or ordered it."""
    return (
        "?" not in message and len(message.split()) > 2 and not _ASKS.match(without_courtesy(plain(message)))
    )


def _closest(question: str, said: list[str], encoder: Encoder) -> tuple[str, float]:
    """The statement most like the question; a shared word of meaning weighs as much as a good likeness."""
    if not said:
        return "", 0.0
    vectors = encoder.encode([question, *said])
    stems = content_words(question) - {"remember", "rememb", "said", "told", "tell", "call", "nam"}
    scores = [
        float(vectors[0] @ vector) + (0.3 if stems & content_words(text) else 0.0)
        for text, vector in zip(said, vectors[1:], strict=True)
    ]
    best = max(range(len(said)), key=lambda i: (scores[i], i))
    return said[best], scores[best]
