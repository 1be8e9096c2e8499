"""The sentences of an article that answer a question, as they stand there."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import pairwise, takewhile
from typing import NamedTuple

from frontdesk.domain import Passage
from frontdesk.knowledge.kinds import answers_kind
from frontdesk.knowledge.rank import EVERYDAY
from frontdesk.knowledge.unsaid import ASKING
from frontdesk.knowledge.wording import plain

LONGEST = 420  # characters of two quotations together
SHORT = 120  # characters of a quotation that takes in what stands beside it sooner
NEARLY, NEARER_HALF = (
    0.75,
    0.5,
)  # of the best sentence's score, from which one beside it is quoted too; beside a short one
OPENS_FROM = 0.6  # of the same, from which the article's opening is quoted beside another section
TOPIC = 2  # words of a message that names a thing and asks nothing of it

_WORD = re.compile(r"\w+(?:[.,]\d+)*")
_STEP = re.compile(r"^\s*(\d+)\. (.+)$")
_ITEM = re.compile(r"^\s*- ")
_ROW = re.compile(r"^[^;]+; [^;:]{1,60}: ")
_STAGE = re.compile(r"^(?:step|stage|phase): ", re.IGNORECASE)
_LAST_SENTENCE = re.compile(r"(?<=[.!?])\s+(?=[A-Z])")
_HOW = re.compile(
    r"\bhow (?!long|much|many|often|far|old|big|late|soon|quick|fast|come)|\bsteps\b", re.IGNORECASE
)
_ASKS = re.compile(
    r"\b(?:what|when|where|which|who|whom|whose|why|how|can|could|do|does|did|is|are|will|would|may|should)\b",
    re.IGNORECASE,
)
_WHETHER = re.compile(
    r"(?:^|[,.;:!?] (?:\w+ ){0,2})(?:so |and |but |then )?(?:can|could|may|might|is|are|do|does|will|would|should|am|have|has)(?:n't)? "
    r"(?:i|we|you|it|they|there|this|that|my|the|your|a|an|someone|somebody)\b|\bpossible\b|\ballowed\b",
    re.IGNORECASE,
)
_LEANS = re.compile(
    r"^(?:it|its|they|their|this|that|these|those|there you|then|otherwise|after (?:that|this)|in (?:that|this) case"
    r"|if (?:so|not|it|they|that|this)|but|and|also|instead|[\w-]+ then)\b",
    re.IGNORECASE,
)
_STEPS_FROM = 0.6
_SHARED = 0.3  # what sharing all words with the question counts, beside a cosine
_LONGEST_LIST, _SHORT_LIST = 10, 4


class Quote(NamedTuple):
    """Consecutive sentences of a passage."""

    passage: Passage
    sentences: list[str]


def answering(query: str, passages: Sequence[Passage]) -> list[Quote]:
    """One or two quotations of the first passage's article that answer ``query`` together; [] without passages.

    The first is of the section that answers: asked for a time or an amount, one that has it; for a mere topic,
    the opening, which sums the article up. The opening is the second one elsewhere, where it is near enough and a row of a table is not the answer.
    """
    same = [p for p in passages if p.article_id == passages[0].article_id]
    if not same:
        return []
    scores = _article_scores(query, same)
    first = (
        max(range(len(same)), key=lambda n: (_fits(query, same[n]), scores[n], -n)) if _wants(query) else 0
    )
    if _HOW.search(query) and not _wants(query):
        first = _section_near(same, scores, first)
    opening = next((n for n, p in enumerate(same) if not p.heading), -1)
    if opening >= 0 and _is_topic(query):
        first = opening
    quoted = Quote(same[first], best_sentences(query, same[first]))
    if first == opening or opening < 0 or scores[opening] < OPENS_FROM * scores[first]:
        return [quoted]
    if (_wants(query) and not _fits(query, same[opening])) or _one_row(query, quoted):
        return [quoted]
    second = Quote(same[opening], best_sentences(query, same[opening]))
    long = sum(len(sentence) for sentence in (*quoted.sentences, *second.sentences)) > LONGEST
    return [quoted] if long else [quoted, second]


def best_sentences(query: str, passage: Passage, limit: int = 3) -> list[str]:
    """One to ``limit`` consecutive sentences of ``passage`` that answer ``query``, as they stand there.

    Asked how long, when or how much, it is a sentence with a time or an amount where the passage has one.
    A row of a table or an item of a list is a sentence; a numbered list is a procedure and is given whole,
    with its numbers, and so is a short list; a list whose items only go on with the sentence before it is given
    with that sentence. A question that stands there itself is answered by what follows it.
    """
    scored = _scored(query, passage.sentences)
    if not scored:
        return [passage.text] if passage.text else []
    scores = _asked_there(scored)
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
        row = scored[best][0]
        return _stages([text for text, _ in scored], row) if _wants(query) else [row]
    first, last = _widened([text for text, _ in scored], scores, best, limit)
    chosen = [text for text, _ in scored[first : last + 1]]
    while len(chosen) > 1 and chosen[-1].rstrip().endswith(":"):
        chosen.pop()  # what it announces is not quoted
    return chosen


def words_in(text: str) -> list[str]:
    """Words and numbers in lower case."""
    return [word for word in _WORD.findall(text.lower()) if len(word) > 1 or word.isdigit()]


def _wants(query: str) -> bool:
    return not answers_kind(query, "")


def _fits(query: str, passage: Passage) -> bool:
    return any(answers_kind(query, text) for text, _ in passage.sentences)


def _one_row(query: str, quoted: Quote) -> bool:
    """Whether the quotation is a row of a table that has more of the question's words than any other row."""
    rows = [text for text, _ in quoted.passage.sentences if _ROW.match(text)]
    asked = _stems(query) - _stems(" ".join(ASKING))
    shared = {row: len(asked & _stems(row)) for row in rows}
    own = shared.pop(quoted.sentences[0], 0)
    return own > max(shared.values(), default=0)


