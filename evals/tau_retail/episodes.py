"""What is replayed: the gold calls of each task, and the calls of each recorded conversation with reward 1."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from evals.tau_retail.backend import WRITES, Backend
from evals.tau_retail.data import Json, Records, read, records
from evals.tau_retail.reference import refusal


@dataclass(frozen=True)
class Call:
    """A tool call. ``recorded`` is the original tool's answer where there is one, ``fails`` whether it is an error."""

    name: str
    arguments: Json
    fails: bool
    recorded: str | None = None

    @property
    def writes(self) -> bool:
        return self.name in WRITES


@dataclass(frozen=True)
class Episode:
    """One customer's calls, from the published records on. ``end`` is what they leave behind, by the benchmark."""

    name: str
    customer: str
    calls: tuple[Call, ...]
    end: dict[tuple[str, str], Json]


def gold() -> list[Episode]:
    """The 114 tasks."""
    made: list[Episode] = []
    for task in read("tasks.json"):
        wanted = [(a["name"], a["arguments"], None) for a in task["evaluation_criteria"]["actions"] or []]
        made.append(_episode(f"task {task['id']}", wanted, json.dumps(task["user_scenario"])))
    return made


def recorded() -> list[Episode]:
    """The conversations with reward 1. Their task ids are not used: one source numbers its tasks otherwise."""
    made: list[Episode] = []
    for n, conversation in enumerate(read("conversations.jsonl")):
        if conversation["reward"] == 1:
            said = " ".join(str(m.get("content", "")) for m in conversation["messages"])
            made.append(_episode(f"conversation {n}", _answered(conversation["messages"]), said))
    return made


def _answered(messages: Sequence[Json]) -> list[tuple[str, Json, str | None]]:
    """The calls with their answers, which follow in the same order."""
    calls = [call for message in messages for call in message.get("tool_calls") or []]
    answers = [message["content"] for message in messages if message["role"] == "tool"]
    return [(c["name"], c["arguments"], a) for c, a in zip(calls, answers, strict=True)]


def _episode(name: str, wanted: Sequence[tuple[str, Json, str | None]], said: str) -> Episode:
    base = records()
    world = Backend(base)
    calls: list[Call] = []
    for tool, arguments, answer in wanted:
        error = failure(world, tool, arguments)
        if tool in WRITES and not error:
            world.do(tool, arguments)
        calls.append(Call(tool, arguments, bool(error), answer))
    customer = _customer(base, [call for call in calls if not call.fails], said)
    return Episode(name, customer, tuple(calls), world.changed())


def failure(world: Backend, tool: str, arguments: Json) -> str:
    """Why the benchmark's tool answers with an error; "" where it does not."""
    base = world.base
    match tool:
        case "find_user_id_by_email" | "find_user_id_by_name_zip":
            return "" if found(base, arguments) else "User not found"
        case "get_order_details":
            return "" if arguments["order_id"] in base.orders else "Order not found"
        case "get_user_details":
            return "" if arguments["user_id"] in base.users else "User not found"
        case "get_product_details":
            return "" if arguments["product_id"] in base.products else "Product not found"
        case "get_item_details":
            return "" if arguments["item_id"] in base.items else "Item not found"
        case _:
            return refusal(world, tool, arguments) if tool in WRITES else ""


def found(base: Records, arguments: Json) -> str:
    """The id of the user whom a lookup means, or ""."""
    return next((user_id for user_id, user in base.users.items() if means(user, arguments)), "")


def means(user: Json, arguments: Json) -> bool:
    """Whether a lookup by e-mail, or by name and zip, is of this user."""
    if "email" in arguments:
        return user["email"].lower() == arguments["email"].lower()
    name = (user["name"]["first_name"].lower(), user["name"]["last_name"].lower())
    wanted = (arguments["first_name"].lower(), arguments["last_name"].lower())
    return (*name, user["address"]["zip"]) == (*wanted, arguments["zip"])


def _customer(base: Records, calls: Sequence[Call], said: str) -> str:
    """Whose episode it is: whom its calls are about. One that calls nothing is told by name and zip in its text."""
    about: set[Any] = set()
    for call in calls:
        if call.name.startswith("find_user_id"):
            about.add(found(base, call.arguments))
        elif "order_id" in call.arguments:
            about.add(base.orders[call.arguments["order_id"]]["user_id"])
        elif "user_id" in call.arguments:
            about.add(call.arguments["user_id"])
    if not about:
        about = {user_id for user_id, user in base.users.items() if _named(user_id, user, said)}
    assert len(about) == 1, f"calls about {about}"
    return about.pop()


def _named(user_id: str, user: Json, said: str) -> bool:
    name = f"{user['name']['first_name']} {user['name']['last_name']}"
    return user_id in said or (name in said and user["address"]["zip"] in said)
