"""``frontdesk knowledge gaps``: what could not be answered; ``show``, ``draft``, ``approve``, ``dismiss``."""

from __future__ import annotations

import os
import pwd
import sys
from collections.abc import Awaitable, Callable
from datetime import datetime
from pathlib import Path
from typing import TypeVar, cast

import click
import orjson
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from frontdesk.cli.chosen import desk_option, knowledge_of, with_base
from frontdesk.cli.shown import shown
from frontdesk.domain import Visibility
from frontdesk.errors import DeclarationError, NotFound
from frontdesk.knowledge import drafts
from frontdesk.knowledge.approved import export
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.gaps import gap as find_gap
from frontdesk.knowledge.gaps import gaps as list_gaps
from frontdesk.settings import load
from frontdesk.store.decisions import Decision, decisions_of
from frontdesk.store.gaps import Gap, GapQuestion, questions_of

Result = TypeVar("Result")
console = Console(highlight=False)
NONE = (
    "There are no open gaps: every question that was searched for was answered, or was seen to (--all shows those).\n"
    "When customers ask what no article answers, it is listed here by itself."
)


@click.group("gaps", invoke_without_command=True)
@click.option("--all", "everything", is_flag=True, help="also those published, dismissed or resolved")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--json", "as_json", is_flag=True, help="as JSON")
@click.pass_context
def gaps(context: click.Context, everything: bool, limit: int, as_json: bool) -> None:
    """What customers asked and no article answers: by how many customers, how often, how lately."""
    if context.invoked_subcommand is not None:
        return

    async def work(base: KnowledgeBase) -> list[Gap]:
        await drafts.refresh(base.database, progress=_progress)
        return await list_gaps(base.database, everything=everything, limit=limit)

    found = with_base(work)
    if as_json:
        click.echo(_json([as_dict(gap) for gap in found]))
    elif found:
        console.print(_table(found))
    else:
        click.echo(NONE)


@gaps.command()
@click.argument("number")
@click.option("--json", "as_json", is_flag=True, help="as JSON")
def show(number: str, as_json: bool) -> None:
    """Gap NUMBER: what was asked, the draft, and what else staff replied."""

    async def work(base: KnowledgeBase) -> tuple[Gap, list[GapQuestion], list[Decision]]:
        await drafts.refresh(base.database, progress=_progress)
        found = await find_gap(base.database, number_of(number))
        questions = await questions_of(base.database, found.number)
        return found, questions, await decisions_of(base.database, found.number)

    found, questions, decisions = with_base(work)
    if as_json:
        click.echo(_json(as_dict(found) | {"asked": questions, "decisions": decisions}))
        return
    console.print(f"[bold]{found.number}  {escape(found.question)}[/bold]")
    console.print(
        f"{found.state}; asked {_times(found.questions)} by {_people(found.customers)},"
        f" last {_day(found.last_asked)}{'; ' + shown(found.reason) if found.reason else ''}",
        style="dim",
    )
    for each in questions[:20]:
        console.print(f"  - {escape(each.question)}")
    _print_draft(found)
    for decision in decisions:
        console.print(f"{decision.at:%Y-%m-%d %H:%M} {decision.what} by {shown(decision.by)}", style="dim")


@gaps.command()
@click.argument("number")
@click.option("--title", default="", help="by default, the gap's question")
@click.option("--text", default="", help="the article, Markdown; by default, what staff replied last")
@click.option(
    "--file",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="the same, from a file",
)
def draft(number: str, title: str, text: str, file: Path | None) -> None:
    """Write the draft of gap NUMBER: from a file, from --text, or from what staff replied."""
    body = _read(file) if file else text
    found = with_base(
        lambda base: drafts.draft(base.database, number_of(number), title=title, body=body, by=_person())
    )
    _print_draft(found)
    console.print(f"Nobody sees it yet. To publish it: frontdesk knowledge gaps approve {found.number}")


