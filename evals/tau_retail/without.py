"""Each protection switched off, one at a time: the replay must notice, or another protection must hold the same line.

``python -m evals.tau_retail.without`` prints, for each, the first forbidden call that came through.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from evals.tau_retail import data
from evals.tau_retail.cross import cases, cross_users
from evals.tau_retail.desk import DESK
from evals.tau_retail.episodes import gold
from evals.tau_retail.reads import SHOP, Shop
from evals.tau_retail.replay import Replay, Report, calls_of
from evals.tau_retail.work import at_work
from frontdesk import Customer, Frontdesk
from tests.actions.hostile import logged


@dataclass(frozen=True)
class Protection:
    """A rule or a limit beside a tool, or whose the records of a kind are."""

    tool: str
    word: str
    place: int = 0

    def __str__(self) -> str:
        tool = next((tool for tool in DESK.tools if tool.name == self.tool), None)
        what = tool.grant.requires[self.place].__doc__ if tool and self.word == "requires" else self.word
        return f"{self.tool}: {what}"


WHOSE = [Protection("order", "whose it is"), Protection("user", "whose it is")]


def protections() -> list[Protection]:
    """All of them."""
    rules = [
        Protection(tool.name, "requires", n) for tool in DESK.tools for n in range(len(tool.grant.requires))
    ]
    return [*WHOSE, *rules, *(Protection(tool.name, "limit") for tool in DESK.tools if tool.grant.limit)]


def without(off: Protection) -> Frontdesk:
    """The desk without a rule or a limit."""
    tools = []
    for tool in DESK.tools:
        grant = tool.grant
        if tool.name == off.tool and off.word == "requires":
            grant = replace(grant, requires=(*grant.requires[: off.place], *grant.requires[off.place + 1 :]))
        elif tool.name == off.tool:
            grant = replace(grant, limit=())
        tools.append(tool.model_copy(update={"grant": grant}))
    return Frontdesk(DESK.name, tools=tools)


@contextmanager
def unowned(off: Protection) -> Iterator[None]:
    """For ownership: the subject finds what is anybody's."""

    def order(order_id: str, customer: Customer) -> Any:
        found = SHOP.world.order(order_id) or {}
        return Shop.order(SHOP, order_id, Customer(found.get("user_id", customer.id), verified=True))

    def user(user_id: str, customer: Customer) -> Any:
        return SHOP.world.user(user_id) or Shop.user(SHOP, user_id, customer)

    if off in WHOSE:
        setattr(SHOP, off.tool, {"order": order, "user": user}[off.tool])
    try:
        yield
    finally:
        vars(SHOP).pop(off.tool, None)


async def noticed(off: Protection) -> str:
    """What the replay of the gold calls says first without this protection; "" if it notices nothing."""
    tasks, report = gold(), Report()
    with unowned(off), logged():
        async with at_work(without(off)) as work:
            replay = Replay(work, report, allowed=calls_of(tasks), attacks=1.0)
            for episode in tasks:
                await replay.run(episode, "gold")
                if report.problems:
                    return report.problems[0]
            await cross_users(work, report, cases()[:5])
    return report.problems[0] if report.problems else ""


def main() -> int:
    if not data.there():
        print(data.MISSING)
        return 2
    count, all_of = 0, protections()
    for off in all_of:
        problem = asyncio.run(noticed(off))
        count += bool(problem)
        print(f"{'noticed ' if problem else 'not seen'} {off}\n         {problem[:160]}", flush=True)
    print(f"{count} of {len(all_of)} noticed")
    return 0


if __name__ == "__main__":
    sys.exit(main())
