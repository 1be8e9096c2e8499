"""Limits, approvals, undo, lost answers and writes without a button: on a real database."""

import asyncio
from typing import Any
from uuid import UUID

import pytest

from frontdesk.database import Database
from frontdesk.domain import Action, Principal
from frontdesk.errors import ActionDecided, ActionExpired, ApprovalNotYours, ReasonMissing, TokenMismatch
from tests.actions.shop import ANNA, BEN, Process, Shop, make_desk, process, wish
from tests.test_support import rows


async def until(desk: Process, action: dict[str, Any], *statuses: str) -> Action:
    for _ in range(200):
        found = await desk.actions.find(ANNA, UUID(action["id"]))
        if found.status in statuses:
            return found
        await asyncio.sleep(0.05)
    raise AssertionError(found.status)


# ------------------------------------------------------------------ limits
async def test_the_fourth_refund_of_a_day_is_not_even_proposed(database: Database) -> None:
    async with process(database) as desk:
        for n in range(3):
            action = await desk.propose("refund_order", order_id="456", amount=f"{n + 1} EUR")
            assert (await desk.confirm(action)).status == "executed"
        answer = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "4 EUR"})))
        assert answer["actions"] == []
    [(steps,)] = rows(database, "SELECT record -> 'steps' FROM turns ORDER BY seq DESC LIMIT 1")
    assert "at most 3 times a day" in steps[0]["result"]  # type: ignore[index]


async def test_proposals_shown_together_cannot_pass_a_limit_together(database: Database) -> None:
    """Each was within the limit when it was shown; clicked at once, only as many run as it allows."""
    shop = Shop(seconds=0.01)
    async with process(database, shop) as one, process(database, shop) as two:
        actions = [
            (await one.say(wish(("refund_order", {"order_id": "456", "amount": f"{n + 1} EUR"}), ("get_order", {"order_id": "456"})), conversation_id=None))["actions"][0]
            for n in range(1)
        ]  # fmt: skip
        answer = await one.say(
            wish(*[("refund_order", {"order_id": "789", "amount": f"{n + 10} EUR"}) for n in range(6)])
        )
        actions += answer["actions"]
        outcomes = await asyncio.gather(
            *((one if n % 2 else two).confirm(action) for n, action in enumerate(actions))
        )
    assert sorted(outcome.status for outcome in outcomes) == ["executed"] * 3 + ["failed"] * 4
    assert len(shop.effects) == 3


async def test_a_limit_per_shop_counts_everybody_and_per_argument_whoever_asks(database: Database) -> None:
    shop = Shop()
    desk_of = make_desk(
        shop, limit=["20 EUR/day per shop", "1 per order_id"], approve_above=[], approve_twice_above=[]
    )
    async with process(database, shop, desk=desk_of) as desk:
        assert (
            await desk.confirm(await desk.propose("refund_order", order_id="456", amount="15 EUR"))
        ).status == "executed"
        over = await desk.say(wish(("refund_order", {"order_id": "321", "amount": "6 EUR"})), BEN)
        assert over["actions"] == []
        again = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "1 EUR"})))
        assert again["actions"] == []
        action = await desk.propose("refund_order", BEN, order_id="321", amount="5 EUR")
        assert (await desk.confirm(action, BEN)).status == "executed"


async def test_another_currency_than_the_limit_s_is_refused(database: Database) -> None:
    async with process(database) as desk:
        answer = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "20 USD"})))
        assert answer["actions"] == []


async def test_what_failed_does_not_count_and_what_is_unknown_does(database: Database) -> None:
    shop = Shop(fault="refuse")
    desk_of = make_desk(shop, limit="1/day", reconcile=lambda order_id: None)
    async with process(database, shop, desk=desk_of) as desk:
        failed = await desk.confirm(await desk.propose("refund_order", order_id="456", amount="1 EUR"))
        assert (failed.status, desk.actions.reply(failed)) == (
            "failed",
            "This was not done: Refund order 456. The shop says no.",
        )
        shop.fault = "after"
        unknown = await desk.confirm(await desk.propose("refund_order", order_id="456", amount="2 EUR"))
        assert unknown.status == "unknown"
        assert (await desk.say(wish(("refund_order", {"order_id": "456", "amount": "3 EUR"}))))[
            "actions"
        ] == []


