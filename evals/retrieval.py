"""Which article is found, and whether it is known that none answers: ``python -m evals.retrieval``, in seconds.

The knowledge questions of each set against the example shop's help center, without a conversation around them.
An answer counts as right where the first article is one of the acceptable ones.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from frontdesk.domain import Json, Passage, Visibility
from frontdesk.knowledge.answer import ANSWER_AT, SURE_AT, best_passage
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.testing import temporary_database

ROOT = Path(__file__).parents[1]
HELP_CENTER = ROOT / "examples/ourshop/help-center"
SETS = {
    "a": "evals/utterances/a.jsonl",
    "b": "evals/utterances/b.jsonl",
    "questions": "tests/knowledge/questions.jsonl",
}
VISIBILITY: tuple[Visibility, ...] = ("public", "customers")


@dataclass(frozen=True)
class Question:
    """A message and the slugs of the articles that answer it; none where nothing does."""

    text: str
    articles: frozenset[str]
    foreign: bool = False


def questions(name: str) -> list[Question]:
    """The knowledge questions of a set, those without an answer among them."""
    found: list[Question] = []
    for text in (ROOT / SETS[name]).read_text(encoding="utf-8").splitlines():
        line = json.loads(text)
        if line.get("intent", "knowledge") not in {"knowledge", "unanswerable", "off_topic"}:
            continue
        slugs: Sequence[str] = line["articles"] if line.get("answerable", True) else ()
        articles = frozenset(slug.rsplit("/", 1)[-1] for slug in slugs)
        found.append(Question(line.get("question") or line["message"], articles, bool(line.get("lang"))))
    return found


def slug_of(place: Passage | Mapping[str, Any]) -> str:
    """The last part of an article's slug."""
    url = place.url if isinstance(place, Passage) else str(place["url"])
    return url.split("#")[0].rsplit("/", 1)[-1]


async def report(retriever: PostgresRetriever, name: str) -> Json:
    """The figures of one set."""
    ranks: list[int] = []
    right, wrong, none = [], [], []
    for question in questions(name):
        passages = await retriever.search(question.text, visibility=VISIBILITY, limit=40)
        confidence = best_passage(question.text, passages)[1]
        order = list(dict.fromkeys(map(slug_of, passages)))
        if not question.articles:
            none.append(confidence)
            continue
        rank = next((n for n, slug in enumerate(order, 1) if slug in question.articles), 0)
        ranks.append(rank)
        (right if rank == 1 else wrong).append(confidence)
    return {"ranks": ranks, "right": right, "wrong": wrong, "none": none}


def printed(name: str, figures: Json) -> None:
    """One set in lines."""
    ranks, right, wrong, none = (figures[key] for key in ("ranks", "right", "wrong", "none"))
    recall = "/".join(f"{100 * sum(0 < r <= k for r in ranks) / len(ranks):.1f}" for k in (1, 3))
    mrr = sum(1 / r for r in ranks if r) / len(ranks)
    pairs = [(a > b) + (a == b) / 2 for a in right + wrong for b in none]
    print(
        f"{name:10} n={len(ranks)}+{len(none)} R@1/3 {recall} MRR {mrr:.3f} AUROC {sum(pairs) / len(pairs):.3f}"
    )
    for at in sorted({0.2, ANSWER_AT, 0.3, 0.4, SURE_AT, 0.6}):
        kept, missed, false = (sum(c >= at for c in group) for group in (right, wrong, none))
        precision = kept / max(kept + missed + false, 1)
        print(
            f"   from {at:.2f}: of {len(right)} rightly found {kept} answered, of {len(wrong)} wrongly found "
            f"{missed}, of {len(none)} without an answer {false}; precision {precision:.2f}"
        )


async def main() -> None:
    """Print the figures of every set."""
    async with temporary_database() as database:
        done = await sync(database, Embedder.default(), Folder(HELP_CENTER, name="eval", url="{slug}"))
        print(f"{done.chunks} passages in {done.seconds:.1f} s")
        for name in SETS:
            printed(name, await report(PostgresRetriever(database), name))


if __name__ == "__main__":
    asyncio.run(main())
