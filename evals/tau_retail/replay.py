"""Pushing calls through Frontdesk as their customer: proposed through a turn, confirmed with the button, executed."""

from __future__ import annotations

import copy
import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

import psycopg

from evals.tau_retail.backend import FOLDER, Backend, Json, read
from evals.tau_retail.desk import WRITES, make_desk
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import FrontdeskError
from tests.actions.shop import Process, process, wish

Call = tuple[str, Json]


@dataclass
class Found:
    """What the replay has come to."""

    passed: Counter[str] = field(default_factory=Counter[str])
    stopped: Counter[str] = field(default_factory=Counter[str])
    states: int = 0
    tasks: int = 0
    problems: list[str] = field(default_factory=list[str])


class Data:
    """The files, read once."""

    def __init__(self) -> None:
        self.users, self.orders, self.products = (
            read(f"db/{n}.json") for n in ("users", "orders", "products")
        )
        self.tasks: list[Json] = read("tasks.json")

    def backend(self) -> Backend:
        """A fresh shop."""
        return Backend(self.users, self.orders, self.products)

    def gold(self) -> Iterator[tuple[str, str, list[Call]]]:
        """(task, customer, write calls)."""
        for task in self.tasks:
            calls = [(a["name"], a["arguments"]) for a in task["evaluation_criteria"]["actions"] or ()]
            yield task["id"], self.customer(calls), [call for call in calls if call[0] in WRITES]

    def recorded(self) -> Iterator[tuple[str, str, list[Call]]]:
        """The same of recorded conversations with reward 1, without calls that their own backend refused."""
        for n, line in enumerate((FOLDER / "conversations.jsonl").read_text(encoding="utf-8").splitlines()):
            talk = json.loads(line)
            if talk["reward"] != 1:
                continue
            results = {
                m.get("tool_call_id") or m.get("id"): str(m.get("content"))
                for m in talk["messages"]
                if m["role"] == "tool"
            }
            calls: list[Call] = []
            for message in talk["messages"]:
                for call in message.get("tool_calls") or ():
                    function = call.get("function", call)
                    given = function["arguments"]
                    arguments = json.loads(given) if isinstance(given, str) else given
                    if not results.get(call.get("id"), "").startswith("Error"):
                        calls.append((function["name"], arguments))
            yield f"recorded {n}", self.customer(calls), [call for call in calls if call[0] in WRITES]

    def customer(self, calls: list[Call]) -> str:
        """Who was authenticated, by what they gave; else whose account or order was looked at first."""
        for name, a in calls:
            for user_id, user in self.users.items():
                if name == "find_user_id_by_email" and user["email"].lower() == str(a.get("email")).lower():
                    return user_id
                said = (str(a.get("first_name")).lower(), str(a.get("last_name")).lower(), str(a.get("zip")))
                named = (
                    user["name"]["first_name"].lower(),
                    user["name"]["last_name"].lower(),
                    user["address"]["zip"],
                )
                if name == "find_user_id_by_name_zip" and said == named:
                    return user_id
        for _, a in calls:
            if a.get("user_id") in self.users:
                return a["user_id"]
            if a.get("order_id") in self.orders:
                return self.orders[a["order_id"]]["user_id"]
        return next(iter(self.users))


async def run(desk: Process, customer: str, call: Call) -> bool:
    """Whether a call passes: it is proposed, confirmed, and executed."""
    who = Principal("customer", customer)
    answer = await desk.say(wish(call), who)
    for action in answer["actions"]:
        try:
            return (await desk.confirm(action, who)).status == "executed"
        except FrontdeskError:
            return False
    return False


