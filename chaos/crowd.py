"""Customers who go on while something is broken, like sane clients: the same id again until there is an answer.

Two of three ask where an order is, the third wants a refund and confirms it. What every one was told, how long each
answer took, and what was stored in the end is compared when the fault is over.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

from chaos.journal import Tally
from chaos.servers import rows
from chaos.site import Site

WITHIN = 5.0  # seconds, for an answer, good or honest
SLACK = 0.5  # for a machine that is shared
TOLD = ("executed", "unknown", "confirmed", "executing")

STORED = """
SELECT t.client_message_id AS id, count(DISTINCT t.id) AS turns, bool_and(t.status = 'done') AS done,
  count(m.body) AS replies
FROM turns t LEFT JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1
WHERE t.client_message_id = ANY (%s) GROUP BY 1
"""


@dataclass
class Customer:
    """Customer c117 has order o117 and says one thing. ``told`` is how the refund ended, as far as was said."""

    n: int
    refund: bool
    reply: dict[str, Any] | None = None
    told: str = ""

    @property
    def message(self) -> str:
        return f"Refund order {self.n}" if self.refund else f"Where is my order {self.n}?"


class Crowd:
    """``broken`` while a fault is on; what is timed then is timed against WITHIN."""

    def __init__(self, site: Site, first: int) -> None:
        self._site = site
        self._next = first
        self.customers: list[Customer] = []
        self.tally = Tally()
        self.broken = False
        self._over = asyncio.Event()
        self._well = False  # whether the newest answer was what it should be

    @asynccontextmanager
    async def at_work(self, number: int, pause: float = 0.15) -> AsyncGenerator[None]:
        """``number`` of them speak at any time; in the end each is waited for until it has its answer."""
        tasks = [asyncio.create_task(self._keep_coming(pause)) for _ in range(number)]
        try:
            yield
        finally:
            self._over.set()
            began = time.monotonic()
            done, late = await asyncio.wait(tasks, timeout=45)
            self.tally.slowest("all answered after the fault", time.monotonic() - began)
            for task in late:
                task.cancel()
            await asyncio.gather(*late, return_exceptions=True)
            self.tally.expect(not late, f"{len(late)} customers had no answer 45 s after the fault")
            for task in done:
                task.result()

    async def well(self, seconds: float = 20.0) -> None:
        """Wait until answers are as they should be: a model that has failed is left alone for 15 s."""
        for _ in range(int(seconds / 0.1)):
            if self._well:
                return
            await asyncio.sleep(0.1)

    async def _keep_coming(self, pause: float) -> None:
        while not self._over.is_set():
            await self.one(Customer(self.number(), refund=self._next % 3 == 0))
            await asyncio.sleep(pause)

    def number(self) -> int:
        self._next += 1
        return self._next

    async def one(self, customer: Customer, first_try: int | None = None) -> None:
        """One customer from the message to the last answer."""
        self.customers.append(customer)
        body = {
            "user_id": f"c{customer.n}",
            "message": customer.message,
            "client_message_id": f"m{customer.n}",
        }
        customer.reply = await self._until_answered("/support/chat", body, customer.n, first_try)
        self._well = not customer.reply["degraded"]
        self.tally.counts["degraded answers"] += not self._well
        for action in customer.reply["actions"]:
            if "confirm_token" not in action:  # it has run out already, by this process's clock
                customer.told = "no button"
                continue
            token = {"user_id": f"c{customer.n}", "confirm_token": action["confirm_token"]}
            answer = await self._until_answered(f"/support/actions/{action['id']}/confirm", token, customer.n)
            # 409, 410: it was decided already, or the proposal has run out; the action's own state says how it is.
            customer.told = answer["action"]["status"] if "action" in answer else answer["code"]

    async def _until_answered(
        self, path: str, body: dict[str, str], n: int, first_try: int | None = None
    ) -> dict[str, Any]:
        for attempt in range(2000):
            which = (n + attempt if first_try is None else first_try + attempt) % len(self._site.clients)
            began, broken = time.monotonic(), self.broken
            try:
                limit = aiohttp.ClientTimeout(20)
                async with self._site.clients[which].post(path, json=body, timeout=limit) as answer:
                    status, told = answer.status, await answer.json()
            except (aiohttp.ClientError, TimeoutError, ConnectionError) as error:
                self._note(
                    "no connection" if isinstance(error, aiohttp.ClientConnectorError) else "cut off", began
                )
                await asyncio.sleep(0.2)
                continue
            self._timed(path, status, answer.headers, time.monotonic() - began, broken)
            if status in (200, 409, 410):
                return told
            await asyncio.sleep(0.2)
        raise AssertionError("unreachable: the crowd is waited for 45 s")

    def _note(self, what: str, began: float) -> None:
        self.tally.counts[what] += 1
        self.tally.expect(time.monotonic() - began < 19, "a request was held for 19 s and more")

    def _timed(self, path: str, status: int, headers: Any, seconds: float, broken: bool) -> None:
        self.tally.counts[str(status)] += 1
        self.tally.expect(status in (200, 202, 409, 410, 503), f"status {status}")
        if status == 503:
            self.tally.expect("retry-after" in headers, "503 without Retry-After")
        if broken:
            self.tally.slowest(f"{status} in the fault", seconds)
            self.tally.expect(
                seconds <= WITHIN + SLACK, f"{status} took {seconds:.1f} s, {path.rpartition('/')[2]}"
            )

    # ------------------------------------------------------------------ when it is over
    async def reconcile(self) -> Tally:
        """Nothing lost, nothing doubled, nothing said that is not so."""
        tally, shop = self.tally, self._site.backend
        tally.counts["messages"] = len(self.customers)
        url = self._site.postgres.direct
        stored = {row["id"]: row for row in await rows(url, STORED, [[f"m{c.n}" for c in self.customers]])}
        for customer in self.customers:
            row = stored.get(f"m{customer.n}")
            tally.expect(row is not None, f"c{customer.n}: the message is lost")
            if row:
                once = (row["turns"], row["done"], row["replies"]) == (1, True, 1)
                tally.expect(
                    once, f"c{customer.n}: {row['turns']} turns, {row['replies']} replies, done {row['done']}"
                )
        actions = await self._settled()
        for customer in self.customers:
            happened = shop.happened["refund", f"o{customer.n}"]
            tally.counts["refunds"] += happened
            self._honest(
                customer, happened, [row for row in actions if row["who"] == f"customer:c{customer.n}"]
            )
        return tally

    async def _settled(self) -> Sequence[dict[str, Any]]:
        """The actions, once none is under way; what a person has to look into counts as settled."""
        query = "SELECT principal AS who, status, reason FROM actions WHERE principal = ANY (%s)"
        names = [f"customer:c{customer.n}" for customer in self.customers]
        found: list[dict[str, Any]] = []
        for _ in range(80):
            found = await rows(self._site.postgres.direct, query, [names])
            if not [
                r
                for r in found
                if r["status"] == "executing" or (r["status"] == "unknown" and not r["reason"])
            ]:
                break
            await asyncio.sleep(0.5)
        else:
            self.tally.problems.append("actions without an end 40 s after the fault")
        self.tally.counts["for a person to find out"] = sum(row["status"] == "unknown" for row in found)
        return found

    def _honest(self, customer: Customer, happened: int, actions: Sequence[dict[str, Any]]) -> None:
        """What was done is what is recorded, and what the customer was told."""
        name, executed = f"c{customer.n}", sum(row["status"] == "executed" for row in actions)
        unclear = any(row["status"] == "unknown" for row in actions)
        self.tally.expect(happened <= 1, f"{name}: refunded {happened} times")
        self.tally.expect(
            unclear or happened == executed, f"{name}: {happened} refunds, {executed} executed actions"
        )
        if customer.told == "executed":
            self.tally.expect(happened == 1, f"{name}: told of a refund that never was")
        self.tally.counts["without a button"] += customer.told == "no button"
        if customer.told not in ("", *TOLD, "action_decided"):
            self.tally.expect(not happened, f"{name}: told {customer.told}, but it was refunded")
        said = (customer.reply or {}).get("reply", "")
        false = "Order" in said and " is " in said and f"Order o{customer.n} is shipped." not in said
        self.tally.expect(not false, f"{name}: told {said!r}")
