"""``frontdesk report``: what became of the conversations of a period, counted so that it cannot flatter."""

from __future__ import annotations

from dataclasses import asdict

import click
import orjson
from rich.console import Console
from rich.table import Table

from frontdesk.bootstrap import database_urls
from frontdesk.cli.period import between, since_option
from frontdesk.cli.shown import shown
from frontdesk.database import migrate
from frontdesk.settings import load
from frontdesk.store.figures import DEFINITIONS, Figures, figures
from frontdesk.store.outcomes import Outcomes, outcomes

console = Console(highlight=False, soft_wrap=True)
WIDTH, NARROW = 24, 100
BECAME = {
    "resolved": "resolved",
    "unanswered": "ended without an answer",
    "reopened": "taken up again within 7 days",
    "returned": "customer came back within 7 days",
    "ticket": "left a ticket",
    "handed_off": "handed off to a person",
    "not_yet_known": "not yet known",
    "waiting": "not answered yet",
    "without": "without the agent",
}
GOOD, OPEN = ("resolved",), ("not_yet_known", "waiting")


@click.command()
@since_option("30d")
@click.option("--from", "first", metavar="DAY", help="the first day, 2026-11-01, in UTC")
@click.option("--to", "last", metavar="DAY", help="the last day, included")
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@click.option("--explain", is_flag=True, help="what each figure means, in one line")
def report(since: str, first: str | None, last: str | None, as_json: bool, explain: bool) -> None:
    """What became of the conversations that began in a period: resolved, handed off, and at what cost.

    A conversation counts as resolved only once its customer has had 7 days to come back.
    """
    begin, until = between(since, first, last)
    owner_url = database_urls(load())[1]
    migrate(owner_url)
    counted = outcomes(owner_url, begin, until)
    found = figures(counted)
    if as_json:
        explained = {"definitions": DEFINITIONS} if explain else {}
        told = {**asdict(counted), "figures": asdict(found), **explained}
        click.echo(orjson.dumps(told, option=orjson.OPT_INDENT_2))
        return
    _print(counted, found)
    if explain:
        console.print("\n[bold]What the figures mean[/bold]")
        for name, meaning in DEFINITIONS.items():
            console.print(f"[bold]{name.replace('_', ' ')}[/bold]: {meaning}")


def _print(counted: Outcomes, found: Figures) -> None:
    tests = f" ({counted.tests} by staff or backends left out)" if counted.tests else ""
    begun = "1 conversation" if found.conversations == 1 else f"{found.conversations:,} conversations"
    console.print(
        f"[bold]Outcomes[/bold] of {begun} begun {counted.since:%Y-%m-%d} to {counted.until:%Y-%m-%d}{tests}"
    )
    if not found.conversations:
        console.print("Nothing yet: no customer wrote in this time. A longer one: --since 90d")
        return
    _headline(counted, found)
    _became(counted)
    _handoffs(counted)
    _tools(counted)


def _headline(counted: Outcomes, found: Figures) -> None:
    table = _table("left")
    _row(
        table,
        "Involvement",
        found.involvement,
        f"{found.involved:,} of {found.conversations:,} conversations",
    )
    young = f"; {found.not_yet_known:,} not yet known" if found.not_yet_known else ""
    if found.settled:
        note = f"{counted.settled.get('resolved', 0):,} of {found.settled:,} whose 7 days are over{young}"
    else:
        note = f"nobody's 7 days are over{young}; at most {_share(found.at_most)}"
    _row(table, "Resolution", found.resolution, note)
    _row(table, "Automation", found.automation, "involvement × resolution")
    _row(
        table,
        "Answered with a citation",
        found.cited,
        f"{counted.cited:,} of {counted.searched:,} help-center questions",
    )
    _row(
        table,
        "Without a paid model",
        found.unpaid,
        f"{counted.unpaid:,} of {counted.turns:,} turns",
    )
    votes = sum(counted.thumbs.values())
    _row(
        table, "Thumbs up", found.thumbs_up, f"{counted.thumbs['up']:,} of {votes:,} ratings" if votes else ""
    )
    console.print(table)
    _money_and_time(counted, found)


def _money_and_time(counted: Outcomes, found: Figures) -> None:
    least = "at least " if found.cost_is_least else ""
    per = "none was resolved" if found.settled else "not yet known"
    if found.cost_per_resolved is not None:
        per = f"{least}${found.cost_per_resolved:.4f}"
    console.print(f"Cost per resolved conversation  {per}")
    if counted.seconds:
        console.print(f"Time to reply  p50 {counted.seconds[0]:.2f} s, p95 {counted.seconds[1]:.2f} s")


def _became(counted: Outcomes) -> None:
    console.print("\n[bold]What became of them[/bold]")
    table, total = _table(), sum(counted.became.values())
    for name, words in BECAME.items():
        if count := counted.became.get(name, 0):
            style = "green" if name in GOOD else "dim" if name in OPEN else "yellow"
            table.add_row(words, f"{count:,}", _share(count / total), f"[{style}]{_bar(count / total)}[/]")
    console.print(table)


def _handoffs(counted: Outcomes) -> None:
    if not counted.handoffs:
        return
    console.print("\n[bold]Handed off, by reason[/bold]")
    table, total = _table(), sum(counted.handoffs.values())
    for reason, count in sorted(counted.handoffs.items(), key=lambda item: -item[1]):
        words = shown(reason.replace("_", " "))
        table.add_row(words, f"{count:,}", _share(count / total), f"[yellow]{_bar(count / total)}[/]")
    console.print(table)


def _tools(counted: Outcomes) -> None:
    if not counted.tools:
        return
    console.print("\n[bold]Actions, by tool[/bold]")
    every = (
        *("proposed", "confirmed", "declined", "approved", "refused", "expired", "executed", "failed"),
        *("unknown", "undone"),
    )
    names = [name for name in every if any(getattr(tool, name) for tool in counted.tools)]
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column("", overflow="fold")
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for tool in counted.tools:
        table.add_row(shown(tool.tool), *(f"{getattr(tool, name) or '-'}" for name in names))
    console.print(table)


def _table(third: str = "right") -> Table:
    table = Table(box=None, pad_edge=False, show_header=False)
    for justify in ("left", "right", third):
        table.add_column(justify=justify, no_wrap=True)  # pyright: ignore[reportArgumentType]  (a literal of rich's)
    table.add_column()  # in a narrow terminal this one gives way, and no figure does
    return table


def _row(table: Table, name: str, share: float | None, note: str) -> None:
    bar = "" if share is None else f"[green]{_bar(share)}[/]"
    table.add_row(name, _share(share), bar, f"[dim]{note}[/dim]")


def _share(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _bar(share: float) -> str:
    """A bar of at most WIDTH characters, half of it in a narrow terminal; what is there at all is seen."""
    longest = WIDTH if console.width >= NARROW else WIDTH // 2
    return "█" * (max(1, round(longest * share)) if share else 0)
