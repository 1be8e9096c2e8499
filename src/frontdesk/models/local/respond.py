"""One step of the local model: either tool calls, or the reply that ends the turn."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from frontdesk.domain import Outcome
from frontdesk.models.local import acted, context
from frontdesk.models.local.answers import Answers, hears_back, passed_on_before, under_way
from frontdesk.models.local.catalog import Catalog, Encoder
from frontdesk.models.local.changer import Asked, Change, Changer
from frontdesk.models.local.changes import TOO_LATE, cancels
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.examples import HAND_OVER, RETURNS
from frontdesk.models.local.features import FRAGMENT, without_courtesy
from frontdesk.models.local.fill import ASK, CHOOSE, SEARCH, Filler, Part
from frontdesk.models.local.memory import recall, statement
from frontdesk.models.local.money_back import Money, Wish
from frontdesk.models.local.plan import Planner
from frontdesk.models.local.route import in_known_words
from frontdesk.models.local.router import MEMORY, SMALL_TALK, TICKET
from frontdesk.models.local.smalltalk import (
    BOT_QUESTION,
    Reply,
    bare,
    offered,
    pleasantry,
    says_no,
    says_yes,
    small_talk,
    still_waits,
)
from frontdesk.models.local.stop import asks_for_ticket, reason_to_stop, summary, ticket_words
from frontdesk.models.local.text import clauses, in_english, plain

ASK_TICKET = "What should the ticket say? Please tell me in a sentence or two what happened."
CLEAR = 0.5  # share from which a message is taken for talk, or for a wish for people
FAINT = 0.05  # share below which a pattern alone does not make a message talk
SIGN_IN_FIRST = "I can look that up once you are signed in. Please sign in to your account and ask me again; general questions I can answer right here."


class Step:
    """Decides one step. ``calls`` are proposed when there is something to look up; else there is a reply."""

    def __init__(self, dialogue: Dialogue, catalog: Catalog, encoder: Encoder) -> None:
        self.dialogue = dialogue
        self.catalog = catalog
        self.encoder = encoder
        self.answers = Answers(dialogue, catalog, encoder)
        # Routing reads shop words in English; whatever is passed on stays in the customer's own words.
        self.english = replace(dialogue, message=in_english(dialogue.message))
        self.money = Money(self.english, catalog)

    def take(self) -> Reply | list[Wish]:
        """The reply, or the calls to make first."""
        undoing = self._undoing()
        if undoing:
            return undoing
        changing = self._changing()
        if changing is not None:
            return changing
        if self.dialogue.calls:
            return self._finish()
        return (
            self._about_actions()
            or self._stop()
            or self._yes()
            or self._answer_offer()
            or self._talk()
            or self._begin()
        )

    def _changing(self) -> Reply | list[Wish] | None:
        """The next step of the changes that are wished for, and of whatever else is asked beside them."""
        if (
            says_yes(self.dialogue.message)
            or self._yes()
            or reason_to_stop(self.english)
            or self._handed_over()
        ):
            return None
        changer = Changer(self.dialogue, self.catalog)
        changes = changer.changes()
        if not changes:
            return None
        steps = [changer.advance(change) for change in changes]
        beside = self._beside(changer, changes)
        wishes = [Wish(*step) for step in steps if isinstance(step, tuple)]
        wishes += beside if isinstance(beside, list) else []
        if wishes:
            return [wish for n, wish in enumerate(wishes) if wish not in wishes[:n]]
        replies = [
            step.reply if isinstance(step, Asked) else self.answers.said(step, None)
            for step in steps
            if not isinstance(step, tuple)
        ]
        return self.answers.joined([*replies, *([beside] if isinstance(beside, Reply) else [])])

    def _beside(self, changer: Changer, changes: Sequence[Change]) -> Reply | list[Wish] | None:
        rest = changer.rest()
        if not rest:
            return None
        ids = [str(v) for change in changes for v in [change.given.get(_id_name(change))] if v]
        if ids and context.points_back(rest) and not any(i in rest for i in ids):
            rest = f"{rest.rstrip(' ?.')} {ids[0]}?"
        asked = replace(self.dialogue, message=rest, calls=())
        first = Step(asked, self.catalog, self.encoder).take()
        wished = [(w.tool, w.arguments) for w in first] if isinstance(first, list) else []
        own = [
            call
            for call in self.dialogue.calls
            if (call.tool, call.arguments) in wished
            or not (self._changes(call.tool) or (call.tool, call.arguments) in changer.looked)
        ]
        return Step(replace(asked, calls=tuple(own)), self.catalog, self.encoder).take() if own else first

    def _changes(self, tool: str) -> bool:
        entry = self.catalog.entries.get(tool)
        return bool(entry and entry.grant.changes)

    def _handed_over(self) -> bool:
        return any(call.tool == "hand_over" for call in self.dialogue.calls)

    def _yes(self) -> list[Wish] | None:
        """A typed yes to a proposal: it is shown again, with its button. A word is not a press."""
        if not (says_yes(self.dialogue.message) or _AGREES.match(bare(self.dialogue.message))):
            return None
        open_ = [c for c in self.dialogue.last.calls if isinstance(c.result, dict) and "proposed" in c.result]
        return [Wish(call.tool, call.arguments) for call in open_] or None

    def _undoing(self) -> list[Wish] | None:
        """ "I changed my mind", right after a change: what became of it, and the button that takes it back."""
        if self.dialogue.calls or not acted.undoes(plain(self.english.message)):
            return None
        after = any(self._changes(call.tool) and not call.error for call in self.dialogue.last.calls)
        return [Wish("list_actions", {})] if after and self.catalog.bound("list_actions") else None

    def _about_actions(self) -> list[Wish] | None:
        """ "Did that go through?", "undo it": what was proposed in this conversation, with the buttons there are."""
        asked = _GO_THROUGH.search(plain(self.english.message))
        return [Wish("list_actions", {})] if asked and self._acted() else None

    def _acted(self) -> bool:
        """Whether something was to be changed lately, and what became of it can be asked."""
        lately = any(self._changes(call.tool) for turn in self.dialogue.past[-4:] for call in turn.calls)
        return lately and self.catalog.bound("list_actions")

    def _stop(self) -> Reply | list[Wish] | None:
        reason = reason_to_stop(self.english)
        if reason and not (reason == "customer_wish" and self._share(TICKET) >= CLEAR):
            return self._hand_over(reason)
        pending = self.dialogue.last.reply.endswith(ASK_TICKET) and not says_no(self.dialogue.message)
        plainly = _OPEN_ONE.search(plain(self.english.message))
        wished = asks_for_ticket(self.english.message) and (plainly or self._share(TICKET) >= 0.3)
        if wished or (pending and len(self.dialogue.message.split()) > 1):
            return self._open_ticket(self.dialogue.message if pending else ticket_words(self.dialogue))
        return None

    def _share(self, name: str) -> float:
        return Planner(self.english, self.catalog, self.encoder).whole().shares.get(name, 0.0)

    def _hand_over(self, reason: str) -> Reply | list[Wish]:
        if self.dialogue.queued:
            return self._waiting()
        if not self.catalog.bound("hand_over"):
            return Reply("I'm sorry, I can't pass you to a person from here right now.", Outcome.UNANSWERED)
        return [Wish("hand_over", {"reason": reason, "summary": summary(self.dialogue)})]

    def _waiting(self) -> Reply:
        known = passed_on_before(self.dialogue)
        return Reply(f"A colleague already has your conversation.{known}", Outcome.HANDED_OFF)

    def _open_ticket(self, words: str) -> Reply | list[Wish]:
        if not self.catalog.bound("open_ticket"):
            return self._hand_over("customer_wish")
        if not words:
            return Reply(ASK_TICKET, Outcome.ASKED)
        subject = " ".join(words.split())
        short = subject if len(subject) <= 80 else subject[:77].rsplit(" ", 1)[0] + "…"
        return [Wish("open_ticket", {"subject": short, "details": words.strip()})]

    def _answer_offer(self) -> Reply | list[Wish] | None:
        offer = offered(self.dialogue)
        if not offer or not says_yes(self.dialogue.message):
            return None
        if offer == "ticket":
            return self._open_ticket(ticket_words(self.dialogue))
        return self._hand_over("unanswered" if self.dialogue.last.failed else "customer_wish")

    def _talk(self) -> Reply | None:
        waits = hears_back(self.dialogue) if self.dialogue.past else None
        if waits:
            return waits
        if self.dialogue.queued and still_waits(self.dialogue.message):
            return self._waiting()
        planner = Planner(self.english, self.catalog, self.encoder)
        if self.dialogue.past and FRAGMENT.match(without_courtesy(planner.text)):
            return None  # "thanks. and the tracking number?"
        chosen = planner.whole()
        to_people = chosen.shares.get(HAND_OVER, 0.0) + chosen.shares.get(TICKET, 0.0)
        if BOT_QUESTION.search(bare(self.dialogue.message)) and len(clauses(planner.text)) == 1:
            return small_talk(self.dialogue, self.catalog)
        if planner.answering() or (to_people >= CLEAR and not says_yes(self.dialogue.message)):
            return None
        memory = chosen.shares.get(MEMORY, 0.0)
        known = small_talk(self.dialogue, self.catalog)
        if known or memory < FAINT:
            return known or (
                pleasantry(self.dialogue) if chosen.shares.get(SMALL_TALK, 0.0) >= CLEAR else None
            )
        return recall(self.dialogue, self.encoder) or (
            statement(self.dialogue, self.encoder, sure=True) if memory >= CLEAR else None
        )

    def _plan(self) -> list[Part]:
        return Planner(self.english, self.catalog, self.encoder).parts()

    def _begin(self) -> Reply | list[Wish]:
        parts = self._plan()
        if any(part.tool == "hand_over" for part in parts):
            return self._hand_over("customer_wish")
        if any(part.tool == TICKET for part in parts):
            return self._open_ticket(ticket_words(self.dialogue))
        wishes = [Wish(p.tool, p.arguments) for p in parts if p.calls and self.catalog.bound(p.tool)]
        if wishes:
            # After a failure there is no time to try again: a person is next.
            return [*wishes, *self._rephrased(wishes)] if self._again(parts) else wishes
        return self.answers.joined([self._without_call(part) for part in parts])

    def _rephrased(self, searches: Sequence[Wish | Call]) -> list[Wish]:
        """The one search there was, once more in words that help centers know."""
        if len(searches) != 1 or searches[0].tool != "search_knowledge":
            return []
        query = in_known_words(str(searches[0].arguments.get("query") or ""), self.encoder)
        return [Wish("search_knowledge", {"query": query})] if query else []

    def _without_call(self, part: Part) -> Reply:
        if part.kind == ASK:
            return Reply(part.ask, Outcome.ASKED)
        if part.kind == SEARCH:
            return self.answers.unknown(part)
        return Reply(SIGN_IN_FIRST, Outcome.ANSWERED)

    # After the tools

    def _finish(self) -> Reply | list[Wish]:
        parts = [] if self._talked() else self._plan()
        follow_up = self._follow_up(parts)
        if follow_up:
            return follow_up
        calls = [call for call in self.dialogue.calls if not self._superseded(call)]
        if self._asked(TOO_LATE):
            # What cannot be cancelled any more: how far it is, and what can be done instead.
            calls = [call for call in calls if call.tool != "search_knowledge"] + [
                call for call in calls if call.arguments.get("query") == TOO_LATE
            ]
            parts = [part for part in parts if part.kind != SEARCH]
        calls = _without_empty(calls) if sum(part.kind == SEARCH for part in parts) < 2 else calls
        calls = [call for call in calls if not _idle(call, _part_of(call, parts))] or calls[:1]
        calls = [call for call in calls if not self._nothing_either(call, parts)]
        calls = [call for call in calls if not self._missed_before(call)] or calls
        calls = self.money.with_what_waits(calls)
        replies = [self.answers.said(call, _part_of(call, parts)) for call in calls]
        replies += [self._without_call(part) for part in parts if not part.calls]
        return self.answers.joined(replies)

    def _talked(self) -> bool:
        return all(call.tool in ("hand_over", "open_ticket") for call in self.dialogue.calls)

    def _superseded(self, call: Call) -> bool:
        """A list that was only read to find an id, a search that led to a person."""
        later = self.dialogue.calls[self.dialogue.calls.index(call) + 1 :]
        listed = bool(context.rows(call)) and any(
            c.tool != "search_knowledge" and c.tool != call.tool for c in later
        )
        return (listed and not call.error and self._chose(call)) or (
            call.tool == "search_knowledge" and any(c.tool == "hand_over" for c in later)
        )

    def _chose(self, call: Call) -> bool:
        return any(part.kind == CHOOSE and part.tool == call.tool for part in self._plan())

    def _follow_up(self, parts: list[Part]) -> Reply | list[Wish]:
        """A second step: the only order there is, the one that is meant, or a person after two failures."""
        done = {call.tool for call in self.dialogue.calls}
        for part in parts:
            call = next((c for c in self.dialogue.calls if c.tool == part.tool and not c.error), None)
            if part.kind == CHOOSE and call and part.then not in done:
                chosen = self._only_one(part, call)
                if chosen:
                    return chosen
        other = self.money.of_a_return(done) or self._what_waits(done)
        if other:
            return other
        too_late = [part for part in parts if part.kind == SEARCH and part.change and cancels(part.text)]
        if too_late and any(under_way(c) for c in self.dialogue.calls) and not self._asked(TOO_LATE):
            return [Wish("search_knowledge", {"query": TOO_LATE})]
        if not self._failed_now() or "hand_over" in done:
            return []
        if not self._again(parts):
            return self._rephrased(self.dialogue.calls)
        wish = self._hand_over("repeated_failure")
        return wish if isinstance(wish, list) else []

    def _what_waits(self, done: set[str]) -> list[Wish]:
        """No refund on record, and one was spoken of here: it may wait for approval, or have been declined."""
        asks = self.money.none_found() and self._acted() and "list_actions" not in done
        return [Wish("list_actions", {})] if asks else []

    def _nothing_either(self, call: Call, parts: list[Part]) -> bool:
        """No return on record where nobody asked for one: it was only looked for behind a refund."""
        returns = self.catalog.roles.get(RETURNS)
        own = returns is not None and call.tool == returns.name and not call.error
        return (
            own and len(self.dialogue.calls) > 1 and not context.rows(call) and _part_of(call, parts) is None
        )

    def _missed_before(self, call: Call) -> bool:
        """A record that was not there before either and that this message does not name: nobody asked again."""
        before = [(c.tool, c.arguments) for turn in self.dialogue.past for c in turn.calls if c.error]
        named = any(str(value) in self.dialogue.message for value in call.arguments.values())
        return bool(call.error) and not named and (call.tool, call.arguments) in before

    def _asked(self, query: str) -> bool:
        return any(call.arguments.get("query") == query for call in self.dialogue.calls)

    def _again(self, parts: list[Part]) -> bool:
        """Whether the turn before failed already, and neither it nor this one is idle chat."""
        if not self.dialogue.last.failed or any(part.chat for part in parts):
            return False
        before = replace(self.dialogue, message=self.dialogue.last.message, past=self.dialogue.past[:-1])
        return not any(part.chat for part in Planner(before, self.catalog, self.encoder).parts())

    def _failed_now(self) -> bool:
        calls = self.dialogue.calls
        return all(
            c.tool == "search_knowledge" and not c.error and not c.result.get("answerable") for c in calls
        )

    def _only_one(self, part: Part, call: Call) -> Reply | list[Wish]:
        entry = self.catalog.entries[part.then]
        name = entry.id_parameter.name if entry.id_parameter else ""
        row = context.meant_row(part.text, context.rows(call))
        identity = context.row_id(row, name) if row else ""
        if not identity:
            return []
        found = Filler(self.english, self.catalog).filled(entry, part.text, {name: identity})
        return Reply(found.ask, Outcome.ASKED) if found.kind == ASK else [Wish(entry.name, found.arguments)]


_OPEN_ONE = re.compile(r"\b(?:open|leave|create|file|raise|make) (?:me |us )?an? (?:[\w-]+ )?ticket\b")
_GO_THROUGH = re.compile(
    r"\b(?:did|has|have|is|was) (?:that|it|this|my (?:order|change|wish|request))\b.{0,20}\b(?:go(?:ne)? through|work(?:ed)?|done|happen(?:ed)?)\b|^(?:please |can you |could you |no |oh |wait |sorry |[.,] ?)*(?:undo|revert|reverse|take (?:it|that) back)\b|\b(?:mistake|changed my mind|wrong)\b.*\b(?:undo|take (?:it|that) back|revert)\b"
)
_AGREES = re.compile(
    r"^(?:yes|yep|yeah|ok|okay|sure|alright|correct|right|exactly|go ahead|do it|please do|i confirm|confirmed?|looks good|that is (?:right|correct))\b(?!.*\b(?:but|not|no|wait|instead|how|what|when)\b).{0,60}$"
)


def _id_name(change: Change) -> str:
    return change.entry.id_parameter.name if change.entry.id_parameter else ""


def _without_empty(calls: list[Call]) -> list[Call]:
    """Of several searches for one question, the first that found something; the nearest if none did."""
    searches = [call for call in calls if call.tool == "search_knowledge"]
    if len(searches) < 2:
        return calls
    found = [call for call in searches if not call.error and call.result.get("answerable")]
    kept = found[0] if found else max(searches, key=_confidence)
    return [call for call in calls if call not in searches or call is kept]


def _confidence(search: Call) -> float:
    return float(search.result.get("confidence") or 0.0) if isinstance(search.result, dict) else 0.0


def _idle(call: Call, part: Part | None) -> bool:
    """The second possibility came to nothing: nothing found, nothing on record."""
    if not part or not part.beside:
        return False
    if call.error or not isinstance(call.result, dict):
        return bool(call.error) and call.error != "not_found"
    if call.tool == "search_knowledge":
        return not call.result.get("answerable")
    lists = [value for value in call.result.values() if isinstance(value, list)]
    return bool(lists) and not any(lists)


def _part_of(call: Call, parts: list[Part]) -> Part | None:
    same = [part for part in parts if part.tool == call.tool]
    return next((p for p in same if p.arguments == call.arguments), same[0] if same else None)
