"""More that a cold reading found."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from frontdesk import Customer, Frontdesk, tool
from frontdesk.database import Database
from frontdesk.errors import ApprovalNotYours, DeclarationError
from frontdesk.policies.decide import RUN
from frontdesk.policies.grounding import unsupported
from tests.actions.shop import ANNA, Shop, make_desk, process, wish
from tests.actions.test_cold_database import owner
from tests.test_support import rows


async def test_what_is_taken_up_again_is_looked_at_again(database: Database) -> None:
    """Claimed, and the process died before the call; before another took over, the order was shipped."""
    shop = Shop()
    async with process(database, shop, tool_timeout=0.3) as desk:
        action = await desk.propose("change_address", order_id="456", street="2 New Road")
        found = await desk.actions.find(ANNA, UUID(action["id"]))
        assert (
            await desk.actions.store.claim(
                found, (), lambda _used: RUN, was="proposed", stands=timedelta(days=1)
            )
        ) == RUN
        shop.orders["456"]["status"] = "shipped"  # "This order has left the warehouse."
        await asyncio.sleep(4)
    assert shop.orders["456"]["street"] == "1 Old Road"


async def test_not_yet_is_not_never(database: Database) -> None:
    """The backend is slow, not dead: asked after a second, it has not done it yet; then it does it, twice."""
    sent: list[str] = []
    started: list[asyncio.Task[None]] = []

    async def backend() -> None:
        await asyncio.sleep(2.5)
        sent.append("parcel")

    async def asked(order_id: str) -> dict[str, str] | None:
        return {"order_id": order_id} if sent else None

    @tool(permission="a:b", confirm=True, reconcile=asked)
    async def send(order_id: str) -> dict[str, str]:
        """Send."""
        started.append(asyncio.create_task(backend()))
        await asyncio.shield(started[-1])
        return {"order_id": order_id}

    async with process(database, desk=Frontdesk("T", tools=[send]), tool_timeout=0.5) as desk:
        await desk.confirm(await desk.propose("send", order_id="456"))
        await asyncio.sleep(7)
    assert sent == ["parcel"]


async def test_a_repeat_that_is_refused_does_not_say_that_nothing_was_done(database: Database) -> None:
    """Done, and its answer was lost; the repeat meets a 4xx (the key's rights, the order's new state): "failed"."""
    shop = Shop(fault="after")
    desk_of = make_desk(shop, limit="1/day", approve_above=[], approve_twice_above=[])
    async with process(database, shop, desk=desk_of) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        assert (await desk.confirm(action)).status == "unknown"
        shop.fault = "refuse"
        await asyncio.sleep(3)
        found = await desk.actions.find(ANNA, UUID(action["id"]))
        shop.fault = ""
        assert shop.effects == {action["id"]: 1}
        assert found.status != "failed", desk.actions.reply(found)
        again = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "21 EUR"})))
        assert again["actions"] == []


async def test_who_asked_does_not_settle_either(database: Database) -> None:
    shop = Shop(fault="before")
    async with process(database, shop, desk=make_desk(shop, reconcile=None)) as desk:
        found = await desk.confirm(await desk.propose("refund_order", order_id="456", amount="20 EUR"))
        with pytest.raises(ApprovalNotYours):
            await desk.actions.settle("u1", found.id, happened=False, reason="I never got it.")


async def test_fifty_that_are_stuck_do_not_starve_the_rest(database: Database) -> None:
    async with process(database) as desk:
        await desk.propose("refund_order", order_id="456", amount="20 EUR")
        owner(
            database,
            "INSERT INTO actions (id, conversation_id, turn_id, principal, tool, arguments, digest, preview, basis, policy,"
            " status, needs, decided_at, expires_at) SELECT gen_random_uuid(), conversation_id, turn_id, principal, 'gone',"
            " arguments, digest, preview, basis, policy, 'confirmed', 0, now() - interval '1 hour', now() + interval '7 days'"
            " FROM actions, generate_series(1, 60)",
        )
        last = await desk.propose("change_address", order_id="456", street="2 New Road")
        owner(
            database, f"UPDATE actions SET expires_at = now() - interval '1 second' WHERE id = '{last['id']}'"
        )
        await asyncio.sleep(4)
    assert rows(database, "SELECT status FROM actions WHERE tool = 'change_address'") == [("expired",)]


async def test_a_clock_that_is_an_hour_ahead_gives_no_button_an_hour_more(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import datetime, timedelta

    class Ahead(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> Any:
            return datetime.now(tz) + timedelta(hours=1)

    monkeypatch.setattr("frontdesk.actions.propose.datetime", Ahead)
    async with process(database) as desk:
        await desk.propose("refund_order", order_id="456", amount="20 EUR")
    [(minutes,)] = rows(database, "SELECT extract(epoch FROM expires_at - created_at) / 60 FROM actions")
    assert 9 < float(str(minutes)) < 11


async def test_no_approval_is_noted_of_what_was_declined(database: Database) -> None:
    async with process(database) as desk:
        action = await desk.confirm(await desk.propose("refund_order", order_id="789", amount="600 EUR"))
        await desk.actions.refuse("kim", action.id, "No.")
        await desk.actions.store.approve(action, "lee")  # who had looked a moment before
    assert rows(database, "SELECT count(*) FROM approvals") == [(0,)]


def test_a_long_s_in_a_note_does_not_break_the_gate() -> None:
    unsupported("It arrives on 5 May.", ['{"note":"\u017fep 5"}'])


@pytest.mark.timeout(30)
@pytest.mark.parametrize(
    "reply",
    [
        "order " + "1" * 7900 + " refunded",
        "your " + "a-" * 3900 + " refunded",
        "order 1" * 1100 + " refunded",
    ],
)
def test_no_reply_holds_the_process_up(reply: str) -> None:
    unsupported(reply, [])  # took minutes: each digit, and each hyphen, was a beginning of its own


def test_no_customer_is_an_argument() -> None:
    with pytest.raises(DeclarationError):

        @tool(permission="a:b", confirm=True)
        async def refund(order_id: str, who: Customer | None = None) -> None:
            """Refund."""
