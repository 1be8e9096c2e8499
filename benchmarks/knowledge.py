"""How well the knowledge base finds, and how well it knows that it does not know.

python -m benchmarks.knowledge            # the example shop's help center
DATA_DIR=../shared/data python -m benchmarks.knowledge     # XQuAD's English passages too
"""

from __future__ import annotations

import asyncio
import json
import os
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import quantiles

from frontdesk.database import Database
from frontdesk.knowledge.answer import best_passage
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.rank import WEIGHTS
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sync import sync
from frontdesk.testing import temporary_database

ROOT = Path(__file__).parents[1]
HOW = {
    "words alone": replace(WEIGHTS, sentence=0.0, sentences=0.0, title=0.0),
    "meaning alone": replace(WEIGHTS, words=0.0, passage_words=0.0, title_words=0.0, names=0.0),
    "hybrid": WEIGHTS,
}
Query = tuple[str, set[str]]


async def main() -> None:
    """Print the tables."""
    lines = (ROOT / "tests/knowledge/questions.jsonl").read_text(encoding="utf-8").splitlines()
    questions = [json.loads(line) for line in lines]
    async with temporary_database() as database:
        await _sync(database, ROOT / "examples/ourshop/help-center")
        for half in ("tune", "test"):
            chosen = [q for q in questions if q["half"] == half]
            queries = [(q["question"], set(q["articles"])) for q in chosen if q["answerable"]]
            await _ranking(database, f"help center, {half}", queries)
            await _answering(database, half, chosen)
    if "DATA_DIR" not in os.environ:
        print("XQuAD: set DATA_DIR to the folder that holds xquad/xquad.en.json")
        return
    async with temporary_database() as database:
        with tempfile.TemporaryDirectory() as folder:
            queries = _xquad(Path(os.environ["DATA_DIR"]), Path(folder))
            await _sync(database, Path(folder))
        await _ranking(database, "XQuAD en", queries)


async def _sync(database: Database, folder: Path) -> None:
    report = await sync(database, Embedder.default(), folder, source="bench", url="{slug}")
    print(f"{report.chunks} passages in {report.seconds:.1f} s")


async def _ranking(database: Database, name: str, queries: Sequence[Query]) -> None:
    for how, weights in HOW.items():
        retriever = PostgresRetriever(database, weights=weights)
        ranks: list[int] = []
        times: list[float] = []
        for text, pages in queries:
            started = time.perf_counter()
            found = await retriever.search(text, visibility=["public", "customers"], limit=40)
            times.append((time.perf_counter() - started) * 1000)
            urls = list(dict.fromkeys(passage.url.split("#")[0] for passage in found))
            ranks.append(next((n for n, url in enumerate(urls, 1) if url in pages), 0))
        recall = "/".join(f"{100 * sum(0 < r <= k for r in ranks) / len(ranks):.1f}" for k in (1, 3, 5))
        mrr = sum(1 / r for r in ranks if r) / len(ranks)
        cuts = quantiles(times, n=20)
        print(
            f"{name:22} {how:14} n={len(ranks):4} R@1/3/5 {recall} MRR {mrr:.3f} p50 {cuts[9]:.1f} p95 {cuts[18]:.1f} ms"
        )


async def _answering(database: Database, half: str, questions: Sequence[dict[str, object]]) -> None:
    retriever = PostgresRetriever(database)
    right, wrong = [], []
    for question in questions:
        text = str(question["question"])
        passages = await retriever.search(text, visibility=["public", "customers"])
        (right if question["answerable"] else wrong).append(best_passage(text, passages)[1])
    pairs = [(a > b) + (a == b) / 2 for a in right for b in wrong]
    print(f"answerable or not, {half}: n={len(right)}+{len(wrong)} AUROC {sum(pairs) / len(pairs):.3f}")
    for at in (0.25, 0.3, 0.4, 0.5, 0.6):
        true, false = sum(c >= at for c in right), sum(c >= at for c in wrong)
        precision = true / (true + false) if true + false else 1.0
        print(
            f"  from {at}: precision {precision:.2f}, recall {true / len(right):.2f}, {false} of {len(wrong)} answered that have no answer"
        )


def _xquad(data: Path, folder: Path) -> list[Query]:
    queries: list[Query] = []
    document = json.loads((data / "xquad/xquad.en.json").read_text(encoding="utf-8"))
    paragraphs = [p for article in document["data"] for p in article["paragraphs"]]
    for number, paragraph in enumerate(paragraphs):
        (folder / f"p{number}.md").write_text(
            f'---\ntitle: "-"\n---\n{paragraph["context"]}', encoding="utf-8"
        )
        queries += [(qa["question"], {f"p{number}"}) for qa in paragraph["qas"]]
    return queries


if __name__ == "__main__":
    asyncio.run(main())
