"""Two articles that disagree: both answer the question, and say different numbers of the same thing.

Precise rather than eager: a sentence of the passage that would be quoted against one of another article in the
same language, each with one quantity of a kind (a duration, an amount, a percentage), the same subject by their
words and by their vectors, the same names and conditions, and different values. A row for Norway and one for
Germany differ in a name, and so do the standard and the express price in a condition.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from frontdesk.domain import Passage
from frontdesk.knowledge.embed import Embeddings
from frontdesk.knowledge.quantity import Quantity, quantities
from frontdesk.knowledge.unsaid import ASKING
from frontdesk.store.knowledge import base

NEAR = 0.72  # share of the quoted sentence's nearness to the question that the other one must have
ALIKE = 0.86  # cosine of the two sentences without their quantities
SHARED = 0.5  # share of the shorter one's words of meaning that the other one has
MOST_APART = 3  # words of meaning that either has alone
MOST = 12  # sentences that are compared

_WORD = re.compile(r"[^\W\d_]+(?:-[^\W\d_]+)*")
_NAME = re.compile(r"(?<![.!?:;]\s)(?<!^)\b[A-Z][\w&-]*|\b[A-Z]{2,}\b")
_CONDITION = re.compile(
    r"\b(?:if|when|whenever|unless|only|except|excluding|without|with|not|no|never|before|than|until|instead|per|first|each"
    r"|express|standard|free|minimum|maximum|least|up to|over|under|above|below|from|more|further|additional|extra"
    r"|wenn|nur|ohne|mit|nicht|kein\w*|bis|ab|über|unter|si|solo|sin|con|hasta|desde|seulement|sans|avec|jusqu\w*)\b",
    re.IGNORECASE,
)
_LIMITS = frozenset(("within", "up", "to", "about", "until", "least", "most", "from", "than"))


@dataclass(frozen=True, slots=True)
class Conflict:
    """``chosen`` is what is answered with, ``other`` says otherwise; each with its sentence, word for word."""

    chosen: Passage
    other: Passage
    chosen_sentence: str
    other_sentence: str

    @property
    def newer(self) -> date | None:
        """The date of the chosen article where it is newer than the other one's, else None."""
        mine, theirs = self.chosen.updated, self.other.updated
        return mine if mine is not None and (theirs is None or mine > theirs) else None


_SAID = {
    "en": (
        "Another page, “{other}”, says otherwise; this one is newer, updated on {date}.",
        "A newer page, “{chosen}”, updated on {date}, says otherwise.",
        "Another page, “{other}”, says otherwise, and neither says that it is newer.",
    ),
    "de": (
        "Eine andere Seite, „{other}“, sagt es anders; diese hier ist neuer, vom {date}.",
        "Eine neuere Seite, „{chosen}“, vom {date}, sagt es anders.",
        "Eine andere Seite, „{other}“, sagt es anders, und keine nennt sich die neuere.",
    ),
    "es": (
        "Otra página, «{other}», dice otra cosa; esta es más reciente, del {date}.",
        "Una página más reciente, «{chosen}», del {date}, dice otra cosa.",
        "Otra página, «{other}», dice otra cosa, y ninguna indica ser la más reciente.",
    ),
    "fr": (
        "Une autre page, « {other} », dit autre chose ; celle-ci est plus récente, du {date}.",
        "Une page plus récente, « {chosen} », du {date}, dit autre chose.",
        "Une autre page, « {other} », dit autre chose, et aucune ne se dit plus récente.",
    ),
}
_MARKUP = re.compile(r"https?://\S+|www\.\S+|[\[\](){}<>*_`~|#!\\\r\n“”„«»\"]+")


def in_words(conflict: Conflict, *, cites_chosen: bool, language: str = "en") -> str:
    """The one sentence that tells a customer of a conflict, in ``language`` (de, es, fr, else English)."""
    newer, older, undated = _SAID.get(base(language), _SAID["en"])
    shape = undated if conflict.newer is None else newer if cites_chosen else older
    shown = conflict.other if cites_chosen or conflict.newer else conflict.chosen
    day = conflict.newer
    date_ = (
        ""
        if day is None
        else f"{day.day} {day:%B %Y}"
        if base(language) not in _SAID or base(language) == "en"
        else f"{day:%Y-%m-%d}"
    )
    return shape.format(other=_plain(shown.title), chosen=_plain(conflict.chosen.title), date=date_)


