"""What a desk prints when it is up in development mode, and the key it makes where none is given."""

from __future__ import annotations

import secrets
import shlex
from contextlib import suppress
from pathlib import Path

import click
import orjson
from rich.console import Console

from frontdesk.errors import SettingsError
from frontdesk.settings import Settings

console = Console(stderr=True, highlight=False, soft_wrap=True)


def with_key(settings: Settings) -> Settings:
    """The settings; in development mode, with a service key of this machine's where none is set."""
    if settings.service_keys or not settings.development:
        return settings
    return settings.model_copy(update={"service_keys": (dev_key(settings.data_dir),)})


def dev_key(data_dir: Path, *, make: bool = True) -> str:
    """The development key: made once, kept in the data folder for this user only.

    Raises SettingsError where there is none and ``make`` is false.
    """
    path = data_dir / "service-key"
    if not path.exists():
        if not make:
            raise SettingsError(
                f"there is no key in {data_dir}: start the desk there, or name one with --key"
            )
        data_dir.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"service-key.{secrets.token_hex(4)}")
        fresh.touch(mode=0o600, exist_ok=False)
        fresh.write_text(f"sk_demo_{secrets.token_urlsafe(32)}", encoding="ascii")
        with suppress(FileExistsError):  # two starting at once: the first link wins, both read it
            path.hardlink_to(fresh)
        fresh.unlink()
    return path.read_text(encoding="ascii").strip()


def greet(settings: Settings, *more: str, user_id: str = "u123", message: str = "Hello!") -> None:
    """Where to go, and a line to paste. ``more`` are lines about what else was started."""
    url = f"http://{settings.host}:{settings.port}"
    body = orjson.dumps({"user_id": user_id, "message": message}).decode()
    key = settings.service_keys[0]
    for line in (
        f"\n[bold]Frontdesk is up[/bold] with the model [bold]{settings.model_name}[/bold]"
        " · [yellow]development mode: loopback only, anybody here can be any customer[/yellow]\n",
        f"  Talk to it      {url}/",
        *more,
        f"  Service key     {key}\n",
        "  Or paste this:",
    ):
        console.print(line)
    # click.echo, not rich: a line that is to be pasted must not be wrapped or coloured.
    click.echo(
        f"  curl -s {url}/support/chat -H {shlex.quote('authorization: Bearer ' + key)}"
        f" -H 'content-type: application/json' -d {shlex.quote(body)}",
        err=True,
    )
    console.print("\n  Ctrl+C stops it.")
