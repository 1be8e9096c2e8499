"""Fit the weights of knowledge/rank.py and the confidence of knowledge/answer.py: ``python -m evals.train_ranking``.

Prints what each fit scores on the authors it has not seen, then the numbers fitted on all. Ranking is a softmax
over a question's candidate articles, with no weight under zero; the confidence is a logistic regression on the
best article's strength, its margin and the message's length. A question whose articles are taken away counts as one without an answer, at a fifth.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import astuple, dataclass, fields
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.retrieval import HELP_CENTER, SETS, VISIBILITY, questions, slug_of
from frontdesk.knowledge.answer import length
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.rank import WEIGHTS, Evidence, evidence, named, rarities
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.store.knowledge_search import Wanted
from frontdesk.testing import temporary_database

Matrix = NDArray[np.float64]
TAKEN_AWAY = 0.2  # what a question counts whose articles were taken away
NONE = 2.0  # what a question without an answer counts
PRIOR = 0.05  # how strongly weights are pulled towards equal ones


@dataclass
class Case:
    """A question: the evidence for each candidate article, and which of them answer."""

    shown: Matrix
    right: NDArray[np.bool_]
    answered: bool
    length: float


async def cases(retriever: PostgresRetriever, name: str) -> list[Case]:
    """The questions of a set as the ranking sees them; those in other languages are left out."""
    found: list[Case] = []
    for question in questions(name):
        if question.foreign:
            continue
        rows = await retriever.candidates(question.text, Wanted(VISIBILITY, datetime.now(UTC).date()))
        rarity = rarities(rows[0]["terms"] or {}, rows[0]["total"])
        called = named(question.text, rarity, rows[0]["total"])
        shown: list[tuple[float, ...]] = []
        right: list[bool] = []
        for _, group in groupby(sorted(rows, key=lambda r: r["article_id"]), key=lambda r: r["article_id"]):
            passages = list(group)
            shown.append(astuple(evidence(passages, rarity, called)))
            right.append(slug_of(passages[0]) in question.articles)
        found.append(Case(np.array(shown), np.array(right), bool(question.articles), length(question.text)))
    return found


def fit_weights(cases: Sequence[Case], rounds: int = 400) -> Matrix:
    """Weights that make an acceptable article likely, by Adam, from equal ones so that none in use leaks in."""
    start = np.full(len(fields(Evidence)), 6.0)
    weights, mean, square = start.copy(), np.zeros_like(start), np.zeros_like(start)
    useful = [case for case in cases if case.right.any()]
    for step in range(1, rounds + 1):
        slope = PRIOR * (weights - start) / 10
        for case in useful:
            chance = _softmax(case.shown @ weights)
            wanted = np.where(case.right, chance, 0)
            slope += case.shown.T @ (chance - wanted / wanted.sum()) / len(useful)
        mean, square = 0.9 * mean + 0.1 * slope, 0.99 * square + 0.01 * slope**2
        change = mean / (1 - 0.9**step) / (np.sqrt(square / (1 - 0.99**step)) + 1e-8)
        weights = np.maximum(weights - 0.1 * change, 0)
    return weights


def fit_confidence(cases: Sequence[Case], weights: Matrix) -> Matrix:
    """(strength, margin, length, bias) of the logistic regression, by Newton's method."""
    inputs, answered, counts = _best(cases, weights)
    numbers = np.zeros(4)
    for _ in range(50):
        chance = 1 / (1 + np.exp(-inputs @ numbers))
        slope = inputs.T @ (counts * (chance - answered)) + 0.01 * numbers
        curve = (inputs * (counts * chance * (1 - chance))[:, None]).T @ inputs + 0.01 * np.eye(4)
        numbers -= np.linalg.solve(curve, slope)
    return numbers


def _best(cases: Sequence[Case], weights: Matrix) -> tuple[Matrix, Matrix, Matrix]:
    """For each question: (strength, margin, length, 1), whether its best article answers, what it counts."""
    inputs, answered, counts = [], [], []
    for case in cases:
        scores = case.shown @ weights / weights.sum()
        plain = case.shown[:, :-1] @ weights[:-1] / weights.sum()  # without names
        inputs.append(_inputs(scores, plain, case.length))
        answered.append(bool(case.right[scores.argmax()]))
        counts.append(1.0 if case.answered else NONE)
        if case.answered and (~case.right).sum() > 1:
            inputs.append(_inputs(scores[~case.right], plain[~case.right], case.length))
            answered.append(False)
            counts.append(TAKEN_AWAY)
    return np.array(inputs), np.array(answered, dtype=float), np.array(counts)


def _inputs(scores: Matrix, plain: Matrix, length: float) -> list[float]:
    second, first = np.sort(scores)[-2:]
    return [float(plain[scores.argmax()]), first - second, length, 1.0]


def _softmax(scores: Matrix) -> Matrix:
    chance = np.exp(scores - scores.max())
    return chance / chance.sum()


def _rank(case: Case, weights: Matrix) -> int:
    scores = case.shown @ weights
    return 1 + int((scores > scores[case.right].max(initial=-1.0)).sum())


def tried(name: str, cases: Sequence[Case], weights: Matrix, numbers: Matrix) -> None:
    """What a fit scores on a set it has not seen."""
    useful = [case for case in cases if case.answered]
    ranks = [_rank(case, weights) for case in useful]
    inputs, answered, counts = _best(cases, weights)
    confidence = 1 / (1 + np.exp(-inputs @ numbers))
    right = confidence[answered == 1]
    none = confidence[counts == NONE]
    auroc = (right[:, None] > none).mean()
    at = np.sort(right)[len(right) // 10]
    hits = [100 * np.mean([rank <= k for rank in ranks]) for k in (1, 3)]
    print(
        f"{name:10} R@1/3 {hits[0]:.1f}/{hits[1]:.1f} MRR {np.mean([1 / rank for rank in ranks]):.3f}"
        f" AUROC {auroc:.3f}; where 90 % are answered (from {at:.2f}), {(none < at).mean():.2f} are turned away"
    )


async def main() -> None:
    """Print the cross-author figures and the numbers to write down."""
    async with temporary_database() as database:
        await sync(database, Embedder.default(), Folder(HELP_CENTER, name="eval", url="{slug}"))
        sets = {name: await cases(PostgresRetriever(database), name) for name in SETS}
    for held_out in SETS:
        others = [case for name, chosen in sets.items() if name != held_out for case in chosen]
        weights = fit_weights(others)
        tried(held_out, sets[held_out], weights, fit_confidence(others, weights))
    everything: list[Any] = [case for chosen in sets.values() for case in chosen]
    weights = fit_weights(everything)
    print({field.name: round(w, 1) for field, w in zip(fields(Evidence), weights, strict=True)})
    print("strength, margin, length, bias:", fit_confidence(everything, weights).round(2))
    rounded = np.array(astuple(WEIGHTS))
    print("with the weights in rank.py:", fit_confidence(everything, rounded).round(2))
    for name, chosen in sets.items():
        tried(name, chosen, rounded, fit_confidence(everything, rounded))


if __name__ == "__main__":
    asyncio.run(main())
