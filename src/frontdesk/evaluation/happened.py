"""What came of a scenario: plain dataclasses that go between processes and into the results file as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from frontdesk.domain import Json
from frontdesk.evaluation.scenario import Scenario

__all__ = ["Deed", "Finding", "Happened", "Result", "ToolUse", "Turn"]


@dataclass(frozen=True, slots=True)
class ToolUse:
    """A tool call as it was recorded: ``result`` is JSON text."""

    tool: str
    arguments: Json
    result: str
    ok: bool
    error: str = ""


@dataclass(frozen=True, slots=True)
class Deed:
    """An action as it stands: ``preview`` is what the customer was shown, as JSON text."""

    id: str
    tool: str
    arguments: Json
    status: str
    preview: str
    result: str = ""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one message or press of a button caused.

    ``said`` is the message, or the tool whose button was pressed; ``missing`` says why it could not be.
    ``ms`` is from the message to the reply, in milliseconds.
    """

    does: str
    said: str
    reply: str
    outcome: str
    tools: Sequence[ToolUse] = ()
    proposed: Sequence[Deed] = ()
    citations: Sequence[Json] = ()
    suggestions: Sequence[str] = ()
    missing: str = ""
    model: str = ""
    ms: float = 0.0
    input_tokens: int = 0
    output_tokens: int = 0
    model_calls: int = 0
    cost_usd: float | None = 0.0
    confidence: float | None = None  # of the local model that answered it in a cascade


@dataclass(frozen=True, slots=True)
class Happened:
    """A conversation, and how things stood after it.

    actions  all of the conversation's, as they stand
    pressed  the ids of those whose button was pressed
    effects  the names under which effects went out to the backend
    changes  what the backend says was changed in it: the Idempotency-Key each change came with, or ""
    backend  what it says at the paths that the scenario asks for
    """

    turns: Sequence[Turn]
    actions: Sequence[Deed] = ()
    pressed: Sequence[str] = ()
    effects: Sequence[str] = ()
    changes: Sequence[str] = ()
    backend: Json = field(default_factory=dict[str, Any])
    mode: str = "ai"
    tickets: int = 0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was not as it must be. ``turn`` counts from 1; 0: after the last one."""

    turn: int
    check: str
    expected: str
    got: str


@dataclass(frozen=True, slots=True)
class Result:
    """One run of one scenario. ``error`` is set where it could not be run to its end."""

    name: str
    run: int
    kind: str
    hard: Sequence[str]
    locale: str
    tools: Sequence[str]
    why: str
    customer: str
    digest: str
    findings: Sequence[Finding]
    turns: Sequence[Turn]
    seconds: float
    error: str = ""

    @classmethod
    def of(
        cls,
        scenario: Scenario,
        run: int,
        *,
        findings: Sequence[Finding],
        turns: Sequence[Turn],
        seconds: float,
        error: str,
    ) -> Result:
        """What a run of a scenario came to, with what the reports say of the scenario."""
        return cls(
            name=scenario.name,
            run=run,
            kind=scenario.kind,
            hard=scenario.hard,
            locale=scenario.locale,
            tools=scenario.tools,
            why=scenario.why,
            customer=scenario.customer,
            digest=scenario.digest,
            findings=findings,
            turns=turns,
            seconds=seconds,
            error=error,
        )

    @property
    def passed(self) -> bool:
        """Whether all was as it must be."""
        return not self.findings and not self.error

    @property
    def cost_usd(self) -> float | None:
        """US dollars of all turns; None where the price of one is not known."""
        costs = [turn.cost_usd for turn in self.turns]
        return None if None in costs else sum(cost for cost in costs if cost is not None)

    def as_json(self) -> Json:
        """All of it, for the results file."""
        return {**asdict(self), "passed": self.passed}

    @classmethod
    def read(cls, stored: Json) -> Result:
        """What ``as_json`` wrote."""
        findings = [Finding(**finding) for finding in stored["findings"]]
        turns = [_turn(turn) for turn in stored["turns"]]
        given = {key: value for key, value in stored.items() if key not in ("passed", "findings", "turns")}
        return cls(findings=findings, turns=turns, **given)


def _turn(stored: Json) -> Turn:
    tools = [ToolUse(**use) for use in stored["tools"]]
    proposed = [Deed(**deed) for deed in stored["proposed"]]
    given = {key: value for key, value in stored.items() if key not in ("tools", "proposed")}
    return Turn(tools=tools, proposed=proposed, **given)
