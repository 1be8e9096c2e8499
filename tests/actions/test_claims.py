"""Each statement that changes an action's state, alone: what it refuses when nothing before it has."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from frontdesk import Customer, Frontdesk, tool
from frontdesk.database import Database
from frontdesk.domain import Action, Limit
from frontdesk.errors import ActionStale
from frontdesk.models.scripted import ScriptedModel
from frontdesk.policies import decide
from frontdesk.store.actions import ActionStore, Judge
from tests.actions.shop import ANNA, Process, Shop, make_desk, obey, process, wish
from tests.actions.test_limits import until
from tests.test_support import rows

LEASE = timedelta(seconds=1)


async def proposed(desk: Process, tool_name: str = "refund_order", **arguments: Any) -> Action:
    given = arguments or {"order_id": "456", "amount": "20 EUR"}
    shown = await desk.propose(tool_name, **given)
    return await desk.actions.find(ANNA, UUID(shown["id"]))


def sets(database: Database, what: str) -> None:
    """As time would, or somebody with the owner's rights."""
    with psycopg.connect(database.conninfo, autocommit=True) as owner:
        owner.execute(f"UPDATE frontdesk.actions SET {what}")  # type: ignore[arg-type]


def allows(_used: Sequence[Decimal]) -> decide.Decision:
    """A judge with no objection."""
    return decide.RUN


def waits(_used: Sequence[Decimal]) -> decide.Decision:
    """A judge who wants a member of staff to see it."""
    return decide.Decision("wait", needs=1)


async def claim(store: ActionStore, action: Action, judge: Judge = allows, caps: Sequence[Limit] = ()) -> Any:
    return await store.claim(action, caps, judge, was="proposed", stands=timedelta(days=1))


# ------------------------------------------------------------------ the claim
async def test_an_action_is_claimed_once(database: Database) -> None:
    async with process(database) as desk:
        action = await proposed(desk)
        stores = [ActionStore(database, uuid4(), LEASE) for _ in range(2)]
        claims = [await claim(store, action) for store in stores]
        assert claims == [decide.RUN, None]
    assert rows(database, "SELECT count(*) FROM effects") == [(1,)]


async def test_what_has_run_out_is_not_claimed(database: Database) -> None:
    async with process(database) as desk:
        action = await proposed(desk)
        sets(database, "expires_at = now()")
        assert await claim(desk.actions.store, action) is None
    assert rows(database, "SELECT count(*) FROM effects") == [(0,)]


async def test_an_action_with_other_arguments_than_were_decided_on_is_not_claimed(database: Database) -> None:
    async with process(database) as desk:
        action = replace(await proposed(desk), digest=decide.digest({"order_id": "789"}))
        assert await claim(desk.actions.store, action) is None
        assert await claim(desk.actions.store, action, waits) is None
    assert rows(database, "SELECT status FROM actions") == [("proposed",)]


async def test_an_action_is_passed_on_once_and_in_time(database: Database) -> None:
    async with process(database) as desk:
        action = await proposed(desk)
        store = desk.actions.store
        assert await claim(store, action, waits)
        assert await claim(store, action, waits) is None
        late = await proposed(desk, order_id="789", amount="20 EUR")
        sets(database, "expires_at = now()")
        assert await claim(store, late, waits) is None


async def test_two_claims_of_one_limit_do_not_both_see_room_for_one(database: Database) -> None:
    """The first is held between its count and its commit: the second has to wait for it, and then count it."""
    cap = (Limit(Decimal(1), "", None, "customer", "1"),)

    def judge(used: Sequence[Decimal]) -> decide.Decision:
        return decide.Decision("refuse", "limit_reached", "Once.") if used[0] >= 1 else decide.RUN

    async with process(database) as desk:
        first = await proposed(desk)
        other = await desk.support.receive(
            ANNA, wish(("refund_order", {"order_id": "789", "amount": "5 EUR"})), channel="other"
        )
        answer = await desk.support.wait(ANNA, other.turn_id, 20)
        assert answer is not None
        second = await desk.actions.find(ANNA, UUID(answer["actions"][0]["id"]))
        assert second.conversation_id != first.conversation_id
        store = desk.actions.store
        async with await psycopg.AsyncConnection.connect(database.conninfo) as owner:
            await owner.execute(
                "LOCK TABLE frontdesk.effects IN SHARE MODE"
            )  # counting goes on, writing waits
            one = asyncio.create_task(claim(store, first, judge, cap))
            await asyncio.sleep(0.2)
            two = asyncio.create_task(claim(store, second, judge, cap))
            await asyncio.wait([two], timeout=0.3)
        refused = [outcome for outcome in await asyncio.gather(one, two) if outcome != decide.RUN]
        assert [outcome.code for outcome in refused] == ["limit_reached"]
    assert rows(database, "SELECT count(*) FROM effects") == [(1,)]


