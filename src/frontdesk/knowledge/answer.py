"""Whether a passage answers a question or merely shares its topic.

Fitted by evals/train_verdict.py; docs/knowledge.md gives what it measures.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from frontdesk.domain import Passage
from frontdesk.knowledge.kinds import holds_kind
from frontdesk.knowledge.quote import words_in
from frontdesk.knowledge.rank import EVERYDAY
from frontdesk.knowledge.retrieve import Passages
from frontdesk.knowledge.unsaid import ASKING, focus

ANSWER_AT = 0.28  # confidence from which a passage is quoted
SURE_AT = 0.5  # from which it is quoted as the answer rather than as the closest there is
RELATED = 0.03  # how far behind the best article's score another one is still worth a link
MOST_RELATED = 2


class Scale(NamedTuple):
    """What each number of ``evidence`` counts for or against an answer, as a logistic regression."""

    strength: float
    lead: float
    asked: float
    kindless: float
    unsaid: float
    bias: float


class Scaleless(NamedTuple):
    """The same for ``scaleless``."""

    words: float
    title_words: float
    asked: float
    first: float
    kindless: float
    unsaid: float
    bias: float


# Cosines lie elsewhere in each model's space; in a space that was never measured, they are left out.
SCALES = {
    "all-minilm-l6-v2-int8": Scale(12.32, 9.07, 1.8, -3.45, -18.86, -8.73),
    "multilingual-e5-small-q4": Scale(14.29, 61.02, 1.99, -3.4, -22.53, -12.98),
}
OTHERS = Scaleless(2.17, 5.16, 1.83, 1.64, -3.39, -24.79, -5.91)
# The same for a retriever that tells neither: the best cosine, and the share of the question's words that stand
# nowhere in what it found ("drone", "franchise").
_NEAR, _UNHEARD, _KINDLESS, _NEAR_BIAS = 10.31, -2.36, -3.0, -3.93

# One word counts no more than so much: a product's name may be new to an article that holds for all of them.
_MOST_UNSAID = 0.05
_NEAR_ENOUGH = 0.6  # of the best sentence's cosine, from which another one may hold what is asked for


def best_passage(
    query: str, passages: Sequence[Passage], *, answer_at: float = ANSWER_AT, unsaid: float = 0.0
) -> tuple[bool, float]:
    """Whether the first of ``passages`` answers ``query``, and the confidence in that, 0 to 1.

    ``passages`` as a retriever gave them. ``answer_at`` is the confidence from which it counts as answered;
    0 means the default. ``unsaid`` is what unsaid.py found. Takes microseconds.
    """
    if not passages:
        return False, 0.0
    if isinstance(passages, Passages):
        scale = SCALES.get(passages.model)
        shown = evidence(query, passages, unsaid) if scale else scaleless(query, passages, unsaid)
        *counts, bias = scale or OTHERS
        total = bias + sum(count * number for count, number in zip(counts, shown, strict=True))
    else:
        total = _NEAR * passages[0].cosine + _UNHEARD * _unheard(query, passages) + _NEAR_BIAS
        total += 0.0 if _holds(query, passages) else _KINDLESS
    confidence = 1 / (1 + math.exp(-total))
    return confidence >= (answer_at or ANSWER_AT), round(confidence, 4)


def evidence(query: str, passages: Passages, unsaid: float) -> tuple[float, ...]:
    """What speaks for an answer or against it, in the order of ``Scale``."""
    return (passages.strength, passages.lead, *_question(query, passages, unsaid))


def scaleless(query: str, passages: Passages, unsaid: float) -> tuple[float, ...]:
    """The same by words and places alone, in the order of ``Scaleless``."""
    best = passages.best
    asked, *others = _question(query, passages, unsaid)
    return (best.words, best.title_words, asked, float(passages.lead >= 0), *others)


def _question(query: str, passages: Passages, unsaid: float) -> tuple[float, float, float]:
    """What the question itself tells: how many of its words say what it is about, for few are easily found by
    chance; whether no sentence has what kind of thing is asked for; and what is left unsaid.
    """
    asked = sum(term not in EVERYDAY and len(term) > 1 for term in passages.terms)
    return math.log(1 + asked), 0.0 if _holds(query, passages) else 1.0, min(unsaid, _MOST_UNSAID)


def _holds(query: str, passages: Sequence[Passage]) -> bool:
    """Whether the best article has what kind of thing is asked, in a sentence that is near the question."""
    same = [p for p in passages if p.article_id == passages[0].article_id]
    sentences = [pair for p in same for pair in p.sentences] or [(p.text, 1.0) for p in same]
    near = _NEAR_ENOUGH * max(cosine for _, cosine in sentences)
    return holds_kind(focus(query), [text for text, cosine in sentences if cosine >= near])


def related(passages: Sequence[Passage]) -> set[str]:
    """The ``chunk_id`` of up to two passages of other articles that are nearly as good as the first."""
    found: dict[str, str] = {}
    best = max(p.score for p in passages if p.article_id == passages[0].article_id)
    for passage in passages[1:]:
        other = passage.article_id not in {passages[0].article_id, *found}
        if other and best - passage.score <= RELATED:
            found[passage.article_id] = passage.chunk_id
    return set(list(found.values())[:MOST_RELATED])


def _unheard(query: str, passages: Sequence[Passage]) -> float:
    """Share of the question's words that stand in none of ``passages``."""
    heard = {word[:5] for p in passages for word in words_in(f"{p.title} {p.heading} {p.text}")}
    content = [word for word in words_in(query) if word not in EVERYDAY | ASKING and not word.isdigit()]
    return sum(word[:5] not in heard for word in content) / len(content) if content else 0.0
