"""What a customer wants changed, step by step up to the proposal: which one is meant, what is in it, what is missing.

The same message comes to the same steps, so that each step finds where it was from the calls that are done.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import Any

from frontdesk.domain import Outcome
from frontdesk.models.local import context, slots
from frontdesk.models.local import parameters as kinds
from frontdesk.models.local.addresses import address, part_of, without_address
from frontdesk.models.local.catalog import Catalog, Entry
from frontdesk.models.local.details import stated, tickets, with_amount
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.examples import ORDER_STATUS
from frontdesk.models.local.items import choice, named_items
from frontdesk.models.local.parameters import Parameter
from frontdesk.models.local.smalltalk import Reply, answers_nothing, says_no, takes_leave
from frontdesk.models.local.text import in_english, plain
from frontdesk.models.local.wishes import amends, opens_elsewhere, wanted_clauses, wish

WHICH_ITEMS = "Which of them do you mean?"
MOST = 3  # changes in one message
_NAMES_ITEMS = re.compile(
    r"\b(?:refund|return|back for|money for)\b (?:me )?(?:for )?(?:only )?(?:the|my|one|a) (?!order\b|money\b|whole\b|rest\b|full\b|amount\b|purchase\b|shipping\b)[a-z]"
)
_CORRECTS = re.compile(
    r"\b(?:sorry|oops|i mean|i meant|wrong (?:number|one)|no wait|not that one|actually|rather|instead|mixed|correction|better|make (?:it|that)|too|as well|same|and|with|not)\b"
)
_SORRY = re.compile(r"\b(?:sorry|i mean|i meant|wrong (?:number|one)|no wait|not that one|actually)\b")
_THEN = re.compile(r"\b(?:then|instead)[ .!?]*$")  # "refund then", where it could not be cancelled
_WHICH_MAIL = re.compile(r"\b(?:from|old|current|present|new|now|until|instead)\b", re.IGNORECASE)
_BOTH = re.compile(r"^(?!.*\b(?:no|not|sorry|rather)\b).*(?:\band\b|[,&+]|\bboth\b)")
MOST_WORDS = 5
CLAUSES = 40  # of a message that are read as wishes: each is held against all of it
_DROPS = re.compile(r"\b(?:forget it|never ?mind|leave it|drop it)\b")


@dataclass(frozen=True, slots=True)
class Change:
    """One change: its tool, what of its arguments is known, and the words that items are looked for in."""

    entry: Entry
    given: dict[str, Any] = field(default_factory=dict[str, Any])
    text: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to the customer, and the arguments as far as they are known."""

    reply: Reply
    given: dict[str, Any]


