"""Fit the confidence of knowledge/answer.py: ``CENTERS_DIR=… python -m evals.train_verdict [local|multilingual]``.

A logistic regression on what a search shows of its best article, over several help centers: the example shop with
the sets that may be read, and those of evals/centers whose pages stand in a folder of that name in CENTERS_DIR
(evals/README.md says where each comes from). Every help center weighs the same, and in each the questions that are
answered as much as the others. Prints first what is scored on each center by the numbers fitted on the others, then
the numbers fitted on all.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

import numpy as np
from numpy.typing import NDArray

from evals.retrieval import HELP_CENTER, ROOT, SETS, VISIBILITY, questions
from evals.unanswered import unanswered
from frontdesk.knowledge.answer import ANSWER_AT, SURE_AT, Scale, Scaleless, evidence, scaleless
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.embeddings import resolve
from frontdesk.knowledge.retrieve import PostgresRetriever, told
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.knowledge.unsaid import unsaid
from frontdesk.store.knowledge_search import Wanted
from frontdesk.testing import temporary_database

Matrix = NDArray[np.float64]
CENTERS = ROOT / "evals/centers"
# What a question counts among those that are not answered: one that nothing answers, one whose article is not the
# first, and one whose articles were taken away, of which some other still answers in part.
COUNTS = {"answered": 1.0, "none": 2.0, "wrong": 1.0, "taken": 0.2}
RIDGE = 4.0
CAUTION = 0.9  # taken from the bias: an answer that is none is worse than none


@dataclass(frozen=True)
class Asked:
    """A question of a set, and the paths, or last parts of slugs, of the articles that answer it."""

    set: str
    text: str
    articles: frozenset[str]


@dataclass(frozen=True)
class Seen:
    """What a search showed, by a model's own scale and without any, and what became of it: a key of ``COUNTS``."""

    center: str
    set: str
    kind: str
    shown: tuple[float, ...]
    scaleless: tuple[float, ...]


def shop() -> list[Asked]:
    """The example shop's questions that may be read, in English."""
    found = [Asked(name, q.text, q.articles) for name in SETS for q in questions(name) if not q.foreign]
    return found + [Asked("unanswered", text, frozenset()) for text in unanswered("tune")]


