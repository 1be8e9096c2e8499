"""``frontdesk serve support:desk``."""

from __future__ import annotations

import asyncio
import gc
import os
import signal
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import FrameType
from typing import Any

import click
import uvicorn

from frontdesk.bootstrap import check, database_urls, knowledge_base, load_desk, model_chain
from frontdesk.cli.greeting import console, greet, with_key
from frontdesk.cli.progress import sync_with_progress
from frontdesk.database import Database, migrate
from frontdesk.desk import Frontdesk
from frontdesk.errors import SettingsError
from frontdesk.settings import Settings, load, unknown_names
from frontdesk.telemetry import configure
from frontdesk.web.app import create_app

# The system has its own maximum and takes that (4,096 as a rule): who waits to be accepted is refused with a sentence,
# who finds no room there hears of a broken connection.
BACKLOG = 65_535
# uvloop accepts one connection a round of its loop for each socket that listens. A process with much to do makes some
# hundred rounds a second: with one socket, new customers wait in the system's queue for half a minute.
LISTENERS = 32


@click.command()
@click.argument("desk", default="support:desk")
@click.option("--port", type=int, help="instead of PORT or FRONTDESK_PORT (8000)")
@click.option("--sync/--no-sync", default=True, help="bring the help center up to date first")
@click.option("--jobs/--no-jobs", default=True, help="do what is scheduled in this process")
@click.option(
    "--as", "customers", multiple=True, default=("u123",), help="who the page at / offers to be; repeatable"
)
def serve(desk: str, port: int | None, sync: bool, jobs: bool, customers: tuple[str, ...]) -> None:
    """Serve DESK (module:name) over HTTP until SIGINT or SIGTERM."""
    port = port or int(os.environ.get("PORT") or 0)  # as `frontdesk chat` and `make run` do
    settings = with_key(load(**({"port": port} if port else {})))
    configure(settings.log_level, settings.log_format)
    for sentence in unknown_names():
        console.print(sentence, style="yellow")
    chosen = load_desk(desk)
    check(chosen)  # before anything starts: what is wrong is said at once
    app = create_app(chosen, settings, models=model_chain(settings), demo_customers=customers, jobs=jobs)
    must_be_free(settings.port, settings.host)
    asyncio.run(prepare(chosen, settings, sync=sync))
    run(app, settings, partial(_say, settings, customers[0]))


def _say(settings: Settings, customer: str) -> None:
    if settings.development:
        greet(settings, user_id=customer)
    else:
        console.print(
            f"Frontdesk listens on {settings.host}:{settings.port} with the model {settings.model_name}."
        )


def must_be_free(port: int, host: str = "127.0.0.1") -> None:
    """Raise SettingsError where another program listens on ``port``; one that is just ending gets 3 s."""
    end = time.monotonic() + 3
    while not _free(port, host):
        if time.monotonic() > end:
            raise SettingsError(
                f"port {port} is taken: choose another with FRONTDESK_PORT or --port"
                " (for the demo: PORT=8010 SHOP_PORT=8011 make run)"
            )
        time.sleep(0.1)


def _free(port: int, host: str) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except PermissionError:
            raise SettingsError(f"port {port} may not be used by this user: choose one above 1023") from None
        except OSError:
            return False
    return True


async def prepare(desk: Frontdesk, settings: Settings, *, sync: bool = True) -> None:
    """Migrate the database and sync the help center, showing progress."""
    url, owner_url = database_urls(settings)
    migrate(owner_url)
    database = await Database.open(url)
    try:
        base = knowledge_base(desk, database) if sync else None
        if base:
            await sync_with_progress(base)
    finally:
        await database.close()


def run(app: Callable[..., Any], settings: Settings, listening: Callable[[], None] = lambda: None) -> None:
    """Serve until told to stop; turns that run get ten seconds to end. ``listening`` is called once the port answers."""
    # What is loaded by now stays: the collector need not walk it again and again. It halved the slowest turns.
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGHUP, hang_up)
    with suppress(KeyboardInterrupt):
        config = uvicorn.Config(
            app,
            host=settings.host,
            port=settings.port,
            log_level="warning",
            access_log=False,
            server_header=False,
            date_header=False,
            timeout_graceful_shutdown=12,
            timeout_keep_alive=30,
            backlog=BACKLOG,
        )
        bound = config.bind_socket()
        _Server(config, listening).run([bound, *(bound.dup() for _ in range(LISTENERS - 1))])


def hang_up(_signal: int, _frame: FrameType | None) -> None:
    """The terminal was closed: the same as SIGTERM."""
    os.kill(os.getpid(), signal.SIGTERM)


class _Server(uvicorn.Server):
    """uvicorn, which says when its port answers, and tells the desk at once when it is to stop: nothing more is accepted
    from then on.
    """

    def __init__(self, config: uvicorn.Config, listening: Callable[[], None]) -> None:
        super().__init__(config)
        self._listening = listening

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._listening()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if service := getattr(getattr(self.config.app, "state", None), "service", None):
            service.support.drain()
        super().handle_exit(sig, frame)


def stop(_signal: int, _frame: FrameType | None) -> None:
    """SIGTERM ends the process as Ctrl+C does, so that what it started ends with it.

    While it serves, uvicorn has a handler of its own; it raises the signal again once it has stopped.
    """
    raise KeyboardInterrupt
