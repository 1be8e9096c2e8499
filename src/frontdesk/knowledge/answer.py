"""Whether a passage answers a question or merely shares its topic, and the sentences that answer it.

Fitted on the questions in tests/knowledge/questions.jsonl; docs/knowledge.md gives what it measures.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise

from frontdesk.domain import Passage
from frontdesk.knowledge.retrieve import Passages

ANSWER_AT = 0.5  # confidence from which a passage is quoted

# Logistic regression: near the best sentence speaks for an answer; words of the question that stand
# nowhere in the knowledge base ("drone", "franchise") against it, by their share of its rarity.
_NEAR, _UNHEARD, _BIAS = 10.31, -2.36, -3.93

# Lexemes that say how somebody asks, not what about.
_EVERYDAY_WORDS = """
want need like pleas hi hello hey get got know much mani still would could can anyth someth guy u ur yet wanna
gonna thing tell help way make take go use give find see let say possibl abl someon everyth one two three us
thank ask question look tri happen also realli actual im ive dont doesnt isnt hasnt cant offer accept allow ok
okay bought alreadi
"""
_ASKING_WORDS = """
a an and any are at be can could did do does for from have how i if in is it me my of on or our should that the
there they this to us was we what when where which who why will with would you your
"""
_EVERYDAY = frozenset(_EVERYDAY_WORDS.split())
_ASKING = frozenset(_ASKING_WORDS.split())
_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_STEP = re.compile(r"^\s*(\d+)\. (.+)$")
_ROW = re.compile(r"^[^:;]+: [^;]+; ")
_SHARED = 0.3  # what sharing all words with the question counts, beside a cosine
_LONGEST_LIST = 10


def best_passage(
    query: str, passages: Sequence[Passage], *, answer_at: float = ANSWER_AT
) -> tuple[bool, float]:
    """Whether the first of ``passages`` answers ``query``, and the confidence in that, 0 to 1.

    ``passages`` as a retriever gave them. ``answer_at`` is the confidence from which it counts as answered;
    0 means the default. Takes microseconds.
    """
    if not passages:
        return False, 0.0
    nearest = passages[0].cosine
    if isinstance(passages, Passages) and passages.terms:
        unheard = _unheard_share(passages.terms, passages.total)
    else:
        unheard = _unheard_words(query, passages)
    confidence = 1 / (1 + math.exp(-(_NEAR * nearest + _UNHEARD * unheard + _BIAS)))
    return confidence >= (answer_at or ANSWER_AT), round(confidence, 4)


def best_sentences(query: str, passage: Passage, limit: int = 3) -> list[str]:
    """One to ``limit`` consecutive sentences of ``passage`` that answer ``query``, as they stand there.

    A row of a table or an item of a list is a sentence; a numbered list is a procedure and is given whole,
    with its numbers.
    """
    scored = _scored(query, passage)
    if not scored:
        return [passage.text] if passage.text else []
    scores = [score for _, score in scored]
    best = max(range(len(scores)), key=scores.__getitem__)
    steps = _steps(passage.text, scored[best][0])
    if steps:
        return steps
    if _ROW.match(scored[best][0]):
        return [scored[best][0]]
    first, last = _widened(scores, best, limit)
    return [text for text, _ in scored[first : last + 1]]


def _unheard_share(terms: Mapping[str, int], total: int) -> float:
    """Share of the question's content, by rarity, that stands nowhere in the knowledge base."""
    content = {t: n for t, n in terms.items() if t not in _EVERYDAY and len(t) > 1 and not t.isdigit()}
    rarity = {term: math.log(1 + total / (count or 0.5)) for term, count in content.items()}
    whole = sum(rarity.values())
    return sum(rarity[term] for term, count in content.items() if not count) / whole if whole else 0.0


def _unheard_words(query: str, passages: Sequence[Passage]) -> float:
    """The same from the passages' text alone, for a retriever that counts no words."""
    heard = {word[:5] for p in passages for word in _words(f"{p.title} {p.heading} {p.text}")}
    content = [word for word in _words(query) if word not in _EVERYDAY | _ASKING and not word.isdigit()]
    return sum(word[:5] not in heard for word in content) / len(content) if content else 0.0


def _words(text: str) -> list[str]:
    return [word for word in _WORD.findall(text.lower()) if len(word) > 1 or word.isdigit()]


def _scored(query: str, passage: Passage) -> list[tuple[str, float]]:
    """Each sentence with its nearness to the question, and a bonus for the words they share.

    A word weighs by its rarity within the passage: in a table, "Norway" tells one row from the others.
    """
    words = [_stems(text) for text, _ in passage.sentences]
    weights = dict.fromkeys(_stems(query) - _stems(" ".join(_ASKING)), 0.0)
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


def _steps(text: str, sentence: str) -> list[str]:
    """The numbered list of ``text`` that ``sentence`` stands in, or nothing."""
    for block in text.split("\n\n"):
        steps = [match for line in block.split("\n") if (match := _STEP.match(line))]
        numbered = all(int(b[1]) == int(a[1]) + 1 for a, b in pairwise(steps))
        if len(steps) > 1 and numbered and any(sentence in step[2] for step in steps):
            return [f"{step[1]}. {step[2]}" for step in steps[:_LONGEST_LIST]]
    return []
