"""What an experiment has counted so far: kept line by line, so that an interrupted run goes on where it was."""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

WORK = Path(__file__).parent / "work"
MOST_PROBLEMS = 20  # kept of each portion; the rest is counted

Shown = Callable[[str], None]


def silent(_: str) -> None:
    """For a run that nobody watches."""


@dataclass
class Tally:
    """What was counted, and a sentence for each thing that must not be. ``worst`` are maxima, in seconds."""

    counts: Counter[str] = field(default_factory=Counter[str])
    worst: dict[str, float] = field(default_factory=dict[str, float])
    problems: list[str] = field(default_factory=list[str])

    def add(self, other: Tally) -> None:
        """Take the figures of another portion in."""
        self.counts.update(other.counts)
        for name, seconds in other.worst.items():
            self.slowest(name, seconds)
        self.problems += other.problems

    def slowest(self, name: str, seconds: float) -> None:
        """Note a time, if it is the longest yet."""
        self.worst[name] = max(seconds, self.worst.get(name, 0.0))

    def expect(self, holds: bool, otherwise: str) -> None:
        """Note a problem unless ``holds``."""
        if not holds:
            self.problems.append(otherwise)

    def words(self) -> str:
        """The figures in a line."""
        counted = [f"{value} {name}" for name, value in self.counts.items()]
        return ", ".join([*counted, *(f"{name} at most {value:.1f} s" for name, value in self.worst.items())])


Portion = Callable[[int, int], Awaitable[Tally]]  # the first number, and how many


@dataclass(frozen=True)
class Experiment:
    """One promise. ``opened(seed, shown)`` yields what runs a portion: ``portion(first, many)``.

    goal       the promise, as security.md has it
    full       how many make the full figure, of what ``unit`` says
    portion    how many run before what came of them is written down
    places     instead: how many portions there are, each of the whole count
    """

    name: str
    goal: str
    unit: str
    full: int
    portion: int
    opened: Callable[[int, Shown], AbstractAsyncContextManager[Portion]]
    places: int = 0

    def portions(self, count: int) -> list[tuple[int, int]]:
        """(first, many) of each portion."""
        if self.places:
            return [(place, count) for place in range(self.places)]
        return [(first, min(self.portion, count - first)) for first in range(0, count, self.portion)]


class Journal:
    """The portions that are done, in chaos/work."""

    def __init__(self, file: Path | None) -> None:
        """Without a file nothing is kept: for tests."""
        self._file = file

    def done(self, name: str, count: int, seed: int) -> dict[int, tuple[Tally, float]]:
        """What each portion has come to and how long it took, by its first number."""
        if self._file is None or not self._file.exists():
            return {}
        rows: list[dict[str, Any]] = [json.loads(line) for line in self._file.read_text().splitlines()]
        return {
            row["first"]: (Tally(Counter(row["counts"]), row["worst"], row["problems"]), row["seconds"])
            for row in rows
            if (row["name"], row["count"], row["seed"]) == (name, count, seed)
        }

    def keep(self, name: str, count: int, seed: int, first: int, tally: Tally, seconds: float) -> None:
        """Write a portion down."""
        if self._file is None:
            return
        self._file.parent.mkdir(parents=True, exist_ok=True)
        row = {"name": name, "count": count, "seed": seed, "first": first, "seconds": round(seconds, 1)}
        row |= {"counts": tally.counts, "worst": tally.worst, "problems": tally.problems[:MOST_PROBLEMS]}
        with self._file.open("a") as file:
            file.write(json.dumps(row) + "\n")

    def forget(self, name: str, count: int, seed: int) -> None:
        """Begin an experiment anew."""
        if self._file is None or not self._file.exists():
            return
        lines = self._file.read_text().splitlines()
        kept = [
            line
            for line in lines
            if [json.loads(line)[key] for key in ("name", "count", "seed")] != [name, count, seed]
        ]
        self._file.write_text("".join(f"{line}\n" for line in kept))


async def run(
    experiment: Experiment, count: int, seed: int, journal: Journal, shown: Shown
) -> tuple[Tally, float]:
    """All portions that are not done yet; returns the whole tally and the seconds it took in all."""
    whole, seconds = Tally(), 0.0
    known = journal.done(experiment.name, count, seed)
    for tally, took in known.values():
        whole.add(tally)
        seconds += took
    portions = experiment.portions(count)
    left = [portion for portion in portions if portion[0] not in known]
    if not left:
        return whole, seconds
    async with experiment.opened(seed, shown) as portion:
        for done, (first, many) in enumerate(left, start=len(known) + 1):
            began = time.monotonic()
            tally = await portion(first, many)
            took = time.monotonic() - began
            journal.keep(experiment.name, count, seed, first, tally, took)
            whole.add(tally)
            seconds += took
            shown(f"{experiment.name}: {done} of {len(portions)} portions: {whole.words()}")
    return whole, seconds


class Progress:
    """One line that is written over on a terminal; a line every five seconds elsewhere."""

    def __init__(self) -> None:
        self._last = 0.0
        self._width = 0

    def __call__(self, text: str) -> None:
        """Show how far it is."""
        if sys.stderr.isatty():
            sys.stderr.write("\r" + text[:160].ljust(self._width))
            sys.stderr.flush()
            self._width = len(text[:160])
        elif time.monotonic() - self._last > 5:
            self._last = time.monotonic()
            sys.stderr.write(text + "\n")
            sys.stderr.flush()

    def over(self) -> None:
        """Leave the line clear for what comes next."""
        if sys.stderr.isatty() and self._width:
            sys.stderr.write("\r" + " " * self._width + "\r")
            self._width = 0
