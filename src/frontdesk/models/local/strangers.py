"""Which of the tools that no shop has in common a message wants: by its likeness to what is known of each.

A tool is known by its name, description and example utterances, and by its arguments: a message that gives two dates
or one of the choices speaks for the tool that takes them.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from frontdesk.models.local import parameters as kinds
from frontdesk.models.local import slots
from frontdesk.models.local.catalog import Catalog, Encoder, Entry, masked
from frontdesk.models.local.examples import KNOWLEDGE, ORDER_STATUS
from frontdesk.models.local.features import features, wanted, without_courtesy
from frontdesk.models.local.leaning import with_denied
from frontdesk.models.local.text import content_words, plain
from frontdesk.models.local.traits import focus
from frontdesk.models.local.wishes import is_known

if TYPE_CHECKING:
    from frontdesk.models.local.traits import Said

LEAST = 0.50  # score below which no tool is called
NAMED = 0.30  # the same for a tool that reads what the message names by its id, where no rule is asked for
ALL_GIVEN = 0.2  # for a message that gives every argument
TAKES_IT = 0.05  # for a tool that takes an id, where one is spoken of
BY_THE_WAY = 0.08  # off a change that no word wishes for

_HOW = re.compile(
    r"^(?:how|what|when|where|can|could i|may|is it|am i|do you|until|why)\b|\b(?:do not|don't|dont|never|not) (?:want to )?(?:cancel|refund|change|return)\b"
)
_WISHES = re.compile(
    r"\b(?:please|instead|rather|(?:want|need|have|like|love|wish)(?: us| you)? to|(?:i|we) (?:want|need|would like|would love|wish)|(?:can|could|would|will) (?:you|someone|somebody))\b"
)
# "Can we have …?", "can HB6110 be moved to …?": a wish, where it says what of the call it is to be.
_MAY = re.compile(
    r"^(?:can|could|may|might|is it possible|any chance|would it be possible)\b|^have\b|\binstead\b"
)
_CAN_YOU = re.compile(
    r"(?:^|[,.!?] ?)(?:can|could|would|will) (?:you|someone|somebody|anyone|anybody) (?:please |kindly )?(?!tell|say|explain|check|show|confirm|look|see|let|know|find)[a-z]{3,}\b"
)
# "Someone to repair it" is no wish for a person to talk to.
SERVED = re.compile(
    r"\b(?:someone|somebody|anyone|anybody) (?:to|must|should|has to) (?!talk|speak|call|help|chat|contact|answer|write)[a-z]+"
)
_MINE = re.compile(
    r"\b(?:do|have|am|did|are|were) (?:i|we) (?!need|pay|have to|get|allowed)|\bi (?:still )?have\b(?! to)|^(?:until when|when|how (?:long|many|much)|what|which|where)\b.{0,40}\b(?:my|our)\b"
)


def like_a_tool(said: Said, catalog: Catalog, encoder: Encoder, rival: str, *, reference: bool) -> str:
    """The name of the tool without a role that the message is like, if it is more like it than ``rival``; else ""."""
    text, things = plain(said.text), said.things
    shop = ORDER_STATUS in catalog.roles  # where it is one, customers' words for its changes are known
    strangers = [e for e in catalog.own() if not e.role and not (shop and e.grant.changes and is_known(e))]
    ruling = catalog.roles.get(rival)
    if not strangers or (ruling and text in map(plain, ruling.grant.examples)):
        return ""  # what is a tool's own example to the letter is that tool's
    core = with_denied(without_courtesy(wanted(text)), text)
    found, asked = features(core), features(_asking(text))
    general = (found.policy or asked.policy) and not found.personal and not _MINE.search(core)
    plainly_wished = general and bool(_WISHES.search(text))  # "can I downgrade to Small please"
    scores = likeness(core, catalog, encoder, things)
    for entry in strangers:
        given = _given(entry, text, things)
        scores[entry.name] += _evidence(entry, text, core, given, reference=reference)
        scores[entry.name] += 0.2 * bool(given and plainly_wished and entry.grant.changes) - 0.1 * general
    best = max(strangers, key=lambda entry: scores[entry.name])
    name = ruling.name if ruling else rival
    against = scores.get(name, 0.0) + 0.2 * (general and rival == KNOWLEDGE)
    if scores[best.name] >= max(LEAST, against):
        return best.name
    readers = [e for e in strangers if not e.grant.changes and _takes(e, things)]
    reader = max(readers, key=lambda entry: scores[entry.name], default=None)
    plainly = reader is not None and not general and not ruling and scores[reader.name] >= NAMED
    return reader.name if reader and plainly else ""


def _evidence(entry: Entry, text: str, core: str, given: float, *, reference: bool) -> float:
    """What else than likeness speaks for the tool, or against it."""
    stems = content_words(core)
    score = 0.2 * len(stems & entry.stems) / len(stems) if stems else 0.0
    score += TAKES_IT * bool(reference and entry.id_parameter)
    given *= ALL_GIVEN
    if not entry.grant.changes:
        return score + given
    asking = _asking(text)
    asks = bool(_HOW.search(text) or _HOW.search(asking))
    if asks and not _asked_to(text, entry) and not (given and (_MAY.search(core) or _MAY.search(asking))):
        return -1.0
    if _WISHES.search(text) or _does(entry, stems) or _MAY.search(asking):
        return score + given
    return score - BY_THE_WAY


_QUESTION = re.compile(r"[,;] (?=(?:may|can|could|will|is|are|do|does|how|what|when|where|until)\b)")


def _asking(text: str) -> str:
    """The question that a message ends in: "I booked the saver rate, may I change it?" asks whether it may."""
    return without_courtesy(_QUESTION.split(focus(text))[-1])


def _given(entry: Entry, text: str, things: Mapping[str, str]) -> float:
    """The share of the arguments, its id and mere words left out, that the message gives; 0 where there are none."""
    for token in things:
        text = re.sub(rf"#?\b{re.escape(token.lower())}\b", " ", text)
    wanted_ = [
        p for p in entry.parameters if p.required and p.kind not in (kinds.ID, kinds.WORDS, kinds.TEXT)
    ]
    labels = [p for p in entry.parameters if p.required and p.kind == kinds.TEXT]
    named = sum(bool(re.search(rf"\b{re.escape(p.label)}\b", text)) for p in labels)
    found = slots.values(wanted_, text)
    return (len(found) + named) / (len(wanted_) + len(labels)) if wanted_ or labels else 0.0


def _takes(entry: Entry, things: Mapping[str, str]) -> bool:
    """Whether the tool takes an id that the message names, and ids of that kind cannot be mistaken for a number."""
    parameter = entry.id_parameter
    return bool(parameter and parameter.prefix and parameter.thing in things.values())


def _asked_to(text: str, entry: Entry) -> bool:
    """ "Can you extend my rental?" wishes for ``extend_rental``, though it is put as a question, and so does "extend it"."""
    return bool(_CAN_YOU.search(text)) or without_courtesy(text).split(" ", 1)[0] == entry.name.split("_")[0]


def _does(entry: Entry, stems: set[str]) -> bool:
    """Whether a message uses a verb that the tool or one of its examples begins with."""
    firsts = (without_courtesy(plain(e)).split(" ", 1)[0] for e in entry.grant.examples)
    return bool(stems & content_words(" ".join((entry.name.split("_")[0], *firsts))))


def likeness(
    core: str, catalog: Catalog, encoder: Encoder, things: Mapping[str, str] | None
) -> dict[str, float]:
    """For every class, mostly its nearest utterance, a little its three nearest."""
    vector = encoder.encode([masked(core, things)])[0]
    nearest: dict[str, list[float]] = {}
    for name, cosine in zip(catalog.classes, (catalog.vectors @ vector).tolist(), strict=True):
        nearest.setdefault(name, []).append(cosine)
    return {name: 0.7 * max(near) + 0.1 * sum(sorted(near)[-3:]) for name, near in nearest.items()}
