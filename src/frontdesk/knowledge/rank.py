"""Which article answers: what its candidates show together, weighed by a few numbers.

The numbers are fitted by evals/train_ranking.py on questions of several authors. They weigh kinds of evidence,
none of which knows a word of any one help center; docs/knowledge.md gives what they measure.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from frontdesk.knowledge.wording import names as names_in

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Evidence:
    """What speaks for an article, each 0 to 1; or, in ``WEIGHTS``, how much each counts."""

    sentence: float  # cosine of its best sentence
    sentences: float  # mean cosine of its three best sentences
    title: float  # cosine of its title
    words: float  # share of the question's words, by rarity, that stand in its candidates
    passage_words: float  # the same for its best passage alone
    title_words: float  # the same for its title
    names: float  # share of the names in the question that it mentions; 2 where they are of several words

    @property
    def numbers(self) -> tuple[float, ...]:
        """All of them in order; ``names`` is the last. Many times as fast as dataclasses.astuple."""
        return (
            self.sentence,
            self.sentences,
            self.title,
            self.words,
            self.passage_words,
            self.title_words,
            self.names,
        )


WEIGHTS = Evidence(9.0, 11.0, 6.0, 5.0, 4.0, 5.0, 2.0)

# The same for an article in a language that the model does not know: words count more than its cosines.
UNKNOWN = Evidence(4.0, 4.0, 2.0, 8.0, 12.0, 8.0, 2.0)

# Within an article, beside the best sentence and the words: words in the passage's heading, and its opening,
# which sums the article up.
HEADING, OPENING = 3.0, 0.6

ALONE = 0.05  # the lead of an article that there is no other one beside: a small one
RARE = 3.0  # the rarity of a word that stands in one passage of twenty
_CLAUSE = re.compile(r"[^\w\s'-]+")

# Lexemes that say how somebody asks, not what about.
_EVERYDAY_WORDS = """
want need like pleas hi hello hey get got know much mani still would could can anyth someth guy u ur yet wanna
gonna thing tell help way make take go use give find see let say possibl abl someon everyth one two three us
thank ask question look tri happen also realli actual im ive dont doesnt isnt hasnt cant offer accept allow ok
okay bought alreadi
"""
EVERYDAY = frozenset(_EVERYDAY_WORDS.split())


def rarities(terms: Mapping[str, int], total: int) -> dict[str, float]:
    """How rare each word of a question is; everyday words and order numbers are left out."""
    kept = {t: n for t, n in terms.items() if t not in EVERYDAY and len(t) > 1 and (n or not t.isdigit())}
    return {term: math.log(1 + total / (count or 0.5)) for term, count in kept.items()}


def named(text: str, rarity: Mapping[str, float], total: int) -> list[str]:
    """What a question calls by name: its names, and rare words that stand together."""
    return list(dict.fromkeys([*names_in(text), *_phrases(text, rarity, total)]))


def _phrases(text: str, rarity: Mapping[str, float], total: int) -> list[str]:
    """Neighbouring words of ``text`` that are both rare and both known: "american express" in lower case."""
    unheard = math.log(1 + total / 0.5)
    found: list[str] = []
    for clause in _CLAUSE.split(text.lower()):
        words = clause.split()
        rare = [RARE <= _rarity_of(word, rarity) < unheard for word in words]
        found += [f"{a} {b}" for a, b, x, y in zip(words, words[1:], rare, rare[1:], strict=False) if x and y]
    return found


def _rarity_of(word: str, rarity: Mapping[str, float]) -> float:
    """A word's rarity by its lexeme, which it begins with but for the last letter."""
    return max(
        (rare for term, rare in rarity.items() if word.startswith(term[: max(len(term) - 1, 3)])), default=0.0
    )


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows with their scores, 0 to 1, best first.

    ``strength`` is the best article's score without its names: a name tells one article from another, but a
    question about what the shop does not say names things too. ``margin`` is how far it is ahead of the next,
    ``lead`` how much nearer its best sentence is than any of another article, and ``best`` what it shows.
    """

    scored: list[tuple[float, Row]]
    strength: float
    margin: float
    lead: float
    best: Evidence


def ranked(
    rows: Sequence[Row],
    rarity: Mapping[str, float],
    names: Sequence[str],
    weights: Callable[[str], Evidence] = lambda _: WEIGHTS,
) -> Ranking:
    """``rows`` in the order in which they answer; there is at least one. ``weights`` are those for a locale."""
    scored: list[tuple[float, Row]] = []
    articles: list[tuple[float, float, Evidence]] = []
    ordered = sorted(rows, key=lambda row: row["article_id"])
    for _, group in groupby(ordered, key=lambda row: row["article_id"]):
        passages = list(group)
        chosen = weights(passages[0]["locale"])
        counts = chosen.numbers
        total = sum(counts)
        shown = evidence(passages, rarity, names)
        each = [number * count for number, count in zip(shown.numbers, counts, strict=True)]
        score = sum(each) / total
        articles.append((score, sum(each[:-1]) / total, shown))
        apart = [_apart(row, rarity, chosen) / total for row in passages]
        scored += [(score + own - max(apart), row) for own, row in zip(apart, passages, strict=True)]
    (first, strength, best), *others = sorted(articles, key=lambda each: each[:2], reverse=True)
    margin = first - others[0][0] if others else 0.0
    lead = best.sentence - max((shown.sentence for _, _, shown in others), default=best.sentence - ALONE)
    order = sorted(scored, key=lambda each: (-each[0], each[1]["chunk_id"]))
    return Ranking(order, strength, margin, lead, best)


def evidence(passages: Sequence[Row], rarity: Mapping[str, float], names: Sequence[str]) -> Evidence:
    """What the candidates of one article show."""
    near = sorted((c for row in passages for c in row["cosines"] or ()), reverse=True)[:3] or [0.0]
    first = passages[0]
    return Evidence(
        sentence=max(near[0], 0.0),
        sentences=max(sum(near) / len(near), 0.0),
        title=first["title_cosine"],
        words=_share({term for row in passages for term in row["found"]}, rarity),
        passage_words=max(_share(row["found"], rarity) for row in passages),
        title_words=_share(first["found_in_title"], rarity),
        names=_named(passages, names),
    )


def _apart(row: Row, rarity: Mapping[str, float], weights: Evidence) -> float:
    """What tells a passage from the others of its article."""
    nearness = weights.sentence * row["cosine"]
    words = weights.passage_words * _share(row["found"], rarity)
    heading = HEADING * _share(row["found_in_heading"], rarity)
    opening = 0.0 if row["heading"] else OPENING
    return nearness + words + heading + opening


def _share(found: Sequence[str] | set[str], rarity: Mapping[str, float]) -> float:
    whole = sum(rarity.values())
    return sum(rarity.get(term, 0.0) for term in found) / whole if whole else 0.0


def _named(passages: Sequence[Row], names: Sequence[str]) -> float:
    if not names:
        return 0.0
    text = "\n".join(f"{row['title']}\n{row['heading']}\n{row['text']}" for row in passages).lower()
    found = [len(name.split()) for name in names if name.removesuffix("s") in text]
    return min(sum(found) / len(names), 2.0)