def _is_topic(query: str) -> bool:
    meant = [word for word in words_in(query) if word not in ASKING | EVERYDAY]
    return len(meant) <= TOPIC and not _ASKS.search(query)


def _article_scores(query: str, passages: Sequence[Passage]) -> list[float]:
    """The best score of each passage's sentences that are of the kind asked for, or of all."""
    scored = iter(_scored(query, [pair for p in passages for pair in p.sentences]))
    scores: list[float] = []
    for passage in passages:
        own = [next(scored) for _ in passage.sentences]
        fitting = [score for text, score in own if answers_kind(query, text)] or [score for _, score in own]
        scores.append(max(fitting, default=0.0))
    return scores


def _scored(query: str, sentences: Sequence[tuple[str, float]]) -> list[tuple[str, float]]:
    """Each sentence with its nearness to the question, and a bonus for the words they share.

    A word weighs by its rarity among them: in a table, "Norway" tells one row from the others.
    """
    words = [_stems(text) for text, _ in sentences]
    weights = dict.fromkeys(_stems(f"{query} {plain(query)}") - _stems(" ".join(ASKING)), 0.0)
    for stem in weights:
        count = sum(stem in known for known in words)
        weights[stem] = math.log(1 + len(words) / count) if count else 0.0
    whole = sum(weights.values()) or 1.0
    return [
        (text, cosine + _SHARED * sum(weights[stem] for stem in known & weights.keys()) / whole)
        for (text, cosine), known in zip(sentences, words, strict=True)
    ]


def _stems(text: str) -> set[str]:
    return {word if word[0].isdigit() else word[:5] for word in words_in(text)}


def _asked_there(scored: Sequence[tuple[str, float]]) -> list[float]:
    """The scores, a question's own given to the sentence after it."""
    scores = [score for _, score in scored]
    for n in range(len(scores) - 1):
        if scored[n][0].rstrip().endswith("?"):
            scores[n], scores[n + 1] = 0.0, max(scores[n], scores[n + 1])
    return scores


def _widened(texts: Sequence[str], scores: Sequence[float], best: int, limit: int) -> tuple[int, int]:
    """The best sentence and those beside it that are nearly as near, or that it leans on."""
    first = last = best
    while last - first + 1 < limit:
        before = scores[first - 1] if first else -1.0
        after = scores[last + 1] if last + 1 < len(scores) else -1.0
        if first and before > 0 and _LEANS.match(texts[first]):
            first -= 1
            continue
        short = sum(map(len, texts[first : last + 1])) < SHORT
        if max(before, after) < (NEARER_HALF if short else NEARLY) * scores[best]:
            break
        if before > after:
            first -= 1
        else:
            last += 1
    if first and scores[first - 1] > 0 and _LEANS.match(texts[first]):
        first -= 1  # a quotation does not begin with what goes on from the sentence before
    return first, last


def _section_near(passages: Sequence[Passage], scores: Sequence[float], best: int) -> int:
    """Who asks how is told the steps: the best section that has some, where it is not far behind the best one."""
    lines = [[line for line in passage.text.split("\n") if _STEP.match(line)] for passage in passages]
    places = [n for n, steps in enumerate(lines) if len(steps) > 1]
    nearest = max(places, key=scores.__getitem__, default=best)
    return nearest if scores[nearest] >= _STEPS_FROM * scores[best] else best


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


def _stages(sentences: Sequence[str], row: str) -> list[str]:
    """The row, or all of its table where that is a short procedure: one step of several is half an answer."""
    stages = [text for text in sentences if _STAGE.match(text)]
    short = len(stages) <= _SHORT_LIST and sum(map(len, stages)) <= LONGEST
    return stages if row in stages and short else [row]


def _list(text: str, sentence: str) -> list[str]:
    """The list that ``sentence`` is an item of: behind the sentence that it completes, or short; or nothing."""
    lines = [line for line in text.split("\n") if line.strip()]
    at = next((n for n, line in enumerate(lines) if _ITEM.match(line) and sentence in line), -1)
    if at < 0 and sentence.rstrip().endswith(":"):  # the sentence that opens the list: so is its first item
        opens = next((n for n, line in enumerate(lines) if line.rstrip().endswith(sentence.rstrip())), -2)
        at = opens + 1 if lines[opens + 1 : opens + 2] and _ITEM.match(lines[opens + 1]) else -1
    if at < 0:
        return []
    start = at
    while start and _ITEM.match(lines[start - 1]):
        start -= 1
    items = list(takewhile(_ITEM.match, lines[start:]))
    lead = lines[start - 1] if start else ""
    if lead.endswith(":"):
        lead = _LAST_SENTENCE.split(lead)[-1]
        return [lead, *items] if len(items) <= _LONGEST_LIST else [lead, lines[at]]
    return items if len(items) <= _SHORT_LIST and sum(map(len, items)) <= LONGEST else []
