"""What the customer reads about each tool's result, and about all of them together."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from frontdesk.domain import Outcome
from frontdesk.models.local import acted, context, phrase, quote
from frontdesk.models.local.catalog import Catalog, Encoder, Entry
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.fill import CHOOSE, Part
from frontdesk.models.local.smalltalk import Reply
from frontdesk.models.local.text import language, plain

UNKNOWN = "I couldn't find that in our help center, so I don't want to guess."
REST = "For the rest, I couldn't find an answer in our help center."
OFFER_PERSON = "Would you like me to pass it to a colleague?"
OFFER_TICKET = "I can't do that myself. Would you like me to open a ticket so that a colleague does it?"
CLOSEST = "The closest I found in our help center:"
NEAREST = (
    "I couldn't find a clear answer to that in our help center. The page that comes closest: {title} [{n}]."
)
SAYS = " It says:\n\n"
NEAR = 0.2  # confidence from which a change's article is quoted: the offer of a ticket stands beside it
SURE = 0.5  # a confidence below it is told
POINT_AT = 0.08  # confidence from which the nearest page is named, though it may not answer
SAYS_AT = 0.1  # from which what it says is quoted too; the turn stays unanswered, and a person is offered
PLEASE_CONFIRM = "Please check this and confirm it with the button."


class Answers:
    """Phrases results for one dialogue."""

    def __init__(self, dialogue: Dialogue, catalog: Catalog, encoder: Encoder) -> None:
        self.dialogue = dialogue
        self.catalog = catalog
        self.encoder = encoder

    def said(self, call: Call, part: Part | None) -> Reply:
        """One result in words."""
        entry = self.catalog.entries.get(call.tool)
        if call.error:
            told = call.error == "not_found" or call.error in phrase.SAID_BY_CODE
            offer = () if call.error == "not_found" else ("Open a ticket", "Talk to a person")
            outcome = Outcome.ANSWERED if told else Outcome.FAILED
            return Reply(phrase.failure(call, entry), outcome, offer)
        if isinstance(call.result, dict) and "proposed" in call.result:
            return Reply(f"{call.result['proposed']['text']} {PLEASE_CONFIRM}", Outcome.AWAITING_CONFIRMATION)
        if call.tool == "search_knowledge":
            return self._quoted(call, part)
        if call.tool in ("hand_over", "open_ticket"):
            return _passed_on(call)
        if call.tool == "list_actions":
            return self._became(call)
        if part and part.kind == CHOOSE:
            return self._choice(call, part, entry)
        return Reply(phrase.phrase(call, entry, part.text if part else plain(self.dialogue.message)))

    def _became(self, call: Call) -> Reply:
        told = acted.told(call.result)
        if not (acted.undoes(plain(self.dialogue.message)) and acted.is_final(call.result)):
            return Reply(told)
        return Reply(f"{told}\n\n{acted.FINAL} {OFFER_PERSON}", suggestions=("Talk to a person",))

    def _quoted(self, call: Call, part: Part | None) -> Reply:
        found = call.result if isinstance(call.result, dict) else {}
        passages = [p for p in found.get("passages") or () if isinstance(p, dict)]
        query = str(found.get("query") or call.arguments.get("query") or self.dialogue.message)
        near = bool(part and part.change) and float(found.get("confidence") or 0.0) >= NEAR
        quoted = passages and (found.get("answerable") or near)
        text = quote.quotation(query, passages, self.encoder) if quoted else ""
        if text:
            lead = "" if not _unsure(found) else f"{CLOSEST}\n" if "\n" in text else f"{CLOSEST} "
            beside = quote.beside if _unsure(found) else quote.see_also
            text = f"{_in_other_words(found)}{lead}{text}{beside(passages)}"
        if not text and part and part.change:
            nothing = "I found nothing about it in our help center."
            return Reply(nothing, Outcome.UNANSWERED, ("Open a ticket", "Talk to a person"), OFFER_TICKET)
        if not text:
            return self.unknown(part, found)
        if part and part.change:
            return Reply(text, suggestions=("Open a ticket",), offer=OFFER_TICKET)
        return Reply(text)

    def unknown(self, part: Part | None = None, found: Mapping[str, Any] | None = None) -> Reply:
        """Not known: said so, with the offer of a person; nobody is offered for idle chat.

        ``found`` is what the search came to: where it shares the topic, its first page is named and quoted.
        """
        if part and part.chat:
            about = f"{self.dialogue.desk or 'our shop'}{' and your orders' if self._own() else ''}"
            return Reply(
                f"I can't help with that: I'm here for questions about {about}.",
                Outcome.UNANSWERED,
                ("What can you do?",),
            )
        text = self._nearest(found or {}) or UNKNOWN
        return Reply(text, Outcome.UNANSWERED, ("Talk to a person", "What can you do?"), OFFER_PERSON)

    def _nearest(self, found: Mapping[str, Any]) -> str:
        passages, confidence = found.get("passages"), float(found.get("confidence") or 0.0)
        if not passages or confidence < POINT_AT:
            return ""
        named = NEAREST.format(title=passages[0].get("title"), n=passages[0].get("n", 1))
        query = str(found.get("query") or self.dialogue.message)
        said = quote.quotation(query, passages[:1], self.encoder) if confidence >= SAYS_AT else ""
        return f"{named}{SAYS}{said}" if said else named

    def _choice(self, call: Call, part: Part, entry: Entry | None) -> Reply:
        then = self.catalog.entries[part.then]
        name = then.id_parameter.name if then.id_parameter else "id"
        rows = context.rows(call)
        if not rows:
            return Reply(phrase.phrase(call, entry, part.text))
        thing = then.id_parameter.thing if then.id_parameter else "entry"
        shown = (context.open_rows(rows) or rows)[: phrase.MOST_ROWS]
        lines = "\n".join(f"- {_row(row, name, thing)}" for row in shown)
        buttons = tuple(f"{thing.capitalize()} {context.row_id(row, name)}" for row in shown[:3])
        return Reply(
            f"You have more than one {thing}:\n{lines}\n\n{context.WHICH_ONE}", Outcome.ASKED, buttons
        )

    def joined(self, replies: list[Reply]) -> Reply:
        """Several answers in one message, with one offer at the end: a "yes" to two would be neither."""
        kept = [r for i, r in enumerate(replies) if r.text not in [other.text for other in replies[:i]]]
        known = [r for r in kept if r.outcome != Outcome.UNANSWERED]
        offers = [r.offer for r in sorted(kept, key=lambda r: r.offer != OFFER_TICKET) if r.offer]
        if known and len(known) < len(kept):
            near = [r.text for r in kept if r.outcome == Outcome.UNANSWERED and SAYS in r.text]
            said = "\n\n".join(near) or ("" if OFFER_TICKET in offers else REST)
            kept = [*known, Reply(said, suggestions=("Talk to a person",))]
        order = (Outcome.HANDED_OFF, Outcome.ASKED, Outcome.FAILED, Outcome.UNANSWERED)
        outcome = next((o for o in order if any(r.outcome == o for r in kept)), Outcome.ANSWERED)
        lines = [r.text for r in kept if r.text] + ([] if outcome == Outcome.ASKED else offers[:1])
        looked_up = any(call.tool in self._own() for call in self.dialogue.calls)
        if looked_up and asks_for_others(self.dialogue):
            lines.insert(0, OWN_ONLY)
        text = "\n\n".join(lines)
        if not any(_speaks(call) for call in self.dialogue.calls):
            text = _in_their_language(self.dialogue.message) + text
        return Reply(text, outcome, tuple(dict.fromkeys(s for r in kept for s in r.suggestions))[:3])

    def _own(self) -> set[str]:
        return {entry.name for entry in self.catalog.own()} if self.catalog else set()


def _unsure(found: dict[str, Any]) -> bool:
    confidence = found.get("confidence")
    return isinstance(confidence, int | float) and confidence < SURE


def _passed_on(call: Call) -> Reply:
    found = call.result if isinstance(call.result, dict) else {}
    reference, within = found.get("reference"), found.get("reply_within")
    reply_time = f" You will hear back within {within}." if within else ""
    if call.tool == "open_ticket":
        return Reply(
            f"I've opened ticket {reference} for you.{reply_time}"
            if reference
            else f"I've opened a ticket for you.{reply_time}"
        )
    sorry = {
        "anger": "I'm sorry about this. ",
        "safety": "I'm sorry to hear that, this matters. ",
        "repeated_failure": "I'm sorry, I'm not getting any further with this. ",
    }
    number = f" Your reference is {reference}." if reference else ""
    lead = sorry.get(str(call.arguments.get("reason")), "")
    return Reply(f"{lead}I've passed this on to a colleague.{number}{reply_time}", Outcome.HANDED_OFF)


_REFERENCE = re.compile(r"\b(?:reference is|opened ticket) ([\w-]+\d)")
_WITHIN = re.compile(r"You will hear back within [^.]+\.")


def passed_on_before(dialogue: Dialogue) -> str:
    """The reference and the reply time of a conversation that a colleague has already, as they were given."""
    call = next((c for c in dialogue.results() if c.tool == "hand_over" and isinstance(c.result, dict)), None)
    replies = [turn.reply for turn in reversed(dialogue.past)]
    number = call.result.get("reference") if call else _first(_REFERENCE, replies, 1)
    within = call.result.get("reply_within") if call else ""
    reply_time = f"You will hear back within {within}." if within else _first(_WITHIN, replies, 0)
    reference = f" Your reference is {number}." if number else ""
    return f"{reference} {reply_time or 'You will hear from us.'}"


_HEAR_BACK = re.compile(
    r"\b(?:when|how (?:soon|long|fast|quickly)|by when)\b.*\b(?:hear (?:back|from)|(?:get|have|expect|wait for) (?:an? |your |the )?(?:reply|answer|response)|(?:get|come) back to me|(?:call|write|contact|answer|reply to) me)\b"
)


def hears_back(dialogue: Dialogue) -> Reply | None:
    """ "How soon will I hear back?", where this conversation was passed on with a time: that time."""
    passed_on = (c for c in dialogue.results() if c.tool in ("hand_over", "open_ticket"))
    within = next((c.result.get("reply_within") for c in passed_on if isinstance(c.result, dict)), "")
    asked = _HEAR_BACK.search(plain(dialogue.message))
    return Reply(f"You will hear back within {within}.") if within and asked else None


def _first(pattern: re.Pattern[str], texts: list[str], group: int) -> str:
    return next((match[group] for text in texts if (match := pattern.search(text))), "")


UNDER_WAY = frozenset(
    {"shipped", "partly_shipped", "out_for_delivery", "delivered", "in_transit", "dispatched"}
)
_OTHERS = re.compile(
    r"\b(?:user|customer|client|account)s? (?:id |number |no |with id )?#?[a-z]{0,4}\d+\b|\b(?:another|other|different|every|all) (?:\w+ )?(?:customer|user|client|person|people)(?:s|'s|s')?\b"
    r"|\b(?:someone|somebody|anyone|everybody|everyone) else(?:'s)?\b"
)
_SHOWN = re.compile(r"\b(?:show|list|see|orders?|refunds?|payments?|details|data|address|e-?mail|account)\b")
OWN_ONLY = "I can only show your own account."


def asks_for_others(dialogue: Dialogue) -> bool:
    """Whether the customer asks to see what is somebody else's."""
    text = plain(dialogue.message)
    return bool(_OTHERS.search(text) and _SHOWN.search(text))


