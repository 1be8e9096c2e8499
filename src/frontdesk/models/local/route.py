"""What one part of a message wants: the learned router for what every shop has, likeness for the tools it has not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from frontdesk.models.local import slots
from frontdesk.models.local.catalog import Catalog, Encoder, Entry, masked
from frontdesk.models.local.examples import (
    HAND_OVER,
    HELP,
    KNOWLEDGE,
    ORDER_STATUS,
    PLAINER,
    TOLD,
    UTTERANCES,
)
from frontdesk.models.local.features import features, wanted, without_courtesy
from frontdesk.models.local.router import (
    CHANGE_WISH,
    MEMORY,
    OFF_TOPIC,
    SMALL_TALK,
    TICKET,
    likely,
)
from frontdesk.models.local.stop import SOMEBODY
from frontdesk.models.local.stop import TICKET as TICKET_WORDS
from frontdesk.models.local.text import clauses, content_words, language, plain
from frontdesk.models.local.traits import Said, focus
from frontdesk.models.local.wishes import is_known

REPHRASE = 0.64  # cosine from which a question that found nothing is tried again in known words
STRANGER = 0.60  # likeness below which a tool known by its schema, examples and description is not called
SEARCHED = (KNOWLEDGE, CHANGE_WISH, OFF_TOPIC, SMALL_TALK, MEMORY)  # as parts these go to the help center


@dataclass(frozen=True, slots=True)
class Route:
    """What one part of a message wants: a class of the catalog, how surely, and the other possibilities."""

    target: str
    score: float
    change: bool = False
    shares: Mapping[str, float] = field(default_factory=dict[str, float])
    top: str = ""

    @property
    def help(self) -> float:
        """How likely the help center is what is wanted."""
        return self.shares.get(KNOWLEDGE, 0.0) + self.shares.get(CHANGE_WISH, 0.0)


def route(said: Said, catalog: Catalog, encoder: Encoder, *, reference: bool, visitor: bool) -> Route:
    """Which tool the message wants. ``reference``: it names a thing of the customer's, or clearly means one.

    Roles that no bound tool plays are left out, but for visitors: they are told to sign in.
    """
    text = plain(said.text)
    shares = available(likely(said, encoder), catalog, visitor=visitor)
    if said.things and no_person(text, named=True) and _OVERRIDE.search(text):
        # Text that plays the administrator is text: the thing it names is looked up like any other.
        shares = available(dict.fromkeys(shares, 0.0) | {ORDER_STATUS: 1.0}, catalog, visitor=visitor)
    elif (_asks_rules(text) and not reference) or _ONCE.search(without_courtesy(text)):
        shares = {KNOWLEDGE: 1.0}
    elif no_person(text, named=bool(said.things)):
        shares = _without(shares, HAND_OVER)
    if not TICKET_WORDS.search(text):
        shares = _without(shares, TICKET)  # nothing is opened that was not asked for
    if not _LATIN.search(text):
        shares = {KNOWLEDGE: 1.0}  # the router knows no other script; the search may
    elif not catalog.own() or language(text) != "en":
        shares = _in_so_many_words(shares, text)
    top = min(shares, key=lambda name: (-shares[name], name))
    if top == "list_orders" and said.things and ORDER_STATUS in catalog.roles:
        top = ORDER_STATUS  # "what did I buy in order 1502"
    target = KNOWLEDGE if top in SEARCHED else top
    wished = top in SEARCHED and not _HOW.search(text)
    stranger = _stranger(text, said.things, catalog, encoder, target, reference=reference, wished=wished)
    if stranger:
        return Route(stranger, 1.0, features(wanted(text)).change, {stranger: 1.0}, stranger)
    entry = catalog.roles.get(target)
    return Route(
        entry.name if entry else target,
        shares[top],
        top == CHANGE_WISH,
        {catalog.roles[k].name if k in catalog.roles else k: v for k, v in shares.items()},
        top,
    )


_RULES = re.compile(
    r"^(?:what|which|where|how|tell me|explain)\b.{0,30}\b(?:your|the) (?:\w+ ){0,2}(?:policy|policies|rules|terms)\b|^(?:the |your )?(?:\w+ )?(?:policy|policies)(?: (?:on|for|about) \w+)?[?. ]*$"
    r"|^how (?:long|many days|quickly|fast|soon|late) (?:do|does|can|will|would|is|are) (?:an? |the |your )?(?:refunds?|returns?|deliver(?:y|ies)|shipping|exchanges?|payments?|repairs?|warranty|guarantee)\b(?! (?:for|of) (?:my|order|#?\d))"
    r"|^(?:can|could|may|how (?:do|can)) (?:i|we) (?:still )?(?:return|exchange|send back) (?:my|an?|some|something|things|items?|the) \w+|^(?:can|could|may|how (?:do|can)) (?:i|we) (?:still )?(?:return|send) \w+ back\b"
)
# What happens once something else has: a rule, whatever thing of the customer's it is asked about; and who bears a cost.
_ONCE = re.compile(
    r"^(?:when|how (?:long|soon|fast|quickly|many days))\b.*\b(?:once|as soon as|after (?:you|it|i|we))\b|^who (?:pays|has to pay|bears)\b"
)
_PERSON = re.compile(
    rf"\b(?:{SOMEBODY}|someone|somebody|anyone|anybody|call|phone|ring|complain\w*|complaint|bot|robot|help|real|talk|speak|escalate|transfer|lawyers?)\b"
)
_ROLE = re.compile(
    r"\bi am (?:the |an? |your )?(?:\w+ )?(?:admin\w*|developer|manager|boss|agent|employee|staff)\b"
)
_GENERAL = re.compile(
    r"^(?:what|which|how|where|when) (?:is|are|do|does|much|many|long)\b(?!.*\b(?:i|me|my|you)\b)"
)


_HOW = re.compile(
    r"^(?:how|what|when|where|can|could i|may|is it|am i|do you|until|why)\b|\b(?:do not|don't|dont|never|not) (?:want to )?(?:cancel|refund|change|return)\b"
)
_LATIN = re.compile(r"[a-z0-9]")
_OVERRIDE = re.compile(
    r"\b(?:ignore|disregard|forget|override|bypass)\b.{0,30}\b(?:instructions?|rules?|prompt|restrictions?|polic(?:y|ies))\b|\bi am (?:the |an? |your )?(?:admin\w*|developer|owner|manager|root|system)\b"
    r"|\bsystem prompt\b|\b(?:developer|admin|debug) mode\b"
)


def _in_so_many_words(shares: Mapping[str, float], text: str) -> dict[str, float]:
    """Without a person or a ticket that no word of the message names.

    What the router learned of shops' customers says little of who reads other pages, or in other languages.
    """
    named = {HAND_OVER: _PERSON, TICKET: TICKET_WORDS}
    for name, words in named.items():
        if not words.search(text):
            shares = _without(shares, name)
    return dict(shares)


def _asks_rules(text: str) -> bool:
    """ "What is your refund policy?": the rules of the shop, and nothing that is the customer's."""
    return bool(_RULES.search(without_courtesy(text)))