def mutations(
    data: Data, customer: str, call: Call, after: bool, rng: random.Random
) -> Iterator[tuple[str, Call]]:
    """What the policy forbids, made of an allowed call. ``after``: the call itself has just been carried out."""
    name, given = call
    order = data.orders.get(given.get("order_id", ""), {})
    if after:
        if name not in ("modify_user_address", "modify_pending_order_address"):
            yield "a second use", call
        return
    others = [
        o for o in data.orders.values() if o["user_id"] != customer and o["status"] == order.get("status")
    ]
    if others:
        yield "another customer's order", (name, {**given, "order_id": rng.choice(others)["order_id"]})
        yield "no order at all", (name, {**given, "order_id": "#W0000000"})
        wrong = [
            o
            for o in data.orders.values()
            if o["user_id"] == customer and o["status"] not in (order["status"], "pending (item modified)")
        ]
        if wrong:
            yield "a wrong state", (name, {**given, "order_id": rng.choice(wrong)["order_id"]})
    if name == "modify_user_address":
        yield (
            "another customer's account",
            (name, {**given, "user_id": rng.choice([u for u in data.users if u != customer])}),
        )
    if "reason" in given:
        yield "a reason that is none", (name, {**given, "reason": "changed my mind"})
    if "item_ids" in given:
        foreign = rng.choice(
            [
                i["item_id"]
                for o in rng.sample(list(data.orders.values()), 20)
                for i in o["items"]
                if i["item_id"] not in {x["item_id"] for x in order["items"]}
            ]
        )
        yield "an item off the record", (name, {**given, "item_ids": [foreign, *given["item_ids"][1:]]})
        yield (
            "an item too often",
            (
                name,
                {
                    **given,
                    "item_ids": given["item_ids"][:1] * 9,
                    **({"new_item_ids": given["new_item_ids"][:1] * 9} if "new_item_ids" in given else {}),
                },
            ),
        )
    if "new_item_ids" in given:
        yield "another product", (name, {**given, "new_item_ids": _elsewhere(data, order, given, rng)})
    if "payment_method_id" in given:
        stranger = rng.choice([u for u in data.users if u != customer])
        yield (
            "another customer's payment method",
            (name, {**given, "payment_method_id": next(iter(data.users[stranger]["payment_methods"]))}),
        )
        yield "a payment method that is none", (name, {**given, "payment_method_id": "credit_card_0"})


def _elsewhere(data: Data, order: Json, given: Json, rng: random.Random) -> list[str]:
    products = {item["product_id"] for item in order["items"]}
    product = rng.choice([p for p in data.products.values() if p["product_id"] not in products])
    return [rng.choice(list(product["variants"])), *given["new_item_ids"][1:]]


async def replay(database: Database, most: int | None = None, seed: int = 1) -> Found:
    """All of it, or of the first ``most`` tasks and conversations."""
    data, found, rng = Data(), Found(), random.Random(seed)
    for kind, source in (("gold", data.gold()), ("recorded", data.recorded())):
        for n, (task, customer, calls) in enumerate(source):
            if most is not None and n >= most:
                break
            backend, expected = data.backend(), data.backend()
            async with process(database, desk=make_desk(backend), max_tool_calls=12) as desk:
                for call in calls:
                    await _one(desk, data, backend, kind, task, customer, call, found, rng)
                    if kind == "gold":
                        expected.do(call[0], copy.deepcopy(call[1]), customer)
            if kind == "gold":
                found.tasks += 1
                found.states += backend.state() == expected.state()
            # The ledger is the database's: another task's order of the same number is another order.
            await _forget(database)
    return found


async def _one(desk: Process, data: Data, backend: Backend, kind: str, task: str, customer: str, call: Call,
               found: Found, rng: random.Random) -> None:  # fmt: skip
    await _forbidden(desk, backend, customer, mutations(data, customer, call, False, rng), found, task)
    if await run(desk, customer, call):
        found.passed[kind] += 1
        await _forbidden(desk, backend, customer, mutations(data, customer, call, True, rng), found, task)
    else:
        found.problems.append(f"{kind} {task}: {call[0]} was stopped")


async def _forbidden(desk: Process, backend: Backend, customer: str, forbidden: Iterator[tuple[str, Call]],
                     found: Found, task: str) -> None:  # fmt: skip
    for what, call in forbidden:
        before = backend.state()
        if await run(desk, customer, call) or backend.state() != before:
            found.problems.append(f"{task}: {call[0]} passed with {what}")
        else:
            found.stopped[what] += 1


async def _forget(database: Database) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as owner:
        owner.execute("TRUNCATE frontdesk.conversations, frontdesk.effects, frontdesk.actions CASCADE")
