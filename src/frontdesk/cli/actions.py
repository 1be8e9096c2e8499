"""``frontdesk actions list``, ``show ID``, ``approve ID`` and ``decline ID``: for a team without a console.

What may be decided is decided by the same ``Actions`` that the server uses; this reads and prints.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar, get_args
from uuid import UUID

import click
import orjson
from rich.console import Console
from rich.table import Table

from frontdesk.actions import Actions
from frontdesk.bootstrap import actions_of, database_urls, load_desk, tools_of
from frontdesk.cli.opened import with_database
from frontdesk.cli.shown import shown
from frontdesk.database import Database
from frontdesk.domain import Action, ActionStatus
from frontdesk.settings import load
from frontdesk.store.action_records import ActionRecord, recent_actions, record
from frontdesk.telemetry import configure

Command = TypeVar("Command", bound=Callable[..., Any])
console = Console(highlight=False, soft_wrap=True)


@click.group()
def actions() -> None:
    """What customers want changed: proposed, confirmed, approved, done."""


@actions.command("list")
@click.option("--status", type=click.Choice(get_args(ActionStatus)), help="confirmed: what waits for staff")
@click.option("--customer", help="the customer's id")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
def list_(status: str | None, customer: str | None, limit: int) -> None:
    """Actions, newest first."""
    found = recent_actions(database_urls(load())[1], status=status, customer=customer, limit=limit)
    for action in found:
        approvals = f"  {len(action.approved_by)} of {action.needs} approvals" if action.needs else ""
        console.print(
            f"{action.id}  {action.created_at:%Y-%m-%d %H:%M}  {action.status:9}  {shown(action.preview.title)}"
            f"  {shown(action.principal)}{approvals}"
        )
    if not found:
        click.echo("There are no such actions.")


@actions.command()
@click.argument("action_id", type=click.UUID)
def show(action_id: UUID) -> None:
    """Action ACTION_ID: what it would change, who has said what, its effects, and its lines of the audit log."""
    _print(record(database_urls(load())[1], action_id))


def _deciding(command: Command) -> Command:
    """``--as`` and ``--desk``, as both decisions have them."""
    name = click.option("--as", "staff", required=True, callback=_name, help="who you are at the company")
    desk = click.option("--desk", default="support:desk", show_default=True, metavar="MODULE:NAME")
    return name(desk(command))


def _name(_context: click.Context, _option: click.Parameter, value: str) -> str:
    name = value.strip()
    if not name or len(name) > 128 or not name.isprintable():
        raise click.BadParameter("write 1 to 128 characters that can be read")
    return name


@actions.command()
@click.argument("action_id", type=click.UUID)
@_deciding
def approve(action_id: UUID, staff: str, desk: str) -> None:
    """Say yes to ACTION_ID; with the last yes that it needs it is done, here and now."""
    _decided(_with_actions(desk, lambda known: known.approve(staff, action_id)))


@actions.command()
@click.argument("action_id", type=click.UUID)
@click.option("--reason", required=True, help="the customer is told it, in these words")
@_deciding
def decline(action_id: UUID, staff: str, desk: str, reason: str) -> None:
    """Say no to ACTION_ID; the customer is told why."""
    _decided(_with_actions(desk, lambda known: known.refuse(staff, action_id, reason)))


def _with_actions(desk: str, work: Callable[[Actions], Awaitable[Action]]) -> Action:
    """What ``work`` comes to with the desk's own tools, as its server has them."""
    chosen, settings = load_desk(desk), load()
    configure("warning", settings.log_format)

    async def run(database: Database) -> Action:
        return await work(actions_of(chosen, tools_of(chosen, database, settings), database, settings))

    return with_database(run)


def _decided(action: Action) -> None:
    waits = action.needs - len(action.approved_by)
    more = f"; waits for {waits} more" if action.status == "confirmed" and waits > 0 else ""
    why = f" ({shown(action.reason)})" if action.reason else ""
    console.print(f"{shown(action.preview.title)}: {action.status}{why}{more}")


# ------------------------------------------------------------------ showing one
def _print(found: ActionRecord) -> None:
    action, preview = found.action, found.action.preview
    why = f" ({shown(action.reason)})" if action.reason else ""
    console.print(f"[bold]{shown(preview.title)}[/bold]  {action.status}{why}")
    console.print(
        f"{action.id}, {shown(action.principal)}, conversation {action.conversation_id},"
        f" proposed {action.created_at:%Y-%m-%d %H:%M:%S}, expires {action.expires_at:%Y-%m-%d %H:%M:%S}",
        style="dim",
    )
    console.print(f"\n{shown(preview.text)}")
    if preview.changes:
        table = Table(box=None, pad_edge=False, header_style="bold")
        for name in ("", "Before", "After"):
            table.add_column(name, overflow="fold")
        for change in preview.changes:
            table.add_row(shown(change.label), shown(change.before), shown(change.after))
        console.print(table)
    console.print(f"\narguments: {shown(action.tool)}({_json(action.arguments)})")
    if preview.amount:
        console.print(f"amount: {preview.amount}")
    console.print(f"policy: {shown(action.policy)}, approvals needed: {action.needs}")
    if action.result is not None:
        console.print(f"result: {_json(action.result)}")
    for approval in found.approvals:
        console.print(f"approved by {shown(approval['staff'])} {approval['at']:%Y-%m-%d %H:%M:%S}")
    for effect in found.effects:
        console.print(f"effect {effect['id']} ({effect['kind']}): {effect['outcome']}")
    for line in found.audit:
        by = f" by {shown(line['by'])}" if line["by"] else ""
        console.print(f"audit {line['n']}  {line['at']:%Y-%m-%d %H:%M:%S}  {line['event']}{by}", style="dim")


def _json(value: object) -> str:
    return shown(orjson.dumps(value).decode())
