"""``frontdesk serve support:desk``."""

from __future__ import annotations

import asyncio
import gc
import signal
from contextlib import suppress
from types import FrameType

import click
import uvicorn

from frontdesk.bootstrap import database_urls, load_desk
from frontdesk.cli.greeting import greet, with_key
from frontdesk.cli.progress import sync_with_progress
from frontdesk.database import Database, migrate
from frontdesk.desk import Frontdesk
from frontdesk.settings import Settings, load
from frontdesk.telemetry import configure
from frontdesk.web.app import create_app


@click.command()
@click.argument("desk", default="support:desk")
@click.option("--port", type=int, help="instead of FRONTDESK_PORT (8000)")
@click.option("--sync/--no-sync", default=True, help="bring the help center up to date first")
def serve(desk: str, port: int | None, sync: bool) -> None:
    """Serve DESK (module:name) over HTTP until SIGINT or SIGTERM."""
    settings = with_key(load(**({"port": port} if port else {})))
    configure(settings.log_level, settings.log_format)
    chosen = load_desk(desk)
    if sync and chosen.knowledge is not None:
        asyncio.run(prepare(chosen, settings))
    if settings.development:
        greet(settings)
    run(chosen, settings, customers=("u123",))


async def prepare(desk: Frontdesk, settings: Settings) -> None:
    """Migrate the database and sync the help center, showing progress."""
    url, owner_url = database_urls(settings)
    migrate(owner_url)
    database = await Database.open(url)
    try:
        await sync_with_progress(desk, database)
    finally:
        await database.close()


def run(desk: Frontdesk, settings: Settings, *, customers: tuple[str, ...] = ()) -> None:
    """Serve until told to stop; turns that run get ten seconds to end."""
    app = create_app(desk, settings, demo_customers=customers)
    # What is loaded by now stays: the collector need not walk it again and again. It halved the slowest turns.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    signal.signal(signal.SIGTERM, stop)
    with suppress(KeyboardInterrupt):
        uvicorn.run(
            app,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=12,
            timeout_keep_alive=30,
        )


def stop(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the process as Ctrl+C does, so that what it started ends with it.

    While it serves, uvicorn has a handler of its own; it raises the signal again once it has stopped.
    """
    raise KeyboardInterrupt
