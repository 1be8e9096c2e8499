"""What to do about a message: up to three parts, each a tool call, a search, or a question to the customer."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cached_property
from typing import Any

from frontdesk.models.local import context, phrase, says
from frontdesk.models.local.catalog import Catalog, Encoder, Entry
from frontdesk.models.local.changes import EXCHANGE, exchanges, how_to
from frontdesk.models.local.dialogue import Dialogue
from frontdesk.models.local.elliptical import elliptical
from frontdesk.models.local.examples import HAND_OVER, KNOWLEDGE, ORDER_STATUS
from frontdesk.models.local.features import FRAGMENT, features, wanted, without_courtesy
from frontdesk.models.local.fill import ASK, CALL, CHOOSE, MOST_PARTS, SEARCH, SIGN_IN, STOP, Filler, Part
from frontdesk.models.local.leaning import asks_on, in_view, same_again, together, with_denied
from frontdesk.models.local.parameters import Parameter
from frontdesk.models.local.parts import is_question, one_thing, same, without
from frontdesk.models.local.route import Route, route
from frontdesk.models.local.router import OFF_TOPIC, TICKET
from frontdesk.models.local.text import clauses, content_words, plain
from frontdesk.models.local.traits import Said, focus

SURE = 0.7  # a clause below this is part of the story, not a question of its own
LIKELY = 0.5  # the same where there are only two: neither is a story
UNSURE = 0.3  # share of the help center from which it is asked before the customer is
BESIDE = 0.2  # from this share on the second possibility is answered beside the first
# An order by what is in it: "the number of the order with the floor lamp", "which order were the boots in".
_DESCRIBED = re.compile(
    r"\b(?:number|id|status) (?:of|for) (?:the|my|that) (?:order|parcel|purchase) (?:with|that (?:had|has)|containing) (?:the|my|an?)\b"
    r"|\b(?:which|what) order (?:was|were|is|are|had|has|contains?) (?:the|my)\b"
)
RULED, OF_THING = 0.7, 0.1  # shares of the help center and the order: between these the order is looked up
_NAMED_WISH = re.compile(r"(?:the )?(?:status|tracking|whereabouts) (?:of|for|number)\b")
_ADDED = re.compile(r"^(?:and|also|plus|my)\b")
_FOLLOWS = re.compile(r"^(?:and|what about|how about|but|also|even|or)\b")


class Planner:
    """Plans one message. ``text`` is plain text (text.plain) throughout."""

    def __init__(self, dialogue: Dialogue, catalog: Catalog, encoder: Encoder) -> None:
        self.dialogue = dialogue
        self.catalog = catalog
        self.encoder = encoder
        self.text = plain(dialogue.message)
        self.filler = Filler(dialogue, catalog)

    def parts(self) -> list[Part]:
        """The parts of the message, at most three, none twice."""
        going_on = self.answering() or self._going_on_asking()
        if going_on:
            return going_on
        mentioned = self._mentioned()
        if elliptical(self.text, tuple(mentioned)) and self._names_a_thing(mentioned):
            entry = self._previous() or self._default()
            if entry:
                return self.filler.for_entry(entry, self.text)
        chosen = self._chosen_from_list()
        if chosen:
            return chosen
        planned = self._several() or self._part(self.text)
        unsure = all(
            p.kind in (ASK, CHOOSE) or (p.kind == SEARCH and self._follows(self.whole())) for p in planned
        )
        return (same_again(self.text, self.dialogue, self.catalog) if unsure else []) or planned

    def _going_on_asking(self) -> list[Part]:
        """ "And to Norway?" after a question to the help center is one more."""
        before = self.dialogue.last.calls
        if not before or any(call.tool != "search_knowledge" for call in before):
            return []
        chosen, on = self.whole(), asks_on(self.text)
        if not on and not (len(self.text.split()) <= 6 and self._follows(chosen)):
            return []
        own = chosen.target in self.catalog.entries and chosen.score >= SURE
        named = self._mentioned() or (own and not on)
        if named:
            return []
        part, asked = self._search(self.text, chosen), str(before[-1].arguments.get("query") or "")
        if on and content_words(asked) - content_words(self.dialogue.last.message):
            # What was searched for was put in other words than the customer's: "that" is what those found.
            part = replace(part, arguments={"query": f"{asked}, {part.arguments['query']}"[:500]})
        return [part]

    def _chosen_from_list(self) -> list[Part]:
        """ "The kettle", after "Which one do you mean?"."""
        entry = self._previous() if self.dialogue.last.reply.endswith(context.WHICH_ONE) else None
        parameter = entry.id_parameter if entry else None
        if not entry or not parameter or is_question(self.text) or len(self.text.split()) > 8:
            return []
        identity = context.chosen_id(self.text, parameter, self.dialogue)
        return [self.filler.filled(entry, self.text, {parameter.name: identity})] if identity else []

    def _names_a_thing(self, mentioned: dict[str, str]) -> bool:
        entry = self._previous() or self._default()
        parameter = entry.id_parameter if entry else None
        return bool(mentioned) or bool(parameter and context.chosen_id(self.text, parameter, self.dialogue))

    def _mentioned(self) -> dict[str, str]:
        """Ids in the message, with what each is an id of: what looks like it, else what the message names, else the first."""
        found: dict[str, tuple[bool, bool, str]] = {}
        for parameter in filter(None, (entry.id_parameter for entry in self.catalog.own())):
            named = parameter.thing in plain(self.dialogue.message)
            for token in self.filler.ids(parameter, self.dialogue.message):
                claim = (bool(parameter.shapes) and parameter.fits(token), named, parameter.thing)
                # Some ids are written with a #, and the same token may be another's without.
                bare = token.lstrip("#")
                if bare not in found or claim[:2] > found[bare][:2]:
                    found[bare] = claim
        return {bare: thing for bare, (_, _, thing) in found.items()}

    @property
    def things(self) -> dict[str, str]:
        """Ids in the message, with what each is an id of: {"456": "order"}."""
        return self._mentioned()

    # Which tool

    def _previous(self) -> Entry | None:
        """The tool a bare id goes to: what the last question was for, else the last tool that took an id."""
        last = self.dialogue.last
        if last.reply.rstrip().endswith("?") and last.message:
            for part in self._before:
                name = part.then or part.tool
                if part.kind in (ASK, CHOOSE) and name in self.catalog.entries:
                    return self.catalog.entries[name]
        for turn in reversed(self.dialogue.past[-4:]):
            if turn.calls and all(call.tool in context.listers(self.catalog) for call in turn.calls):
                return None
            for call in reversed(turn.calls):
                entry = self.catalog.entries.get(call.tool)
                if entry and entry.id_parameter and not entry.grant.changes:
                    return entry
        return None

    def _default(self) -> Entry | None:
        if ORDER_STATUS in self.catalog.roles:
            return self.catalog.roles[ORDER_STATUS]
        for entry in self.catalog.own():
            parameter = entry.id_parameter
            if (
                parameter
                and parameter.shapes
                and not entry.grant.changes
                and self.filler.ids(parameter, self.dialogue.message)
            ):
                return entry
        return None

    def whole(self) -> Route:
        """What the message as a whole wants."""
        return self.route(self.text)

    def route(self, text: str) -> Route:
        """What a part of the message wants; the messages before it count when it is the whole."""
        mentioned = self._mentioned()
        takers = [e.id_parameter for e in self.catalog.own() if e.id_parameter]
        here = {token: thing for token, thing in mentioned.items() if token.lower() in text}
        back = context.points_back(text) and (
            bool(mentioned) or any(context.current_id(p, self.dialogue) for p in takers)
        )
        placed = next((p for p in takers if context.chosen_id(text, p, self.dialogue)), None)
        words = context.without_place(text, placed.thing) if placed else text
        before = tuple(turn.message for turn in self.dialogue.past)
        chosen = route(
            Said(words, here, before),
            self.catalog,
            self.encoder,
            reference=bool(here or back or placed),
            visitor=self.dialogue.visitor,
        )
        order = self.catalog.roles.get(ORDER_STATUS)
        described = _DESCRIBED.search(text) and not here
        if order and (described or (here and self._rather_the_thing(text, chosen, order.name))):
            return Route(order.name, 1.0, shares={order.name: 1.0}, top=ORDER_STATUS)
        return self._one_field(text, chosen) if here or back or placed else chosen

    def _rather_the_thing(self, text: str, chosen: Route, name: str) -> bool:
        """ "I need the parcel code for 1502": what names an order and asks no rule is hardly for the help center."""
        unsure = chosen.top == KNOWLEDGE and chosen.score < RULED and chosen.shares.get(name, 0.0) >= OF_THING
        found = features(text)
        return unsure and not found.policy and not found.elsewhere

    def _one_field(self, text: str, chosen: Route) -> Route:
        """ "Which address is it going to?" is a question about the order, when its tool has that answer."""
        entry = self.catalog.roles.get(ORDER_STATUS)
        asked = set(phrase.asked_only(text)) - {"total"}
        if not entry or not asked & says.answers_only(entry.grant.says) or features(text).change:
            return chosen
        return Route(entry.name, 1.0, shares={entry.name: 1.0}, top=ORDER_STATUS)

    # Several parts

    def _requests(self) -> list[str]:
        """The clauses that ask for something; what only adds to the clause before is kept with it."""
        units: list[str] = []
        for clause in clauses(wanted(self.text)):
            bare = without_courtesy(clause)
            if units and (
                (self._only_adds(bare) and not is_question(units[-1]))
                or elliptical(clause, tuple(self._mentioned()))
            ):
                units[-1] = f"{units[-1]} {clause}"
            else:
                units.append(clause)
        return [u for u in units if is_question(u) or _NAMED_WISH.match(u) or self._is_short_wish(u)]

    def _is_short_wish(self, clause: str) -> bool:
        """ "…and my profile"."""
        chosen = self.route(clause) if _ADDED.match(clause) and len(clause.split()) <= 4 else None
        return bool(chosen and chosen.score >= SURE and chosen.target in self.catalog.entries)

    def _about(self, text: str) -> str:
        """ "456 came already, but what about 123?" is about 123: the asking clause, if it is last and names one."""
        asking = focus(text)
        named = any(token.lower() in asking for token in self._mentioned())
        return asking if named and text.endswith(asking) else text

    def _only_adds(self, clause: str) -> bool:
        own = features(clause)
        domain = own.refund or own.returned or own.payment or own.profile or own.policy
        return (
            len(clause.split()) <= 6
            and context.points_back(clause)
            and not domain
            and not FRAGMENT.match(clause)
        )

    def _several(self) -> list[Part]:
        """A part for each thing that is clearly asked; [] when that is one thing."""
        requests = self._requests()[-MOST_PARTS - 1 :]
        if len(requests) < 2:
            return []
        scores = [(text, self.route(text).score) for text in requests]
        sure = [text for text, score in scores if score >= (SURE if len(requests) > 2 else LIKELY)]
        found: list[Part] = []
        for text in sure:
            for part in self._part(text, alone=False):
                twin = next((n for n, other in enumerate(found) if same(part, other)), None)
                if twin is None:
                    found.append(part)
                elif found[twin].text != part.text:
                    found[twin] = replace(found[twin], text=f"{found[twin].text} {part.text}")
        return together(found[:MOST_PARTS]) if len(found) > 1 and not one_thing(found) else []

    # One part

    def _part(self, text: str, *, alone: bool = True) -> list[Part]:
        chosen = self.route(text)
        entry = self.catalog.entries.get(chosen.target)
        if chosen.target in (HAND_OVER, TICKET):
            return [Part(STOP, text, chosen.target, score=chosen.score)] if alone else []
        search = self._search(text, chosen)
        if entry:
            found = [replace(p, score=chosen.score) for p in self.filler.for_entry(entry, self._about(text))]
            if not alone:
                return found
            if all(part.kind == CALL for part in found):
                return [*found, *self._beside(text, chosen, search)]
            # A question back is no answer: what the help center says about it comes before.
            return [replace(search, beside=True), *found] if chosen.help >= UNSURE else found
        if chosen.target != KNOWLEDGE and self.dialogue.visitor:
            return [Part(SIGN_IN, text, score=chosen.score)]
        return [search, *(self._status_beside(search) or (self._beside(text, chosen) if alone else []))]

    def _beside(self, text: str, chosen: Route, search: Part | None = None) -> list[Part]:
        """The second possibility, when it is nearly as likely as the first and needs no question."""
        rest = {name: share for name, share in chosen.shares.items() if name != chosen.target}
        if search and chosen.help >= BESIDE:
            return [replace(search, beside=True)]
        for name, share in sorted(rest.items(), key=lambda item: -item[1])[:2]:
            entry = self.catalog.entries.get(name)
            if entry and share >= BESIDE and not entry.grant.changes and entry.id_parameter:
                parts = self.filler.for_entry(entry, text)
                return [replace(p, beside=True) for p in parts if p.kind == CALL and p.arguments]
        return []

    def _search(self, text: str, chosen: Route) -> Part:
        """What is searched for is the question mended and without courtesies: "pls cancl ordr" finds nothing."""
        query = with_denied(without_courtesy(wanted(text)), text)
        if chosen.change:
            query = how_to(without(self._mentioned(), query), self.encoder)
        elif exchanges(query) and not self._mentioned():
            query = EXCHANGE
        query = in_view(query, self.dialogue, self.catalog)
        return Part(
            SEARCH,
            text,
            "search_knowledge",
            {"query": query[:500]},
            change=chosen.change,
            score=chosen.score,
            chat=chosen.shares.get(OFF_TOPIC, 0.0) >= 0.5,
        )

    def _follows(self, chosen: Route) -> bool:
        """ "And to Norway?" is half a question; the other half is the one before."""
        return bool(_FOLLOWS.match(self.text)) and chosen.top != OFF_TOPIC

    def _status_beside(self, search: Part) -> list[Part]:
        """Whether an order can still be changed depends on how far it is: look that up too."""
        entry = self.catalog.roles.get(ORDER_STATUS)
        if not entry or not entry.id_parameter or not search.change:
            return []
        ids = self.filler.ids(entry.id_parameter, self.dialogue.message)
        return [
            Part(CALL, search.text, entry.name, {entry.id_parameter.name: i}, change=True) for i in ids[:1]
        ]

    # The answer to a question we asked

    def answering(self) -> list[Part]:
        """Go on with the call that the last reply asked an argument for, if this message gives it."""
        entry, parameter = self._asked()
        if not entry or not parameter or features(self.text).policy:
            return []
        part = self.filler.answered(entry, parameter, self._known_before(entry))
        return [part] if part else []

    def _known_before(self, entry: Entry) -> dict[str, Any]:
        """What was known of the call when the last reply asked for more: "the cargo bike" was one of a list."""
        parameter = entry.id_parameter
        listed = {call.tool: context.rows(call) for call in self.dialogue.results()}
        if not parameter or not listed:
            return {}
        for part in self._before:
            if part.kind == ASK and part.tool == entry.name:
                return part.arguments
            if part.kind == CHOOSE and part.then == entry.name:
                row = context.meant_row(part.text, listed.get(part.tool, []))
                return {parameter.name: context.row_id(row, parameter.name)} if row else {}
        return {}

    @cached_property
    def _before(self) -> list[Part]:
        """What was planned for the message before this one."""
        earlier = replace(self.dialogue, message=self.dialogue.last.message, past=self.dialogue.past[:-1])
        return Planner(earlier, self.catalog, self.encoder).parts()

    def _asked(self) -> tuple[Entry | None, Parameter | None]:
        reply = self.dialogue.last.reply.strip()
        for entry in self.catalog.own():
            for parameter in entry.parameters:
                if parameter.ask and reply.endswith(parameter.ask) and self._meant(entry):
                    return entry, parameter
        return None, None

    def _meant(self, entry: Entry) -> bool:
        """Several tools may ask the same question: the one the customer's earlier message was for counts."""
        rivals = [
            e for e in self.catalog.own() if {p.ask for p in e.parameters} & {p.ask for p in entry.parameters}
        ]
        if len(rivals) == 1:
            return True
        return any(entry.name in (part.tool, part.then) for part in self._before)
