"""``frontdesk trace ID``: where a turn's time went, from what is stored of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID

import click
import orjson
from rich.console import Console
from rich.markup import escape

from frontdesk.bootstrap import database_urls
from frontdesk.domain import Json, counted
from frontdesk.policies.decide import DENIED, TOO_MANY, UNKNOWN
from frontdesk.settings import load
from frontdesk.store.traced import traced

console = Console(highlight=False, soft_wrap=True)
WIDTH = 32  # of a bar that is as long as its turn
NAME = 40
REFUSALS = {UNKNOWN.code, DENIED.code, TOO_MANY.code}
LEAST = 1.0  # milliseconds; what is shorter is not worth a line of its own


@dataclass(frozen=True, slots=True)
class Part:
    """Something that took time within a turn: milliseconds from the acceptance on, and what is inside it."""

    name: str
    at: float
    ms: float
    about: str = ""
    parts: list[Part] = field(default_factory=list["Part"])


@click.command()
@click.argument("identity", metavar="TURN|CONVERSATION", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="the parts as JSON, times in milliseconds")
def trace(identity: UUID, as_json: bool) -> None:
    """Where the time of a turn went, or of each turn of a conversation: waiting, models, tools, the two gates, the commit.

    Names and numbers only; what was said is shown by `frontdesk conversations show`.
    """
    turns = traced(database_urls(load())[1], identity)
    if as_json:
        click.echo(orjson.dumps([_root(turn) for turn in turns], option=orjson.OPT_INDENT_2))
        return
    for turn in turns:
        root = _root(turn)
        _line(root, "", "", root.ms)
        _tree(root, "", root.ms)
        slowest = max(_leaves(root), key=lambda part: part.ms, default=None)
        if slowest and root.ms > 0:
            share = 100 * slowest.ms / root.ms
            console.print(f"[dim]longest: {escape(slowest.name)}, {_time(slowest.ms)}, {share:.0f} %[/dim]\n")


def _root(turn: Json) -> Part:
    """A turn with its parts; they leave no time out."""
    record: Json = turn["record"] or {}
    attempts = f", attempt {turn['attempts']}" if turn["attempts"] > 1 else ""
    said = f"{turn['outcome'] or turn['status']} {turn['accepted_at']:%Y-%m-%d %H:%M:%S}{attempts}"
    told = record.get("waited", 0.0) + record.get("ms", 0.0)
    root = Part(f"turn {turn['id']}", 0.0, max(told, turn["ms"]), said)
    if turn["status"] != "done":
        return root
    if "ms" not in record:
        return Part(root.name, 0.0, root.ms, f"{said}, its times are not kept")
    ran = record["ms"]
    waited = record.get("waited", 0.0)
    agent = Part("agent", waited, ran, _usage(record), list(_parts(record, waited)))
    # The time of the commit is that at which its statement begins: what is seen is the wait for a connection.
    commit = Part("commit", waited + ran, max(0.0, root.ms - waited - ran))
    queue = "behind another message, or this process had no time" if waited > 100 else ""
    root.parts.extend([Part("queue", 0.0, waited, queue), agent, commit])
    return root


def _parts(record: Json, start: float) -> Iterator[Part]:
    """What the agent did, in order; what is left between is its own: the prompt, and judging the reply."""
    asked = [
        Part(f"chat {call['model']}", start + call["at"], call["ms"], call.get("error", ""))
        for call in record.get("calls", [])
    ]
    steps = [_gate(step, start) for step in record.get("steps", [])]
    found = sorted([*asked, *steps], key=lambda part: part.at)
    end = start
    for part in found:
        if part.at - end >= LEAST:
            yield Part("frontdesk", end, part.at - end)
        yield part
        end = max(end, part.at + part.ms)
    left = start + record["ms"] - end
    if "calls" not in record and record.get("usage", {}).get("model_calls"):
        yield Part("chat", end, left, "of its calls no times are kept")
        return
    bound = len(record.get("receipt", []))
    said = {"rewritten": "had the reply written again", "replaced": "replaced the reply"}
    yield Part(
        "output gate", end, left, said.get(record.get("stopped", ""), f"passed, {bound} details bound")
    )


def _gate(step: Json, start: float) -> Part:
    """A tool call: what the gate decided of it, and of a search what it found."""
    at, error = start + step.get("at", 0.0), step.get("error", "")
    if error in REFUSALS:
        return Part(f"gate {step['tool']}", at, step["ms"], f"refused: {error}")
    about = f"failed: {error}" if error else "ok"
    ran = Part(f"execute_tool {step['tool']}", at, step["ms"], about)
    if step["tool"] == "search_knowledge" and not error and not step.get("cut"):  # by retention
        ran.parts.append(Part("retrieval", at, step["ms"], _hits(step.get("result", ""))))
    return Part(f"gate {step['tool']}", at, step["ms"], f"allowed by {step.get('permission', '')}", [ran])


def _hits(result: str) -> str:
    found = cast("Json", orjson.loads(result))
    passages = found.get("passages", [])
    sure = f"{'' if found.get('answerable') else 'not '}answerable, confidence {found.get('confidence', 0)}"
    return f"{counted(len(passages), 'passage')}, {sure}"


def _usage(record: Json) -> str:
    usage: Json = record.get("usage", {})
    counts = f"{usage.get('model_calls', 0)} model calls, {usage.get('input_tokens', 0)} tokens in, {usage.get('output_tokens', 0)} out"
    return "; ".join([counts, *record.get("degraded", [])])


def _leaves(part: Part) -> Iterator[Part]:
    if not part.parts:
        yield part
    for each in part.parts:
        yield from _leaves(each)


def _tree(part: Part, indent: str, whole: float) -> None:
    for number, each in enumerate(part.parts, 1):
        last = number == len(part.parts)
        _line(each, indent, "└─ " if last else "├─ ", whole)
        _tree(each, indent + ("   " if last else "│  "), whole)


def _line(part: Part, indent: str, branch: str, whole: float) -> None:
    begin = min(WIDTH - 1, int(WIDTH * part.at / whole)) if whole else 0
    length = max(1, round(WIDTH * part.ms / whole)) if whole else 0
    bar = (" " * begin + "█" * min(length, WIDTH - begin)).ljust(WIDTH) if branch else " " * WIDTH
    name = (indent + branch + part.name).ljust(NAME)
    console.print(
        f"{escape(name)} {_time(part.ms):>9}  [cyan]{bar}[/cyan]  [dim]{escape(part.about)}[/dim]".rstrip()
    )


def _time(ms: float) -> str:
    return f"{ms / 1000:.2f} s" if ms >= 1000 else f"{ms:.1f} ms"
