"""``frontdesk knowledge calibrate QUESTIONS``: the threshold below which no answer is given."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from frontdesk.cli.chosen import desk_option, knowledge_of, with_base
from frontdesk.errors import SettingsError
from frontdesk.knowledge import answer_at, calibrate
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.calibrate import Question, Tried
from frontdesk.store.places import places

WIDTH = 40
SHOWN = tuple(n / 20 for n in range(1, 20))
ANYTHING = 1e-9  # 0 would mean the default


@click.command("calibrate")
@click.argument("file", metavar="QUESTIONS", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--precision",
    default=0.95,
    show_default=True,
    type=click.FloatRange(0.5, 1.0),
    help="share of answers that must be right",
)
@desk_option
@click.option("--write", is_flag=True, help="put answer_at into knowledge.toml")
@click.option(
    "--config",
    default=Path("knowledge.toml"),
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="the file that --write changes",
)
def calibrate_(file: Path, precision: float, desk: str, write: bool, config: Path) -> None:
    """Choose the confidence from which an article is quoted, on your own questions.

    QUESTIONS is CSV (question,article) or JSON lines; article is a slug or an address, empty where nothing answers.
    Exit code 1 when no threshold is right often enough, 2 when a line could not be read.
    """
    questions, wrong = calibrate.read(file)
    tried, unknown = with_base(lambda base: _tried(base, questions), knowledge_of(desk))
    wrong = sorted([*wrong, *unknown])
    for line, reason in wrong:
        click.echo(f"line {line} {reason}: left out", err=True)
    chosen = calibrate.choose(tried, precision)
    _report(tried, chosen)
    for warning in warnings(tried):
        click.echo(f"Note: {warning}")
    if chosen is None:
        raise SettingsError(
            f"no threshold makes {precision:.0%} of the answers right: look at the questions answered wrongly, or"
            " ask for less with --precision"
        )
    _conclude(tried, chosen, precision)
    _keep(chosen, config if write else None)
    sys.exit(2 if wrong else 0)


async def _tried(
    base: KnowledgeBase, questions: Sequence[Question]
) -> tuple[list[Tried], list[tuple[int, str]]]:
    known = await places(base.database)
    if not known:
        raise SettingsError("the knowledge base is empty: frontdesk knowledge sync first")
    unknown = calibrate.unknown(questions, known)
    lines = {line for line, _ in unknown}
    asked = [question for question in questions if question.line not in lines]
    if not asked:
        raise SettingsError("there is no question in the file that can be asked")
    ask = replace(base.ask(), answer_at=ANYTHING, record=None)
    with Progress(
        TextColumn("Asking"),
        BarColumn(bar_width=30),
        MofNCompleteColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as progress:
        task = progress.add_task("", total=len(asked))
        tried = await calibrate.ask_all(
            asked, known, ask, lambda done, total: progress.update(task, completed=done, total=total)
        )
    return tried, unknown


def warnings(tried: Sequence[Tried]) -> list[str]:
    """What makes a threshold worth less than it looks."""
    found: list[str] = []
    if len(tried) < calibrate.LEAST:
        found.append(f"{len(tried)} questions say little; {calibrate.LEAST} are the least, 200 are good.")
    if all(one.answerable for one in tried):
        found.append(
            "no question is without an answer, so nothing shows what should be turned away; add some."
        )
    if not any(one.answerable for one in tried):
        found.append("no question has an answer; name the article beside those that have.")
    return found


def _report(tried: Sequence[Tried], chosen: float | None) -> None:
    """A line for each threshold, and a bar: # answered rightly, x wrongly, . turned away."""
    answerable = sum(one.answerable for one in tried)
    click.echo(f"{len(tried)} questions, {answerable} with an answer\n")
    click.echo("from   right  wrong  turned away (missed)  precision")
    for at in sorted({*SHOWN, chosen or SHOWN[0]}):
        found = calibrate.counts(tried, at)
        away = found.missed + found.turned_away
        right = round(WIDTH * found.right / len(tried))
        wrong = min(WIDTH - right, -(-WIDTH * found.wrong // len(tried)))
        bar = "#" * right + "x" * wrong + "." * (WIDTH - right - wrong)
        mark = " <" if at == chosen else ""
        share = f"{found.precision:9.1%}" if found.right + found.wrong else "        -"
        click.echo(
            f"{at:.2f} {found.right:7} {found.wrong:6} {away:12} {f'({found.missed})':>8}  {share}  {bar}{mark}"
        )
    click.echo(
        "\n# answered from the right article, x answered wrongly, . turned away; missed: though an article answers\n"
    )


def _conclude(tried: Sequence[Tried], chosen: float, precision: float) -> None:
    found = calibrate.counts(tried, chosen)
    tested = calibrate.check(tried, chosen, precision)
    click.echo(
        f"From {chosen:.2f}: {found.precision:.1%} of the answers are right, and {found.answered:.1%} of the questions"
        " with an answer get it. These are the questions it was chosen on."
    )
    click.echo(
        f"Chosen on four fifths and tried on the other fifth, {calibrate.ROUNDS} divisions: {tested.precision:.1%} right,"
        f" {tested.answered:.1%} of those with an answer answered. With so many answers, the true share lies at 95 % between"
        f" {tested.low:.1%} and {tested.high:.1%}."
    )
    if tested.precision < precision:
        click.echo(
            f"On questions it was not chosen on, that is below {precision:.0%}: expect it, add questions, or ask for"
            " more with --precision."
        )


def _keep(chosen: float, config: Path | None) -> None:
    if config is not None and config.exists():
        answer_at.write(config, chosen)
        click.echo(f"Written to {config}: answer_at = {chosen:.2f} under [knowledge].")
        return
    if config is not None:
        click.echo(f"There is no {config} to write to.")
    click.echo(f"To use it: FRONTDESK_ANSWER_AT={chosen:.2f}, or answer_at = {chosen:.2f} under [knowledge].")
