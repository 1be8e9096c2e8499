"""``frontdesk knowledge conflicts``: articles that say different things, as questions have met them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import click
import orjson
from rich.console import Console

from frontdesk.cli.chosen import with_base
from frontdesk.cli.shown import shown
from frontdesk.store.conflicts import StoredConflict
from frontdesk.store.conflicts import conflicts as recorded

console = Console(highlight=False, soft_wrap=True)
NONE = "No question has met two articles that disagree."


@click.command()
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def conflicts(limit: int, as_json: bool) -> None:
    """Articles that say different things; the newer one was quoted. Most asked first."""
    found = with_base(lambda base: recorded(base.database, limit))
    if as_json:
        click.echo(orjson.dumps(found, option=orjson.OPT_INDENT_2))
    else:
        _print(found)


def _print(found: Sequence[StoredConflict]) -> None:
    for each in found:
        times = "once" if each.questions == 1 else f"{each.questions} times"
        console.print(
            f"[bold]{shown(each.chosen_title)}[/bold] against {shown(each.other_title)}, met {times}"
        )
        _side("quoted", each.chosen_updated, each.chosen_sentence, each.chosen_url)
        _side("says otherwise", each.other_updated, each.other_sentence, each.other_url)
    if not found:
        console.print(NONE)


def _side(what: str, updated: datetime | date | None, sentence: str, url: str) -> None:
    dated = f", of {updated:%Y-%m-%d}" if updated else ", undated"
    console.print(f"  {what}{dated}: {shown(sentence)}")
    if url:
        console.print(f"    {shown(url)}", style="dim")
