"""``frontdesk chat``: talk to a running desk in the terminal."""

from __future__ import annotations

import os
from typing import Any

import click
import httpx
import orjson
from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape

from frontdesk.cli.greeting import dev_key
from frontdesk.errors import SettingsError
from frontdesk.settings import load

console = Console(highlight=False)


@click.command()
@click.option("--url", default="", help="where the desk listens; by default http://127.0.0.1:8000")
@click.option("--as", "user_id", default="u123", show_default=True, help="the customer to be")
@click.option("--key", default="", help="a service key; by default the first set, or the demo's own")
def chat(url: str, user_id: str, key: str) -> None:
    """Talk to a running desk as a customer. Ctrl+D ends."""
    settings = load()
    key = key or (
        settings.service_keys[0] if settings.service_keys else dev_key(settings.data_dir, make=False)
    )
    url = url or f"http://{settings.host}:{os.environ.get('PORT') or settings.port}"
    console.print(f"[dim]{url} as {user_id}. You are talking to an AI assistant. Ctrl+D ends.[/dim]")
    with httpx.Client(
        base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=90, trust_env=False
    ) as http:
        while True:
            try:
                message = console.input("[bold]You[/bold]  ").strip()
            except (EOFError, KeyboardInterrupt):
                console.print()
                return
            if message:
                for action in _say(http, user_id, message):
                    _decide(http, user_id, action)


def _say(http: httpx.Client, user_id: str, message: str) -> list[dict[str, Any]]:
    """Send one message, show its steps and its answer as they come; returns what waits for the customer's yes."""
    body = {"user_id": user_id, "message": message}
    try:
        with http.stream(
            "POST", "/support/chat", json=body, headers={"accept": "text/event-stream"}
        ) as answer:
            if not answer.is_success:
                answer.read()
                console.print(f"[red]{answer.status_code} {escape(answer.json().get('detail', ''))}[/red]")
                if answer.status_code == 401:
                    raise SettingsError(
                        f"the desk at {http.base_url} does not know this key: run frontdesk chat in the folder that"
                        " the desk was started in, or name its key with --key and its address with --url"
                    )
                return []
            kind = ""
            for line in answer.iter_lines():
                if line.startswith("event: "):
                    kind = line[7:]
                elif line.startswith("data: "):
                    data: dict[str, Any] = orjson.loads(line[6:])
                    _show(kind, data)
                    if kind == "done":
                        return [action for action in data["actions"] if "confirm_token" in action]
    except httpx.HTTPError:
        console.print(f"[red]Not delivered: nothing answers at {http.base_url}. Is the desk running?[/red]")
    return []


def _decide(http: httpx.Client, user_id: str, action: dict[str, Any]) -> None:
    """The button of a proposal, as a question in the terminal."""
    for change in action["preview"]["changes"]:
        console.print(
            f"  {escape(change['label'])}: [dim]{escape(change['before'])}[/dim] → {escape(change['after'])}"
        )
    yes = console.input(f"  {escape(action['title'])}? \\[y/N] ").strip().lower() in ("y", "yes")
    body = {"user_id": user_id, **({"confirm_token": action["confirm_token"]} if yes else {})}
    answer = http.post(f"/support/actions/{action['id']}/{'confirm' if yes else 'decline'}", json=body)
    said = answer.json()
    console.print(Markdown(said["reply"]) if answer.is_success else f"[red]{escape(said['detail'])}[/red]")


def _show(kind: str, data: dict[str, Any]) -> None:
    if kind == "step" and data["state"] == "running":
        console.print(f"[dim]  {escape(data['label'])} …[/dim]")
    elif kind == "done":
        console.print(Markdown(data["reply"]))
        for citation in data["citations"]:
            console.print(
                f"[dim]  \\[{citation['n']}] {escape(citation['title'])}  {escape(citation['url'])}[/dim]"
            )