# ------------------------------------------------------------------ approvals
async def test_above_the_first_limit_one_colleague_approves_and_above_the_next_two(
    database: Database,
) -> None:
    async with process(database) as desk:
        small = await desk.propose("refund_order", order_id="789", amount="100 EUR")
        assert small["approvals_needed"] == 0
        for amount, people in (("100.01 EUR", ["kim"]), ("500.01 EUR", ["kim", "lee"])):
            action = await desk.propose("refund_order", order_id="789", amount=amount)
            assert action["approvals_needed"] == len(people)
            waiting = await desk.confirm(action)
            assert waiting.status == "confirmed"
            assert desk.shop.effects.get(action["id"]) is None
            assert [item.id for item in await desk.actions.waiting()] == [waiting.id]
            for who in people:
                approved = await desk.actions.approve(who, waiting.id)
            assert approved.status == "executed"
            assert desk.shop.effects[action["id"]] == 1
    said = [body for (body,) in rows(database, "SELECT body FROM messages WHERE n > 1 ORDER BY turn_seq, n")]
    assert "A colleague has to approve" in str(said[0])
    assert "Refunded 100.01 EUR" in str(said[1])


async def test_proposals_shown_together_cannot_pass_a_threshold_of_staff_together(database: Database) -> None:
    shop = Shop(seconds=0.02)
    desk_of = make_desk(shop, limit=[], approve_above="100 EUR/day", approve_twice_above=[])
    async with process(database, shop, desk=desk_of) as desk:
        wanted = [("refund_order", {"order_id": "789", "amount": amount}) for amount in ("60 EUR", "61 EUR")]
        answer = await desk.say(wish(*wanted))
        outcomes = await asyncio.gather(*(desk.confirm(action) for action in answer["actions"]))
        assert sorted(outcome.status for outcome in outcomes) == ["confirmed", "executed"]
        assert len(shop.effects) == 1


async def test_who_asked_never_approves_and_nobody_twice(database: Database) -> None:
    async with process(database) as desk:
        action = await desk.confirm(await desk.propose("refund_order", order_id="789", amount="600 EUR"))
        for who in ("u1", "customer:u1", ""):
            with pytest.raises(ApprovalNotYours):
                await desk.actions.approve(who, action.id)
        await desk.actions.approve("kim", action.id)
        with pytest.raises(ApprovalNotYours):
            await desk.actions.approve("kim", action.id)
        assert desk.shop.effects == {}
        same = await asyncio.gather(
            *(desk.actions.approve("lee", action.id) for _ in range(5)),
            *(desk.actions.approve("max", action.id) for _ in range(5)),
            return_exceptions=True,
        )
        assert any(isinstance(one, Action) and one.status == "executed" for one in same)
        assert desk.shop.effects == {str(action.id): 1}


async def test_a_colleague_s_no_tells_the_customer_why(database: Database) -> None:
    async with process(database) as desk:
        action = await desk.confirm(await desk.propose("refund_order", order_id="789", amount="600 EUR"))
        declined = await desk.actions.refuse("kim", action.id, "The parcel has not come back yet.")
        assert declined.status == "declined"
        with pytest.raises(ActionDecided):
            await desk.actions.approve("lee", action.id)
        answer = await desk.say("so what?")
        assert answer["actions"] == []
        assert desk.shop.effects == {}
    told = rows(database, "SELECT body FROM messages WHERE n > 1 ORDER BY n DESC LIMIT 1")[0][0]
    assert str(told).endswith("The reason: The parcel has not come back yet.")


@pytest.mark.parametrize("reason", ["", "  \n", "<b></b>"])
async def test_a_colleague_s_no_needs_a_reason_that_can_be_read(database: Database, reason: str) -> None:
    async with process(database) as desk:
        action = await desk.confirm(await desk.propose("refund_order", order_id="789", amount="600 EUR"))
        with pytest.raises(ReasonMissing):
            await desk.actions.refuse("kim", action.id, reason)
        assert (await desk.actions.find(ANNA, action.id)).status == "confirmed"


async def test_an_approved_action_whose_process_died_is_run_by_another(database: Database) -> None:
    shop = Shop()
    async with process(database, shop) as desk:
        action = await desk.confirm(await desk.propose("refund_order", order_id="789", amount="200 EUR"))
        await desk.actions.store.approve(action, "kim")  # and here it died
        found = await until(desk, {"id": str(action.id)}, "executed")
    assert found.approved_by == ("kim",)
    assert shop.effects == {str(action.id): 1}


