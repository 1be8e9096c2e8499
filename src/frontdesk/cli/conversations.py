"""``frontdesk conversations list`` and ``show ID``."""

from __future__ import annotations

from uuid import UUID

import click
import orjson
from rich.console import Console
from rich.markup import escape

from frontdesk.bootstrap import database_urls
from frontdesk.cli.shown import shown
from frontdesk.domain import Json, counted
from frontdesk.settings import load
from frontdesk.store.conversations import recent, show

console = Console(highlight=False, soft_wrap=True)


@click.group()
def conversations() -> None:
    """What was recorded."""


@conversations.command("list")
@click.option("--limit", default=20, show_default=True)
def list_(limit: int) -> None:
    """The conversations that were active last."""
    for row in recent(database_urls(load())[1], limit):
        console.print(
            f"{row['id']}  {row['active_at']:%Y-%m-%d %H:%M}  {escape(row['principal'])}"
            f"  {counted(row['turns_done'], 'turn')}  {row['mode']}"
        )


@conversations.command("show")
@click.argument("conversation_id", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="everything, as JSON")
def show_(conversation_id: UUID, as_json: bool) -> None:
    """Each message, tool call, answer, what its details are bound to, model, tokens and cost of CONVERSATION_ID."""
    found = show(database_urls(load())[1], conversation_id)
    if as_json:
        click.echo(orjson.dumps(found, default=_plain, option=orjson.OPT_INDENT_2))
        return
    head = found["conversation"]
    console.print(
        f"[bold]{head['id']}[/bold]  {escape(head['principal'])} on {head['channel']}, mode {head['mode']},"
        f" {head['turns_done']} of {counted(head['turns_accepted'], 'turn')} answered"
    )
    if head["facts"]:
        console.print(f"  known: {escape(orjson.dumps(head['facts']).decode())}", style="dim")
    for turn in found["turns"]:
        _turn(turn, [m for m in found["messages"] if m["turn_seq"] == turn["seq"]])
    for ticket in found["tickets"]:
        console.print(
            f"ticket T-{ticket['number']} ({ticket['reason']}, {ticket['status']}): {escape(ticket['subject'])}"
        )


def _turn(turn: Json, messages: list[Json]) -> None:
    record: Json = turn["record"] or {}
    for message in messages:
        if message["n"] == 1:  # what comes after the reply is what became of an action
            _steps(record)
        name = {"customer": "Customer", "assistant": "Assistant"}.get(message["role"], message["role"])
        console.print(f"\n[bold]{name}[/bold] {message['created_at']:%H:%M:%S}  {escape(message['body'])}")
    for citation in record.get("citations", []):
        console.print(
            f"  [dim]\\[{citation['n']}] {escape(citation['title'])} {escape(citation['url'])}[/dim]"
        )
    if record.get("receipt"):
        console.print(f"  [dim]bound: {_receipt(record['receipt'])}[/dim]")
    usage: Json = record.get("usage", {})
    cost = f", ${usage['cost_usd']:.5f}" if usage.get("cost_usd", 0) >= 0.00001 else ""
    degraded = f", degraded: {'; '.join(record['degraded'])}" if record.get("degraded") else ""
    console.print(
        f"  [dim]{turn['outcome'] or turn['status']} · {record.get('model', '')} · {record.get('ms', 0)} ms ·"
        f" {usage.get('model_calls', 0)} model calls · {usage.get('input_tokens', 0)} in,"
        f" {usage.get('output_tokens', 0)} out{cost}{escape(degraded)} · turn {turn['id']}[/dim]"
    )


def _receipt(bound: list[Json]) -> str:
    """Each source with the details of the reply that rest on it: ``24.95, 2025-01-10 ← get_refunds``."""
    sources: dict[str, list[str]] = {}
    for item in bound:
        details = sources.setdefault(item["source"], [])
        if item["detail"] not in details:
            details.append(item["detail"])
    return shown("; ".join(f"{', '.join(details)} ← {source}" for source, details in sources.items()))


def _steps(record: Json) -> None:
    for step in record.get("steps", []):
        arguments = orjson.dumps(step["arguments"]).decode()
        mark = "ok" if step.get("ok", True) else step.get("error", "failed")
        console.print(f"  [cyan]{escape(step['tool'])}[/cyan]({escape(arguments)}) {mark} {step['ms']} ms")
        console.print(f"    → {escape(step['result'][:400])}", style="dim")


def _plain(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
