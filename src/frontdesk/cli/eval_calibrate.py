"""``frontdesk eval calibrate SET``: from which confidence a cascade lets the local model answer alone."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Generator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import click
from langchain_core.language_models.chat_models import BaseChatModel
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from frontdesk.bootstrap import load_desk, service
from frontdesk.cli.chosen import desk_option
from frontdesk.errors import SettingsError
from frontdesk.evaluation import calibrate
from frontdesk.evaluation.backend import Backend, backend_of, suite_of
from frontdesk.evaluation.calibrate import Case, Row, Tried, turns_of
from frontdesk.evaluation.drive import driver
from frontdesk.evaluation.happened import Result
from frontdesk.evaluation.persona import persona_model
from frontdesk.evaluation.run import Prepared, prepare
from frontdesk.evaluation.scenario import CONFIG
from frontdesk.models.cascade import AT, SureLocal
from frontdesk.models.local import LocalModel
from frontdesk.settings import load
from frontdesk.telemetry import configure

Asked = TypeVar("Asked")
SHOWN = (0.0, 0.5, 0.7, 0.8, 0.85, 0.9, 0.92, 0.94, 0.95, 0.96, 0.97, 0.98, 0.99)


@click.command("calibrate")
@click.argument("file", metavar="SET", type=click.Path(exists=True, path_type=Path))
@click.option(
    "--precision",
    default=0.98,
    show_default=True,
    type=click.FloatRange(0.5, 1.0),
    help="share of the turns answered alone that must be right",
)
@desk_option
def eval_calibrate(file: Path, precision: float, desk: str) -> None:
    """Choose the confidence from which a cascade's local model answers alone, on your own messages.

    SET is a folder of scenarios, as `frontdesk eval` runs them; or a file of JSON lines, or a folder of such files:
    customer and message, what was said before (history), and what is right: tools, articles, outcome, has, lacks. For
    these the desk's backend must be up. No paid model is asked, and what is said is kept nowhere.

    Exit code 1 when no threshold is right often enough.
    """
    configure("error")
    scenarios = file.is_dir() and (file / CONFIG).exists()
    tried = _of_scenarios(file, desk) if scenarios else asyncio.run(_tried(_cases(file), desk))
    chosen = calibrate.choose(tried, precision)
    _report(tried, chosen)
    if chosen is None:
        raise SettingsError(
            f"no threshold makes {precision:.0%} of the answers right: ask for less with --precision, or leave the"
            " cascade out"
        )
    _conclude(chosen, precision)


def _of_scenarios(folder: Path, desk: str) -> list[Tried]:
    settings, suite = load(model="local"), suite_of(folder, desk)
    with prepare(
        folder, suite, settings, jobs=1, tell=lambda text: click.echo(f"{text} …", err=True)
    ) as ready:
        backend = backend_of(suite.backend)
        os.environ.update(backend.start(ready.orders[0].folder, 1))
        try:
            return turns_of(asyncio.run(_played(ready, backend)))
        finally:
            backend.stop()


async def _played(ready: Prepared, backend: Backend) -> list[Result]:
    desk, settings = load_desk(ready.orders[0].suite.desk), ready.orders[0].settings
    spoken = [scenario for scenario in ready.scenarios if not scenario.persona]
    async with driver(
        desk, settings, backend, partial(persona_model, settings, ""), models=_alone()
    ) as player:
        return [await player.run(scenario) for scenario in _shown(spoken)]


def _alone() -> list[tuple[str, BaseChatModel]]:
    """The local model, which passes nothing on: no paid model is needed."""
    return [("local", SureLocal(local=LocalModel(), at=0.0))]


def _cases(path: Path) -> list[Case]:
    files = sorted(path.rglob("*.jsonl")) if path.is_dir() else [path]
    if not files:
        raise SettingsError(
            f"there is no .jsonl file in {path}: write a JSON object a line, {calibrate.EXAMPLE}"
        )
    return [case for file in files for case in calibrate.read(file)]


async def _tried(cases: Sequence[Case], path: str) -> list[Tried]:
    desk = load_desk(path or "support:desk")
    with TemporaryDirectory(prefix="frontdesk-calibrate-") as folder:
        settings = load(data_dir=Path(folder), database_url="", migration_url="")
        async with service(desk, settings, models=_alone()) as running:
            if running.knowledge:
                click.echo("Reading the help center …", err=True)
                await running.knowledge.sync()
            return [await calibrate.tried(case, running.support, running.database) for case in _shown(cases)]


def _shown(cases: Sequence[Asked]) -> Generator[Asked]:
    with Progress(
        TextColumn("Asking"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        yield from progress.track(cases)


def _report(tried: Sequence[Tried], chosen: Row | None) -> None:
    click.echo(
        f"{len(tried)} turns, {sum(one.right for one in tried)} answered rightly by the local model alone\n"
    )
    click.echo(" from   alone  coverage   right  precision   at 95 % between")
    marks = {chosen.at: " <"} if chosen else {}
    for at in sorted({*SHOWN, AT, *marks}):
        found = calibrate.row(tried, at)
        low, high = found.interval
        precision = f"{found.precision:9.1%}   {low:6.1%} and {high:.1%}" if found.answered else "        -"
        click.echo(
            f"{at:5.3f} {found.answered:7} {found.coverage:9.1%} {found.right:7}  {precision}{marks.get(at, '')}"
        )
    click.echo("")
    if len(tried) < calibrate.LEAST:
        click.echo(f"Note: {len(tried)} turns say little; {calibrate.LEAST} are the least, 1000 are good.")


def _conclude(chosen: Row, precision: float) -> None:
    low, high = chosen.interval
    click.echo(
        f"From {chosen.at:.3f}: {chosen.coverage:.1%} of the turns need no paid model, and {chosen.precision:.1%} of"
        f" those are right. With so many, the true share lies at 95 % between {low:.1%} and {high:.1%}; and these are"
        " the turns it was chosen on."
    )
    if low < precision:
        click.echo(f"That may be below {precision:.0%}: add messages, or ask for more with --precision.")
    click.echo(f"To use it: FRONTDESK_CASCADE_AT={chosen.at:.3f}")
