"""Tickets reach a helpdesk once, whatever happens on the way. The helpdesk here is a dictionary; the protocols are next door."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from uuid import uuid4

import httpx
import pytest

from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.helpdesks import External, Reply, StatusChange, TicketCopy
from frontdesk.helpdesks.base import Status
from frontdesk.people.courier import Courier
from frontdesk.store import customers, deliveries
from frontdesk.store.conversations import begin
from frontdesk.store.heard import heard


class Memory:
    """A helpdesk with no idempotency of its own. ``fail``: what the next calls do after they took effect, or before."""

    name = "memory"

    def __init__(self, settles: float = 0.0) -> None:
        self.settles = settles
        self.tickets: list[TicketCopy] = []
        self.states: dict[str, Status] = {}
        self.fail: list[str] = []

    async def create(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External:
        how = self.fail.pop(0) if self.fail else ""
        if how == "before":
            raise httpx.ConnectError("no")
        if how == "refused":
            raise httpx.HTTPStatusError(
                "no", request=httpx.Request("POST", "http://x"), response=httpx.Response(422)
            )
        self.tickets.append(ticket)
        if how == "after":
            raise httpx.ReadTimeout("lost")
        if how == "killed":
            raise asyncio.CancelledError
        return External(str(len(self.tickets)))

    async def find(self, client: httpx.AsyncClient, ticket: TicketCopy) -> External | None:
        for n, each in enumerate(self.tickets, start=1):
            if each.key == ticket.key:
                return External(str(n))
        return None

    async def update(self, client: httpx.AsyncClient, identity: str, status: Status) -> None:
        self.states[identity] = status

    async def replies(self, client: httpx.AsyncClient, identity: str) -> tuple[Reply, ...]:
        return ()

    def changed(self, headers: Mapping[str, str], body: bytes) -> StatusChange | None:
        return None


async def _ticket(database: Database, customer: str = "") -> None:
    principal = Principal("customer", customer or f"c{uuid4().hex[:8]}")
    await customers.call_person(database, principal, await begin(database, principal, "api"))


async def _all(database: Database, helpdesk: Memory, rounds: int = 12) -> None:
    """Work until nothing is due, time passing at once."""
    courier = Courier(database, None)
    async with httpx.AsyncClient() as client:
        for _ in range(rounds):
            await _due_now(database)
            try:
                await courier.one(helpdesk, client)
            except asyncio.CancelledError:
                continue


async def _due_now(database: Database, *, called: str = "called_at - interval '1 hour'") -> None:
    async with database.transaction(staff="test") as connection:
        await connection.execute(f"UPDATE deliveries SET next_at = now(), called_at = {called}")


@pytest.mark.parametrize("fail", [[], ["before"], ["after"], ["killed"], ["before", "before", "after"]])
async def test_a_ticket_is_made_once_whatever_happens_to_the_call(
    database: Database, fail: list[str]
) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    helpdesk.fail = list(fail)
    await _ticket(database)
    await _all(database, helpdesk)
    assert len(helpdesk.tickets) == 1
    assert await deliveries.deliveries(database) == []


async def test_what_may_be_there_is_not_made_again_before_it_can_be_found(database: Database) -> None:
    helpdesk = Memory(settles=600.0)
    await deliveries.declare(database, "memory")
    helpdesk.fail = ["killed"]
    await _ticket(database)
    courier = Courier(database, None)
    async with httpx.AsyncClient() as client:
        with pytest.raises(asyncio.CancelledError):
            await courier.one(helpdesk, client)
        for _ in range(3):
            await _due_now(database, called="called_at")
            assert await courier.one(helpdesk, client)
        assert [how for _, _, _, how, _ in await deliveries.deliveries(database)] == ["waiting"]
        await _due_now(database)
        await courier.one(helpdesk, client)
    assert len(helpdesk.tickets) == 1
    assert await deliveries.deliveries(database) == []


async def test_two_replicas_do_not_take_the_same_ticket(database: Database) -> None:
    await deliveries.declare(database, "memory")
    for _ in range(5):
        await _ticket(database)
    taken = await asyncio.gather(*(deliveries.take(database, "memory") for _ in range(12)))
    keys = [due.key for due in taken if due]
    assert len(keys) == len(set(keys))


async def test_what_is_refused_is_given_up_and_listed_and_tried_again_when_told_to(
    database: Database,
) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    helpdesk.fail = ["refused"]
    await _ticket(database)
    await _all(database, helpdesk, 3)
    assert [(how, dead) for _, _, _, how, dead in await deliveries.deliveries(database)] == [
        ("HTTP 422", True)
    ]
    assert await deliveries.retry(database) == 1
    await _all(database, helpdesk, 2)
    assert len(helpdesk.tickets) == 1


async def test_an_id_with_a_colon_stays_whole(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    await _ticket(database, f"acme:{uuid4().hex[:6]}:1")
    await _all(database, helpdesk, 2)
    assert helpdesk.tickets[0].customer.startswith("acme:")
    assert helpdesk.tickets[0].customer.endswith(":1")


async def test_states_go_both_ways_and_closed_stays_closed(database: Database) -> None:
    helpdesk = Memory()
    await deliveries.declare(database, "memory")
    await _ticket(database)
    await _all(database, helpdesk, 2)
    assert await heard(database, "memory", "1", "pending")
    await _all(database, helpdesk, 2)
    assert helpdesk.states == {}  # what it said itself is not told back
    async with database.transaction(staff="test") as connection:
        await connection.execute(
            "UPDATE tickets SET status = 'closed' WHERE external_id = '1' AND helpdesk = 'memory'"
        )
    await _all(database, helpdesk, 2)
    assert helpdesk.states == {"1": "closed"}
    assert await heard(database, "memory", "1", "solved")
    async with database.transaction(staff="test") as connection:
        row = await (
            await connection.execute(
                "SELECT status FROM tickets WHERE external_id = '1' AND helpdesk = 'memory'"
            )
        ).fetchone()
    assert row == ("closed",)
    assert not await heard(database, "memory", "99", "solved")