@gaps.command()
@click.argument("number")
@desk_option
@click.option(
    "--visibility",
    type=click.Choice(["public", "customers", "internal"]),
    help="who may read it; by default everybody, or whoever could before",
)
@click.option("--url", help="where it will be published, https://shop.example/help/{slug}")
@click.option(
    "--export",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="also write it there as Markdown",
)
@click.option("--anyway", is_flag=True, help="personal data in the draft is meant to be published")
def approve(
    number: str, desk: str, visibility: str | None, url: str | None, folder: Path | None, anyway: bool
) -> None:
    """Publish the draft of gap NUMBER. Exit code 2 when its own question is still not answered."""

    async def work(base: KnowledgeBase) -> tuple[drafts.Approval, Path | None]:
        done = await drafts.approve(
            base, number_of(number), answer_at=load().answer_at,
            visibility=cast("Visibility | None", visibility), url=url, anyway=anyway, by=_person(),
        )  # fmt: skip
        return done, await export(base.database, done.gap.number, folder) if folder else None

    done, written = _on(desk, work)
    console.print(f"Published: {escape(done.gap.title)} ({done.gap.visibility})")
    if written:
        console.print(f"Written to {escape(str(written))}")
    console.print(
        f"{done.tried - len(done.missed)} of {done.tried} ways it was asked are answered from it now."
    )
    for question in done.missed:
        console.print(f"  not yet: {escape(question)}", style="yellow")
    if not done.answered:
        console.print(
            "The gap's own question is still not answered: it is below the threshold, or another article comes"
            f" first. Put its words into the title or the text: frontdesk knowledge gaps draft {done.gap.number}",
            style="yellow",
        )
        sys.exit(2)


@gaps.command()
@click.argument("number")
@desk_option
@click.option("--reason", required=True, help="why it needs no article")
def dismiss(number: str, desk: str, reason: str) -> None:
    """Say that gap NUMBER needs no article; one that was published for it is withdrawn."""
    found = _on(desk, lambda base: drafts.dismiss(base, number_of(number), reason, by=_person()))
    console.print(f"Gap {found.number} is dismissed; its like is not brought up again.")


# ------------------------------------------------------------------ reading and showing
def _on(desk: str, work: Callable[[KnowledgeBase], Awaitable[Result]]) -> Result:
    """What ``work`` comes to on the desk's knowledge base; where no desk is at hand, on what is in the database."""
    known = knowledge_of(desk)

    async def run(base: KnowledgeBase) -> Result:
        return await work(base if known else await drafts.knowledge_base(base.database))

    return with_base(run, known)


def _person() -> str:
    """Who types this, as decisions are noted: by the system's own list of users, not by what the environment says."""
    try:
        name = pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # a container's user without an entry
        name = str(os.getuid())
    return f"cli:{name}"[:200]


def number_of(text: str) -> int:
    """A gap's number. Raises NotFound with a sentence for what is none."""
    if not text.isascii() or not text.isdecimal() or len(text) > 18:
        raise NotFound("a gap is named by its number: frontdesk knowledge gaps lists them")
    return int(text)


def as_dict(found: Gap) -> dict[str, object]:
    """A gap as JSON has it, with what its draft must not be published with."""
    return {**{name: getattr(found, name) for name in found.__slots__}, "warnings": drafts.warnings(found)}


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise DeclarationError(f"{path} is not a text file in UTF-8") from None


def _print_draft(found: Gap) -> None:
    if not found.body:
        console.print(f"No draft yet: frontdesk knowledge gaps draft {found.number} --text …", style="dim")
        return
    console.print(f"\n[bold]{escape(found.title)}[/bold]\n\n{escape(found.body)}\n")
    for warning in drafts.warnings(found):
        console.print(f"Before this is published: it holds {warning}", style="yellow")
    for other in found.others:
        console.print(f"Staff also replied: {escape(other)}", style="dim")


def _table(found: list[Gap]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name, justify in (("No", "right"), ("Question", "left"), ("Customers", "right"), ("Times", "right")):
        table.add_column(name, justify=justify, overflow="fold")  # pyright: ignore[reportArgumentType]  (a literal of rich's)
    table.add_column("Last asked", no_wrap=True)
    table.add_column("State", no_wrap=True)
    for gap in found:
        flagged = " (!)" if drafts.warnings(gap) else ""
        table.add_row(
            str(gap.number), escape(gap.question), str(gap.customers), str(gap.questions),
            _day(gap.last_asked), gap.state + flagged,
        )  # fmt: skip
    return table


def _day(at: datetime | None) -> str:
    return f"{at:%Y-%m-%d}" if at else "-"


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _people(count: int) -> str:
    return "1 customer" if count == 1 else f"{count} customers"


def _json(value: object) -> bytes:
    return orjson.dumps(value, default=list, option=orjson.OPT_INDENT_2)


def _progress(turns: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{turns} unanswered questions noted", nl=False, err=True)
