"""Numbers in articles that contradict what a tool is declared to allow.

A sentence is compared with a limit when it speaks of the same thing: the words that name the limit stand in it,
in its heading or in the title, and what it says about the number is little else. It contradicts the limit when it
holds a quantity of the same kind and none that fits. Exceptions ("sale items: 7 days") only differ, and are for a
person to look at. Meaning is not compared by vectors: "your bank shows a refund within 10 days" is as near to a
limit of refunds as any sentence, and of something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from frontdesk.knowledge.article import Article
from frontdesk.knowledge.chunk import Chunk
from frontdesk.knowledge.limit import KINDS, WORD, Limit, Measure, counts, measures, spelt_out, words

FAR = 30  # a duration that is so many times longer or shorter is of something else
SURE = 1  # words of something else that a clause may hold and surely be about the limit
NEAR = 3  # and possibly
TELLING = 10  # letters of a limit's name from which on it tells enough in a language that is not understood

# A moment to count from is not what the sentence is about: "within 5 days after we receive your return".
_MOMENT = re.compile(
    r"\b(?:after|before|since|upon|following|once|as soon as|starting|counted from|from the (?:day|date|moment))\b[^,.;:]*",
    re.IGNORECASE,
)
_CONDITION = re.compile(r"\b(?:if|when|where|while|in case|as long as)\b([^,.;:]*)", re.IGNORECASE)
_EXCEPTION_WORDS = """
unless except exception exceptions only sale outlet clearance holiday holidays christmas easter xmas extended member members
premium vip loyalty student students business wholesale international abroad overseas outside faulty damaged defective
broken wrong missing late personalised personalized final used opened however instead second third another additional extra
january february march april june july august september october november december staff before earlier previously former
old until
"""
_EXCEPTIONS = frozenset(_EXCEPTION_WORDS.split())
# Words that any sentence of a help center may hold without being about something else.
_COMMON_WORDS = """
item items order orders ordered product products article articles thing things something anything goods purchase purchases
bought buy want wish like need would may must should will have has had get gets do does did not this that these those they
them their its his her he she there here all any every everything customer customers shop ourselves us me my i
change changed mind receive received receipt delivery delivered deliver date day days week weeks hour hours month months
year years business working calendar full still always usually normally generally standard just simply please up than more
less about within at most least how long much many takes take lasts last long valid counts counted start starts begin
possible can could allowed allow available unused tags tag condition original new online paid pay payment method give given still now later during runs run apply
applies promise offer offers keep well without ask asked asking question questions if when as other while then so
"""
_COMMON = frozenset(_COMMON_WORDS.split())
_LAST_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_ROW = re.compile(r"[^:;]{1,60}: [^;]+; ")
_COLUMN = re.compile(r"(?:^|(?<=; ))[^:;]{1,60}: ")
_CUT = re.compile(r"[,;:()]\s| (?:and|but|so|because) ")
_MEASURED = re.compile(r"\b(?:business|additional|extra)(?: \w+)? days?\b", re.IGNORECASE)
_ALIKE = (
    ("return", r"\b(?:send|sent|sending|bring|take|give)\b(?: \w+){0,3} back\b"),
    ("refund", r"\bmoney back\b|\breimburse|\bpa(?:y|id) (?:it |you )?back\b"),
    ("warranty", r"\bguarantee"),
    ("fee", r"\b(?:cost|costs|price|charge|charges|charged)\b"),
    ("cost", r"\b(?:fee|fees|price|charge|charges|charged)\b"),
    ("price", r"\b(?:fee|fees|cost|costs|charge|charges|charged)\b"),
    ("voucher", r"\b(?:coupon|gift code)"),
    ("delivery", r"\b(?:shipping|shipment|arrive|arrives)\b"),
    ("shipping", r"\b(?:delivery|shipment)\b"),
)


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence whose number does not fit a limit. ``contradicts`` is False where it may be an exception."""

    limit: Limit
    article: Article
    anchor: str
    heading: str
    sentence: str
    found: str
    contradicts: bool

    @property
    def url(self) -> str:
        """Where the sentence is published, with its anchor; the file's path where nobody said."""
        place = self.article.url or self.article.path
        return f"{place}#{self.anchor}" if self.anchor else place


