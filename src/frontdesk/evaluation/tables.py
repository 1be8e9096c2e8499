"""Figures of a run: pass^k, per kind and per tool, time and cost. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import ceil, comb

from frontdesk.evaluation.happened import Result

__all__ = ["Figures", "figures", "groups", "models", "percentile"]


@dataclass(frozen=True, slots=True)
class Figures:
    """Of a group of results.

    passed     of ``runs`` single runs
    power      pass^1, pass^2, … as far as every scenario has as many runs: the probability that k independent runs
               of a scenario all pass, averaged over the scenarios, C(c, k) / C(n, k) as τ-bench has it
    p50, p95   milliseconds of a turn
    cost_usd   of all runs; None where the price of a model is not known
    """

    scenarios: int
    runs: int
    passed: int
    power: tuple[float, ...]
    p50: float
    p95: float
    cost_usd: float | None
    tokens: int


def figures(results: Sequence[Result]) -> Figures:
    """The figures of ``results``, one or more."""
    by_name: dict[str, list[bool]] = defaultdict(list)
    for result in results:
        by_name[result.name].append(result.passed)
    most = min(map(len, by_name.values()))
    times = [turn.ms for result in results for turn in result.turns]
    costs = [result.cost_usd for result in results]
    return Figures(
        scenarios=len(by_name),
        runs=len(results),
        passed=sum(result.passed for result in results),
        power=tuple(_power(list(by_name.values()), k) for k in range(1, most + 1)),
        p50=percentile(times, 0.5),
        p95=percentile(times, 0.95),
        cost_usd=None if None in costs else sum(cost for cost in costs if cost is not None),
        tokens=sum(turn.input_tokens + turn.output_tokens for result in results for turn in result.turns),
    )


def _power(scenarios: Sequence[Sequence[bool]], k: int) -> float:
    return sum(comb(sum(passed), k) / comb(len(passed), k) for passed in scenarios) / len(scenarios)


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that ``share`` of ``values`` does not exceed; 0 of none."""
    ordered = sorted(values)
    return ordered[max(0, ceil(share * len(ordered)) - 1)] if ordered else 0.0


def groups(results: Sequence[Result]) -> Iterator[tuple[str, str, list[Result]]]:
    """(heading, name, results): all, plain and hard, by kind, by tool, by language where there are several."""
    yield "", "all", list(results)
    for name, hard in (("plain", False), ("hard", True)):
        if chosen := [result for result in results if bool(result.hard) == hard]:
            yield "", name, chosen
    for heading, names in (
        ("kind", {result.kind for result in results}),
        ("tool", {tool for result in results for tool in result.tools}),
        ("hard by", {tag for result in results for tag in result.hard}),
        ("language", {result.locale for result in results}),
    ):
        if heading == "language" and len(names) == 1:
            continue
        for name in sorted(names):
            yield heading, name, [result for result in results if name in _of(heading, result)]


def _of(heading: str, result: Result) -> Sequence[str]:
    match heading:
        case "kind":
            return [result.kind]
        case "tool":
            return result.tools
        case "hard by":
            return result.hard
        case _:
            return [result.locale]


def models(results: Iterable[Result]) -> dict[str, int]:
    """How many turns each model answered: a fallback that stood in for the chosen one is seen here."""
    return dict(
        Counter(turn.model for result in results for turn in result.turns if turn.model).most_common()
    )
