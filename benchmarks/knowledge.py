"""How well the knowledge base finds, how well it knows that it does not know, and how fast it is.

    make bench-knowledge                             # the example shop's help center; exit code 2
    DATA_DIR=../shared/data make bench-knowledge     # and XQuAD, a public help center, 1,000 to 100,000 passages

``SIZES=1000,10000`` chooses the sizes, ``QUESTIONS=300`` bounds the questions of each set. Progress goes to
stderr, the tables to stdout and, of a whole run, to benchmarks/results/knowledge.md.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from benchmarks import knowledge_scale as scale
from benchmarks.knowledge_figures import auroc, milliseconds, mrr, progress, recall
from benchmarks.knowledge_sets import Set, public, shop
from benchmarks.knowledge_systems import System, built
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.testing import temporary_database

RESULTS = Path(__file__).parent / "results/knowledge.md"
RIVALS = ("BM25", "dense", "Chroma")
NAMES = {"ours": "**Frontdesk**", "dense": "MiniLM alone"}
RANKING = "| set | n | system | R@1 | R@3 | R@5 | MRR@10 | AUROC | p50 ms | p95 ms |\n| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |"
SPEED = "| passages | searched | p50 ms | p95 ms | n |\n| ---: | --- | ---: | ---: | ---: |"
ABOUT = """
R@k: the right page among the first k. AUROC: how often a question with an answer gets a higher confidence than one
without (for XQuAD every second passage is taken out, and the questions of all are asked). Frontdesk's time is of
its search in PostgreSQL, encoding included, without what it remembers of earlier questions. The others take each
page whole, on the same MiniLM weights; Chroma is langchain-chroma's default collection, whose own default model is
the same MiniLM. BM25 is bm25s with its stop words and no stemmer; it knows no Chinese words. All was measured one
question at a time in one run.
"""


@dataclass
class Figures:
    """What one system did on one set."""

    ranks: list[int] = field(default_factory=list[int])
    right: list[float] = field(default_factory=list[float])
    wrong: list[float] = field(default_factory=list[float])
    seconds: list[float] = field(default_factory=list[float])


async def main() -> int:
    """Print the tables; returns the exit code."""
    most = int(os.environ.get("QUESTIONS", "100000"))
    lines = [RANKING]
    data = os.environ.get("DATA_DIR", "")
    sets = [await shop()]
    if data:
        sets += public(Path(data))
    print(RANKING, flush=True)
    for chosen in sets:
        for line in await _compared(chosen.sample(most)):
            print(line, flush=True)
            lines.append(line)
    if len(sets) < 2:
        print(
            "DATA_DIR names no folder with xquad/ and help-center/: only the example shop was measured.",
            file=sys.stderr,
        )
        return 2
    print(f"\n{SPEED}", flush=True)
    speed = [SPEED, *await _speed(sets)]
    synced = await _sync_speed(Path(data))
    print(f"\n{synced}")
    _write(lines, speed, synced)
    return 0


async def _compared(chosen: Set) -> list[str]:
    """The rows of one set."""
    rows: list[str] = []
    for name, model in [*(("ours", model) for model in chosen.models), *((rival, "") for rival in RIVALS)]:
        progress(
            f"{chosen.name}: {name} {model}, {len(chosen.pages)} pages, {len(chosen.questions)} questions"
        )
        figures = await _measured(chosen, name, model)
        if chosen.gone:
            again = await _measured(chosen.without_gone(), name, model)
            figures.right, figures.wrong = again.right, again.wrong
        title = NAMES.get(name, name) + (f", {model}" if model not in {"", "local"} else "")
        rows.append(_row(chosen.name, title, figures))
    return rows


async def _measured(chosen: Set, name: str, model: str) -> Figures:
    figures = Figures()
    async with built(chosen, name, model) as system:
        for question in chosen.questions[:5]:
            await system.search(question.text)  # loads what loads late
        for question in chosen.questions:
            await _ask(system, question.text, question.pages, figures)
    return figures


async def _ask(system: System, text: str, pages: frozenset[str], figures: Figures) -> None:
    started = time.perf_counter()
    found = await system.search(text)
    figures.seconds.append(time.perf_counter() - started)
    ids, confidence = await system.judged(text, found)
    if pages:
        figures.ranks.append(next((n for n, page in enumerate(ids, 1) if page in pages), 0))
        figures.right.append(confidence)
    else:
        figures.wrong.append(confidence)


def _row(name: str, system: str, figures: Figures) -> str:
    found = [f"{recall(figures.ranks, k):.1f}" for k in (1, 3, 5)]
    apart = auroc(figures.right, figures.wrong)
    p50, p95 = milliseconds(figures.seconds)
    cells = [
        name, str(len(figures.ranks)), system, *found, f"{mrr(figures.ranks):.3f}",
        "–" if apart is None else f"{apart:.3f}", f"{p50:.1f}", f"{p95:.1f}",
    ]  # fmt: skip
    return f"| {' | '.join(cells)} |"


async def _speed(sets: Sequence[Set]) -> list[str]:
    """p50 and p95 at each of SIZES, with the words, vectors and questions of the English sets."""
    english = [chosen for chosen in sets if chosen.language == "en"]
    base = scale.real([page.text for chosen in english for page in chosen.pages])
    questions = [question.text for question in english[1].questions]
    lines: list[str] = []
    for size in map(int, os.environ.get("SIZES", "1000,10000,100000").split(",")):
        for name, p50, p95, count in await scale.latency(size, base, questions):
            lines.append(f"| {size:,} | {name} | {p50:.1f} | {p95:.1f} | {count} |")
            print(lines[-1], flush=True)
    return lines


async def _sync_speed(data: Path) -> str:
    """How many passages a second a sync of real pages makes."""
    source = Folder(data / "help-center/content", name="speed", url="https://example.com/{slug}")

    def shown(done: int, of: int, _: str) -> None:
        if done % 50 == 0:
            progress(f"synced {done} of {of} pages")

    async with temporary_database() as database:
        report = await sync(database, Embedder(kept=0), source, progress=shown)
    return (
        f"Sync of {report.added} real pages: {report.chunks} passages in {report.seconds:.1f} s, "
        f"{report.chunks / report.seconds:.1f} passages a second, {len(report.failed)} pages reported."
    )


def _write(ranking: Sequence[str], speed: Sequence[str], synced: str) -> None:
    chosen = [f"{name}={os.environ[name]}" for name in ("SIZES", "QUESTIONS") if name in os.environ]
    command = " ".join(["DATA_DIR=…", *chosen, "make bench-knowledge"])
    parts = [
        "# The knowledge base, measured",
        f"`{command}` on {datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores.",
        "\n".join(ranking),
        ABOUT.strip(),
        "\n".join(speed),
        (scale.__doc__ or "").split("\n\n", 1)[1].strip() + " 2 %: what one passage in fifty is visible to.",
        synced,
    ]
    RESULTS.write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
