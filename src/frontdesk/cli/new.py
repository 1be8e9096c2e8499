"""``frontdesk new myshop``: a desk that runs, is tested and can be deployed, in a folder of its own."""

from __future__ import annotations

import re
import sys
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

import click
from jinja2 import Environment, StrictUndefined

from frontdesk.errors import SettingsError

DATABASES = ("embedded", "own")
MODEL = re.compile(r"[\w./:,-]+")
MOST_TITLE = 80


@click.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--title", default="", help="your company, as customers read it")
@click.option("--model", default="", help="local, openai:NAME, anthropic:NAME, …")
@click.option(
    "--database",
    type=click.Choice(["", *DATABASES]),
    default="",
    help="own: a PostgreSQL that you run elsewhere",
)
@click.option("--yes", is_flag=True, help="ask nothing")
def new(folder: Path, title: str, model: str, database: str, yes: bool) -> None:
    """Make a desk in FOLDER, which must not be there yet or be empty. Nothing is downloaded."""
    must_be_free(folder)
    ask = sys.stdin.isatty() and not yes
    named = folder.resolve().name.replace("-", " ").replace("_", " ").strip().capitalize() or "My shop"
    title = title or (click.prompt("Your company, as customers read it", default=named) if ask else named)
    model = model or (click.prompt("Chat model (local needs no key)", default="local") if ask else "local")
    if not database:
        choice = click.Choice(DATABASES)
        database = click.prompt("Database", default="embedded", type=choice) if ask else "embedded"
    if len(title) > MOST_TITLE or not title.isprintable():
        raise SettingsError(f"--title: at most {MOST_TITLE} characters that can be printed")
    if not MODEL.fullmatch(model):
        raise SettingsError("--model: write local, openai:NAME or what init_chat_model takes")
    made = write(folder, title=title, model=model, database=database)
    click.echo(f"{len(made)} files in {folder}. Now:\n")
    click.echo(f"  cd {folder}\n  frontdesk serve support:desk --as anna --as ben\n")
    click.echo("and in another terminal, in the same folder:\n")
    click.echo("  frontdesk chat --as anna      # ask: Where is my order 1001?")


def must_be_free(folder: Path) -> None:
    """Raise SettingsError where something stands in ``folder``: nothing is ever written over."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise SettingsError(f"{folder} is there already and is left as it is: name a new folder")


def write(folder: Path, **words: str) -> list[Path]:
    """Write the project into ``folder``; returns its files."""
    environment = Environment(
        undefined=StrictUndefined,
        trim_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # noqa: S701  (no HTML)
    )
    made: list[Path] = []
    for name, template in _templates(resources.files("frontdesk.cli") / "scaffold"):
        path = folder / name.removesuffix(".jinja")
        path.parent.mkdir(parents=True, exist_ok=True)
        text = environment.from_string(template.read_text(encoding="utf-8")).render(words)
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
        made.append(path)
    return made


def _templates(folder: Traversable, under: str = "") -> list[tuple[str, Traversable]]:
    found: list[tuple[str, Traversable]] = []
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{under}{entry.name}"
        found += _templates(entry, f"{name}/") if entry.is_dir() else [(name, entry)]
    return [(name, entry) for name, entry in found if name.endswith(".jinja")]
