"""``frontdesk knowledge sync FOLDER``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click

from frontdesk.bootstrap import database_urls, load_desk
from frontdesk.cli.calibrate import calibrate_
from frontdesk.cli.gaps import gaps
from frontdesk.cli.progress import sync_with_progress
from frontdesk.database import Database, migrate
from frontdesk.desk import Frontdesk
from frontdesk.knowledge.sync import SyncReport
from frontdesk.settings import load


@click.group()
def knowledge() -> None:
    """The help center that the agent quotes."""


knowledge.add_command(gaps)
knowledge.add_command(calibrate_)


@knowledge.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), required=False)
@click.option("--desk", "name", default="", help="module:name of the desk whose folder and URL to use")
@click.option("--url", default="", help="where the articles are published, https://shop.example/help/{slug}")
def sync(folder: Path | None, name: str, url: str) -> None:
    """Bring the knowledge base to what FOLDER (Markdown files) holds now.

    Unchanged articles are skipped, removed ones removed. Exit code 2 when a file could not be read.
    """
    if not folder and not name:
        raise click.UsageError("name a FOLDER, or a desk with --desk support:desk")
    desk = load_desk(name) if name else Frontdesk("frontdesk", knowledge=folder, knowledge_url=url)
    report = asyncio.run(_sync(desk, folder))
    sys.exit(2 if report.failed else 0)


async def _sync(desk: Frontdesk, folder: Path | None) -> SyncReport:
    app_url, owner_url = database_urls(load())
    migrate(owner_url)
    database = await Database.open(app_url)
    try:
        return await sync_with_progress(desk, database, folder)
    finally:
        await database.close()
