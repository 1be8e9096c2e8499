"""Whether a passage answers a question or merely shares its topic, and the sentences that answer it.

Fitted by evals/train_verdict.py; docs/knowledge.md gives what it measures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from frontdesk.domain import Passage
from frontdesk.knowledge.kinds import answers_kind, holds_kind
from frontdesk.knowledge.rank import EVERYDAY
from frontdesk.knowledge.retrieve import Passages
from frontdesk.knowledge.unsaid import ASKING, focus
from frontdesk.knowledge.wording import plain

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

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_STEP = re.compile(r"^\s*(\d+)\. (.+)$")
_ROW = re.compile(r"^[^;]+; [^;:]{1,60}: ")
_LAST_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_HOW = re.compile(
    r"\bhow (?!long|much|many|often|far|old|big|late|soon|quick|fast|come)|\bsteps\b", re.IGNORECASE
)
_STEPS_FROM = 0.6
_SHARED = 0.3  # what sharing all words with the question counts, beside a cosine
_LONGEST_LIST = 10


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
    for passage in passages[1:]:
        other = passage.article_id not in {passages[0].article_id, *found}
        if other and passages[0].score - passage.score <= RELATED:
            found[passage.article_id] = passage.chunk_id
    return set(list(found.values())[:MOST_RELATED])


def best_sentences(query: str, passage: Passage, limit: int = 3) -> list[str]:
    """One to ``limit`` consecutive sentences of ``passage`` that answer ``query``, as they stand there.

    Asked how long, when or how much, it is a sentence with a time or an amount where the passage has one.
    A row of a table or an item of a list is a sentence; a numbered list is a procedure and is given whole,
    with its numbers, and a list whose items only go on with the sentence before it is given with that sentence.
    """
    scored = _scored(query, passage)
    if not scored:
        return [passage.text] if passage.text else []
    scores = [score for _, score in scored]
    best = max(range(len(scores)), key=scores.__getitem__)
    if _HOW.search(query):
        best = _step_near(passage.text, scored, best)
    if not answers_kind(query, scored[best][0]):
        fitting = [n for n, (text, _) in enumerate(scored) if answers_kind(query, text)]
        best = max(fitting, key=scores.__getitem__, default=best)
        scores = [s if n in fitting or not fitting else 0.0 for n, s in enumerate(scores)]
    listed = _steps(passage.text, scored[best][0]) or _list(passage.text, scored[best][0])
    if listed:
        return listed
    if _ROW.match(scored[best][0]):
        return [scored[best][0]]
    first, last = _widened(scores, best, limit)
    chosen = [text for text, _ in scored[first : last + 1]]
    while len(chosen) > 1 and chosen[-1].rstrip().endswith(":"):
        chosen.pop()  # what it announces is not quoted
    return chosen


def _unheard(query: str, passages: Sequence[Passage]) -> float:
    """Share of the question's words that stand in none of ``passages``."""
    heard = {word[:5] for p in passages for word in _words(f"{p.title} {p.heading} {p.text}")}
    content = [word for word in _words(query) if word not in EVERYDAY | ASKING and not word.isdigit()]
    return sum(word[:5] not in heard for word in content) / len(content) if content else 0.0


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if len(word) > 1 or word.isdigit()]


def _scored(query: str, passage: Passage) -> list[tuple[str, float]]:
    """Each sentence with its nearness to the question, and a bonus for the words they share.

    A word weighs by its rarity within the passage: in a table, "Norway" tells one row from the others.
    """
    words = [_stems(text) for text, _ in passage.sentences]
    weights = dict.fromkeys(_stems(f"{query} {plain(query)}") - _stems(" ".join(ASKING)), 0.0)
    for stem in weights:
        count = sum(stem in known for known in words)
        weights[stem] = math.log(1 + len(words) / count) if count else 0.0
    whole = sum(weights.values()) or 1.0
    return [
        (text, cosine + _SHARED * sum(weights[stem] for stem in known & weights.keys()) / whole)
        for (text, cosine), known in zip(passage.sentences, words, strict=True)
    ]


def _stems(text: str) -> set[str]:
    return {word if word[0].isdigit() else word[:5] for word in _words(text)}


def _widened(scores: Sequence[float], best: int, limit: int) -> tuple[int, int]:
    """The best sentence and those beside it that are nearly as near."""
    first = last = best
    while last - first + 1 < limit:
        before = scores[first - 1] if first else -1.0
        after = scores[last + 1] if last + 1 < len(scores) else -1.0
        if max(before, after) < 0.75 * scores[best]:
            break
        if before > after:
            first -= 1
        else:
            last += 1
    return first, last


def _step_near(text: str, scored: Sequence[tuple[str, float]], best: int) -> int:
    """Who asks how is told the steps: the best of them, where it is not far behind the best sentence."""
    steps = [match[2] for line in text.split("\n") if (match := _STEP.match(line))]
    places = [n for n, (sentence, _) in enumerate(scored) if any(sentence in step for step in steps)]
    nearest = max(places, key=lambda n: scored[n][1], default=best)
    return nearest if scored[nearest][1] >= _STEPS_FROM * scored[best][1] else best


def _steps(text: str, sentence: str) -> list[str]:
    """The numbered list of ``text`` that ``sentence`` stands in, or nothing."""
    for block in text.split("\n\n"):
        steps = [match for line in block.split("\n") if (match := _STEP.match(line))]
        numbered = all(int(b[1]) == int(a[1]) + 1 for a, b in pairwise(steps))
        if len(steps) > 1 and numbered and any(sentence in step[2] for step in steps):
            return [f"{step[1]}. {step[2]}" for step in steps[:_LONGEST_LIST]]
    return []


def _list(text: str, sentence: str) -> list[str]:
    """The list that ``sentence`` is an item of, behind the sentence that it completes, or nothing."""
    lines = [line for line in text.split("\n") if line.strip()]
    at = next((n for n, line in enumerate(lines) if line.lstrip().startswith("- ") and sentence in line), -1)
    if at < 0 and sentence.rstrip().endswith(":"):  # the sentence that opens the list: so is its first item
        opens = next((n for n, line in enumerate(lines) if line.rstrip().endswith(sentence.rstrip())), -2)
        at = opens + 1 if lines[opens + 1 : opens + 2] and lines[opens + 1].lstrip().startswith("- ") else -1
    first = at
    while first > 0 and lines[first].lstrip().startswith("- "):
        first -= 1
    lead = lines[first] if at >= 0 else ""
    if not lead.endswith(":") or lead.startswith("- "):
        return []
    items = list(takewhile(lambda line: line.lstrip().startswith("- "), lines[first + 1 :]))
    lead = _LAST_SENTENCE.split(lead)[-1]
    return [lead, *items] if len(items) <= _LONGEST_LIST else [lead, lines[at]]
