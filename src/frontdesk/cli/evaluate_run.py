"""``frontdesk eval FOLDER``: run the scenarios of a folder against a desk and say what broke."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from frontdesk.errors import FrontdeskError, SettingsError
from frontdesk.evaluation import compare, html, junit, report
from frontdesk.evaluation.backend import suite_of
from frontdesk.evaluation.run import Prepared, Run, prepare, results_of, run
from frontdesk.settings import load
from frontdesk.telemetry import configure

PASSED, FAILED, NOT_RUNNABLE = 0, 1, 2
INTERRUPTED = 130
console = Console(highlight=False, soft_wrap=True)
aside = Console(highlight=False, soft_wrap=True, stderr=True)


@click.command("run")
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--desk", default="", metavar="MODULE:NAME", help="instead of the desk in FOLDER/eval.yaml")
@click.option("--model", default="", help="instead of FRONTDESK_MODEL: local, openai:gpt-4o-mini, …")
@click.option("--runs", default=1, show_default=True, type=click.IntRange(1, 100), help="of each scenario")
@click.option("--jobs", default=0, type=click.IntRange(0, 256), help="processes; by default, one a core")
@click.option("--only", multiple=True, metavar="GLOB", help="of the names, refund/*; may be given again")
@click.option("--junit", "junit_file", type=click.Path(path_type=Path), help="write what CI reads")
@click.option(
    "--html", "html_file", type=click.Path(path_type=Path), help="write a report with every transcript"
)
@click.option(
    "--json", "json_file", type=click.Path(path_type=Path), help="write the results, to compare or resume"
)
@click.option(
    "--against", type=click.Path(path_type=Path), help="compare with the results of an earlier --json"
)
@click.option(
    "--resume", is_flag=True, help="keep what the --json file holds of this desk, model and scenario"
)
@click.option("--persona-model", default="", help="plays the personas that name no model")
def evaluate_run(
    folder: Path,
    desk: str,
    model: str,
    runs: int,
    jobs: int,
    only: tuple[str, ...],
    junit_file: Path | None,
    html_file: Path | None,
    json_file: Path | None,
    against: Path | None,
    resume: bool,
    persona_model: str,
) -> None:
    """Run each scenario in FOLDER against a desk, on a fresh copy of the data, and say what broke.

    Exit code 0: all passed. 1: some did not. 2: could not be run.
    """
    configure("error")
    try:
        if resume and not json_file:
            raise SettingsError("--resume needs --json FILE, the file to go on with")
        settings = load(**({"model": model} if model else {}))
        before = results_of(against) if against else None
        earlier = results_of(json_file) if resume and json_file and json_file.exists() else None
        suite = suite_of(folder, desk)
        with _telling() as tell, prepare(
            folder, suite, settings, runs=runs, jobs=jobs, only=only, persona=persona_model,
            earlier=earlier, tell=tell,
        ) as prepared:  # fmt: skip
            tell("")
            stopped = _work(prepared, json_file)
    except FrontdeskError as error:
        click.echo(f"frontdesk: {error.detail}", err=True)
        sys.exit(NOT_RUNNABLE)
    except OSError as error:
        click.echo(f"frontdesk: {error.strerror or error}: {error.filename or ''}", err=True)
        sys.exit(NOT_RUNNABLE)
    except Exception:  # noqa: BLE001  a defect, shown as one; left alone it would end with 1, which says that scenarios failed
        traceback.print_exc()
        sys.exit(NOT_RUNNABLE)
    _report(prepared.run, stopped, before)
    if json_file:
        prepared.run.save(json_file)
    if html_file:
        _write(html_file, html.page(prepared.run))
    if junit_file:
        _write(junit_file, junit.suites(prepared.run))
    if stopped:
        sys.exit(INTERRUPTED if stopped == INTERRUPTED else NOT_RUNNABLE)
    sys.exit(PASSED if all(result.passed for result in prepared.run.results) else FAILED)


def _work(prepared: Prepared, json_file: Path | None) -> int:
    """Run what is left to do with a bar. Returns 0, or why it came to an early end."""
    done = len(prepared.run.results)
    total = done + len(prepared.jobs)
    if done:
        aside.print(f"{done} of {total} results are kept from {json_file}.")
    with Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=30), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.fields[failed]}"), console=aside, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("Running scenarios", total=total, completed=done, failed="")
        try:
            for _ in run(prepared, save_to=json_file):
                failed = sum(not result.passed for result in prepared.run.results)
                bar.update(task, advance=1, failed=f"{failed} failed" if failed else "")
        except KeyboardInterrupt:
            return INTERRUPTED
        except FrontdeskError as error:
            if not prepared.run.results:
                raise
            click.echo(f"frontdesk: {error.detail}", err=True)
            return NOT_RUNNABLE
    return 0


def _report(done: Run, stopped: int, before: Run | None) -> None:
    report.failures(console, done.results)
    console.print()
    report.summary(console, done)
    if before:
        for line in compare.told(compare.compare(before, done)):
            console.print(line)
    if stopped:
        console.print("Stopped before the end: these are the runs that were done.", style="yellow")


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    aside.print(f"Written: {path}")


@contextmanager
def _telling() -> Generator[Callable[[str], None]]:
    """A line that says what is being done until there is nothing to say."""
    with aside.status("Starting") as status:
        yield lambda text: status.update(text) if text else status.stop()
