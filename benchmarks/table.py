"""From bench.py's records to one Markdown table with the goals beside it."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

Record = dict[str, Any]
PEER = "a_langgraph_pg"
NAMES = {
    "frontdesk": "Frontdesk",
    "a_langgraph_pg": "LangGraph + PostgreSQL",
    "a_langgraph": "LangGraph + SQLite",
    "d_raw_openai": "openai SDK + SQLite",
    "d_tuned": "openai SDK, tuned",
}
# What the shared bench's README reports for LangGraph + PostgreSQL; used where it was not in the run.
PUBLISHED = {(0, 1): 37.0, (0, 16): 42.0, (0, 64): 49.0, (300, 1000): 49.0}
QUIET = 0.25  # cores used by others: bench.py's own limit for a burst that counts


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: how it reads for a target, and the goal for Frontdesk if there is one."""

    title: str
    value: Callable[[str], float | None]
    digits: int = 0
    goal: str = ""
    limit: float | None = None
    at_least: bool = False

    def cells(self, targets: Sequence[str]) -> list[str]:
        """Frontdesk's value, the goal, whether it is met, and the peers' values."""
        shown = {name: _number(self.value(name), self.digits) for name in targets}
        return [self.title, shown["frontdesk"], self.goal, self.met(), *(shown[n] for n in targets[1:])]

    def met(self) -> str:
        """yes or no; empty without a goal or a value."""
        value = self.value("frontdesk")
        if value is None or self.limit is None:
            return ""
        return "yes" if (value >= self.limit if self.at_least else value <= self.limit) else "**no**"


class Results:
    """The records of one run."""

    def __init__(self, records: Sequence[Record]) -> None:
        self._records = records
        self.targets = [name for name in NAMES if any(r.get("target") == name for r in records)]

    def load(self, target: str, latency: int, at_once: int, key: str) -> float | None:
        """The median over the bursts, those that saw a quiet machine where there were any."""
        found = [
            r for r in self._of("load", target) if (r["latency"], r["c"]) == (latency, at_once) and r["turns"]
        ]
        quiet = [r for r in found if r["others"] <= QUIET]
        return _median([r[key] for r in quiet or found])

    def grow(self, target: str, mark: int, key: str) -> float | None:
        """A value at a turn of one long conversation; None if the target did not get there."""
        return _median(
            [r["marks"][str(mark)][key] for r in self._of("grow", target) if str(mark) in r["marks"]]
        )

    def grown(self, target: str) -> float | None:
        """Database bytes a turn over the whole of that conversation."""
        return _median([r["total_db"] / r["turns"] for r in self._of("grow", target) if r["turns"]])

    def other(self, mode: str, target: str, key: str) -> float | None:
        """The median of a value of ``rss`` or ``cold``."""
        return _median([r[key] for r in self._of(mode, target)])

    def errors(self) -> int:
        """Turns that were not answered rightly, all targets."""
        counts = [r["errors"] for r in self._records if isinstance(r.get("errors"), dict)]
        return sum(sum(count.values()) for count in counts) + sum(bool(r.get("error")) for r in self._records)

    def others(self) -> float:
        """Cores that other processes used meanwhile, the median over all bursts."""
        return _median([r["others"] for r in self._records if "others" in r]) or 0.0

    def noisy(self) -> str:
        """The bursts that others disturbed each time, for the reader to distrust."""
        least: dict[str, float] = {}
        for r in self._records:
            if r["mode"] == "load":
                cell = f"{NAMES[r['target']]} at {r['c']}"
                least[cell] = min(r["others"], least.get(cell, r["others"]))
        return ", ".join(cell for cell, cores in least.items() if cores > QUIET)

    def _of(self, mode: str, target: str) -> list[Record]:
        return [r for r in self._records if r["mode"] == mode and r["target"] == target]


def rows(results: Results) -> list[Row]:
    """The table's rows, in order."""
    load = results.load
    listed = [_speed(results, 0, c, f"turns/s, {c} at once") for c in (1, 16, 64)]
    listed += [
        Row("CPU ms a turn, 16 at once, service", lambda t: load(t, 0, 16, "cpu_ms"), 2, "≤ 6.5", 6.5),
        Row("… and in PostgreSQL", lambda t: load(t, 0, 16, "db_cpu_ms"), 2),
        Row("p50 ms, 16 at once", lambda t: load(t, 0, 16, "p50")),
        Row("p99 ms, 16 at once", lambda t: load(t, 0, 16, "p99")),
        _speed(results, 300, 1000, "turns/s, 1,000 conversations, model 300 ms"),
        Row("… p50 s", lambda t: _seconds(load(t, 300, 1000, "p50")), 1),
        Row("… p99 s", lambda t: _seconds(load(t, 300, 1000, "p99")), 1, "≤ 8", 8.0),
    ]
    return [*listed, *_growth(results), *_footprint(results)]


def _growth(results: Results) -> list[Row]:
    grow = results.grow
    listed: list[Row] = []
    for key, unit in (("ms", "ms"), ("cpu_ms", "CPU ms")):
        listed += [
            Row(f"{unit} at turn {mark} of one conversation", lambda t, m=mark, k=key: grow(t, m, k), 1)
            for mark in (1, 10, 20, 100, 500)
        ]
    return [
        *listed,
        Row("ms at turn 500 over turn 10", lambda t: _ratio(grow(t, 500, "ms"), grow(t, 10, "ms")), 2, "≤ 1.2", 1.2),
        Row("CPU at turn 500 over turn 10", lambda t: _ratio(grow(t, 500, "cpu_ms"), grow(t, 10, "cpu_ms")), 2),
        Row("CPU at turn 500 over turn 20 (full window)", lambda t: _ratio(grow(t, 500, "cpu_ms"), grow(t, 20, "cpu_ms")), 2),
        Row("database bytes a turn", results.grown, 0, "≤ 4,096", 4096.0),
    ]  # fmt: skip


def _footprint(results: Results) -> list[Row]:
    other = results.other
    return [
        Row("ms from start to first answer, database up", lambda t: other("cold", t, "first_answer_ms"), 0, "≤ 2,000", 2000.0),
        Row("idle memory MB", lambda t: other("rss", t, "idle"), 0, "≤ 150", 150.0),
        Row("memory MB after some load", lambda t: other("rss", t, "after"), 0),
    ]  # fmt: skip


def _speed(results: Results, latency: int, at_once: int, title: str) -> Row:
    """Turns per second, against three times what LangGraph with its PostgreSQL saver did."""
    measured = results.load(PEER, latency, at_once, "tps")
    base = measured or PUBLISHED[latency, at_once]
    goal = f"≥ 3 × {base:.0f}" + ("" if measured else " (published)")
    return Row(title, lambda t: results.load(t, latency, at_once, "tps"), 0, goal, 3 * base, at_least=True)


def markdown(results: Results) -> str:
    """The table."""
    targets = results.targets
    head = ["", "Frontdesk", "goal", "met", *(NAMES[name] for name in targets[1:])]
    lines = [_line(head), _line(["---", *["---:"] * (len(head) - 1)])]
    lines += [_line(row.cells(targets)) for row in rows(results)]
    return "\n".join(lines)


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _median(values: Sequence[float]) -> float | None:
    return statistics.median(values) if values else None


def _seconds(ms: float | None) -> float | None:
    return None if ms is None else ms / 1000


def _ratio(one: float | None, other: float | None) -> float | None:
    return one / other if one is not None and other else None


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
