"""``frontdesk knowledge sync``, ``search``, ``calibrate``, ``gaps``, ``conflicts``."""

from __future__ import annotations

import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import cast, get_args

import click
from rich.console import Console

from frontdesk.cli.calibrate import calibrate_
from frontdesk.cli.chosen import desk_option, knowledge_of, with_base
from frontdesk.cli.conflicts import conflicts
from frontdesk.cli.gaps import gaps
from frontdesk.cli.progress import sync_with_progress
from frontdesk.cli.shown import shown
from frontdesk.domain import Visibility, counted
from frontdesk.errors import SettingsError
from frontdesk.knowledge.ask import Found
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.conflict import in_words
from frontdesk.knowledge.declared import HELP_CENTER, Knowledge, declared
from frontdesk.knowledge.drafts import knowledge_base
from frontdesk.knowledge.gaps import recheck
from frontdesk.knowledge.quote import best_sentences
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import SyncReport
from frontdesk.settings import load
from frontdesk.store.articles import published_at

console = Console(highlight=False, soft_wrap=True)


@click.group()
def knowledge() -> None:
    """The help center that the agent quotes."""


knowledge.add_command(gaps)
knowledge.add_command(calibrate_)
knowledge.add_command(conflicts)


@knowledge.command()
@click.argument(
    "place", metavar="[FOLDER|FILE]", type=click.Path(exists=True, path_type=Path), required=False
)
@desk_option
@click.option(
    "--url", default="", help="where a FOLDER's articles are published, https://shop.example/help/{slug}"
)
def sync(place: Path | None, desk: str, url: str) -> None:
    """Bring the knowledge base to what its sources hold now.

    They are those of the desk, of a knowledge.toml, or the one FOLDER. What is unchanged is skipped, what is gone
    removed. A FOLDER's articles keep the addresses they have where no --url is given. Exit code 2 when a page could not be read or a source could not be reached.
    """
    alone = place is not None and place.is_dir()
    desks = knowledge_of(desk) if place is None or alone else None
    chosen = _place(place, url) if place else desks
    if chosen is None:
        raise click.UsageError("name a FOLDER or a knowledge.toml, or a desk with --desk support:desk")
    # A folder that is named here and nowhere else does not take the place of what the desk declares.
    # Nor do its embeddings or its store take the place of those that are searched.
    if alone and desks:
        chosen = replace(desks, sources=chosen.sources)
    work = partial(_sync, only=not alone, as_before=alone and not desks, folder=None if url else place)
    report = with_base(work, chosen)
    sys.exit(2 if report.failed or report.unavailable else 0)


async def _sync(base: KnowledgeBase, *, only: bool, as_before: bool, folder: Path | None) -> SyncReport:
    if folder and not only and (known := await published_at(base.database, HELP_CENTER)):
        sources = [Folder(folder, name=HELP_CENTER, url=known)]
        base = replace(base, declared=replace(base.declared, sources=sources))
    if as_before:
        model = (await knowledge_base(base.database)).declared.embeddings
        base = replace(base, declared=replace(base.declared, embeddings=model))
    report = await sync_with_progress(base, only=only)
    if report.changed and (closed := await recheck(base.database, base.ask(load().answer_at))):
        console.print(
            f"{counted(len(closed), 'gap')} {'is' if len(closed) == 1 else 'are'} answered now: frontdesk knowledge gaps --all"
        )
    return report


def _place(place: Path, url: str) -> Knowledge | None:
    if place.is_file() and place.suffix != ".toml":
        raise SettingsError(f"{place.name} is neither a folder nor a .toml file that names the sources")
    return declared(place, url)


@knowledge.command()
@click.argument("question")
@desk_option
@click.option("--as", "reader", type=click.Choice(get_args(Visibility)), default="public", show_default=True)
def search(question: str, desk: str, reader: str) -> None:
    """What QUESTION finds, and whether it counts as answered. Exit code 2 when it does not."""
    visible = get_args(Visibility)[: get_args(Visibility).index(reader) + 1]

    async def ask(base: KnowledgeBase) -> Found:
        silent = replace(base.ask(load().answer_at), record=None)
        return await silent(question, cast("tuple[Visibility, ...]", visible))

    found = with_base(ask, knowledge_of(desk))
    _print(question, found)
    sys.exit(0 if found.answerable else 2)


def _print(question: str, found: Found) -> None:
    verdict = "answered" if found.answerable else "not answered"
    console.print(f"[bold]{verdict}[/bold], confidence {found.confidence:.2f}")
    if found.query != question:
        console.print(f"searched for: {shown(found.query)}", style="dim")
    for passage in found.passages:
        where = f" › {passage.heading}" if passage.heading else ""
        console.print(
            f"\n{passage.score:.2f}  [bold]{shown(passage.title)}[/bold]{shown(where)}  {passage.locale}"
        )
        console.print(f"      {shown(passage.url)}", style="dim")
        for sentence in best_sentences(found.query, passage):
            console.print(f"      {shown(sentence)}")
    if found.conflict:
        sentence = in_words(found.conflict, cites_chosen=True, language="en")
        console.print(f"\n{shown(sentence)}", style="yellow")
    if not found.passages:
        console.print(
            "Nothing was found: is the knowledge base synced? frontdesk knowledge sync", style="yellow"
        )
