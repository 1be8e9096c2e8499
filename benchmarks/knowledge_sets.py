"""Pages and questions to measure with: the example shop's, and the public sets below DATA_DIR."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from frontdesk.knowledge.reader import Page as ReadPage
from frontdesk.knowledge.reader import Reader
from frontdesk.knowledge.sources.folder import Folder

ROOT = Path(__file__).parents[1]
SHOP = ROOT / "examples/ourshop/help-center"
OWN_QUESTIONS = ROOT / "benchmarks/questions/help-center.jsonl"


@dataclass(frozen=True)
class Page:
    """A page of a set; ``title`` may be empty."""

    id: str
    title: str
    text: str


@dataclass(frozen=True)
class Question:
    """A question and the pages that answer it; none where none does."""

    text: str
    pages: frozenset[str]


@dataclass(frozen=True)
class Set:
    """``language`` is that of the pages. ``gone`` are pages to take out for a second round: their questions then

    have no answer. ``models`` are the embeddings that Frontdesk is measured with.
    """

    name: str
    language: str
    pages: Sequence[Page]
    questions: Sequence[Question]
    gone: frozenset[str] = frozenset()
    models: Sequence[str] = ("local",)

    def without_gone(self) -> Set:
        """The second round."""
        left = [page for page in self.pages if page.id not in self.gone]
        asked = [Question(q.text, q.pages - self.gone) for q in self.questions]
        return replace(self, pages=left, questions=asked, gone=frozenset())

    def sample(self, most: int) -> Set:
        """At most so many of the questions, always the same."""
        if len(self.questions) <= most:
            return self
        return replace(self, questions=random.Random(0).sample(list(self.questions), most))


async def shop() -> Set:
    """The example shop's public pages, and tests/knowledge/questions.jsonl."""
    source = Folder(SHOP, name="shop", url="{slug}")
    pages: list[Page] = []
    async with Reader() as reader:
        for item in await source.items():
            raw = await source.read(item)
            page = await reader.read(raw, "{slug}") if hasattr(raw, "data") else None  # pyright: ignore[reportArgumentType]  a Raw
            if isinstance(page, ReadPage) and page.article.visibility != "internal":
                pages.append(Page(page.article.slug, page.article.title, page.article.body))
    known = {page.id for page in pages}
    lines = _lines(ROOT / "tests/knowledge/questions.jsonl")
    questions = [
        Question(line["question"], frozenset(line["articles"] if line["answerable"] else ()))
        for line in lines
    ]
    return Set("example shop", "en", pages, [q for q in questions if not q.pages or q.pages & known])


def public(data: Path) -> list[Set]:
    """The sets below ``data``, as far as they are there."""
    return [*_xquads(data / "xquad"), *_help_centers(data / "help-center")]


def _xquads(folder: Path) -> Iterable[Set]:
    """Each language on its own; German and Spanish questions to English passages."""
    if not (folder / "xquad.en.json").is_file():
        return
    pages, questions = _xquad(folder, "en")
    gone = frozenset(page.id for page in pages[1::2])
    yield Set("XQuAD en", "en", pages, questions, gone)
    for language in ("es", "de", "zh"):
        yield Set(f"XQuAD {language}", language, *_xquad(folder, language), gone)
    for language in ("de", "es"):
        asked = _xquad(folder, language)[1]
        yield Set(f"XQuAD {language} → en", "en", pages, asked, gone, ("local", "multilingual"))


def _xquad(folder: Path, language: str) -> tuple[list[Page], list[Question]]:
    document = json.loads((folder / f"xquad.{language}.json").read_text(encoding="utf-8"))
    paragraphs = [p for article in document["data"] for p in article["paragraphs"]]
    pages = [Page(str(number), "", p["context"]) for number, p in enumerate(paragraphs)]
    questions = [
        Question(qa["question"], frozenset({str(number)}))
        for number, p in enumerate(paragraphs)
        for qa in p["qas"]
    ]
    return pages, questions


def _help_centers(folder: Path) -> Iterable[Set]:
    """One for each language that there are questions in."""
    if not (folder / "articles.jsonl").is_file():
        return
    own = folder / "questions.jsonl"
    asked = _lines(own if own.is_file() else OWN_QUESTIONS)
    articles = _lines(folder / "articles.jsonl")
    for language in sorted({line.get("lang", "en") for line in asked}):
        pages = [Page(a["id"], a["title"], a["body"]) for a in articles if a["lang"] == language]
        questions = [
            Question(line["question"], frozenset([line["id"], *line.get("also", ())] if line["id"] else ()))
            for line in asked
            if line.get("lang", "en") == language
        ]
        models = ("local",) if language == "en" else ("local", "multilingual")
        if pages:
            yield Set(f"help center {language}", language, pages, questions, models=models)


def _lines(path: Path) -> list[Mapping[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