def center(name: str) -> list[Asked]:
    """The questions of another help center."""
    lines = map(json.loads, (CENTERS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines())
    return [Asked(name, line["question"], frozenset(line["pages"])) for line in lines]


async def seen(name: str, folder: Path, asked: Sequence[Asked], model: str) -> AsyncIterator[Seen]:
    """Each question as the desk would search it, and once more without the articles that answer it."""
    embeddings = resolve(model)
    async with temporary_database() as database:
        await sync(database, embeddings, Folder(folder, name="eval", url="{path}"))
        retriever = PostgresRetriever(database, embeddings)
        for question in asked:
            rows = await retriever.candidates(question.text, Wanted(VISIBILITY, datetime.now(UTC).date()))
            right = {row["article_id"] for row in rows if _answers(row["url"], question)}
            rest = [row for row in rows if row["article_id"] not in right]
            terms = {"terms": rows[0]["terms"]} if rows else {}
            for kept in [rows, rest] if question.articles and len(rest) > 1 else [rows]:
                found = told(question.text, [{**row, **terms} for row in kept], embeddings.name)
                if found:
                    first = "answered" if found[0].article_id in right else "wrong"
                    kind = "none" if not question.articles else first if kept is rows else "taken"
                    missing = await unsaid(question.text, found, Embedder.default())
                    numbers = (
                        evidence(question.text, found, missing),
                        scaleless(question.text, found, missing),
                    )
                    yield Seen(name, question.set, kind, *numbers)


def _answers(url: str, question: Asked) -> bool:
    path = unquote(url)
    return not question.articles.isdisjoint({path, PurePosixPath(path).stem})


def counts(cases: Sequence[Seen]) -> Matrix:
    """What each case weighs: every center the same, and in it those that are answered as much as the rest."""
    weights = np.array([COUNTS[case.kind] for case in cases])
    for key in {(case.center, case.kind == "answered") for case in cases}:
        chosen = np.array([(case.center, case.kind == "answered") == key for case in cases])
        weights[chosen] /= weights[chosen].sum()
    return weights * len(cases) / weights.sum()


def fit(inputs: Matrix, cases: Sequence[Seen]) -> Matrix:
    """The numbers of the logistic regression, the bias last, by Newton's method on standardised inputs."""
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-9
    columns = np.hstack([(inputs - mean) / spread, np.ones((len(inputs), 1))])
    answered = np.array([case.kind == "answered" for case in cases], dtype=float)
    weights = counts(cases)
    ridge = np.diag([RIDGE] * inputs.shape[1] + [1e-6])
    numbers = np.zeros(columns.shape[1])
    for _ in range(40):
        chance = 1 / (1 + np.exp(-columns @ numbers))
        slope = columns.T @ (weights * (chance - answered)) + ridge @ numbers
        curve = (columns * (weights * chance * (1 - chance))[:, None]).T @ columns + ridge
        numbers -= np.linalg.solve(curve, slope)
    raw = numbers[:-1] / spread
    return np.append(raw, numbers[-1] - raw @ mean - CAUTION)


def confidence(inputs: Matrix, numbers: Matrix) -> Matrix:
    """What the numbers make of the inputs, 0 to 1."""
    return 1 / (1 + np.exp(-(inputs @ numbers[:-1] + numbers[-1])))


def printed(cases: Sequence[Seen], found: Matrix, at: float) -> None:
    """A line for each set: how many of each kind are answered from ``at``, and how well the kinds are told apart."""
    for name in dict.fromkeys(case.set for case in cases):
        groups = {kind: found[[case.set == name and case.kind == kind for case in cases]] for kind in COUNTS}
        said = ", ".join(f"{kind} {(g >= at).sum()}/{len(g)}" for kind, g in groups.items() if len(g))
        right, none = groups["answered"], groups["none"]
        area = f"; AUROC {_area(right, none):.3f}" if len(right) and len(none) else ""
        print(f"  {name:11} {said}{area}")


def _area(right: Matrix, none: Matrix) -> float:
    return float(((right[:, None] > none) + (right[:, None] == none) / 2).mean())


def report(cases: Sequence[Seen], inputs: Matrix, names: Sequence[str]) -> None:
    """Leave one center out at a time, then all of them."""
    centers = list(dict.fromkeys(case.center for case in cases))
    held_out = np.zeros(len(cases))
    for name in centers if len(centers) > 1 else ():
        out = np.array([case.center == name for case in cases])
        numbers = fit(inputs[~out], [case for case in cases if case.center != name])
        held_out[out] = confidence(inputs[out], numbers)
    print(f"each center by the numbers of the others, from {ANSWER_AT}:")
    printed(cases, held_out, ANSWER_AT)
    numbers = fit(inputs, cases)
    print("all:", dict(zip(names, numbers.round(2).tolist(), strict=True)))
    for at in (ANSWER_AT, SURE_AT):
        print(f"from {at}:")
        printed(cases, confidence(inputs, numbers), at)


async def main(model: str) -> None:
    """Print the figures and the numbers to write down."""
    pages = Path(os.environ.get("CENTERS_DIR", "."))
    known = {"ourshop": (HELP_CENTER, shop())}
    for path in sorted(CENTERS.glob("*.jsonl")):
        if (pages / path.stem).is_dir():
            known[path.stem] = (pages / path.stem, center(path.stem))
        else:
            print(f"CENTERS_DIR has no folder {path.stem}: left out")
    cases = [one for name, (folder, asked) in known.items() async for one in seen(name, folder, asked, model)]
    report(cases, np.array([case.shown for case in cases]), Scale._fields)
    print("by words and places alone, for other models:")
    report(cases, np.array([case.scaleless for case in cases]), Scaleless._fields)


if __name__ == "__main__":
    asyncio.run(main("" if sys.argv[1:] in ([], ["local"]) else sys.argv[1]))
