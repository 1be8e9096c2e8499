"""The threshold from which an article is quoted, chosen on a company's own questions.

Each question names the article that answers it, or none. It is searched as a customer's would be; the confidence
that the best passage answers it decides, so a threshold divides the questions into those answered from the right
article, those answered wrongly, and those turned away.
"""

from __future__ import annotations

import csv
import io
import math
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import orjson

from frontdesk.domain import Visibility
from frontdesk.errors import SettingsError
from frontdesk.knowledge.ask import Ask
from frontdesk.store.places import Place

GRID = tuple(n / 100 for n in range(1, 100))
LEAST = 30  # questions, below which a threshold says little
FOLDS, ROUNDS = 5, 20
MOST_BYTES, MOST_QUESTIONS = 10_000_000, 20_000
VISIBILITY: tuple[Visibility, ...] = ("public", "customers")
QUESTION_NAMES, ARTICLE_NAMES = ("question", "message"), ("article", "articles", "url", "slug")


@dataclass(frozen=True, slots=True)
class Question:
    """A question and what answers it: slugs or addresses of articles; none where nothing does."""

    line: int
    text: str
    articles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Tried:
    """A question as it was searched: the confidence, and whether the first article is one that answers it."""

    confidence: float
    right: bool
    answerable: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """What a threshold makes of questions. ``missed`` were turned away though an article answers them."""

    at: float
    right: int
    wrong: int
    missed: int
    turned_away: int

    @property
    def precision(self) -> float:
        """The share of answers that come from the right article; 1 where nothing is answered."""
        return self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0

    @property
    def answered(self) -> float:
        """The share of the answerable questions that are answered rightly."""
        return self.right / max(self.answerable, 1)

    answerable: int = 0


@dataclass(frozen=True, slots=True)
class Check:
    """A threshold chosen on four fifths of the questions and tried on the fifth it was not chosen on.

    ``precision`` and ``answered`` are taken over all such divisions; ``low`` and ``high`` are where, at 95 %, the
    precision of the chosen threshold lies, so few as the answers were.
    """

    precision: float
    answered: float
    low: float
    high: float


# ------------------------------------------------------------------ questions in
def read(path: Path) -> tuple[list[Question], list[tuple[int, str]]]:
    """The questions in a file, CSV or JSON lines, and (line, what is wrong) of those that are none.

    CSV: ``question,article``; several articles are divided by ``|``; the first line may name the columns. JSON
    lines: ``{"question": …, "article": …}`` or ``"articles": […]``, and ``"answerable": false`` for none.
    Raises SettingsError where the file is no text or holds too much.
    """
    try:
        text = path.read_bytes()[: MOST_BYTES + 1].decode("utf-8-sig")
    except UnicodeDecodeError:
        raise SettingsError(f"{path.name} is not a text file in UTF-8") from None
    if len(text) > MOST_BYTES:
        raise SettingsError(f"{path.name} is larger than {MOST_BYTES // 1_000_000} MB")
    first = next((line for line in text.splitlines() if line.strip()), "")
    found, wrong = _json_lines(text) if first.lstrip().startswith("{") else _csv(text)
    if len(found) > MOST_QUESTIONS:
        raise SettingsError(f"{path.name} holds more than {MOST_QUESTIONS:,} questions")
    return found, wrong