async def test_an_action_is_not_taken_back_late(database: Database) -> None:
    async with process(database) as desk:
        shown = await desk.propose("change_address", order_id="456", street="2 New Road")
        done = await desk.confirm(shown)
        sets(database, "undo_until = now()")
        assert not await desk.actions.store.undo(done)
    assert rows(database, "SELECT kind FROM effects") == [("do",)]


async def test_what_was_proposed_never_changes(database: Database) -> None:
    async with process(database) as desk:
        await proposed(desk)
    for column in (
        "arguments = '{}'",
        "digest = ''",
        "preview = '{}'",
        "basis = ''",
        "principal = 'customer:u2'",
    ):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            async with database.transaction(ANNA.key) as connection:
                await connection.execute(f"UPDATE actions SET {column}".encode())


# ------------------------------------------------------------------ what has changed meanwhile
async def test_an_order_that_has_become_somebody_else_s_is_not_touched(database: Database) -> None:
    async with process(database) as desk:
        shown = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        desk.shop.orders["456"]["owner"] = "u2"
        with pytest.raises(ActionStale):
            await desk.confirm(shown)
        assert desk.shop.effects == {}


async def test_a_small_write_of_a_turn_that_was_overtaken_is_not_done(database: Database) -> None:
    async with process(database, model=ScriptedModel([0.4, obey, obey, obey])) as desk:
        one = await desk.support.receive(
            ANNA, wish(("add_note", {"order_id": "456", "note": "leave it outside"}))
        )
        two = await desk.support.receive(ANNA, "no, wait")
        for accepted in (one, two):
            assert await desk.support.wait(ANNA, accepted.turn_id, 10) is not None
        assert "note" not in desk.shop.orders["456"]
    assert rows(database, "SELECT count(*) FROM effects") == [(0,)]


# ------------------------------------------------------------------ unknown outcomes
async def left_behind(desk: Process, action: Action) -> None:
    """Another process has claimed it, and died before anybody learned what its effect came to."""
    dead = ActionStore(desk.actions.store._database, uuid4(), timedelta(0))
    assert await claim(dead, action) == decide.RUN


async def test_what_a_dead_process_has_left_is_not_repeated_but_goes_to_a_person(database: Database) -> None:
    shop = Shop()
    async with process(database, shop, desk=make_desk(shop, reconcile=None)) as desk:
        action = await proposed(desk)
        await left_behind(desk, action)
        for _ in range(200):
            found = await desk.actions.find(ANNA, action.id)
            if found.status != "executing":
                break
            await asyncio.sleep(0.05)
    assert (found.status, found.reason) == ("unknown", "person")
    assert shop.effects == {}


async def test_a_backend_that_knows_no_keys_is_asked_before_anything_is_repeated(database: Database) -> None:
    sent: list[str] = []

    async def found(effect_id: str) -> dict[str, Any] | None:
        return {"sent": len(sent)} if sent else None

    @tool(permission="parcels:send", confirm=True, reconcile=found)
    async def send_parcel(order_id: str, customer: Customer, effect_id: str) -> dict[str, Any]:
        """Send a parcel, again for each call."""
        sent.append(order_id)
        raise ConnectionResetError

    async with process(database, desk=Frontdesk("Testshop", tools=[send_parcel])) as desk:
        shown = await desk.propose("send_parcel", order_id="456")
        assert (await desk.confirm(shown)).status == "unknown"
        await until(desk, shown, "executed")
    assert sent == ["456"]