# ------------------------------------------------------------------ lost answers
async def test_an_answer_that_was_lost_is_asked_for_and_the_effect_is_not_repeated(
    database: Database,
) -> None:
    shop = Shop(fault="after")
    async with process(database, shop) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        assert (await desk.confirm(action)).status == "unknown"
        shop.fault = ""
        await until(desk, action, "executed")
    assert shop.effects == {action["id"]: 1}
    said = [str(body) for (body,) in rows(database, "SELECT body FROM messages WHERE n > 1 ORDER BY n")]
    assert "will not be done twice" in said[0]
    assert said[1] == "Refunded 20.00 EUR for order 456."


@pytest.mark.parametrize("fault", ["before", "after"])
async def test_a_backend_without_keys_is_asked_for_the_state(database: Database, fault: str) -> None:
    shop = Shop(fault=fault)
    async with process(database, shop) as desk:
        action = await desk.propose("change_address", order_id="456", street="2 New Road")
        assert (await desk.confirm(action)).status == "unknown"
        shop.fault = ""
        await until(desk, action, "executed")
    assert shop.orders["456"]["street"] == "2 New Road"
    assert shop.effects == {action["id"]: 1}


async def test_what_cannot_be_asked_goes_to_a_person_who_settles_it(database: Database) -> None:
    shop = Shop(fault="before")
    async with process(database, shop, desk=make_desk(shop, reconcile=None)) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        unknown = await desk.confirm(action)
        assert (unknown.status, unknown.reason) == ("unknown", "person")
        assert [item.id for item in await desk.actions.waiting()] == [unknown.id]
        settled = await desk.actions.settle(
            "kim", unknown.id, happened=False, reason="The bank never got it."
        )
        assert settled.status == "failed"
        with pytest.raises(ActionDecided):
            await desk.actions.settle("lee", unknown.id, happened=True, reason="It did.")
    assert rows(database, "SELECT count(*) FROM tickets") == [(1,)]
    assert rows(database, "SELECT outcome FROM effects") == [("failed",)]
    assert shop.effects == {}


async def test_a_call_that_never_ends_is_unknown_not_repeated(database: Database) -> None:
    shop = Shop(seconds=1.0)
    async with process(database, shop, tool_timeout=0.3) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        assert (await desk.confirm(action)).status == "unknown"
        shop.seconds = 0
        await until(desk, action, "executed")
    assert shop.effects == {action["id"]: 1}


# ------------------------------------------------------------------ second thoughts
async def test_an_action_can_be_taken_back_within_its_time_and_once(database: Database) -> None:
    async with process(database) as desk:
        action = await desk.propose("change_address", order_id="456", street="2 New Road")
        shown = desk.actions.show(await desk.confirm(action))
        identity = UUID(action["id"])
        with pytest.raises(TokenMismatch):
            await desk.actions.undo(ANNA, identity, action["confirm_token"])
        outcomes = await asyncio.gather(
            *(desk.actions.undo(ANNA, identity, shown["undo_token"]) for _ in range(5)),
            return_exceptions=True,
        )
        assert sum(isinstance(one, ActionDecided) for one in outcomes) == 4
        assert (await desk.actions.find(ANNA, identity)).status == "undone"
        assert desk.shop.orders["456"]["street"] == "1 Old Road"
    assert rows(database, "SELECT kind, outcome FROM effects ORDER BY kind") == [
        ("do", "done"),
        ("undo", "done"),
    ]


async def test_after_its_time_it_cannot(database: Database) -> None:
    async with process(database) as desk:
        action = await desk.propose("change_address", order_id="456", street="2 New Road")
        shown = desk.actions.show(await desk.confirm(action))
        with __import__("psycopg").connect(database.conninfo, autocommit=True) as owner:
            owner.execute("UPDATE frontdesk.actions SET undo_until = now()")
        with pytest.raises(ActionExpired):
            await desk.actions.undo(ANNA, UUID(action["id"]), shown["undo_token"])


# ------------------------------------------------------------------ writes that need no button
async def test_a_write_without_a_button_goes_through_the_ledger_and_its_limits(database: Database) -> None:
    async with process(database) as desk:
        for n in range(4):
            answer = await desk.say(wish(("add_note", {"order_id": "456", "note": f"note {n}"})))
            assert answer["actions"] == []
        assert desk.shop.orders["456"]["note"] == "note 1"
        await desk.say(wish(("add_note", {"order_id": "321", "note": "mine now"})))
        assert "note" not in desk.shop.orders["321"]
        narrow = Principal("customer", "u1", frozenset({"orders:read"}))
        await desk.say(wish(("add_note", {"order_id": "789", "note": "x"})), narrow)
        assert "note" not in desk.shop.orders["789"]
    assert rows(database, "SELECT tool, outcome, count(*) FROM effects GROUP BY 1, 2") == [
        ("add_note", "done", 2)
    ]
