"""A customer's question put to the knowledge base: in its conversation, in its language, with a verdict.

"And for Norway?" is searched together with the question before it; a question in Spanish in Spanish articles
first, then in those of the help center's own language; what is found is judged, and compared with what other
articles say of it.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field

import structlog

from frontdesk.domain import Passage, Visibility
from frontdesk.errors import FrontdeskError
from frontdesk.knowledge.answer import ANSWER_AT, SURE_AT, best_passage
from frontdesk.knowledge.conflict import Conflict, find_conflict, preferring
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.language import language_of
from frontdesk.knowledge.quote import answering, best_sentences
from frontdesk.knowledge.rank import EVERYDAY
from frontdesk.knowledge.retrieve import Retriever
from frontdesk.knowledge.unsaid import ASKING, unsaid
from frontdesk.store.knowledge import base
from frontdesk.telemetry import metrics, spans

log = structlog.get_logger("frontdesk.knowledge")

SPOKEN = ("en", "de", "es", "fr", "nl")  # languages a question is recognised in, beside the articles' own
MOST_EARLIER = 3  # of the customer's messages before this one
SHORT, SHORTEST = 8, 2  # words of a follow-up; words of meaning that stand on their own
LIMIT, SEEN = 5, 12  # passages that are told, of those that are looked at
AWAY = 0.1  # by so much surer an answer in another language must be than one in the customer's own

_OPENS = re.compile(
    r"^(?:(?:ok(?:ay)?|and|so|but|also|then|or|what about|how about|what if it is|same for|und|et|y|e|wie ist es|qu[eé] hay de)\b[ ,]*)+",
    re.IGNORECASE,
)
_POINTS = re.compile(
    r"\b(?:that|it|this|those|these|they|them|there|das|es|dies|ça|cela|eso|ello)\b", re.IGNORECASE
)
_ASKS = re.compile(
    r"\b(?:what|when|where|which|who|how|why|can|could|do|does|is|are|will|would|may|should|was|wann|wo|wie|kann|was"
    r"|quand|où|comment|combien|puis|cuándo|dónde|cómo|cuánto|puedo|qué)\b",
    re.IGNORECASE,
)
_PLACED = r"\b(for|to|in|from|with|by|into|on|nach|für|in|mit|pour|en|vers|à|para|a|con)\b"
_BEGINS = re.compile(rf"^{_PLACED} (.{{2,60}})$", re.IGNORECASE)
_NOUN = r"(?:the |an? |my |your )?(?:[A-Z][\w-]+(?: [A-Z][\w-]+)*|[\w-]+)"
_NAME = re.compile(r"(?<=[a-z,] )[A-Z][\w-]+(?: [A-Z][\w-]+)*")
_WORD = re.compile(r"[^\W\d_][\w'-]*")
_ENDS = re.compile(r"[\s?!.,]+$|\b(?:then|please|instead|too|as well)\b[\s?!.,]*$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """What a question found: of the best article, the passages that answer first, then by rank.

    ``query`` is the form of the question that was answered best.

    ``asked`` and ``answered`` are languages, both "" unless the question was asked in another one than it is
    answered in.
    """

    passages: list[Passage] = field(default_factory=list[Passage])
    answerable: bool = False
    confidence: float = 0.0
    query: str = ""
    asked: str = ""
    answered: str = ""
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class Ask:
    """Puts questions to a retriever.

    ``answer_at`` is the confidence from which a question counts as answered; 0 means the default. ``locale`` is
    the help center's own. ``languages`` tells those of the articles a reader may see. ``judge`` is an English
    model that the verdict may use. ``record`` is told of each conflict that an answer met.
    """

    retriever: Retriever
    answer_at: float = 0.0
    locale: str = "en"
    languages: Callable[[Sequence[Visibility]], Awaitable[Collection[str]]] | None = None
    judge: Embeddings | None = None
    record: Callable[[Conflict], Awaitable[None]] | None = None

    async def __call__(
        self, query: str, visibility: Sequence[Visibility], said: Sequence[str] = (), message: str = ""
    ) -> Found:
        """What ``query`` finds among what a reader of ``visibility`` may see.

        ``said`` are the customer's own earlier messages, oldest first, ``message`` the one that is being answered:
        a model may have put it in other words, or in English. Raises DatabaseUnavailable, EmbeddingsUnavailable.
        """
        about = {"gen_ai.operation.name": "retrieval", "gen_ai.data_source.id": "help_center"}
        began = time.perf_counter()
        with spans.span("retrieval help_center", about) as span:
            found = await self._asked(query, visibility, said, message)
            span.say(
                {
                    "frontdesk.retrieval.query_chars": len(query),
                    "frontdesk.retrieval.hits": len(found.passages),
                    "frontdesk.retrieval.confidence": float(found.confidence),
                    "frontdesk.retrieval.answerable": found.answerable,
                    "frontdesk.retrieval.conflict": found.conflict is not None,
                }
            )
            if spans.content():
                span.set("gen_ai.retrieval.query.text", query)
        metrics.retrievals.add("yes" if found.answerable else "no")
        metrics.retrieval_seconds.observe(time.perf_counter() - began)
        return found

    async def _asked(
        self, query: str, visibility: Sequence[Visibility], said: Sequence[str], message: str
    ) -> Found:
        known = {base(code) for code in await self.languages(visibility)} if self.languages else set[str]()
        asked = _language([message, query, *reversed(said[-MOST_EARLIER:])], known)
        found = Found(query=query)
        for locale, text in self._plan(query, message, asked, known):
            new = await self._best(in_context(text, said), visibility, locale, asked)
            farther = AWAY if found.passages and new.asked else 0.0
            if not found.passages or (new.answerable, new.confidence - farther) > (
                found.answerable,
                found.confidence,
            ):
                found = new
            if found.answerable and found.confidence >= SURE_AT:
                break
        return await self._compared(found) if found.answerable else found

    async def _best(
        self, forms: Sequence[str], visibility: Sequence[Visibility], locale: str | None, asked: str | None
    ) -> Found:
        """What the best of ``forms`` finds in one language; they come most telling first."""
        found = await self._searched(forms[0], visibility, locale, asked)
        for form in forms[1:]:
            if found.answerable and found.confidence >= SURE_AT:
                break
            new = await self._searched(form, visibility, locale, asked)
            if (new.answerable, new.confidence) > (found.answerable, found.confidence):
                found = new
        return found

    async def _searched(
        self, query: str, visibility: Sequence[Visibility], locale: str | None, asked: str | None
    ) -> Found:
        passages = await self.retriever.search(query, visibility=visibility, locale=locale, limit=SEEN)
        _shorten(passages)
        answerable, confidence = await self._verdict(query, passages)
        other = asked is not None and bool(passages) and base(passages[0].locale) != asked
        languages = (asked or "", base(passages[0].locale)) if other else ("", "")
        first = [quote.passage for quote in answering(query, passages)]
        rest = [passage for passage in passages if passage not in first]
        return Found([*first, *rest], answerable, confidence, query, *languages)

    def _plan(
        self, query: str, message: str, asked: str | None, known: Collection[str]
    ) -> list[tuple[str | None, str]]:
        """(language of articles, text) to search with, until one is answered.

        In the customer's language it is their own words that are searched for, where the query is not in it.
        """
        foreign = asked not in (None, "en")
        own_words = message if foreign and message and language_of(query, {*SPOKEN, *known}) != asked else ""
        plan: list[tuple[str | None, str]] = []
        for locale in self._order(asked, known):
            texts = [own_words or query] if locale == asked else [query, own_words]
            plan += [(locale, text) for text in texts if text]
        return plan

    def _order(self, asked: str | None, known: Collection[str]) -> list[str | None]:
        """The languages to search in: the question's, then the help center's own; None stands for any."""
        if not known or known == {asked}:
            return [asked if asked in known else None]
        own = base(self.locale)
        chosen = [code for code in dict.fromkeys((asked or own, own, "en")) if code in known]
        return [*chosen] or [None]

    async def _verdict(self, query: str, passages: Sequence[Passage]) -> tuple[bool, float]:
        at = self.answer_at or ANSWER_AT
        answerable, confidence = best_passage(query, passages, answer_at=at)
        if not answerable or self.judge is None or base(passages[0].locale) != "en":
            return answerable, confidence
        try:
            missing = await unsaid(query, passages, self.judge)
        except FrontdeskError:  # the verdict is then what it was without it
            return answerable, confidence
        return best_passage(query, passages, answer_at=at, unsaid=missing)

    async def _compared(self, found: Found) -> Found:
        quoted = best_sentences(found.query, found.passages[0])
        try:
            conflict = await find_conflict(found.passages, quoted, self.judge)
            if conflict and self.record:
                await self.record(conflict)
        except FrontdeskError as error:
            log.warning("conflict not recorded", reason=type(error).__name__)
            return found
        if conflict is None:
            return found
        return Found(
            preferring(found.passages, conflict),
            found.answerable,
            found.confidence,
            found.query,
            found.asked,
            found.answered,
            conflict,
        )


def _shorten(passages: list[Passage]) -> None:
    """Leave ``LIMIT`` of them; the best article's opening, which sums it up, stays in place of the last."""
    openings = [p for p in passages if not p.heading and p.article_id == passages[0].article_id]
    del passages[LIMIT:]
    if openings and openings[0] not in passages:
        passages[-1] = openings[0]


