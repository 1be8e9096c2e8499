"""The call a part comes to: its arguments out of the customer's words, or the question that is still open."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from frontdesk.models.local import context, slots
from frontdesk.models.local import parameters as kinds
from frontdesk.models.local.catalog import Catalog, Entry
from frontdesk.models.local.dialogue import Dialogue
from frontdesk.models.local.parameters import Parameter
from frontdesk.models.local.smalltalk import answers_nothing, takes_leave
from frontdesk.models.local.text import NUMBERED, plain

CALL, SEARCH, ASK, CHOOSE, SIGN_IN, STOP = "call", "search", "ask", "choose", "sign_in", "stop"
MOST_PARTS = 3
_SAYS = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that is wanted. ``choose``: list with ``tool`` first, then go on with ``then``."""

    kind: str
    text: str
    tool: str = ""
    arguments: dict[str, Any] = field(default_factory=dict[str, Any])
    ask: str = ""
    then: str = ""
    change: bool = False
    score: float = 0.0
    beside: bool = False  # the second possibility: nothing is said about it when it finds nothing
    chat: bool = False  # nothing a shop is asked

    @property
    def calls(self) -> bool:
        """Whether a tool runs for this part."""
        return self.kind in (CALL, SEARCH, CHOOSE)


class Filler:
    """Fills arguments from one dialogue. Text is plain text (text.plain) except where it says "words"."""

    def __init__(self, dialogue: Dialogue, catalog: Catalog) -> None:
        self.dialogue = dialogue
        self.catalog = catalog
        self.text = plain(dialogue.message)

    def ids(self, parameter: Parameter, text: str) -> tuple[str, ...]:
        """Ids for the parameter in a text."""
        return slots.identifiers(text, parameter, context.known_ids(parameter, self.dialogue))

    def for_entry(self, entry: Entry, text: str) -> list[Part]:
        """One call for each id that is named, or the question that is still open."""
        parameter = entry.id_parameter
        if not parameter:
            return [self.filled(entry, text, {})]
        ids = self._ids_for(parameter, text)
        if ids:
            return [self.filled(entry, text, {parameter.name: i}) for i in ids[:MOST_PARTS]]
        if not parameter.required:
            return [self.filled(entry, text, {})]
        lister = context.lister(entry, self.catalog)
        if lister:
            return [Part(CHOOSE, text, lister.name, {}, ask=parameter.ask, then=entry.name)]
        return [Part(ASK, text, entry.name, {}, ask=parameter.ask)]

    def _ids_for(self, parameter: Parameter, text: str) -> tuple[str, ...]:
        """Named here; else chosen from a list; else named elsewhere in the message; else what "it" means."""
        here = tuple(i for i in self.ids(parameter, self.dialogue.message) if i.lower().lstrip("#") in text)
        if here:
            return here
        chosen = context.chosen_id(text, parameter, self.dialogue)
        if chosen:
            return (chosen,)
        elsewhere = self.ids(parameter, self.dialogue.message)
        if elsewhere:
            return elsewhere[:1] if len(elsewhere) > 1 and text != self.text else elsewhere
        if context.points_back(text) or context.points_back(self.text) or self._just_spoken_of(parameter):
            current = context.current_id(parameter, self.dialogue)
            return (current,) if current else ()
        return ()

    def _just_spoken_of(self, parameter: Parameter) -> bool:
        """ "Did my payment go through?" right after the status of 456: another question about the same order."""
        before = next((turn.calls for turn in reversed(self.dialogue.past[-3:]) if turn.calls), ())
        same = any(call.arguments.get(parameter.name) for call in before)
        return parameter.required and same and not context.owned(self.text)

    def filled(self, entry: Entry, text: str, given: dict[str, Any], said: str = "") -> Part:
        """The call with every argument the customer's words give; or the first question for one they do not."""
        arguments = dict(given)
        words = said or self.dialogue.message
        open_ = [p for p in entry.parameters if p.name not in arguments]
        bare = words
        for parameter in entry.parameters:
            if parameter.kind == kinds.ID:
                bare = self._fill_id(entry, parameter, arguments, bare)
        arguments |= {k: v for k, v in slots.values(open_, bare).items() if k not in arguments}
        for parameter in open_:
            if parameter.kind == kinds.WORDS and parameter.required:
                told = self._told(words)
                arguments |= {parameter.name: told} if told is not None else {}
        missing = next((p for p in entry.parameters if p.required and p.name not in arguments), None)
        if missing:
            return Part(ASK, text, entry.name, arguments, ask=missing.ask)
        return Part(CALL, text, entry.name, arguments)

    def _fill_id(self, entry: Entry, parameter: Parameter, arguments: dict[str, Any], words: str) -> str:
        """Fill in an id beside the one that the call is about; returns the words without its ids."""
        taken = set(map(str, arguments.values()))
        found = [i for i in self.ids(parameter, words) if i not in taken]
        if parameter != entry.id_parameter and parameter.name not in arguments and found:
            arguments[parameter.name] = found[0]
        named = str(arguments.get(parameter.name) or "").lstrip("#")
        return re.sub(rf"#?\b{re.escape(named)}\b", " ", words, flags=re.IGNORECASE) if named else words

    def _told(self, words: str) -> str | None:
        """The customer's words, where there are any beside a number; else those that the number was asked for after."""
        if _SAYS.search(NUMBERED.sub(" ", words)):
            return words
        last = self.dialogue.last
        return last.message if last.reply.rstrip().endswith(context.WHICH_ONE) else None

    def answered(self, entry: Entry, parameter: Parameter, known: dict[str, Any]) -> Part | None:
        """The call the last reply asked ``parameter`` for, if this message gives it.

        ``known`` are the arguments it had already, as far as they do not stand in the messages themselves.
        """
        earlier = self._chain(entry)
        given: dict[str, Any] = {}
        identity = entry.id_parameter
        for text in (self.dialogue.message, *reversed(earlier)) if identity else ():
            ids = self.ids(identity, text) if identity else ()
            if identity and ids:
                given.setdefault(identity.name, ids[-1])
        given = {**known, **self._told_before(entry), **given}
        if parameter.kind in (kinds.TEXT, kinds.WORDS, kinds.DAY_SAID):
            if answers_nothing(self.dialogue.message) or takes_leave(self.dialogue.message):
                return None
            given[parameter.name] = self.dialogue.message.strip().rstrip(".")
        elif parameter.kind != kinds.ID:
            given |= slots.values(
                [p for p in entry.parameters if p.kind == parameter.kind], self.dialogue.message
            )
            given.setdefault(parameter.name, slots.value(parameter, self.dialogue.message))
        if given.get(parameter.name) is None:
            return None
        return self.filled(entry, self.text, given, "\n".join([*earlier, self.dialogue.message]))

    def _told_before(self, entry: Entry) -> dict[str, Any]:
        """What the last messages gave, each for the question before it."""
        given: dict[str, Any] = {}
        said = self.dialogue.message
        for turn in reversed(self.dialogue.past):
            reply = turn.reply.strip()
            parameter = next((p for p in entry.parameters if p.ask and reply.endswith(p.ask)), None)
            if parameter is None:
                break
            if parameter.kind != kinds.ID:
                free = parameter.kind in (kinds.TEXT, kinds.WORDS, kinds.DAY_SAID)
                found = said.strip().rstrip(".") if free else slots.value(parameter, said)
                given = ({parameter.name: found} if found is not None else {}) | given
            said = turn.message
        return given

    def _chain(self, entry: Entry) -> list[str]:
        """The messages since the customer first asked for this, oldest first."""
        asks = {p.ask for p in entry.parameters}
        said: list[str] = []
        for turn in reversed(self.dialogue.past):
            if not any(ask and turn.reply.strip().endswith(ask) for ask in asks):
                break
            said.insert(0, turn.message)
        return said
