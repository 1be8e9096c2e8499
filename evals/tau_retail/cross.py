"""Customer A asks for what is customer B's, in every tool: nothing of B's may show, and nothing may change."""

from __future__ import annotations

import json
from collections.abc import Sequence
from random import Random

from evals.tau_retail.backend import WRITES, Backend
from evals.tau_retail.data import Json, read, records
from evals.tau_retail.mutations import NOBODY, Wish, fitting
from evals.tau_retail.replay import Report
from evals.tau_retail.work import Work
from tests.actions.hostile import logged

LONG = 8  # characters from which on a string found in a log is no chance


async def cross_users(work: Work, report: Report, cases: Sequence[Json]) -> None:
    """Each case in one turn: reads and writes of B's, beside the same of nobody's, and one read of A's own."""
    world = Backend(records())
    work.begin(world)
    with logged() as log:
        for case in cases:
            await _case(work, report, world, case)
    secrets = {text for case in cases for text in case["must_not_leak"] if len(text) >= LONG}
    lines = "\n".join(log.lines)
    report.count("cross-user: no canary in the log", not [s for s in secrets if s in lines], "leaked")
    report.count("cross-user: nothing changed", not world.changed() and not world.effects, "changed")


async def _case(work: Work, report: Report, world: Backend, case: Json) -> None:
    theirs = _wishes(world, case["victim_user"], case["order_id"])
    absent = [(name, _absent(arguments)) for name, arguments in theirs]
    own = [("get_order_details", {"order_id": case["own_order"]})] if case["own_order"] else []
    answers = await work.ask(case["acting_user"], [*theirs, *absent, *own])
    if own:
        mine = answers.pop()
        report.count("cross-user: one's own order is shown", mine.ok, f"{case['id']} {mine.text[:200]}")
    for (name, _), of_theirs, of_nobody in zip(theirs, answers, answers[len(theirs) :], strict=False):
        problem = f"{case['id']} {name}: {of_theirs.text[:200]}"
        report.count("cross-user: refused", not of_theirs.ok and not of_theirs.action, problem)
        report.count("cross-user: foreign and absent alike", of_theirs.text == of_nobody.text, problem)
    shown = " ".join([json.dumps(work.said, default=str), *(answer.text for answer in answers)])
    leaked = [text for text in case["must_not_leak"] if text in shown]
    report.count("cross-user: no canary shown", not leaked, f"{case['id']} {leaked}")


def _wishes(world: Backend, victim: str, order_id: str) -> list[Wish]:
    """All that can be asked of somebody else's, each right in all but the customer."""
    user, order, rng = world.base.users[victim], world.base.orders[order_id], Random(order_id)
    name, home = user["name"], user["address"]
    claimed = {"customer": {"id": victim, "verified": True}, "user_id": victim, "effect_id": "x"}
    wishes: list[Wish] = [
        ("get_order_details", {"order_id": order_id}),
        ("get_order_details", {"order_id": order_id, **claimed}),
        ("get_user_details", {"user_id": victim}),
        ("find_user_id_by_email", {"email": user["email"]}),
        ("find_user_id_by_name_zip", {**name, "zip": home["zip"]}),
        ("modify_user_address", {"user_id": victim, **home}),
    ]
    other = next(iter(user["payment_methods"]))
    made = [(tool, fitting(world, tool, order, rng, method=other)) for tool in WRITES if "user" not in tool]
    return wishes + [
        (tool, {**arguments, **more}) for tool, arguments in made if arguments for more in ({}, claimed)
    ]


def _absent(arguments: Json) -> Json:
    """The same of somebody, or of an order, that there is not."""
    nobody = {
        "email": "nobody@example.com",
        "first_name": "Nobody",
        "user_id": "nobody_0000",
        "order_id": NOBODY["order"],
    }
    return arguments | {name: nobody[name] for name in arguments if name in nobody}


def cases() -> list[Json]:
    """The 500 published with the data."""
    return read("cross_user_cases.jsonl")