def _language(texts: Sequence[str], known: Collection[str]) -> str | None:
    """The language of the first of ``texts`` that is long enough to tell."""
    among = {*SPOKEN, *known}
    return next((code for text in texts if text and (code := language_of(text, among))), None)


def in_context(query: str, earlier: Sequence[str]) -> list[str]:
    """The forms in which ``query`` is searched, most telling first; only itself where it stands on its own.

    ``earlier`` are the customer's messages before it, oldest first. "And for Norway?" after "What does delivery
    to Germany cost?" is "What does delivery for Norway cost?", both put together, and itself.
    """
    whole = " ".join(query.split())
    query = whole.lstrip("¿¡ ")
    before = _before(query, earlier)
    if not before or not _leans(query):
        return [whole]
    rest = _ENDS.sub("", _OPENS.sub("", query)).strip() or query
    joined = f"{before.rstrip(' .')} {rest}"
    return list(dict.fromkeys(form for form in (_replaced(rest, before), joined, whole) if form))


def _before(query: str, earlier: Sequence[str]) -> str:
    """The newest earlier message that says what it is about, itself read in its own context."""
    for at in range(len(earlier) - 1, max(len(earlier) - MOST_EARLIER, 0) - 1, -1):
        text = " ".join(earlier[at].split())[:300]
        if text.casefold() in query.casefold():  # whoever searches has put them together already
            return ""
        if _leans(text):
            resolved = in_context(text, earlier[:at])[0]
            if resolved != text:
                return resolved
        if len(_meaning(text)) >= SHORTEST:
            return text
    return ""