def drift(limits: Sequence[Limit], pages: Iterable[tuple[Article, Sequence[Chunk]]]) -> list[Finding]:
    """What contradicts ``limits`` in ``pages``, and what merely differs, article by article."""
    found: list[Finding] = []
    for article, chunks in pages:
        for limit in limits:
            others = [other for other in limits if other is not limit]
            found += _of_article(limit, article, chunks, others)
    return found


@dataclass(frozen=True, slots=True)
class _Statement:
    """A sentence that speaks of what is limited, with its first quantity of the limit's kind.

    ``named`` says that it holds all words of the limit's name, ``foreign`` how many of something else.
    """

    chunk: Chunk
    sentence: str
    measure: Measure
    fits: bool
    named: bool
    foreign: int
    exception: bool


def _of_article(
    limit: Limit, article: Article, chunks: Sequence[Chunk], others: Sequence[Limit]
) -> Iterator[Finding]:
    read = _statement if article.locale.lower().startswith("en") else _foreign_statement
    statements = [
        statement
        for chunk in chunks
        for sentence in dict.fromkeys(chunk.sentences)
        if (statement := read(limit, sentence, chunk, article.title))
    ]
    # An article that states the limit rightly says the other number of something else, unless it names it fully.
    right = any(statement.fits and not statement.exception for statement in statements)
    for statement in statements:
        if not statement.fits and (statement.named or statement.foreign <= NEAR):
            sure = statement.foreign <= NEAR if statement.named else statement.foreign <= SURE and not right
            contradicts = sure and not statement.exception and _denies(limit.measure, statement.measure)
            # "We pay within 5 days after we receive your return" is what another limit says, and says rightly.
            said = (read(other, statement.sentence, statement.chunk, article.title) for other in others)
            if not contradicts and any(other and other.fits for other in said):
                continue
            yield Finding(
                limit,
                article,
                statement.chunk.anchor,
                statement.chunk.heading,
                statement.sentence,
                statement.measure.text,
                contradicts,
            )


def _statement(limit: Limit, sentence: str, chunk: Chunk, title: str) -> _Statement | None:
    found = _of_kind(limit, sentence)
    if not found:
        return None
    lead = _lead(chunk.text, sentence)
    own = _MOMENT.sub(" ", f"{lead} {sentence}")
    around = f"{chunk.heading} {title}"
    here = [word for word in limit.topic if _says(own, word)]
    if not all(word in here or _says(around, word) for word in limit.topic):
        return None
    clause = _COLUMN.sub(" ", own) if lead or _ROW.match(sentence) else _clause(spelt_out(sentence), found[0])
    foreign = _foreign(limit, clause.replace(found[0].text, " "))
    if foreign and not any(_says(clause, word) for word in limit.topic):
        return None  # the number is of what this clause is about
    named = len(words(limit.name)) > 1 and all(_says(own, word) for word in words(limit.name))
    fits = any(_fits(limit.measure, measure) for measure in found)
    exception = _is_exception(limit, f"{lead} {_coordinate(sentence, found[0])}", chunk.heading)
    return _Statement(chunk, sentence, found[0], fits, named, len(foreign), exception)


def _foreign_statement(limit: Limit, sentence: str, chunk: Chunk, _title: str) -> _Statement | None:
    """The same in a language of which nothing is known but the limit's name, word for word.

    Only a name that can hardly mean something else ("Rückgabefrist") is taken for certain.
    """
    found, said = _of_kind(limit, sentence), words(sentence)
    if not found or not all(word in said for word in words(limit.name)):
        return None
    fits = any(_fits(limit.measure, measure) for measure in found)
    exception = _is_exception(limit, sentence, chunk.heading)
    return _Statement(chunk, sentence, found[0], fits, len(limit.name) >= TELLING, NEAR, exception)


# ------------------------------------------------------------------ what a sentence is about
def _lead(text: str, sentence: str) -> str:
    """The sentence that opens the list of which ``sentence`` is an item, or ""."""
    lead = ""
    for line in text.split("\n"):
        if line.lstrip().startswith("- "):
            if sentence in line:
                return lead
        elif line.strip():
            lead = _LAST_SENTENCE.split(line)[-1] if line.rstrip().endswith(":") else ""
    return ""