def no_person(text: str, *, named: bool) -> bool:
    """A look-up or a general question with no word for a person in it is no wish for one."""
    core = without_courtesy(wanted(text))
    asks_to_see = bool(re.match(r"(?:.{0,30}: )?(?:show|list|where|track|what|when|which|give me)\b", core))
    other = re.sub(r"\b(?:another|other|different) (?:person|people|customer)s?\b", "", text)
    sees_others = other != text and "show" in text
    return (
        bool(_GENERAL.search(core)) or sees_others or (named and (asks_to_see or "show" in core))
    ) and not _PERSON.search(_ROLE.sub("", other))


def _without(shares: Mapping[str, float], name: str) -> dict[str, float]:
    kept = {key: share for key, share in shares.items() if key != name}
    whole = sum(kept.values()) or 1.0
    return {key: share / whole for key, share in kept.items()}


def available(shares: Mapping[str, float], catalog: Catalog, *, visitor: bool) -> dict[str, float]:
    """The classes that something bound can answer, together 1."""
    general = {KNOWLEDGE, HAND_OVER, CHANGE_WISH, OFF_TOPIC, TICKET, SMALL_TALK, MEMORY}
    kept = {name: p for name, p in shares.items() if visitor or name in general or name in catalog.roles}
    whole = sum(kept.values())
    return {name: p / whole for name, p in kept.items()}


def _stranger(
    text: str,
    things: Mapping[str, str],
    catalog: Catalog,
    encoder: Encoder,
    rival: str,
    *,
    reference: bool,
    wished: bool = False,
) -> str:
    """The tool without a role that the message is like, if it is more like it than what the router chose."""
    # What changes data is called where a change is wished for, never for a question about how it is done.
    known = {e.name for e in catalog.own() if e.grant.changes and is_known(e)}
    strangers = [e for e in catalog.own() if not e.role and e.name not in known]
    ruling = catalog.roles.get(rival)
    if not strangers or (ruling and plain(text) in map(plain, ruling.grant.examples)):
        return ""  # what is a tool's own example to the letter is that tool's
    core = without_courtesy(wanted(text))
    found = features(core)
    scores = likeness(core, catalog, encoder, things)
    general = found.policy and not found.personal
    stems = content_words(core)
    said = bare_of(text, things)
    for entry in strangers:
        shared = len(stems & entry.stems) / len(stems) if stems else 0.0
        scores[entry.name] += 0.2 * shared - 0.1 * general + 0.05 * bool(reference and entry.id_parameter)
        if entry.grant.changes:
            given = len(slots.values(entry.parameters, said))
            asked = wished or _asked_to(text, entry)
            if not asked and not (given and _MAY.search(core)):
                scores[entry.name] = 0.0
            elif given:
                scores[entry.name] += 0.06 * min(given, 2) + 0.05
            elif not _does(entry, stems) and not _WISHES.search(text):
                scores[entry.name] -= 0.08  # the same words, and nothing that tells it to be done
        else:
            scores[entry.name] += 0.05 * min(2, len(slots.values(entry.parameters, said)))
    best = max(strangers, key=lambda entry: scores[entry.name]).name
    name = catalog.roles[rival].name if rival in catalog.roles else rival
    against = scores.get(name, 0.0) + 0.2 * (general and rival == KNOWLEDGE)
    return best if scores[best] >= max(STRANGER, against) else ""