class Changer:
    """The changes that the newest message of a dialogue wishes for."""

    def __init__(self, dialogue: Dialogue, catalog: Catalog) -> None:
        self.dialogue = dialogue
        self.catalog = catalog
        self.message = dialogue.message
        self.english = in_english(dialogue.message)
        self.looked: list[tuple[str, dict[str, Any]]] = []  # what was read on the way to a proposal

    def changes(self) -> list[Change]:
        """What is wished for, at most three; [] for a message that wishes for no change."""
        if self.dialogue.visitor:
            return []
        own = self._told() or self._wished()
        return (own or self._going_on())[:MOST]

    def rest(self) -> str:
        """The part of the message that asks for something else beside the changes; "" where there is none."""
        wanted = wanted_clauses(self.english)
        left = [c for c in wanted if not wish(c, c, self.catalog)]
        asking = [
            c
            for c in left
            if re.search(r"\?$", c.strip())
            or re.match(r"(?:and |also )*(?:what|when|where|how|who|which|is|are|do|does|tell|show)\b", c)
        ]
        return " ".join(asking) if len(left) < len(wanted) or address(self.message) else ""

    # ------------------------------------------------------------------ what is wished for
    def _told(self) -> list[Change]:
        """Words for a ticket: what they speak of is no wish of its own."""
        note = self.message.partition(":")[2].strip() or self.message
        entry = amends(self.english, self.catalog)
        if entry and entry.id_parameter:
            numbers = tickets(self.message)
            given: dict[str, Any] = {entry.id_parameter.name: numbers[-1]} if numbers else {}
            words = next((p for p in entry.parameters if p.kind == kinds.WORDS), None)
            bare = not re.search(r":|\bthat\b|,", self.message) and len(self.message.split()) <= 10
            if words and not bare:
                given[words.name] = note
            return [Change(entry, given, note)]
        entry = opens_elsewhere(self.english, self.catalog)
        if entry:
            texts = [p.name for p in entry.parameters if p.kind == kinds.WORDS]
            return [Change(entry, dict.fromkeys(texts, note), note)]
        return []

    def _wished(self) -> list[Change]:
        found: list[Change] = []
        for clause in wanted_clauses(self.english)[:CLAUSES]:
            if len(found) >= MOST:
                break
            entry = wish(clause, self.message if not found else clause, self.catalog)
            if entry is None or any(
                change.entry.name == entry.name and not self._ids(entry, clause) for change in found
            ):
                continue
            found += self._of_clause(entry, clause)
        # A wish that stands alone may have its words anywhere in the message.
        return (
            self._of_clause(found[0].entry, plain(self.message), found[0].text) if len(found) == 1 else found
        )

    def _of_clause(self, entry: Entry, clause: str, wish_itself: str = "") -> list[Change]:
        values = stated(entry, self.message)
        parameter = entry.id_parameter
        if not parameter:
            return [Change(entry, values, clause)]
        ids = (
            self._meant(entry, wish_itself or clause) or self._ids(entry, clause) or self._pointed(parameter)
        )
        return [Change(entry, {**values, parameter.name: i}, clause) for i in ids] or [
            Change(entry, values, clause)
        ]

    def _meant(self, entry: Entry, clause: str) -> list[str]:
        """The ids that a wish names itself: "where is 789, and cancel 456" cancels 456 alone."""
        said = plain(without_address(self.message))
        sorry = _SORRY.search(said)
        if sorry and any(_says(said[: sorry.start()], i) for i in self._ids(entry, said[: sorry.start()])):
            return []  # "cancel 456, no wait, 789": what stands behind it counts
        more = [other for other in wanted_clauses(self.english) if _is_more(other)]
        ids = self._ids(entry, clause)
        ids = self._ids(entry, " ".join([clause, *more])) if ids else []
        thing = entry.id_parameter.thing if entry.id_parameter else ""
        verbs = "|".join(re.escape(word) for word in entry.name.split("_") if word not in ("create", thing))
        for verb in re.finditer(rf"\b(?:{verbs})\w*\b", clause) if verbs and len(ids) > 1 else ():
            behind = clause[verb.end() :]
            places = [at for i in ids if (at := behind.find(i.lower().lstrip("#"))) >= 0]
            if places and len(behind[: min(places)].split()) <= FEW:
                # "789 is late so refund 2187 and 2210, keep 1954": what stands behind the verb, and what is joined to it.
                chain = _CHAIN.match(behind, min(places))
                joined = " ".join([chain[0] if chain else "", *more])
                return [i for i in ids if _says(joined, i)] or ids
        return ids

    def _ids(self, entry: Entry, clause: str) -> list[str]:
        """Ids of what is to be changed: those of the clause, of which a correction counts and a denial does not."""
        parameter = entry.id_parameter
        if not parameter:
            return []
        known = context.known_ids(parameter, self.dialogue)
        bare = without_address(self.message)
        found = [i for i in slots.identifiers(bare, parameter, known) if _says(clause, i)]
        wanted = " ".join(wanted_clauses(bare))
        found = [i for i in found if _says(wanted, i)] or found
        behind = plain(bare)
        for sorry in list(_SORRY.finditer(behind))[-1:]:
            behind = behind[sorry.end() :]
        corrected = [i for i in found if _says(behind, i)]
        return corrected if corrected and len(found) > 1 else found

    def _pointed(self, parameter: Parameter) -> list[str]:
        """ "Cancel it", "then cancel that one": what was spoken of last."""
        chosen = context.chosen_id(self.message, parameter, self.dialogue)
        if chosen:
            return [chosen]
        then = _THEN.search(self.english.lower()) and len(self.english.split()) <= MOST_WORDS
        if (then or context.points_back(self.english)) and not context.owned(self.english):
            current = context.current_id(parameter, self.dialogue)
            return [current] if current else []
        return []

    # ------------------------------------------------------------------ going on with an earlier wish
    def _going_on(self) -> list[Change]:
        """The answer to a question that an earlier wish left open, or a correction of what was proposed."""
        if says_no(self.message) or takes_leave(self.message) or _DROPS.search(self.english.lower()):
            return []
        resumed = self._resumed()
        if resumed:
            return resumed
        last = self.dialogue.last
        before = Changer(
            replace(self.dialogue, message=last.message, past=self.dialogue.past[:-1], calls=last.calls),
            self.catalog,
        )
        asks = [p.ask for e in self.catalog.own() if e.grant.changes for p in e.parameters if p.ask]
        if last.reply.rstrip().endswith(("?", *asks)):
            return self._answered(before)
        proposed = [
            c
            for c in last.calls
            if isinstance(c.result, dict) and ("proposed" in c.result or "action" in c.result)
        ]
        failed = [c for c in last.calls if c.error in ("not_found", "refused")]
        for call in (*proposed[-1:], *failed[-1:]):
            entry = self.catalog.entries.get(call.tool)
            if entry and entry.grant.changes and not is_wide_question(self.english):
                return self._corrected(entry, call.arguments)
        return []

    def _resumed(self) -> list[Change]:
        """ "The doormat then", after a question in between: the change that was asked about before that question.

        Only words that give what was asked for go on with it: anything else is a message of its own.
        """
        last, past = self.dialogue.last, self.dialogue.past[:-1]
        between = bool(past) and is_wide_question(in_english(last.message)) and not last.reply.endswith("?")
        if not between or is_wide_question(self.english):
            return []
        earlier = Changer(replace(self.dialogue, past=past, calls=()), self.catalog)
        open_ = past[-1].reply.rstrip()
        asks = [p.ask for e in self.catalog.own() if e.grant.changes for p in e.parameters if p.ask]
        if not open_.endswith((WHICH_ITEMS, context.WHICH_ONE, *asks)):
            return []
        found = earlier._going_on()
        return found if any(isinstance(earlier.advance(change), tuple) for change in found) else []

    def _answered(self, before: Changer) -> list[Change]:
        for change in before.changes()[:1]:
            step = before.advance(change)
            if not isinstance(step, Asked) or is_wide_question(self.english):
                return []
            entry, given = change.entry, dict(step.given)
            values = {k: v for k, v in stated(entry, self.message).items() if k not in given or part_of(k)}
            asked = next(
                (p for p in entry.parameters if p.ask and self.dialogue.last.reply.endswith(p.ask)), None
            )
            if asked and asked.kind == kinds.EMAIL and asked.name not in values:
                values = self._mails(entry, asked, given, values)
            ids = self._ids(entry, plain(self.message)) if entry.id_parameter else []
            if entry.id_parameter and (asked is entry.id_parameter or entry.id_parameter.name not in given):
                ids = ids or tickets(self.message)[:1] or self._pointed(entry.id_parameter)
                values |= {entry.id_parameter.name: ids[-1]} if ids else {}
            if (
                asked
                and asked.kind in (kinds.TEXT, kinds.WORDS)
                and not answers_nothing(self.message)
                and (part_of(asked.name) == "" or not address(self.message))
            ):
                values[asked.name] = self.message.strip().rstrip(".")
            given |= values
            which = self.dialogue.last.reply.rstrip().endswith(context.WHICH_ONE) and entry.id_parameter
            each = [{which.name: i} for i in ids] if which and _BOTH.search(plain(self.message)) else []
            return [Change(entry, {**given, **one}, plain(self.message)) for one in each or [{}]]
        return []

    def _mails(
        self, entry: Entry, asked: Parameter, given: dict[str, Any], values: dict[str, Any]
    ) -> dict[str, Any]:
        """An address alone answers what was asked; "the old one is …" says that the one before it was the new one."""
        mails = re.findall(slots.MAIL, self.message)
        said = stated(entry, self.message)
        others = [name for name in said if _kind(entry, name) == kinds.EMAIL]
        if len(mails) != 1:
            return values
        if not _WHICH_MAIL.search(self.message):
            return {k: v for k, v in values.items() if k not in others} | {asked.name: mails[0].rstrip(".")}
        taken = [given[name] for name in others if name in given and given[name] != said[name]]
        return {**values, **({name: said[name] for name in others} | {asked.name: taken[0]} if taken else {})}

    def _corrected(self, entry: Entry, proposed: dict[str, Any]) -> list[Change]:
        """ "Sorry, I meant 611780", "88039 too", "12, not 21": the same with another argument."""
        low = plain(self.message)
        short = len(low.split()) <= 4
        if not (short or _CORRECTS.search(low)):
            return []
        values = {k: v for k, v in stated(entry, self.message).items() if _kind(entry, k) != kinds.WORDS}
        parameter = entry.id_parameter
        amount = any(p.kind == kinds.MONEY and proposed.get(p.name) for p in entry.parameters)
        if parameter:
            known = context.known_ids(parameter, self.dialogue)
            named = [i for i in self._ids(entry, low) if i in known or len(i) > 3 or not amount]
            values |= {parameter.name: named[-1]} if named else {}
        for other in entry.parameters:
            if other.kind == kinds.MONEY and other.name in proposed and not values:
                number = re.search(r"(?<![\w.,])(\d{1,6}(?:[.,]\d{1,2})?)(?![\w.,]\d|\w)", low)
                values |= {other.name: with_amount(proposed[other.name], number[1])} if number else {}
        street = next((p.name for p in entry.parameters if part_of(p.name) == "street"), "")
        if street and street in proposed and not address(self.message):
            said = re.search(r"([A-ZÀ-Þ][\w'’.-]+(?: [\w'’.-]+){0,2}? \d{1,4}[a-z]?)\b", self.message)
            values = {street: said[1]} if said else values
        items = next((p for p in entry.parameters if p.kind == kinds.IDS), None)
        if not values and items and re.search(r"\b(?:sorry|oops|i mean|i meant|mixed|instead|rather)\b", low):
            return [Change(entry, {k: v for k, v in proposed.items() if k != items.name}, low)]
        if not values:
            return []
        return [Change(entry, {**proposed, **values}, low)]

    # ------------------------------------------------------------------ the next step of one change
    def advance(self, change: Change) -> tuple[str, dict[str, Any]] | Asked | Call:
        """The next call (tool, arguments), the question that is open, or the call that ended it."""
        entry, given = change.entry, dict(change.given)
        ended = self._done(entry.name, given)
        if ended:
            return ended
        parameter = entry.id_parameter
        if parameter and parameter.required and parameter.name not in given:
            step = self._which(change, parameter, given)
            if step is not None:
                return step
        items = next((p for p in entry.parameters if p.kind == kinds.IDS and p.name not in given), None)
        if items and parameter and (items.required or _NAMES_ITEMS.search(change.text)):
            step = self._items(change, parameter, items, given)
            if step is not None:
                return step
        missing = next((p for p in entry.parameters if p.required and p.name not in given), None)
        if missing:
            return Asked(Reply(missing.ask, Outcome.ASKED), given)
        return entry.name, given

    def _done(self, tool: str, given: dict[str, Any]) -> Call | None:
        known = {k: v for k, v in given.items() if isinstance(v, str)}
        for call in self.dialogue.calls:
            if call.tool == tool and all(call.arguments.get(k) == v for k, v in known.items()):
                return call
        return None

    def _which(
        self, change: Change, parameter: Parameter, given: dict[str, Any]
    ) -> tuple[str, dict[str, Any]] | Asked | Call | None:
        """Fill the id in from a list of what the customer has; or ask."""
        lister = context.lister(change.entry, self.catalog)
        if lister is None:
            return Asked(Reply(parameter.ask, Outcome.ASKED), given)
        listed = self._done(lister.name, {})
        self.looked.append((lister.name, {}))
        if listed is None:
            return lister.name, {}
        if listed.error:
            return listed
        rows = context.rows(listed)
        if context.wants_latest(change.text):
            newest = context.latest(rows)
            rows = [newest] if newest else rows
        named = context.named_rows(change.text, rows)
        if len(named or rows) == 1:
            given[parameter.name] = context.row_id((named or rows)[0], parameter.name)
            return None
        return Asked(choice(rows, parameter), given)

    def _items(
        self, change: Change, parameter: Parameter, items: Parameter, given: dict[str, Any]
    ) -> tuple[str, dict[str, Any]] | Asked | Call | None:
        """Fill the ids of items in from the record that they stand in; or ask which."""
        reader = self._reader(parameter)
        if reader is None:
            return Asked(Reply(items.ask, Outcome.ASKED), given) if items.required else None
        read = self._done(reader.name, {parameter.name: given[parameter.name]})
        self.looked.append((reader.name, {parameter.name: given[parameter.name]}))
        if read is None:
            return reader.name, {parameter.name: given[parameter.name]}
        if read.error:
            return read
        rows = [row for row in context.parts(read, items.name) if context.row_id(row, "id")]
        chosen = named_items(change.text, rows)
        if chosen:
            given[items.name] = [context.row_id(row, "id") for row in chosen]
            return None
        if not items.required:
            return None
        names = [str(row.get("text") or row.get("name") or row["id"]) for row in rows]
        listed = "\n".join(f"- {name}" for name in names)
        return Asked(
            Reply(f"These are the items:\n{listed}\n\n{WHICH_ITEMS}", Outcome.ASKED, tuple(names[:3])), given
        )

    def _reader(self, parameter: Parameter) -> Entry | None:
        """The tool that reads what this is an id of."""
        status = self.catalog.roles.get(ORDER_STATUS)
        if status and status.id_parameter and status.id_parameter.name == parameter.name:
            return status
        for entry in self.catalog.own():
            own = entry.id_parameter
            if own and own.required and own.name == parameter.name and not entry.grant.changes:
                return entry
        return None


