"""Two runs of the same scenarios beside each other: what broke, what was mended, what is said differently now."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.text import Text

from frontdesk.domain import counted
from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.run import Run
from frontdesk.evaluation.tables import figures

__all__ = ["Changed", "Comparison", "compare", "told"]

MOST_SHOWN = 20
ID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


@dataclass(frozen=True, slots=True)
class Changed:
    """A reply that is another now."""

    name: str
    turn: int
    said: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """``failing`` and ``passing`` are names of those that did the opposite before; cost in US dollars, ms of a turn.

    ``failing`` holds (name, why).
    """

    failing: Sequence[tuple[str, str]]
    passing: Sequence[str]
    added: Sequence[str]
    gone: Sequence[str]
    replies: Sequence[Changed]
    cost: tuple[float | None, float | None]
    p50: tuple[float, float]
    p95: tuple[float, float]


def compare(before: Run, after: Run) -> Comparison:
    """What is different in ``after``. A scenario passes where all its runs do; replies are those of the first run."""
    old, new = _by_name(before.results), _by_name(after.results)
    both = sorted(old.keys() & new.keys())
    passed_then = {name: all(result.passed for result in old[name]) for name in both}
    passed_now = {name: all(result.passed for result in new[name]) for name in both}
    then, now = (figures([r for name in both for r in of[name]]) if both else None for of in (old, new))
    return Comparison(
        failing=[(name, _why(new[name])) for name in both if passed_then[name] and not passed_now[name]],
        passing=[name for name in both if passed_now[name] and not passed_then[name]],
        added=sorted(new.keys() - old.keys()),
        gone=sorted(old.keys() - new.keys()),
        replies=[changed for name in both for changed in _replies(name, old[name][0], new[name][0])],
        cost=(then.cost_usd if then else None, now.cost_usd if now else None),
        p50=(then.p50 if then else 0.0, now.p50 if now else 0.0),
        p95=(then.p95 if then else 0.0, now.p95 if now else 0.0),
    )


def _by_name(results: Sequence[Result]) -> dict[str, list[Result]]:
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda result: result.run):
        found.setdefault(result.name, []).append(result)
    return found


def _why(results: Sequence[Result]) -> str:
    wrong = next(result for result in results if not result.passed)
    if not wrong.findings:
        return wrong.error
    first = wrong.findings[0]
    where = f"turn {first.turn}" if first.turn else "in the end"
    return f"{where}, {first.check}: expected {first.expected}, got {first.got}"


def _replies(name: str, old: Result, new: Result) -> Iterator[Changed]:
    """Turn by turn, as long as the customer said the same."""
    for number, (then, now) in enumerate(zip(old.turns, new.turns, strict=False), 1):
        if (then.does, then.said) != (now.does, now.said):
            return
        if ID.sub("", then.reply) != ID.sub("", now.reply):
            yield Changed(name, number, now.said, then.reply, now.reply)


def told(found: Comparison) -> Iterator[Text]:
    """The comparison in lines for a terminal."""
    yield Text(
        f"\nAgainst the earlier run: {len(found.failing)} newly failing, {len(found.passing)} newly passing,"
        f" {len(found.replies)} repl{'y' if len(found.replies) == 1 else 'ies'} changed, {counted(len(found.added), 'scenario')} new, {len(found.gone)} gone",
        style="bold",
    )
    yield Text(
        f"  a turn took {found.p50[0]:.0f} → {found.p50[1]:.0f} ms (p50), {found.p95[0]:.0f} → {found.p95[1]:.0f} ms"
        f" (p95); cost {_money(found.cost[0])} → {_money(found.cost[1])}"
    )
    yield from (Text(f"  ✗ {name}: {_plain(why)}", style="red") for name, why in found.failing)
    yield from (Text(f"  ✓ {name}", style="green") for name in found.passing)
    for changed in found.replies[:MOST_SHOWN]:
        yield Text(f"  ~ {changed.name}, turn {changed.turn}: {_plain(changed.said)}", style="dim")
        yield _difference(changed.before, changed.after)
    if len(found.replies) > MOST_SHOWN:
        yield Text(f"  … and {len(found.replies) - MOST_SHOWN} more; the --html report has every transcript")


def _difference(before: str, after: str) -> Text:
    """Word by word: what went in red and struck out, what came in green."""
    old, new = _plain(before).split(" "), _plain(after).split(" ")
    line = Text("      ")
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            line.append(" ".join(old[a:b]) + " ")
            continue
        if a < b:
            line.append(f"[-{' '.join(old[a:b])}-] ", style="red")
        if c < d:
            line.append(f"{{+{' '.join(new[c:d])}+}} ", style="green")
    return line


def _money(cost: float | None) -> str:
    return "unknown" if cost is None else f"${cost:.4f}" if cost else "free"


def _plain(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())
