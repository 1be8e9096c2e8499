"""``frontdesk eval replay``: recorded conversations against today's desk and model, and where behaviour changes."""

from __future__ import annotations

import asyncio
import difflib
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from frontdesk.bootstrap import database_urls, load_desk, model_chain, tools_of
from frontdesk.cli.period import ago, since_option
from frontdesk.cli.shown import shown
from frontdesk.database import Database, migrate
from frontdesk.domain import counted
from frontdesk.errors import FrontdeskError, SettingsError
from frontdesk.evaluation.replay import Difference, Replayed, replay
from frontdesk.models import ModelChain
from frontdesk.settings import Settings, load
from frontdesk.store.recorded import begun_since, recorded
from frontdesk.telemetry import configure

SAME, CHANGED, NOT_RUNNABLE = 0, 1, 2
console = Console(highlight=False, soft_wrap=True)


@click.command("replay")
@click.argument("conversations", nargs=-1, type=click.UUID)
@since_option(None)
@click.option("--desk", default="support:desk", show_default=True, metavar="MODULE:NAME")
@click.option("--model", default="", help="instead of FRONTDESK_MODEL: local, openai:gpt-4o-mini, …")
def eval_replay(conversations: tuple[UUID, ...], since: str | None, desk: str, model: str) -> None:
    """Run CONVERSATIONS again, or those begun since, and show what changes: calls, outcome, citations, reply.

    Tools answer from the record: no backend is called and nothing is written. A model that costs money costs it here.
    Exit code 0: all went as it did. 1: something changed. 2: could not be run.
    """
    configure("error")
    try:
        if bool(conversations) == bool(since):
            raise SettingsError(
                "name conversations, or --since 7d: frontdesk conversations list has their ids"
            )
        settings = load(**({"model": model} if model else {}))
        found = asyncio.run(_replayed(settings, desk, conversations, since))
    except FrontdeskError as error:
        click.echo(f"frontdesk: {error.detail}", err=True)
        sys.exit(NOT_RUNNABLE)
    for each in found:
        _print(each)
    _summary(found)
    sys.exit(SAME if all(each.same for each in found) else CHANGED)


async def _replayed(
    settings: Settings, desk_name: str, conversations: Sequence[UUID], since: str | None
) -> list[Replayed]:
    url, owner_url = database_urls(settings)
    migrate(owner_url)
    chosen = list(conversations) if since is None else begun_since(owner_url, ago(since, datetime.now(UTC)))
    desk = load_desk(desk_name)
    database = await Database.open(url)
    chain = ModelChain(model_chain(settings), settings.model_timeout, redact=settings.redact)
    try:
        tools = tools_of(desk, database, settings)
        with _bar() as bar:
            return [
                await replay(recorded(owner_url, identity), desk, tools, chain, settings)
                for identity in bar.track(chosen, description="Replaying")
            ]
    finally:
        await chain.aclose()
        await database.close()


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(),
        console=Console(stderr=True), transient=True,
    )  # fmt: skip


def _print(found: Replayed) -> None:
    if found.same:
        return
    console.print(f"[bold]{found.conversation_id}[/bold]  {found.turns} of {counted(found.of, 'turn')} run")
    for difference in found.differences:
        _difference(difference)
    if found.missing:
        console.print(
            f"  turn {found.ended_in}  [yellow]{shown(found.missing)}: not in the record[/yellow]"
            f" (which has {shown(found.instead)}); it ends here"
        )
    console.print()


def _difference(difference: Difference) -> None:
    console.print(f"  turn {difference.seq}  [bold]{difference.what}[/bold]")
    lines = difflib.ndiff(difference.before.splitlines(), difference.after.splitlines())
    for line in lines:
        if line[:2] in ("- ", "+ "):
            style = "red" if line[0] == "-" else "green"
            console.print(f"    [{style}]{shown(line)}[/{style}]")


def _summary(found: Sequence[Replayed]) -> None:
    if not found:
        console.print("No conversation was recorded in this time.")
        return
    same, ended = sum(each.same for each in found), sum(bool(each.missing) for each in found)
    changed: dict[str, int] = {}
    for each in found:
        for what in {difference.what for difference in each.differences}:
            changed[what] = changed.get(what, 0) + 1
    parts = [f"{what} changed in {count}" for what, count in sorted(changed.items())]
    parts += [f"{ended} ended at a call that is not in the record"] if ended else []
    cost = sum(each.cost_usd for each in found)
    parts += [f"${cost:.4f}"] if cost else []
    console.print(
        "; ".join([f"{same} of {counted(len(found), 'conversation')} go as they did", *parts]) + "."
    )
