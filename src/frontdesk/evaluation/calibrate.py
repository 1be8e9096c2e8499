"""The threshold of a cascade: from which confidence on the local model answers alone, and at what precision."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from frontdesk.database import Database
from frontdesk.domain import Json, Outcome, Principal
from frontdesk.errors import SettingsError
from frontdesk.evaluation.happened import Result
from frontdesk.store.conversations import begin
from frontdesk.support import Support

STEP = 1000  # thresholds are tried a thousandth apart
LEAST = 100  # turns; fewer say nothing
SECONDS = 60.0
Words = Annotated[
    tuple[str, ...], BeforeValidator(lambda value: [value] if isinstance(value, str) else value)
]


@dataclass(frozen=True, slots=True)
class Tried:
    """One turn that the local model answered: how sure it was (0 to 1), and whether it was right."""

    confidence: float
    right: bool


@dataclass(frozen=True, slots=True)
class Row:
    """What a threshold comes to. ``low`` and ``high`` bound the precision at 95 % (Wilson)."""

    at: float
    answered: int
    right: int
    turns: int

    @property
    def coverage(self) -> float:
        """The share of turns that need no paid model."""
        return self.answered / self.turns if self.turns else 0.0

    @property
    def precision(self) -> float:
        """The share of those that are right."""
        return self.right / self.answered if self.answered else 0.0

    @property
    def interval(self) -> tuple[float, float]:
        """Where the true precision lies at 95 %."""
        return wilson(self.right, self.answered)


def wilson(right: int, of: int, z: float = 1.96) -> tuple[float, float]:
    """The interval a share lies in, given ``right`` of ``of``. (0, 1) where nothing was tried."""
    if not of:
        return 0.0, 1.0
    share, square = right / of, z * z / of
    middle = (share + square / 2) / (1 + square)
    half = z * math.sqrt(share * (1 - share) / of + square / of / 4) / (1 + square)
    return max(0.0, middle - half), min(1.0, middle + half)


def row(tried: Sequence[Tried], at: float) -> Row:
    """What comes of answering alone from ``at`` on."""
    alone = [one.right for one in tried if one.confidence >= at]
    return Row(at, len(alone), sum(alone), len(tried))


def choose(tried: Sequence[Tried], precision: float) -> Row | None:
    """The lowest threshold at which ``precision`` of the answers are right; None where there is none."""
    rows = (row(tried, at / STEP) for at in range(STEP))
    return next((found for found in rows if found.answered and found.precision >= precision), None)


def turns_of(results: Iterable[Result]) -> list[Tried]:
    """The turns of scenarios that the local model answered in a cascade.

    A turn is right if nothing was found wrong in it; what is wrong at the end counts against the last one.
    """
    found: list[Tried] = []
    for result in results:
        spoken = [number for number, turn in enumerate(result.turns, 1) if turn.does == "say"]
        wrong = {finding.turn or max(spoken, default=0) for finding in result.findings}
        for number in spoken:
            sure = result.turns[number - 1].confidence
            if sure is not None:
                found.append(Tried(sure, number not in wrong and not result.error))
    return found


# ------------------------------------------------------------------ asking a desk
@dataclass(frozen=True, slots=True)
class Case:
    """A message, what came before it, and what is right: all that is given must hold.

    tools     one of these must have been called; [] forbids every tool
    articles  one of these must be cited, by the last part of its address
    outcome   one of these
    has, lacks  what the reply must and must not hold, whatever the case of its letters
    """

    customer: str
    message: str
    history: tuple[str, ...] = ()
    tools: tuple[str, ...] | None = None
    articles: tuple[str, ...] | None = None
    outcome: tuple[str, ...] | None = None
    has: tuple[str, ...] = ()
    lacks: tuple[str, ...] = ()

    def right(self, answer: Json, tools: Sequence[str]) -> bool:
        """Whether the response of a turn, with the tools it called, is what it should be."""
        reply = str(answer["reply"]).lower()
        cited = {str(c["url"]).partition("#")[0].rstrip("/").rpartition("/")[2] for c in answer["citations"]}
        return (
            bool(reply)
            and (self.tools is None or (bool(set(self.tools) & set(tools)) if self.tools else not tools))
            and (self.articles is None or bool(set(self.articles) & cited))
            and (self.outcome is None or answer["outcome"] in self.outcome)
            and all(words.lower() in reply for words in self.has)
            and not any(words.lower() in reply for words in self.lacks)
        )


def read(path: Path) -> list[Case]:
    """The cases of a JSON-lines file. Raises SettingsError with file, line and what to write."""
    lines = path.read_text(encoding="utf-8").splitlines()
    cases = [_case(path, n, line) for n, line in enumerate(lines, 1) if line.strip()]
    if not cases:
        raise SettingsError(f"{path} is empty: write a JSON object a line, {EXAMPLE}")
    return cases


EXAMPLE = (
    '{"customer": "u123", "message": "Where is order 789?", "tools": ["get_order_status"], "has": ["789"]}'
)


class _Line(BaseModel):
    """A line of the file; a single word may stand for a list of one."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = ""
    customer: str
    message: str
    history: Words = ()
    tools: Words | None = None
    articles: Words | None = None
    outcome: Words | None = None
    has: Words = ()
    lacks: Words = ()


def _case(path: Path, n: int, line: str) -> Case:
    try:
        found = _Line.model_validate_json(line)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise SettingsError(f"{path}:{n}: {where or 'line'}: {first['msg']}; write {EXAMPLE}") from None
    if found.tools is None and not (found.articles or found.outcome or found.has):
        raise SettingsError(f"{path}:{n}: say what is right with tools, articles, outcome or has")
    outcomes = {outcome.value for outcome in Outcome}
    if wrong := set(found.outcome or ()) - outcomes:
        raise SettingsError(
            f"{path}:{n}: there is no outcome {wrong.pop()!r}; write {', '.join(sorted(outcomes))}"
        )
    return Case(**{key: getattr(found, key) for key in Case.__dataclass_fields__})


async def tried(case: Case, support: Support, database: Database) -> Tried:
    """Ask one case in a conversation without a past. A turn that no confidence came of counts as unsure.

    Raises SettingsError for a turn that takes longer than a minute.
    """
    who = Principal("customer", case.customer)
    conversation = await begin(database, who, "api")
    answer: Json = {}
    for words in (*case.history, case.message):
        accepted = await support.receive(who, words, conversation_id=conversation)
        found = await support.wait(who, accepted.turn_id, SECONDS)
        if found is None:
            raise SettingsError(
                f"no answer to {words[:60]!r} within {SECONDS:.0f} s: is the desk's backend up?"
            )
        answer = found
    stored = await support.find(who, UUID(answer["turn_id"]))
    tools = [step["tool"] for step in stored.record.get("steps", [])]
    return Tried(float(stored.record.get("confidence") or 0.0), case.right(answer, tools))
