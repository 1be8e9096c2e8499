"""How many messages of a file get the right tools and ids. ``python -m tests.local.score`` lists the misses."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from tests.local.tools import Talk

EVALS = Path(__file__).parents[2] / "evals"
TOOLS = {
    "list_orders": "list_orders",
    "ask_which": "list_orders",
    "payment_status": "get_payments",
    "refund_status": "get_refunds",
    "return_status": "get_returns",
    "profile": "get_profile",
    "handoff": "hand_over",
    "ticket": "open_ticket",
} | dict.fromkeys(("order_status", "foreign_order", "unknown_order"), "get_order_status")


def score(name: str) -> tuple[float, list[str]]:
    """Share that is right, and a line for each miss."""
    rows = [json.loads(line) for line in (EVALS / name).read_text().splitlines()]
    misses = [f"{row['history']} {row['message']}" for row in rows if not right(row)]
    return 1 - len(misses) / len(rows), misses


def right(row: dict[str, Any]) -> bool:
    """Whether the last message of the row called what it should, and nothing else."""
    talk = Talk(customer=row.get("customer", "u123"))
    for said in row["history"]:
        talk.say(said)
        remember(talk, said)
    talk.say(row["message"])
    got = {(tool, arguments.get("order_id")) for tool, arguments in talk.calls}
    if "calls" not in row:
        return _seen(row, got)
    want = {(call["tool"], call["order_id"]) for call in row["calls"]}
    if row["outcome"] and talk.outcome != row["outcome"]:
        return False
    # A list may be read to find an id; whether an order can be changed depends on its status.
    harmless = {("list_orders", None)} | {g for g in got if row["kind"] == "K" and g[0] == "get_order_status"}
    return want <= got and not got - want - (harmless if want else set())


def _seen(row: dict[str, Any], got: set[tuple[str, str | None]]) -> bool:
    if row["intent"] == "smalltalk":
        return not got
    tool = TOOLS.get(row["intent"], "search_knowledge")
    if row["order_id"] and tool.startswith("get_") and tool != "get_returns":
        return got == {(tool, row["order_id"])}
    return tool in {name for name, _ in got}


def remember(talk: Talk, said: str) -> None:
    """Facts as code keeps them between turns."""
    ids = re.findall(r"\b\d{3}\b", said)
    if ids:
        talk.facts["order_id"] = ids[-1]
        talk.facts.setdefault("order_ids", []).extend(ids)
    elif said.lower().startswith("my name is"):
        talk.facts["name"] = said.split()[-1]
    elif re.match(r"(?i)(i|my)\b", said) and "?" not in said:
        talk.facts.setdefault("said", []).append(said)


if __name__ == "__main__":
    for path in ("local_questions/dev.jsonl", "paraphrases/seen.jsonl"):
        share, missed = score(path)
        print(f"{path}: {share:.1%}", *missed, sep="\n  ")
