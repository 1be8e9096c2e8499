"""``frontdesk keys create NAME``, ``list``, ``revoke ID``."""

from __future__ import annotations

import click

from frontdesk.cli.opened import with_database
from frontdesk.store.identity import create_service_key, list_service_keys, revoke_service_key


@click.group()
def keys() -> None:
    """Keys of trusted backends."""


@keys.command()
@click.argument("name")
@click.option(
    "--knowledge",
    is_flag=True,
    help="it may also use /support/knowledge: read what all customers asked, publish what all customers read",
)
@click.option(
    "--approvals",
    is_flag=True,
    help="it may also use /support/approvals: approve customers' actions for the staff it names",
)
@click.option(
    "--privacy", is_flag=True, help="it may also use /support/customers: export and erase any customer"
)
def create(name: str, **given: bool) -> None:
    """Make a key for the backend NAME; it is shown once. Two may be active, for rotation."""
    rights = [right for right, chosen in given.items() if chosen]
    click.echo(with_database(lambda database: create_service_key(database, name, rights=rights)))


@keys.command("list")
def list_() -> None:
    """All keys: their public halves, whether they work, and what they may do beside chat."""
    for key in with_database(list_service_keys):
        click.echo(
            f"{key.id}  {key.name}  {'revoked' if key.revoked_at else 'active'}  {key.created_at:%Y-%m-%d}"
            f"  {', '.join(['chat', *sorted(key.rights)])}"
        )


@keys.command()
@click.argument("key_id")
def revoke(key_id: str) -> None:
    """End the key KEY_ID; servers notice within 30 seconds."""
    done = with_database(lambda database: revoke_service_key(database, key_id))
    click.echo("revoked" if done else "there is no active key of that id")
