"""What one part of a message wants: the learned router for what every shop has, likeness for the tools it has not."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from frontdesk.models.local.catalog import Catalog, Encoder, masked
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
from frontdesk.models.local.paraphrases import PARAPHRASES
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
from frontdesk.models.local.strangers import SERVED, like_a_tool
from frontdesk.models.local.text import clauses, language, plain
from frontdesk.models.local.traits import Said, focus

REPHRASE = 0.64  # cosine from which a question that found nothing is tried again in known words
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
    person = top == HAND_OVER and bool(_PERSON.search(SERVED.sub(" ", text)))
    stranger = "" if person else like_a_tool(said, catalog, encoder, target, reference=reference)
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


_SHIPS_TO = re.compile(
    r"\b(?:ship|shipping|shipped|deliver\w*|send|post)\b.{0,25}? (?:to(?: my \w+ in| \w+ in)?|in) (?!order|address|stock|person|time)([a-z]{4,})\b"
)
_MEMBERS = """
austria belgium bulgaria croatia cyprus czechia denmark estonia finland france germany greece hungary ireland italy latvia
lithuania luxembourg malta netherlands poland portugal romania slovakia slovenia spain sweden
"""
EU = frozenset(_MEMBERS.split())


_OTHER_WORDS = {said: question for question, all_said in PARAPHRASES.items() for said in all_said}


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
    known = [*HELP, *_OTHER_WORDS, *UTTERANCES[KNOWLEDGE][len(HELP) :]]
    asked = [query, *([focus(plain(query))] if len(clauses(plain(query))) > 1 or "," in query else [])]
    vectors = encoder.encode([*map(masked, asked), *map(masked, known)])
    for vector in vectors[: len(asked)]:
        cosines = (vectors[len(asked) :] @ vector).tolist()
        best = max(range(len(known)), key=cosines.__getitem__)
        if cosines[best] >= REPHRASE and best < len(HELP) + len(_OTHER_WORDS):
            plainer = PLAINER.get(known[best]) or _OTHER_WORDS.get(known[best], known[best])
            return plainer if plainer != query.strip(" ?.!") else ""
    return ""
