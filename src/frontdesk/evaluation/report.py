"""A run in the terminal: tables, and for each failure the talk around it with what was expected and what came."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from frontdesk.domain import counted
from frontdesk.evaluation.calibrate import row, turns_of
from frontdesk.evaluation.happened import Finding, Result, ToolUse, Turn
from frontdesk.evaluation.run import Run
from frontdesk.evaluation.tables import Figures, figures, groups, models
from frontdesk.models import CASCADE

__all__ = ["failures", "money", "summary", "told"]

AROUND = 1  # turns shown before the one that went wrong
LONG = 600


def summary(console: Console, run: Run) -> None:
    """The tables."""
    results = run.results
    if not results:
        console.print("Nothing was run.")
        return
    most = len(figures(results).power)
    table = Table(box=None, pad_edge=False)
    for name in ("", "scenarios", "passed", *(f"pass^{k}" for k in range(1, most + 1)), "p50", "p95", "cost"):
        table.add_column(name, justify="left" if not name else "right", no_wrap=True)
    last = ""
    for heading, name, chosen in groups(results):
        if heading != last:
            table.add_row(Text(f"by {heading}" if heading != "hard by" else "hard by", style="dim"))
            last = heading
        found = figures(chosen)
        table.add_row(
            Text(name, style="bold" if name == "all" else ""),
            str(found.scenarios),
            Text(f"{found.passed}/{found.runs}", style="" if found.passed == found.runs else "red"),
            *_powers(found, most),
            f"{found.p50:.0f} ms",
            f"{found.p95:.0f} ms",
            money(found.cost_usd),
        )
    console.print(table)
    answered = ", ".join(f"{name} {count}" for name, count in models(results).items())
    tokens = figures(results).tokens
    console.print(
        f"\n{run.desk} with {run.model}: {counted(len(results), 'run')} in {run.seconds:.1f} s on {counted(run.workers, 'worker')}"
        f" · turns by model: {answered or 'none'}" + (f" · {tokens:,} tokens" if tokens else "")
    )
    if run.model.startswith(CASCADE):
        console.print(_saved(results))


def _saved(results: Sequence[Result]) -> str:
    """What a cascade came to: the share of turns without a paid call, and how many of those are right."""
    found = row(turns_of(results), 0.0)
    turns = sum(turn.does == "say" for result in results for turn in result.turns)
    low, high = found.interval
    return (
        f"without a paid call: {found.answered} of {counted(turns, 'turn')}, {found.precision:.1%} of them right"
        f" ({low:.1%} to {high:.1%} at 95 %)"
    )


def _powers(found: Figures, most: int) -> list[str]:
    return [f"{share:.1%}" for share in found.power] + [""] * (most - len(found.power))


def money(cost: float | None) -> str:
    """A sum in dollars, "free", or "unknown" where a price is."""
    if cost is None:
        return "unknown"
    return f"${cost:.4f}" if cost else "free"


def failures(console: Console, results: Sequence[Result]) -> None:
    """Each scenario that failed, once, with how many of its runs did."""
    seen: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda result: (result.name, result.run)):
        seen.setdefault(result.name, []).append(result)
    for name, runs in seen.items():
        if wrong := [result for result in runs if not result.passed]:
            times = f", {len(wrong)} of {len(runs)} runs" if len(runs) > 1 else ""
            console.print(Text(f"\n✗ {name}{times}", style="bold red"))
            for line in told(wrong[0]):
                console.print(line, soft_wrap=True)


def told(result: Result) -> Iterator[Text]:
    """One failed run: the turns around each finding, and the findings where they belong."""
    if result.why != "-":
        yield Text(f"  {_plain(result.why)}", style="dim")
    if result.error:
        yield Text(f"  could not be run: {_plain(result.error)}", style="red")
    shown = {n for finding in result.findings for n in _around(finding, len(result.turns))}
    for number, turn in enumerate(result.turns, 1):
        if number in shown:
            yield from _turn(number, turn)
        yield from (_finding(finding) for finding in result.findings if finding.turn == number)
    at_the_end = [finding for finding in result.findings if not finding.turn]
    if at_the_end:
        yield Text("  after the last turn", style="dim")
        yield from map(_finding, at_the_end)


def _around(finding: Finding, turns: int) -> range:
    at = finding.turn or turns
    return range(at - AROUND, at + 1)


def _turn(number: int, turn: Turn) -> Iterator[Text]:
    said = turn.said if turn.does == "say" else f"[{turn.does} {turn.said}]"
    yield Text(f"  {number} customer   {_plain(said)}", style="cyan")
    for use in turn.tools:
        yield Text(f"    {_use(use)}", style="dim")
    for deed in turn.proposed:
        yield Text(f"    {deed.tool} {deed.arguments}: {deed.status}", style="dim")
    yield Text(f"    assistant  {_plain(turn.reply)}  ({turn.outcome or 'no reply'}, {turn.ms:.0f} ms)")


def _use(use: ToolUse) -> str:
    arguments = ", ".join(f"{key}={value!r}" for key, value in use.arguments.items())
    return _plain(f"{use.tool}({arguments}) → {'' if use.ok else f'{use.error}: '}{use.result}", 200)


def _finding(finding: Finding) -> Text:
    return Text.assemble(
        (f"    {finding.check}\n", "bold red"),
        ("      − ", "green"),
        (f"{_plain(finding.expected)}\n", "green"),
        ("      + ", "red"),
        (_plain(finding.got), "red"),
    )


def _plain(text: str, most: int = LONG) -> str:
    """On one line, without what a terminal would obey, and not endless."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return flat if len(flat) <= most else f"{flat[:most]} …"
