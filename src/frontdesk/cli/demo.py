"""``frontdesk demo``: the example shop and its desk, in one command. ``make run`` calls it."""

from __future__ import annotations

import asyncio
import importlib
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import click
from fastapi import APIRouter
from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk.bootstrap import database_urls, load_desk, model_chain
from frontdesk.cli.greeting import console, greet, with_key
from frontdesk.cli.serve import must_be_free, prepare, run, stop
from frontdesk.database import Database, embedded
from frontdesk.errors import SettingsError
from frontdesk.people import StaffDirectory
from frontdesk.settings import Settings, development_secret, load
from frontdesk.store.staff import Role
from frontdesk.telemetry import configure
from frontdesk.web.app import create_app
from frontdesk.web.keys import dev_keyring
from frontdesk.web.tokens import sign

SHOP_START_SECONDS = 60
STAFF: tuple[tuple[str, str, Role], ...] = (
    ("mara@ourshop.example", "Mara Lind", "admin"),
    ("lena@ourshop.example", "Lena Vos", "lead"),  # the second yes that a large refund needs
    ("tom@ourshop.example", "Tom Baker", "agent"),
)


@click.command()
def demo() -> None:
    """Start the example shop and its desk. PORT and SHOP_PORT choose other ports than 8000 and 8001."""
    root = Path.cwd()
    if not (root / "examples" / "ourshop").is_dir():
        raise SettingsError(
            "the example shop is in the repository: run this in a clone of it, or make a desk of your own: frontdesk new myshop"
        )
    sys.path.insert(0, str(root))
    signal.signal(signal.SIGTERM, stop)
    settings = _settings()
    configure("warning" if sys.stderr.isatty() else settings.log_level, settings.log_format)
    models = model_chain(settings)
    shop_port = _port("SHOP_PORT", 8001)
    if shop_port == settings.port:
        raise SettingsError("PORT and SHOP_PORT: the shop and its desk need a port each")
    for port in (settings.port, shop_port):
        must_be_free(port)
    try:
        with _shop(settings, shop_port):
            _serve(settings, shop_port, models)
    except KeyboardInterrupt:
        pass
    console.print("Stopped.")


def _settings() -> Settings:
    port = _port("PORT", 0)
    return with_key(load(**({"port": port} if port else {})))


def _port(name: str, default: int) -> int:
    text = os.environ.get(name) or str(default)
    if not text.isdecimal() or not int(text) < 65536 or (name in os.environ and not int(text)):
        raise SettingsError(f"{name}: write a port number from 1 to 65535")
    return int(text)


@contextmanager
def _shop(settings: Settings, port: int) -> Generator[None]:
    """The shop's own service in a process of its own, over its own database."""
    first = not (settings.data_dir / "postgres").exists()
    console.print("Starting PostgreSQL …")
    url = os.environ.get("SHOP_DATABASE_URL") or embedded.database(
        embedded.start(settings.data_dir.resolve() / "postgres"), "ourshop"
    )
    console.print("Starting the example shop" + (", which fills its database …" if first else " …"))
    os.environ["SHOP_URL"] = f"http://127.0.0.1:{port}"
    environment = {
        **os.environ,
        "SHOP_DATABASE_URL": url,
        "SHOP_PORT": str(port),
        "SHOP_STOP_WITH_STDIN": "1",
        "PYTHONPATH": str(Path.cwd()),
    }
    command = [sys.executable, "-m", "examples.ourshop.shop"]
    process = subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, start_new_session=True)  # noqa: S603
    try:
        _wait_for(f"http://127.0.0.1:{port}/healthz", process)
        yield
    finally:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + SHOP_START_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            raise SettingsError("the example shop did not start; its message stands above")
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310  (a fixed http URL on loopback)
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.05)
    raise SettingsError("the example shop did not answer in time")


def _storefront(settings: Settings) -> APIRouter | None:
    """The shop's own pages, which sign in whom one likes. None where this is not development mode."""
    key = dev_keyring(settings)
    if key is None:
        return None

    def token_for(customer: str) -> str:
        return sign(customer, key)

    return importlib.import_module("examples.ourshop.storefront").storefront(token_for)


async def _with_staff(settings: Settings) -> list[str]:
    """Let the demo's staff sign in; the line that says how. None where this is not development mode."""
    if not settings.development:
        return []
    password = development_secret(settings.data_dir / "console-password")[:16]
    url, _ = database_urls(settings)
    database = await Database.open(url)
    try:
        directory = StaffDirectory(database)
        known = {person.email for person in await directory.everybody()}
        for email, name, role in STAFF:
            if email not in known:
                await directory.add(email, name, role, password)
    finally:
        await database.close()
    who = ", ".join(f"{email} ({role})" for email, _, role in STAFF)
    return [
        f"  Console         http://{settings.host}:{settings.port}/console",
        f"                  where people answer: {who}, password {password}",
    ]


def _serve(settings: Settings, shop_port: int, models: Sequence[tuple[str, BaseChatModel]]) -> None:
    storefront = _storefront(settings)
    if storefront:  # it shows the help center: citations lead there
        os.environ["SHOP_HELP_URL"] = f"http://{settings.host}:{settings.port}/help/{{slug}}"
    desk = load_desk("examples.ourshop.support:desk")
    app = create_app(desk, settings, models=models, front=storefront)
    asyncio.run(prepare(desk, settings))
    staff = asyncio.run(_with_staff(settings))
    greeting = partial(
        greet,
        settings,
        "                  the shop's own pages with the widget in its place; sign in as one of its customers."
        " In a terminal: .venv/bin/frontdesk chat"
        + ("" if settings.port == 8000 else f" --url http://{settings.host}:{settings.port}"),
        *staff,
        f"  The shop's API  http://127.0.0.1:{shop_port}/orders/789  (Authorization: Bearer shop-demo);"
        " its clock stands at 15 January 2025",
        message="Where is my order 789?",
    )
    run(app, settings, greeting)