_ASKS = re.compile(
    r"(?:^|[,.;!] |\band )(?:who|what|how|when|where|why|which|do|does|did|is|are|can|could)\b.*\?\s*$|^(?:ok |okay |great |good |thanks |and |[.,!] ?)*(?:how|what|when|where|why|who)\b"
)


FEW = 4  # words between a verb and the id of what it is done to
_SUBJECT = r"(?! (?:is|was|are|has|had|can|should|must|may|will|came|arrived|works|stays?)\b)"
_CHAIN = re.compile(
    rf"[\w-]+(?:(?:[ ,&+#]|\b(?:and|or|plus|also|both|as well as|the|for|orders?|numbers?)\b)+#?(?=\w*\d)[\w-]+\b{_SUBJECT})*"
)
_MORE = frozenset(
    ["and", "also", "plus", "as", "well", "too", "please", "the", "same", "for", "order", "number"]
)


def _is_more(clause: str) -> bool:
    """ "And 2210 as well": a clause that only names another."""
    return all(word in _MORE or re.search(r"\d", word) for word in re.findall(r"[\w#-]+", clause))


def _says(text: str, identity: str) -> bool:
    """Whether an id stands in the text; customers leave the # before it out."""
    return identity.lower().lstrip("#") in text


def is_wide_question(text: str) -> bool:
    """A question of its own: more than the few words that correct or answer."""
    low = plain(text)
    return bool(_ASKS.search(low)) and not re.search(r"\bsame\b|\btoo\b", low)


def _kind(entry: Entry, name: str) -> str:
    return next(p.kind for p in entry.parameters if p.name == name)
