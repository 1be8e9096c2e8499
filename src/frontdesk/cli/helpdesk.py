"""``frontdesk helpdesk list|retry``: tickets that did not reach the helpdesk."""

from __future__ import annotations

import click

from frontdesk.cli.opened import with_database
from frontdesk.store import deliveries


@click.group()
def helpdesk() -> None:
    """Tickets on their way to the helpdesk."""


@helpdesk.command("list")
def list_() -> None:
    """What did not arrive: ticket, helpdesk, attempts, the last error, and whether it was given up."""
    late = with_database(deliveries.deliveries)
    if not late:
        click.echo("Every ticket has arrived, or no helpdesk is declared.", err=True)
    for reference, name, attempts, how, dead in late:
        click.echo(
            f"{reference}  {name}  {attempts} attempts  {how}  {'given up' if dead else 'tried again'}"
        )


@helpdesk.command()
def retry() -> None:
    """Try again what was given up."""
    click.echo(f"{with_database(deliveries.retry)} tried again")
