"""``frontdesk retention run`` and ``scrub``."""

from __future__ import annotations

import click

from frontdesk.bootstrap import database_urls
from frontdesk.database import migrate
from frontdesk.privacy.retention import run_out
from frontdesk.privacy.scrub import scrub as scrub_files
from frontdesk.settings import load


@click.group()
def retention() -> None:
    """Data that has run out (FRONTDESK_KEEP_…_DAYS); a job does `run` each night."""


@retention.command()
@click.option("--dry-run", is_flag=True, help="count only")
def run(dry_run: bool) -> None:
    """Take away what has run out, and show how much of what."""
    settings = load()
    owner_url = database_urls(settings)[1]
    migrate(owner_url)
    for kind, (days, count) in run_out(owner_url, settings, dry_run=dry_run).items():
        kept = f"older than {days} days" if days else "kept for ever"
        click.echo(f"{kind:<14} {count:>8}  {kept}")
    if dry_run:
        click.echo("Nothing was changed.")


@retention.command()
def scrub() -> None:
    """Rewrite the tables, so that PostgreSQL's files hold nothing that was deleted. Locks each for a moment."""
    done = scrub_files(database_urls(load())[1])
    click.echo(
        "Tables rewritten, write-ahead log let go of."
        if done
        else "Tables rewritten. The write-ahead log is let go of by its own rules: only a superuser may hurry it."
    )