def bare_of(text: str, things: Mapping[str, str]) -> str:
    """The text without its ids: what is left of numbers may be dates, hours and counts."""
    for token in things:
        text = re.sub(rf"#?\b{re.escape(token.lower())}\b", " ", text)
    return text


def _does(entry: Entry, stems: set[str]) -> bool:
    """Whether a message uses a verb that the tool or one of its examples begins with."""
    verbs = {entry.name.split("_")[0], *(without_courtesy(plain(e)).split(" ", 1)[0] for e in entry.grant.examples)}
    return bool(stems & content_words(" ".join(verbs)))


_WISHES = re.compile(
    r"\b(?:please|instead|rather|(?:want|need|have|like|love|wish)(?: us| you)? to|(?:i|we) (?:want|need|would like|would love|wish)|(?:can|could|would|will) (?:you|someone|somebody))\b"
)
# "Can we have …?", "can HB6110 be moved to …?": a wish, where it says what of the call it is to be.
_MAY = re.compile(r"^(?:can|could|may|might|is it possible|any chance|would it be possible)\b|^have\b|\binstead\b")
_CAN_YOU = re.compile(
    r"(?:^|[,.!?] ?)(?:can|could|would|will) (?:you|someone|somebody|anyone|anybody) (?:please |kindly )?(?!tell|say|explain|check|show|confirm|look|see|let|know|find)[a-z]{3,}\b"
)


def _asked_to(text: str, entry: Entry) -> bool:
    """ "Can you extend my rental?" wishes for ``extend_rental``, though it is put as a question, and so does "extend it"."""
    return bool(_CAN_YOU.search(text)) or without_courtesy(text).split(" ", 1)[0] == entry.name.split("_")[0]


def likeness(
    core: str, catalog: Catalog, encoder: Encoder, things: Mapping[str, str] | None
) -> dict[str, float]:
    """For every class, mostly its nearest utterance, a little its three nearest."""
    vector = encoder.encode([masked(core, things)])[0]
    nearest: dict[str, list[float]] = {}
    for name, cosine in zip(catalog.classes, (catalog.vectors @ vector).tolist(), strict=True):
        nearest.setdefault(name, []).append(cosine)
    return {name: 0.7 * max(near) + 0.1 * sum(sorted(near)[-3:]) for name, near in nearest.items()}


_SHIPS_TO = re.compile(
    r"\b(?:ship|shipping|shipped|deliver\w*|send|post)\b.{0,25}? (?:to(?: my \w+ in| \w+ in)?|in) (?!order|address|stock|person|time)([a-z]{4,})\b"
)
_MEMBERS = """
austria belgium bulgaria croatia cyprus czechia denmark estonia finland france germany greece hungary ireland italy latvia
lithuania luxembourg malta netherlands poland portugal romania slovakia slovenia spain sweden
"""
EU = frozenset(_MEMBERS.split())


def in_known_words(query: str, encoder: Encoder) -> str:
    """The help center question that says nearly the same in plainer words, or ""."""
    place = _SHIPS_TO.search(plain(query))
    if place:
        if place[1] in EU:
            return "shipping cost to other eu countries"
        return "which countries do you ship to, what if a country is not in the table"
    told = next((question for words, question in TOLD if words.search(plain(query))), "")
    if told:
        return told
    known = [*HELP, *UTTERANCES[KNOWLEDGE][len(HELP) :]]
    asked = [query, *([focus(plain(query))] if len(clauses(plain(query))) > 1 or "," in query else [])]
    vectors = encoder.encode([*map(masked, asked), *map(masked, known)])
    for vector in vectors[: len(asked)]:
        cosines = (vectors[len(asked) :] @ vector).tolist()
        best = max(range(len(known)), key=cosines.__getitem__)
        if cosines[best] >= REPHRASE and best < len(HELP):
            plainer = PLAINER.get(known[best], known[best])
            return plainer if plainer != query.strip(" ?.!") else ""
    return ""