def _clause(sentence: str, measure: Measure) -> str:
    """The part of ``sentence`` that the quantity stands in, without the moment it is counted from."""
    first = max((m.end() for m in _CUT.finditer(sentence, 0, measure.start)), default=0)
    after = _CUT.search(sentence, measure.start + len(measure.text))
    return _MOMENT.sub(" ", sentence[first : after.start() if after else len(sentence)])


def _coordinate(sentence: str, measure: Measure) -> str:
    """``sentence`` without what goes on after the quantity with another "and": "… and can only be used once"."""
    sentence = spelt_out(sentence)
    end = measure.start + len(measure.text)
    cut = re.compile(r",? (?:and|but|so) ").search(sentence, end)
    return sentence[: cut.start()] if cut else sentence


def _says(text: str, word: str) -> bool:
    """Whether ``text`` holds ``word`` in any of its forms, or in other words."""
    if any(word == known and re.search(pattern, text, re.IGNORECASE) for known, pattern in _ALIKE):
        return True
    return any(same(word, other) for other in words(text))


def same(one: str, other: str) -> bool:
    """Whether two words are forms of one: ``return`` and ``returned``, ``ship`` and ``shipping``."""
    short, long = sorted((one, other), key=len)
    return one[:5] == other[:5] if len(short) > 4 else len(short) > 2 and long.startswith(short)


def _foreign(limit: Limit, text: str) -> list[str]:
    """The words of ``text`` that are neither the limit's nor anybody's."""
    for known, pattern in _ALIKE:
        if known in limit.topic:
            text = re.sub(pattern, " ", text, flags=re.IGNORECASE)
    familiar = words(limit.name)
    return [
        word
        for word in words(text)
        if word not in _COMMON and word not in KINDS and not any(same(word, other) for other in familiar)
    ]


def _is_exception(limit: Limit, sentence: str, heading: str) -> bool:
    """Whether the number holds for a part only: a condition, a season, a kind of customer or item."""
    said = words(_MEASURED.sub(" ", f"{sentence} {heading}"))
    named = words(limit.name)
    if any(word in _EXCEPTIONS and not any(same(word, other) for other in named) for word in said):
        return True
    return any(_foreign(limit, clause) for clause in _CONDITION.findall(_MOMENT.sub(" ", sentence)))


# ------------------------------------------------------------------ what a number says
def _of_kind(limit: Limit, sentence: str) -> tuple[Measure, ...]:
    """The quantities of ``sentence`` that can be compared with the limit."""
    if limit.measure.kind == "count":
        return tuple(m for m in counts(sentence) if _counted(limit, sentence, m))
    return tuple(m for m in measures(sentence) if m.kind == limit.measure.kind and not _far(limit.measure, m))


def _counted(limit: Limit, sentence: str, measure: Measure) -> bool:
    """Whether it is the limited thing that is counted: "3 vouchers", "one goodwill voucher"."""
    following = WORD.findall(spelt_out(sentence)[measure.start + len(measure.text) :])[:1]
    wanted = [*words(limit.text), *words(limit.name)]
    return any(same(word, other.lower()) for word in wanted for other in following)


def _far(one: Measure, other: Measure) -> bool:
    small, large = sorted((one.span[1], other.span[1]))
    return one.kind == "time" and large > FAR * max(small, Decimal(1))


def _fits(limit: Measure, other: Measure) -> bool:
    """Whether the two can both be true: equal, within a range, or below what is the most."""
    overlap = limit.span[0] <= other.span[1] and other.span[0] <= limit.span[1]
    if overlap:
        return limit.working == other.working or limit.span[0] == 0
    if other.side != "exact":
        return False
    if limit.side == "most":
        return other.span[1] <= limit.span[1]
    return limit.side == "least" and other.span[0] >= limit.span[0]


def _denies(limit: Measure, other: Measure) -> bool:
    """Whether a number that does not fit is surely wrong: it bounds from the same side, and is another number."""
    if limit.span == other.span:
        return False  # only the kind of days differs
    if other.side == "least" and limit.side != "least":
        return False
    return not (other.side == "most" and limit.side == "least")