def _json_lines(text: str) -> tuple[list[Question], list[tuple[int, str]]]:
    found: list[Question] = []
    wrong: list[tuple[int, str]] = []
    for number, line in enumerate(text.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = orjson.loads(line)
        except orjson.JSONDecodeError:
            wrong.append((number, "is not JSON"))
            continue
        made = (
            _question(number, cast("dict[str, Any]", value))
            if isinstance(value, dict)
            else "is not a JSON object"
        )
        found.append(made) if isinstance(made, Question) else wrong.append((number, made))
    return found, wrong


def _question(number: int, value: Mapping[str, Any]) -> Question | str:
    text = next((value[name] for name in QUESTION_NAMES if name in value), None)
    if not isinstance(text, str) or not text.strip():
        return 'has no "question"'
    named = next((value[name] for name in ARTICLE_NAMES if name in value), None)
    named = [named] if isinstance(named, str) else named
    if value.get("answerable") is False:
        return Question(number, text, ())
    if named is not None and not (isinstance(named, list) and all(isinstance(one, str) for one in named)):
        return '"article" is not text, or a list of texts'
    if named is None and "answerable" not in value:
        return 'has no "article"; write "" where nothing answers it'
    return Question(number, text, tuple(one.strip() for one in cast("list[str]", named or []) if one.strip()))


def _csv(text: str) -> tuple[list[Question], list[tuple[int, str]]]:
    found: list[Question] = []
    wrong: list[tuple[int, str]] = []
    rows = csv.reader(io.StringIO(text), strict=True)
    columns = (0, 1)
    try:
        for row in rows:
            if not any(cell.strip() for cell in row):
                continue
            names = [cell.strip().lower() for cell in row]
            if not found and not wrong and (named := _columns(names)):
                columns = named
                continue
            if len(row) <= max(columns):
                wrong.append(
                    (rows.line_num, "has one column; write question,article and leave article empty for none")
                )
                continue
            if not row[columns[0]].strip():
                wrong.append((rows.line_num, "has no question"))
                continue
            articles = tuple(part.strip() for part in row[columns[1]].split("|") if part.strip())
            found.append(Question(rows.line_num, row[columns[0]], articles))
    except csv.Error:
        wrong.append((rows.line_num, "is not CSV: is a quote left open?"))
    return found, wrong


def _columns(names: Sequence[str]) -> tuple[int, int] | None:
    """Where question and article stand, if this line names the columns."""
    question = next((names.index(name) for name in QUESTION_NAMES if name in names), None)
    article = next((names.index(name) for name in ARTICLE_NAMES if name in names), None)
    return None if question is None or article is None else (question, article)


# ------------------------------------------------------------------ asking them
def unknown(questions: Sequence[Question], places: Sequence[Place]) -> list[tuple[int, str]]:
    """(line, what is wrong) of questions that name an article there is none of."""
    known = {name for place in places for name in names_of(place)}
    return [
        (question.line, "names an article that the knowledge base does not hold")
        for question in questions
        if question.articles and not any(key(name) in known for name in question.articles)
    ]


def names_of(place: Place) -> set[str]:
    """What an article may be called by: slug, path, published address, and the last part of each."""
    whole = {key(name) for name in (place.slug, place.path, place.url) if name}
    return whole | {name.rsplit("/", 1)[-1] for name in whole}


def key(name: str) -> str:
    """A slug, path or address without what makes no difference."""
    bare = (
        name.split("#")[0].split("?")[0].removeprefix("https://").removeprefix("http://").strip("/").lower()
    )
    for suffix in (".markdown", ".md", ".mdx", ".html"):
        bare = bare.removesuffix(suffix)
    return bare


async def ask_all(
    questions: Sequence[Question],
    places: Sequence[Place],
    ask: Ask,
    progress: Callable[[int, int], None] | None = None,
) -> list[Tried]:
    """Search each question as a customer's; about 10 ms each.

    ``ask`` turns nothing away for its confidence; what it turns away all the same, it does at any threshold.
    """
    names = {place.article_id: names_of(place) for place in places}
    tried: list[Tried] = []
    for done, question in enumerate(questions, 1):
        found = await ask(question.text, VISIBILITY)
        wanted = {key(name) for name in question.articles}
        first = found.passages[0] if found.passages else None
        known = (
            names.get(first.article_id, {key(first.url), key(first.url).rsplit("/", 1)[-1]})
            if first
            else set[str]()
        )
        tried.append(Tried(found.confidence if found.answerable else 0.0, bool(wanted & known), bool(wanted)))
        if progress:
            progress(done, len(questions))
    return tried


# ------------------------------------------------------------------ choosing
def counts(tried: Sequence[Tried], at: float) -> Counts:
    """What a threshold makes of these questions."""
    answered = [one for one in tried if one.confidence >= at]
    right = sum(one.right for one in answered)
    answerable = sum(one.answerable for one in tried)
    missed = sum(one.answerable for one in tried if one.confidence < at)
    return Counts(at, right, len(answered) - right, missed, len(tried) - len(answered) - missed, answerable)


def choose(tried: Sequence[Tried], precision: float) -> float | None:
    """The lowest threshold, to a hundredth, at which this share of answers is right; None where none does.

    A threshold above which nothing is answered does not count.
    """
    waiting = sorted(tried, key=lambda one: one.confidence, reverse=True)
    right = sum(one.right for one in waiting)
    for at in GRID:
        while waiting and waiting[-1].confidence < at:
            right -= waiting.pop().right
        if right and right >= precision * len(waiting):
            return at
    return None


def check(tried: Sequence[Tried], at: float, precision: float, seed: int = 7) -> Check:
    """What to expect of a threshold on questions that it was not chosen on."""
    order = random.Random(seed)  # noqa: S311  (a division that comes out the same each time, not a secret)
    right = wrong = answerable = 0
    for _ in range(ROUNDS):
        shuffled = order.sample(list(tried), len(tried))
        shuffled.sort(key=lambda one: one.answerable)  # stable: each fold gets its share of either kind
        for fold in range(FOLDS):
            held = shuffled[fold::FOLDS]
            chosen = choose([one for n, one in enumerate(shuffled) if n % FOLDS != fold], precision)
            found = counts(held, 1.01 if chosen is None else chosen)
            right, wrong, answerable = right + found.right, wrong + found.wrong, answerable + found.answerable
    chosen_here = counts(tried, at)
    low, high = _wilson(chosen_here.right, chosen_here.right + chosen_here.wrong)
    return Check(right / max(right + wrong, 1), right / max(answerable, 1), low, high)


def _wilson(right: int, answered: int) -> tuple[float, float]:
    """Wilson's interval: where a share lies, at 95 %, that showed as ``right`` of ``answered``."""
    if not answered:
        return 0.0, 1.0
    z, share = 1.96, right / answered
    middle = share + z * z / (2 * answered)
    spread = z * math.sqrt((share * (1 - share) + z * z / (4 * answered)) / answered)
    whole = 1 + z * z / answered
    return max(0.0, (middle - spread) / whole), min(1.0, (middle + spread) / whole)