def under_way(call: Call) -> bool:
    """Whether the result is of an order that has left already, or has arrived."""
    status = call.result.get("status") if isinstance(call.result, dict) else None
    return str(status or "").lower().replace(" ", "_") in UNDER_WAY


def _row(row: dict[str, Any], name: str, thing: str) -> str:
    said = f"{thing.capitalize()} {context.row_id(row, name)}"
    if row.get("status"):
        said += f": {phrase.says.words(row['status'])}"
    date = next(
        (
            row[k]
            for k in ("placed_on", "ordered_on", "created_on", "created_at", "date", "due_on")
            if row.get(k)
        ),
        None,
    )
    return f"{said} ({phrase.says.day(date)})" if date else said


_ONLY_ENGLISH = {
    "de": "Ich kann bisher leider nur auf Englisch antworten.",
    "fr": "Je ne peux pour l'instant répondre qu'en anglais, désolé.",
    "es": "Por ahora solo puedo responder en inglés, lo siento.",
    "nl": "Ik kan voorlopig alleen in het Engels antwoorden, excuses.",
}


_FOUND_ONLY = {
    ("de", "en"): "Dazu habe ich nur etwas auf Englisch gefunden:\n",
    ("es", "en"): "Solo encontré esto en inglés:\n",
    ("fr", "en"): "Je n'ai trouvé cela qu'en anglais :\n",
}
_LANGUAGES = {
    "en": "English",
    "de": "German",
    "es": "Spanish",
    "fr": "French",
    "nl": "Dutch",
    "it": "Italian",
}


def _in_other_words(found: dict[str, Any]) -> str:
    """The sentence before a passage that is in another language than the question; "" where it is not."""
    language = found.get("language")
    if not isinstance(language, dict):
        return ""
    asked, answered = str(language.get("asked")), str(language.get("answered"))
    name = _LANGUAGES.get(answered, "another language")
    return _FOUND_ONLY.get((asked, answered), f"I found this in {name} only:\n")


def _speaks(call: Call) -> bool:
    """Whether a search was answered: in the customer's language, or with the words that it is not."""
    return (
        call.tool == "search_knowledge"
        and isinstance(call.result, dict)
        and bool(call.result.get("answerable"))
    )


def _in_their_language(message: str) -> str:
    note = _ONLY_ENGLISH.get(language(message))
    return f"{note}\n\n" if note else ""
