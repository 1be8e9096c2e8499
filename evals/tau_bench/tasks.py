"""The benchmark's tasks: what the customer wants, whose account it is, and what must be so at the end."""

from __future__ import annotations

from dataclasses import dataclass

from evals.tau_retail.data import Json, read
from evals.tau_retail.episodes import Call, gold


@dataclass(frozen=True)
class Instruction:
    """What the simulated user is told, in the second person, and nothing else of the task."""

    wish: str
    manner: str
    known: str
    unknown: str

    @property
    def text(self) -> str:
        """All of it as one text."""
        return "\n".join(part for part in (self.known, self.unknown, self.wish, self.manner) if part)


@dataclass(frozen=True)
class Task:
    """One task. ``calls``, ``outputs`` and ``end`` are the answer: neither agent nor user may see them."""

    number: int
    customer: str
    instruction: Instruction
    calls: tuple[Call, ...]
    outputs: tuple[str, ...]
    end: dict[tuple[str, str], Json]


def tasks() -> list[Task]:
    """All tasks, in the order of the file."""
    return [
        Task(n, e.customer, _instruction(task), e.calls, _outputs(task), e.end)
        for n, (task, e) in enumerate(zip(read("tasks.json"), gold(), strict=True))
    ]


def _instruction(task: Json) -> Instruction:
    told = task["user_scenario"]["instructions"]
    words = [str(told[part] or "").strip() for part in ("reason_for_call", "task_instructions")]
    words += [str(told[part] or "").strip() for part in ("known_info", "unknown_info")]
    return Instruction(*("" if text == "." else text for text in words))


def _outputs(task: Json) -> tuple[str, ...]:
    return tuple(task["evaluation_criteria"]["communicate_info"] or ())