def _plain(title: str) -> str:
    """A title as plain text: it is an article's, and must not become a link or more than a name."""
    return " ".join(_MARKUP.sub(" ", title).split())[:80]


async def find_conflict(
    passages: Sequence[Passage], quoted: Sequence[str], embeddings: Embeddings | None
) -> Conflict | None:
    """The first conflict between what would be quoted and another article, the newer one chosen; or None.

    ``passages`` best first, ``quoted`` sentences of the first. Without ``embeddings`` words alone must agree.
    """
    pairs = [
        (mine, theirs, other)
        for mine in quoted
        for other in passages[1:]
        if other.article_id != passages[0].article_id and base(other.locale) == base(passages[0].locale)
        for theirs in _near(other, _nearness(passages[0], mine))
        if _disagree(mine, theirs)
    ][:MOST]
    if not pairs:
        return None
    for mine, theirs, other in await _alike(pairs, embeddings):
        first, second = (passages[0], mine), (other, theirs)
        if _date(other) > _date(passages[0]):
            first, second = second, first
        return Conflict(first[0], second[0], first[1], second[1])
    return None


def preferring(passages: Sequence[Passage], conflict: Conflict) -> list[Passage]:
    """The passages with the chosen one first and the other behind it."""
    ids = (conflict.chosen.chunk_id, conflict.other.chunk_id)
    return [conflict.chosen, conflict.other, *(p for p in passages if p.chunk_id not in ids)]


def _date(passage: Passage) -> date:
    return passage.updated or date.min


def _nearness(passage: Passage, sentence: str) -> float:
    return max(
        (cosine for text, cosine in passage.sentences if text in sentence or sentence in text), default=1.0
    )


def _near(passage: Passage, to: float) -> list[str]:
    return [text for text, cosine in passage.sentences if cosine >= NEAR * to]


def _disagree(one: str, other: str) -> bool:
    """Whether two sentences say different values of one kind, and their words are of the same thing."""
    mine, theirs = quantities(one), quantities(other)
    if not mine or sorted(q.unit for q in mine) != sorted(q.unit for q in theirs):
        return False
    if len({q.unit for q in mine}) != len(mine) or not any(_apart(q, theirs) for q in mine):
        return False
    alike = _names(one) == _names(other) and _conditions(one) == _conditions(other)
    return alike and _numbers(one) == _numbers(other) and _same_subject(one, other)


def _apart(quantity: Quantity, others: Sequence[Quantity]) -> bool:
    return any(o.unit == quantity.unit and set(o.values) != set(quantity.values) for o in others)


def _names(text: str) -> set[str]:
    return {name.lower().rstrip("s") for name in _NAME.findall(_masked(text)) if len(name) > 1}


def _conditions(text: str) -> set[str]:
    found = {match[0].lower() for match in _CONDITION.finditer(_masked(text))}
    return found - _LIMITS - {"up to"}


def _numbers(text: str) -> set[str]:
    """ "Zone 1" is another place than "zone 2"."""
    return set(re.findall(r"\d+", _masked(text)))


def _same_subject(one: str, other: str) -> bool:
    mine, theirs = _stems(one), _stems(other)
    if not mine or not theirs or not mine & theirs:
        return False
    shared = len(mine & theirs) / min(len(mine), len(theirs))
    return shared >= SHARED and max(len(mine - theirs), len(theirs - mine)) <= MOST_APART


def _stems(text: str) -> set[str]:
    words = [word.lower() for word in _WORD.findall(_masked(text))]
    return {word[:5] for word in words if len(word) > 2 and word not in ASKING}


def _masked(text: str) -> str:
    """The sentence without its quantities: what it speaks of."""
    for quantity in quantities(text):
        text = text.replace(quantity.text, "…")
    return text


async def _alike(
    pairs: Sequence[tuple[str, str, Passage]], embeddings: Embeddings | None
) -> list[tuple[str, str, Passage]]:
    """The pairs whose sentences mean the same but for their numbers."""
    if embeddings is None:
        return list(pairs)
    texts = list(dict.fromkeys(_masked(text) for mine, theirs, _ in pairs for text in (mine, theirs)))
    vectors = dict(zip(texts, await embeddings.aencode(texts), strict=True))
    return [
        (mine, theirs, other)
        for mine, theirs, other in pairs
        if float(vectors[_masked(mine)] @ vectors[_masked(theirs)]) >= ALIKE
    ]
