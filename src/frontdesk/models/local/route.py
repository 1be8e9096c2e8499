"""Which tool one part of a message wants: likeness to known utterances, corrected by what its words show."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from frontdesk.models.local.catalog import BUILT_IN, Catalog, Encoder, masked
from frontdesk.models.local.examples import (
    CHANGE,
    HAND_OVER,
    HELP,
    KNOWLEDGE,
    LIST_ORDERS,
    ORDER_STATUS,
    PAYMENTS,
    PLAINER,
    PROFILE,
    REFUNDS,
    RETURNS,
    UTTERANCES,
)
from frontdesk.models.local.features import Features, features, wanted, without_courtesy
from frontdesk.models.local.text import content_words, plain

ACT = 0.55  # a tool below this is not called
PERSON = 0.66  # the same for a person: what no pattern of stop.py caught
REPHRASE = 0.64  # cosine from which a question that found nothing is tried again in known words
STRANGER = 0.60  # the same for a tool that is known by its schema, examples and description only


@dataclass(frozen=True, slots=True)
class Route:
    """What one part of a message wants: a class of the catalog, how surely, and by how much it leads."""

    target: str
    score: float
    margin: float
    change: bool = False
    policy: bool = False


def route(
    text: str, catalog: Catalog, encoder: Encoder, *, reference: bool, things: Mapping[str, str] | None = None
) -> Route:
    """Score every class for one part. ``reference``: the part names an order, or clearly means one."""
    core = without_courtesy(wanted(plain(text)))
    found = features(wanted(plain(text)))
    scores = likeness(core, catalog, encoder, things)
    _correct(scores, found, catalog, core, reference=reference)
    ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
    plainly = reference and not found.policy and not found.change
    best, second = ranked[0], ranked[1] if len(ranked) > 1 else ("", 0.0)
    change = found.change or (
        bool(CHANGE.search(core)) and not found.policy and not found.status and not _about_record(found)
    )
    if best[0] != KNOWLEDGE and best[1] < _threshold(best[0], catalog) - (0.1 if plainly else 0.0):
        best = (KNOWLEDGE, scores.get(KNOWLEDGE, 0.0))
    return Route(best[0], best[1], best[1] - second[1], change, found.policy)


def likeness(
    core: str, catalog: Catalog, encoder: Encoder, things: Mapping[str, str] | None
) -> dict[str, float]:
    """For every class, mostly its nearest utterance, a little its three nearest."""
    vector = encoder.encode([masked(core, things)])[0]
    nearest: dict[str, list[float]] = {}
    for name, cosine in zip(catalog.classes, (catalog.vectors @ vector).tolist(), strict=True):
        nearest.setdefault(name, []).append(cosine)
    return {name: 0.7 * max(near) + 0.1 * sum(sorted(near)[-3:]) for name, near in nearest.items()}


def in_known_words(query: str, encoder: Encoder) -> str:
    """The help center question that says nearly the same in plainer words, or ""."""
    known = [*HELP, *UTTERANCES[KNOWLEDGE][len(HELP) :]]
    vectors = encoder.encode([masked(query), *map(masked, known)])
    cosines = (vectors[1:] @ vectors[0]).tolist()
    best = max(range(len(known)), key=cosines.__getitem__)
    if cosines[best] < REPHRASE or best >= len(HELP):
        return ""
    plainer = PLAINER.get(known[best], known[best])
    return plainer if plainer != query.strip(" ?.!") else ""


def _threshold(name: str, catalog: Catalog) -> float:
    if name == HAND_OVER:
        return PERSON
    entry = catalog.entries.get(name)
    return STRANGER if entry and not entry.role else ACT


def _about_record(found: Features) -> bool:
    return (found.refund or found.returned) and (found.status or found.question) and not found.policy


def _correct(
    scores: dict[str, float], found: Features, catalog: Catalog, core: str, *, reference: bool
) -> None:
    """Add what the words show to what the embedding thinks."""
    general = (
        found.policy
        and not found.personal
        and not (found.status and reference and not found.change and not CHANGE.search(core))
    )
    names = {role: catalog.roles[role].name if role in catalog.roles else role for role in _WEIGHTS}
    for role, weigh in _WEIGHTS.items():
        if names[role] in scores:
            scores[names[role]] += (
                weigh(found, reference) - (0.4 if general else 0.0) - (0.4 if found.change else 0.0)
            )
    scores[KNOWLEDGE] = (
        scores.get(KNOWLEDGE, 0.0) + (0.2 if general else 0.0) + (0.3 if found.change else 0.0)
    )
    stems = content_words(core)
    for entry in catalog.own():
        if not entry.role and stems:
            shared = len(stems & entry.stems) / len(stems)
            scores[entry.name] += (
                0.2 * shared - (0.1 if general else 0.0) + (0.05 if reference and entry.id_parameter else 0.0)
            )


def _order_status(f: Features, reference: bool) -> float:
    other = (
        0.25 * f.refund
        + 0.2 * f.returned
        + 0.25 * f.payment_asked
        + 0.1 * f.profile
        + 0.15 * (f.listing and not reference)
    )
    return (
        0.25 * f.status
        + 0.05 * f.order_word
        + 0.12 * reference
        - other
        - 0.25 * f.elsewhere
        - 0.12 * (not reference and not f.order_word)
    )


def _list_orders(f: Features, reference: bool) -> float:
    return 0.25 * f.listing - 0.2 * reference - 0.15 * (f.refund or f.returned or f.payment)


def _profile(f: Features, reference: bool) -> float:
    return 0.2 * f.profile - 0.2 * reference - 0.1 * f.order_word


def _payments(f: Features, reference: bool) -> float:
    return 0.1 * f.payment + 0.2 * f.payment_asked + 0.08 * reference - 0.25 * f.refund - 0.1 * f.returned


def _refunds(f: Features, reference: bool) -> float:
    return (0.25 if f.refund else -0.1) + 0.08 * reference + 0.12 * f.status * f.refund


def _returns(f: Features, reference: bool) -> float:
    return (0.2 if f.returned else -0.15) + 0.08 * reference - 0.2 * f.refund + 0.05 * f.question


_WEIGHTS = {
    ORDER_STATUS: _order_status,
    LIST_ORDERS: _list_orders,
    PROFILE: _profile,
    PAYMENTS: _payments,
    REFUNDS: _refunds,
    RETURNS: _returns,
}

_FILLER = re.compile(
    r"\b(?:and|or|what|how|about|the|my|for|order|orders|parcel|package|number|no|nr|id|ref|reference|i|meant|mean|sorry|typo|not|it|is|was|one|other|please|"
    r"also|then|now|same|again|check|actually|oops|wait|ok|okay|yes|yeah|yep|question|thank|you|that|this|with|of|to|hmm|um|well|so|in|too|thanks|try|instead|rather|"
    r"(?:the )?(?:first|second|third|fourth|fifth|last|latest|newest|1st|2nd|3rd|4th|5th)|both|all|them)\b"
)


def elliptical(text: str, references: tuple[str, ...]) -> bool:
    """Whether a message only names a thing: "and 123?", "the second one", "789??"."""
    low = plain(text)
    for token in references:
        low = low.replace(token.lower(), " ")
    return not re.sub(r"[^a-z]+", "", _FILLER.sub(" ", low))


def tools_of_the_shop(catalog: Catalog) -> bool:
    """Whether anything but Frontdesk's own tools is bound."""
    return any(name not in BUILT_IN for name in catalog.entries)
