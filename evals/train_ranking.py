"""Fit the weights of knowledge/rank.py: ``python -m evals.train_ranking``.

Prints what each fit scores on the authors it has not seen, then the weights fitted on all. Ranking is a softmax
over a question's candidate articles, with no weight under zero. What follows from it is evals/train_verdict.py's.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import numpy as np
from numpy.typing import NDArray

from evals.retrieval import HELP_CENTER, SETS, VISIBILITY, questions, slug_of
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.rank import WEIGHTS, Evidence, evidence, named, rarities
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.store.knowledge_search import Wanted
from frontdesk.testing import temporary_database

Matrix = NDArray[np.float64]
PRIOR = 0.05  # how strongly weights are pulled towards equal ones


@dataclass
class Case:
    """A question: the evidence for each candidate article, and which of them answer."""

    shown: Matrix
    right: NDArray[np.bool_]
    answered: bool


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
            shown.append(evidence(passages, rarity, called).numbers)
            right.append(slug_of(passages[0]) in question.articles)
        found.append(Case(np.array(shown), np.array(right), bool(question.articles)))
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


def _softmax(scores: Matrix) -> Matrix:
    chance = np.exp(scores - scores.max())
    return chance / chance.sum()


def _rank(case: Case, weights: Matrix) -> int:
    scores = case.shown @ weights
    return 1 + int((scores > scores[case.right].max(initial=-1.0)).sum())


def tried(name: str, cases: Sequence[Case], weights: Matrix) -> None:
    """What a fit scores on a set it has not seen."""
    ranks = [_rank(case, weights) for case in cases if case.answered]
    hits = [100 * np.mean([rank <= k for rank in ranks]) for k in (1, 3)]
    print(f"{name:10} R@1/3 {hits[0]:.1f}/{hits[1]:.1f} MRR {np.mean([1 / rank for rank in ranks]):.3f}")


async def main() -> None:
    """Print the cross-author figures and the numbers to write down."""
    async with temporary_database() as database:
        await sync(database, Embedder.default(), Folder(HELP_CENTER, name="eval", url="{slug}"))
        sets = {name: await cases(PostgresRetriever(database), name) for name in SETS}
    for held_out in SETS:
        others = [case for name, chosen in sets.items() if name != held_out for case in chosen]
        tried(held_out, sets[held_out], fit_weights(others))
    everything: list[Any] = [case for chosen in sets.values() for case in chosen]
    weights = fit_weights(everything)
    print({field.name: round(w, 1) for field, w in zip(fields(Evidence), weights, strict=True)})
    print("with the weights in rank.py:")
    for name, chosen in sets.items():
        tried(name, chosen, np.array(WEIGHTS.numbers))


if __name__ == "__main__":
    asyncio.run(main())
