"""``frontdesk demo``: the example shop and its desk, in one command. ``make run`` calls it."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk.bootstrap import load_desk, model_chain
from frontdesk.cli.demo_staff import demo_staff
from frontdesk.cli.greeting import console, greet, with_key
from frontdesk.cli.serve import must_be_free, prepare, run, stop
from frontdesk.database import embedded
from frontdesk.errors import SettingsError
from frontdesk.settings import Settings, load
from frontdesk.telemetry import configure
from frontdesk.web.app import create_app

CUSTOMERS = ("u123", "u124", "u125", "u126")
SHOP_START_SECONDS = 60


@click.command()
def demo() -> None:
    """Start the example shop and its desk. PORT and SHOP_PORT choose other ports than 8000 and 8001."""
    root = Path.cwd()
    if not (root / "examples" / "ourshop").is_dir():
        raise SettingsError("the example shop is in the repository: run this in a clone of it")
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


def _serve(settings: Settings, shop_port: int, models: Sequence[tuple[str, BaseChatModel]]) -> None:
    desk = load_desk("examples.ourshop.support:desk")
    app = create_app(desk, settings, models=models, demo_customers=CUSTOMERS)
    asyncio.run(prepare(desk, settings))
    staff = asyncio.run(demo_staff(settings))
    greet(
        settings,
        "                  as one of its customers u123 to u126, or in a terminal: .venv/bin/frontdesk chat"
        + ("" if settings.port == 8000 else f" --url http://{settings.host}:{settings.port}"),
        f"  The shop's API  http://127.0.0.1:{shop_port}/orders/789  (Authorization: Bearer shop-demo);"
        " its clock stands at 15 January 2025",
        *staff,
        message="Where is my order 789?",
    )
    run(app, settings)