def _leans(query: str) -> bool:
    """Whether a message is half a question: short, and it opens like one, or points at what was said before."""
    words = _WORD.findall(query)
    if not words or len(words) > SHORT:
        return False
    rest = _OPENS.sub("", query)
    if _BEGINS.match(_ENDS.sub("", rest)) or (rest != query and not _ASKS.match(rest)):
        return True
    few = len(_meaning(rest)) <= SHORTEST
    return few and (bool(_POINTS.search(rest)) or (rest != query) or not _ASKS.search(rest))


def _meaning(text: str) -> list[str]:
    return [
        word
        for word in map(str.lower, _WORD.findall(text))
        if word not in ASKING | EVERYDAY and len(word) > 2
    ]


def _replaced(rest: str, before: str) -> str:
    """The earlier question with its place or thing replaced by the new one's; "" where none can be."""
    placed = _BEGINS.match(rest)
    if not placed:
        names = list(_NAME.finditer(before)) if len(rest.split()) <= SHORTEST else []
        return f"{before[: names[-1].start()]}{rest}{before[names[-1].end() :]}" if names else ""
    matches = list(re.finditer(rf"(?i:{_PLACED}) {_NOUN}", before))
    same = [m for m in matches if m[1].lower() == placed[1].lower()] or [
        m for m in matches if {m[1].lower(), placed[1].lower()} <= {"to", "for", "in", "from"}
    ]
    if not same:
        return ""
    last = same[-1]
    return f"{before[: last.start()]}{last[1]} {placed[2]}{before[last.end() :]}"
