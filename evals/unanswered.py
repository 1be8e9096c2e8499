"""How often a question that the help center does not answer is answered all the same: ``python -m evals.unanswered``.

The on-topic questions of tests/knowledge/unanswered.jsonl, by half ("tune" may be read, "test" only counted), and
what the same verdict does to the questions of evals.retrieval's sets, in English. A question of these counts as
kept where an acceptable article comes first and is answered.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable

from evals.retrieval import HELP_CENTER, ROOT, SETS, VISIBILITY, questions, slug_of
from frontdesk.knowledge.ask import Ask
from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.testing import temporary_database

UNANSWERED = ROOT / "tests/knowledge/unanswered.jsonl"


def unanswered(half: str) -> list[str]:
    """The questions of a half."""
    lines = map(json.loads, UNANSWERED.read_text(encoding="utf-8").splitlines())
    return [line["question"] for line in lines if line["half"] == half]


async def wrongly(ask: Ask, texts: Iterable[str]) -> int:
    """How many of ``texts`` are answered."""
    return sum([(await ask(text, VISIBILITY)).answerable for text in texts])


async def main() -> None:
    """Print a line for each set."""
    async with temporary_database() as database:
        await sync(database, Embedder.default(), Folder(HELP_CENTER, name="eval", url="{slug}"))
        ask = Ask(PostgresRetriever(database), judge=Embedder.default())
        for half in ("tune", "test"):
            texts = unanswered(half)
            count = await wrongly(ask, texts)
            print(
                f"{half:10} {count} of {len(texts)} answered though no article does ({count / len(texts):.0%})"
            )
        for name in SETS:
            asked = [question for question in questions(name) if not question.foreign]
            found = [(question, await ask(question.text, VISIBILITY)) for question in asked]
            known = [(q, f) for q, f in found if q.articles]
            kept = sum(f.answerable and slug_of(f.passages[0]) in q.articles for q, f in known)
            none = [f for q, f in found if not q.articles]
            disagreeing = sum(f.conflict is not None for _, f in found)
            print(
                f"{name:10} {kept} of {len(known)} rightly answered, {sum(f.answerable for f in none)} of {len(none)} "
                f"without an answer answered, {disagreeing} conflicts"
            )


if __name__ == "__main__":
    asyncio.run(main())
