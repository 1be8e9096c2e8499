"""``frontdesk customer export ID``, ``erase ID``, ``verify-receipt FILE``."""

from __future__ import annotations

import asyncio
import sys
from functools import partial
from pathlib import Path

import click
import orjson

from frontdesk.bootstrap import database_urls
from frontdesk.database import migrate
from frontdesk.database.redis import RedisLink
from frontdesk.domain import Json
from frontdesk.privacy import Privacy, count_customer, export_customer, receipt_holds, signing_keys
from frontdesk.privacy.scrub import scrub
from frontdesk.settings import Settings, load
from frontdesk.store.windows import RedisWindows, key_of

OUT = click.option("--out", type=click.Path(path_type=Path, dir_okay=False), help="instead of the terminal")


@click.group()
def customer() -> None:
    """What is stored of one customer: their shop's id, or anon:… for a visitor."""


@customer.command()
@click.argument("customer_id")
@OUT
def export(customer_id: str, out: Path | None) -> None:
    """Everything that is stored of CUSTOMER_ID, as JSON."""
    owner_url = database_urls(load())[1]
    migrate(owner_url)
    _write(export_customer(owner_url, customer_id), out)


@customer.command()
@click.argument("customer_id")
@click.option("--yes", is_flag=True, help="do not ask")
@OUT
def erase(customer_id: str, yes: bool, out: Path | None) -> None:
    """Erase CUSTOMER_ID for good, and print the signed receipt."""
    settings = load()
    owner_url = database_urls(settings)[1]
    migrate(owner_url)
    if not yes:
        counts = count_customer(owner_url, customer_id)
        click.echo(
            "  ".join(f"{name}: {count}" for name, count in counts.items() if count) or "nothing", err=True
        )
        click.confirm(f"Erase all of this of {customer_id} for good?", abort=True, err=True)
    receipt = asyncio.run(
        Privacy(owner_url, settings, forget=partial(_forget_window, settings)).erase(customer_id)
    )
    _write(receipt, out)
    if not settings.database_url:  # the embedded database is ours: nothing stays in its files either
        scrub(owner_url)


async def _forget_window(settings: Settings, principal_key: str) -> None:
    """What Redis keeps ready of a customer; a process that serves forgets its own when it is asked to erase."""
    if settings.hot_window == "redis":
        link = RedisLink(settings.redis_url)
        await RedisWindows(link).forget(key_of(principal_key))
        await link.close()


@customer.command("verify-receipt")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def verify_receipt(file: Path) -> None:
    """Whether the receipt in FILE is as this installation signed it. Exit code 1 when it is not."""
    try:
        receipt = orjson.loads(file.read_bytes())
    except orjson.JSONDecodeError:
        receipt = None
    holds = isinstance(receipt, dict) and receipt_holds(receipt, signing_keys(load()))  # pyright: ignore[reportUnknownArgumentType]
    click.echo("The receipt is ours and unchanged." if holds else "The receipt is not ours, or was changed.")
    sys.exit(0 if holds else 1)


def _write(document: Json, out: Path | None) -> None:
    text = orjson.dumps(document, option=orjson.OPT_INDENT_2)
    if out is None:
        click.echo(text)
        return
    out.touch(mode=0o600)
    out.write_bytes(text + b"\n")
    click.echo(f"Written to {out}.", err=True)
