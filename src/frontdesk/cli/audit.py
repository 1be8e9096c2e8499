"""``frontdesk audit verify`` and ``anchor``."""

from __future__ import annotations

import sys
from pathlib import Path

import click
import orjson

from frontdesk.bootstrap import database_urls
from frontdesk.domain import counted
from frontdesk.errors import SettingsError
from frontdesk.privacy import signing_keys
from frontdesk.settings import Settings, load
from frontdesk.store.audit import anchor as take_anchor
from frontdesk.store.audit import verify as verify_log


@click.group()
def audit() -> None:
    """The append-only, hash-chained log of what was done."""


@audit.command()
@click.option(
    "--anchor", type=click.Path(exists=True, path_type=Path), help="compare with an anchor taken before"
)
def verify(anchor: Path | None) -> None:
    """Walk every chain. Exit code 1 when a row was edited, removed, reordered or cut off."""
    earlier = orjson.loads(anchor.read_bytes()) if anchor else None
    settings = load()
    report = verify_log(database_urls(settings)[1], earlier, _keys(settings))
    for problem in report.problems:
        click.echo(problem)
    state = "is intact" if report.holds else f"was changed in {counted(len(report.problems), 'place')}"
    click.echo(f"The audit log {state}. Rows: {report.rows}; conversations: {report.conversations}.")
    sys.exit(0 if report.holds else 1)


def _keys(settings: Settings) -> list[bytes]:
    """What erasures were signed with; nothing where there is no secret: then nothing was erased either."""
    try:
        return signing_keys(settings)
    except SettingsError:
        return []


@audit.command("anchor")
def anchor_() -> None:
    """Print the heads of all chains as JSON, to be kept outside the database."""
    click.echo(orjson.dumps(take_anchor(database_urls(load())[1])))
