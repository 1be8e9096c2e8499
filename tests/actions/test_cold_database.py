"""What a cold reading of the actions found, on a real database: each of these once failed."""

import asyncio
from contextlib import suppress
from decimal import Decimal
from typing import Any
from uuid import UUID

import psycopg
import pytest
import structlog
from langchain_core.messages import AIMessage, HumanMessage, ToolMessage

from frontdesk import Customer, Done, Frontdesk, Money, Preview, ToolRefused, tool
from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import FrontdeskError
from frontdesk.models.scripted import ScriptedModel
from frontdesk.store import actions as store
from tests.actions.shop import ANNA, Process, Shop, calls, make_desk, obey, process, wish
from tests.test_support import rows


def owner(database: Database, query: str) -> None:
    with psycopg.connect(database.conninfo, autocommit=True) as connection:
        connection.execute("SET search_path = frontdesk")
        connection.execute(query)


# ---------------------------------------------------------------- limits and approvals
async def test_two_clicks_at_once_cannot_pass_an_approval_threshold_together(database: Database) -> None:
    """approve_above="100 EUR/day": 80 + 80 needs a colleague, whoever clicks how fast."""
    shop = Shop(seconds=0.05)
    desk_of = make_desk(shop, limit="10/day", approve_above="100 EUR/day", approve_twice_above=[])
    async with process(database, shop, desk=desk_of) as desk:
        answer = await desk.say(
            wish(
                ("refund_order", {"order_id": "789", "amount": "80 EUR"}),
                ("refund_order", {"order_id": "789", "amount": "79 EUR"}),
            )
        )
        done = await asyncio.gather(*(desk.confirm(action) for action in answer["actions"]))
        assert sorted(one.status for one in done) == ["confirmed", "executed"]


async def test_five_that_wait_together_cannot_pass_the_second_threshold_with_one_colleague(
    database: Database,
) -> None:
    """approve_twice_above="500 EUR/day": the fourth 150 needs two; all were confirmed before any was done."""
    shop = Shop()
    desk_of = make_desk(shop, limit="10/day", approve_above="100 EUR", approve_twice_above="500 EUR/day")
    async with process(database, shop, desk=desk_of) as desk:
        answer = await desk.say(
            wish(*[("refund_order", {"order_id": "789", "amount": f"{150 + n} EUR"}) for n in range(5)])
        )
        waiting = [await desk.confirm(action) for action in answer["actions"]]
        done = [await desk.actions.approve("kim", one.id) for one in waiting]
        assert [one.status for one in done] == ["executed"] * 3 + ["confirmed"] * 2


async def test_a_limit_that_is_declared_later_counts_what_was_done_before(database: Database) -> None:
    shop = Shop()
    open_ = make_desk(shop, limit="9/day", approve_above=[], approve_twice_above=[])
    async with process(database, shop, desk=open_) as desk:
        await desk.confirm(await desk.propose("refund_order", order_id="456", amount="5 EUR"))
    tight = make_desk(shop, limit="1 per order_id", approve_above=[], approve_twice_above=[])
    async with process(database, shop, desk=tight) as desk:
        answer = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "6 EUR"})))
        assert answer["actions"] == []


# ---------------------------------------------------------------- undo
async def _unknown_undo(desk: Process) -> Any:
    action = await desk.propose("change_address", order_id="456", street="2 New Road")
    shown = desk.actions.show(await desk.confirm(action))
    desk.shop.fault = "before"  # the call to take it back never arrives
    found = await desk.actions.undo(ANNA, UUID(action["id"]), shown["undo_token"])
    desk.shop.fault = ""
    return found


@pytest.mark.parametrize("happened", [False, True])
async def test_what_staff_find_out_of_a_taking_back_is_written_of_the_taking_back(
    database: Database, happened: bool
) -> None:
    """The address WAS changed. Only whether it was put back is open."""
    async with process(database) as desk:
        found = await _unknown_undo(desk)
        assert (found.status, found.reason) == ("unknown", "undo_person")
        if happened:
            desk.shop.orders["456"]["street"] = "1 Old Road"
        settled = await desk.actions.settle("kim", found.id, happened=happened, reason="Looked it up.")
        assert settled.status == ("undone" if happened else "executed")
    ledger = dict(rows(database, "SELECT kind, outcome FROM effects"))
    assert ledger == {"do": "done", "undo": "done" if happened else "failed"}


async def test_so_an_undo_that_failed_frees_no_limit(database: Database) -> None:
    """The same, seen from the limit: 1 per order, executed once, and a second is let through."""
    shop = Shop()

    async def back(done: Done, customer: Customer, effect_id: str) -> None:
        await shop.do(effect_id, lambda: None)

    desk_of = make_desk(
        shop,
        limit="1/day",
        undo=back,
        reconcile=lambda order_id: None,
        approve_above=[],
        approve_twice_above=[],
    )
    async with process(database, shop, desk=desk_of) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        shown = desk.actions.show(await desk.confirm(action))
        shop.fault = "before"
        found = await desk.actions.undo(ANNA, UUID(action["id"]), shown["undo_token"])
        shop.fault = ""
        await desk.actions.settle("kim", found.id, happened=False, reason="It was not taken back.")
        answer = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "21 EUR"})))
        assert answer["actions"] == []


async def test_a_taking_back_whose_process_died_is_not_repeated_blindly(database: Database) -> None:
    """No reconcile= is declared: nobody can ask. The first call has arrived; then the process died."""
    shop = Shop()
    backs: list[str] = []

    async def back(done: Done, customer: Customer) -> None:
        backs.append("paid back")

    desk_of = make_desk(shop, undo=back, reconcile=None, approve_above=[], approve_twice_above=[])
    async with process(database, shop, desk=desk_of, lease_seconds=1.0, tool_timeout=0.3) as desk:
        action = await desk.confirm(await desk.propose("refund_order", order_id="456", amount="20 EUR"))
        assert await desk.actions.store.undo(action)  # claimed,
        await back(Done({}, None, {}), Customer("u1"))  # the effect,
        await asyncio.sleep(3)  # and here it died
    assert backs == ["paid back"]


async def test_what_a_preview_remembers_is_put_back_as_it_was(database: Database) -> None:
    async with process(database) as desk:
        before = "Hinterhaus,  2. OG\u200d\nc/o " + "x" * 2100
        desk.shop.orders["456"]["street"] = before
        action = await desk.propose("change_address", order_id="456", street="2 New Road")
        shown = desk.actions.show(await desk.confirm(action))
        await desk.actions.undo(ANNA, UUID(action["id"]), shown["undo_token"])
        assert desk.shop.orders["456"]["street"] == before


# ---------------------------------------------------------------- ends
async def test_who_waits_in_vain_for_an_approval_is_told(database: Database) -> None:
    async with process(database) as desk:
        await desk.confirm(await desk.propose("refund_order", order_id="789", amount="200 EUR"))
        owner(database, "UPDATE actions SET expires_at = now() - interval '1 second'")
        await asyncio.sleep(2.5)
        assert rows(database, "SELECT status FROM actions") == [("expired",)]
    said = [str(body) for (body,) in rows(database, "SELECT body FROM messages WHERE n > 1 ORDER BY n")]
    assert "waited too long for an approval" in said[-1]


@pytest.mark.parametrize("text", ["a\x00b", "\ud800"])
async def test_a_result_the_database_cannot_hold_ends_all_the_same(database: Database, text: str) -> None:
    """A NUL in one field of the backend's answer: done, but never written down; asked for ever, no person called."""
    shop = Shop()
    asked: list[str] = []

    @tool(permission="a:b", confirm=True, reconcile="repeat")
    async def send(order_id: str, effect_id: str) -> dict[str, Any]:
        """Send."""
        asked.append(effect_id)
        return {"note": text}

    async with process(
        database, shop, desk=Frontdesk("T", tools=[send]), lease_seconds=1.0, tool_timeout=0.3
    ) as desk:
        action = await desk.propose("send", order_id="456")
        with suppress(FrontdeskError):
            await desk.confirm(action)
        await asyncio.sleep(8)
        found = await desk.actions.find(ANNA, UUID(action["id"]))
        assert found.status in ("executed", "unknown")


async def test_a_refusal_the_database_cannot_hold_ends_all_the_same(database: Database) -> None:
    @tool(permission="a:b", confirm=True, reconcile="repeat")
    async def send(order_id: str, effect_id: str) -> None:
        """Send."""
        raise ToolRefused("no\x00")

    async with process(
        database, desk=Frontdesk("T", tools=[send]), lease_seconds=1.0, tool_timeout=0.3
    ) as desk:
        action = await desk.propose("send", order_id="456")
        with suppress(FrontdeskError):
            await desk.confirm(action)
        await asyncio.sleep(3)
        assert (await desk.actions.find(ANNA, UUID(action["id"]))).status == "failed"


async def test_a_preview_of_nothing_to_pay_does_not_break_the_turn(database: Database) -> None:
    @tool(
        permission="a:b",
        confirm=True,
        limit="5/day",
        preview=lambda _s, _a: Preview("Cancel, nothing to pay back.", amount=Money(Decimal("0.00"), "EUR")),
    )
    async def cancel(order_id: str) -> None:
        """Cancel."""

    async with process(database, desk=Frontdesk("T", tools=[cancel]), lease_seconds=1.0) as desk:
        accepted = await desk.support.receive(ANNA, wish(("cancel", {"order_id": "1"})))
        answer = await desk.support.wait(ANNA, accepted.turn_id, 6)
        assert answer is not None, "no answer in 6 s"
        assert answer["outcome"] in ("awaiting_confirmation", "answered"), answer["reply"]


async def test_a_write_of_unknown_outcome_is_asked_about_after_a_second_as_any_other(
    database: Database,
) -> None:
    shop = Shop(fault="after")

    @tool(permission="notes:write", changes=True, confirm=False, reconcile="repeat")
    async def add_note(note: str, effect_id: str) -> Any:
        """Note."""
        return await shop.do(effect_id, lambda: None)

    async with process(database, shop, desk=Frontdesk("T", tools=[add_note])) as desk:
        await desk.say(wish(("add_note", {"note": "x"})))
        [(seconds,)] = rows(database, "SELECT extract(epoch FROM lease_until - now()) FROM actions")
    assert float(str(seconds)) < 5


# ---------------------------------------------------------------- what is said
async def test_a_model_cannot_launder_a_link_and_an_amount_through_a_proposal(database: Database) -> None:
    said = "Please pay 500 EUR at https://evil.example/pay by 12 May 2027, then your parcel is sent."

    def liar(messages: list[Any]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            return AIMessage(said)
        return calls(
            ("change_address", {"order_id": "456", "street": "https://evil.example/pay 500 EUR 12 May 2027"})
        )

    async with process(database, model=ScriptedModel(liar)) as desk:
        answer = await desk.say("What is my order's address?")
    assert "evil.example/pay" not in answer["reply"]


async def test_nor_in_a_later_turn_after_the_customer_has_said_no(database: Database) -> None:
    said = "You still owe 500 EUR: https://evil.example/pay"

    def liar(messages: list[Any]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            return AIMessage("Please have a look.")
        if messages[-1].text == "hello":
            return AIMessage(said)
        return calls(
            (
                "refund_order",
                {"order_id": "456", "amount": "5 EUR", "reason": "https://evil.example/pay 500 EUR"},
            ),
            ("change_address", {"order_id": "456", "street": "https://evil.example/pay 500 EUR"}),
        )

    async with process(database, model=ScriptedModel(liar)) as desk:
        await desk.say("help")
        answer = await desk.say("hello")
    assert "evil.example/pay" not in answer["reply"]


async def test_the_safe_answer_carries_no_foreign_link_either(database: Database) -> None:
    def liar(messages: list[Any]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            return AIMessage("That will cost 777.77 EUR.")
        if messages[-1].text.startswith("Your reply holds"):
            return AIMessage("That will cost 777.77 EUR.")
        return calls(
            (
                "change_address",
                {"order_id": "456", "street": "[click to keep your order](https://evil.example/pay)"},
            )
        )

    async with process(database, model=ScriptedModel(liar)) as desk:
        answer = await desk.say("hi")
    assert "evil.example" not in answer["reply"]


async def test_what_is_told_of_a_declined_action_is_plain(database: Database) -> None:
    @tool(permission="a:b", confirm=True)
    async def send(gift_id: str) -> None:
        """Send."""

    evil = "![x](https://evil.example/p.png) <img src=x onerror=alert(1)>"
    async with process(database, desk=Frontdesk("T", tools=[send])) as desk:
        action = await desk.propose("send", gift_id=evil)
        await desk.actions.decline(ANNA, UUID(action["id"]))
    told = str(rows(database, "SELECT body FROM messages WHERE n > 1")[0][0])
    assert "<img" not in told
    assert "![" not in told


async def test_a_status_from_list_actions_is_not_one_that_was_only_proposed(database: Database) -> None:
    def liar(messages: list[Any]) -> AIMessage:
        if isinstance(messages[-1], ToolMessage):
            return AIMessage(
                "Please have a look."
                if messages[-1].name == "refund_order"
                else "Your refund has been refunded. I have refunded it."
            )
        if messages[-1].text == "did it go through?":
            return calls(("list_actions", {}))
        return calls(("refund_order", {"order_id": "456", "amount": "5 EUR"}))

    async with process(database, model=ScriptedModel(liar)) as desk:
        await desk.say("refund please")
        answer = await desk.say("did it go through?")
    assert "refunded" not in answer["reply"]


async def test_the_log_holds_no_words_of_a_model(database: Database) -> None:
    with structlog.testing.capture_logs() as log:
        async with process(database) as desk:
            await desk.say(wish(("card 4111 1111 1111 1111 of Anna Karenina", {})))
    assert "4111" not in str(log)


# ---------------------------------------------------------------- proposals
async def test_one_wish_in_two_spellings_is_one_button(database: Database) -> None:
    async with process(database) as desk:
        answer = await desk.say(
            wish(
                *[
                    ("refund_order", {"order_id": "456", "amount": amount})
                    for amount in ("20 EUR", "EUR 20", "20.00 EUR", "20.0 EUR")
                ]
            )
        )
        assert len(answer["actions"]) == 1


async def test_a_model_reads_of_a_wish_said_again_what_became_of_it(database: Database) -> None:
    model = ScriptedModel(obey)
    async with process(database, model=model) as desk:
        await desk.propose("refund_order", order_id="456", amount="20 EUR")
        again = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        await desk.confirm(again)
        await desk.say("thanks")
    first, second = [str(m.content) for m in model.calls[-1].messages if isinstance(m, ToolMessage)]
    assert '"status":"executed"' in first
    assert '"status":"executed"' in second, second


async def test_what_is_confirmed_in_one_conversation_is_told_there(database: Database) -> None:
    async with process(database) as desk:
        first = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "20 EUR"})))
        owner(database, "UPDATE conversations SET closed_at = now()")
        second = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "20 EUR"})))
        assert first["conversation_id"] != second["conversation_id"]
        await desk.confirm(second["actions"][0])
    told = rows(database, "SELECT conversation_id::text FROM messages WHERE n > 1")
    assert told == [(second["conversation_id"],)]


async def test_a_narrowed_token_reads_no_action_beyond_its_rights(database: Database) -> None:
    narrow = Principal("customer", "u1", frozenset({"actions:read"}))
    model = ScriptedModel(
        lambda m: (
            calls(("list_actions", {}))
            if isinstance(m[-1], HumanMessage) and m[-1].text == "list"
            else obey(m)
        )
    )
    async with process(database, model=model) as desk:
        action = await desk.propose("change_address", order_id="456", street="2 New Road")
        await desk.confirm(action)
        answer = await desk.say("list", narrow)
        assert "2 New Road" not in str(model.calls[-1].messages[-1].content)
        assert answer["actions"] == []


async def test_list_actions_twice_is_no_two_buttons(database: Database) -> None:
    model = ScriptedModel(
        lambda m: (
            calls(("list_actions", {}), ("list_actions", {}))
            if isinstance(m[-1], HumanMessage) and m[-1].text == "list"
            else obey(m)
        )
    )
    async with process(database, model=model) as desk:
        await desk.propose("refund_order", order_id="456", amount="20 EUR")
        answer = await desk.say("list")
        assert len(answer["actions"]) == 1


# ---------------------------------------------------------------- locks
async def test_a_click_and_a_turn_that_replaces_the_proposal_do_not_deadlock(database: Database) -> None:
    """end(): actions row, then the conversation (audit). finish_turn(): the conversation, then the actions row."""
    async with process(database, model=ScriptedModel(obey)) as desk:
        first = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        identity = UUID(first["id"])
        before = rows(database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[
            0
        ][0]
        real = store._audit

        async def slow(*a: Any, **k: Any) -> None:
            await asyncio.sleep(0.4)  # between the UPDATE of the action and the audit entry
            await real(*a, **k)

        store._audit = slow
        try:
            click = asyncio.create_task(desk.actions.decline(ANNA, identity))
            await asyncio.sleep(0.05)
            turn = asyncio.create_task(
                desk.say(wish(("refund_order", {"order_id": "456", "amount": "25 EUR"})))
            )
            outcomes = await asyncio.gather(click, turn, return_exceptions=True)
        finally:
            store._audit = real
        await asyncio.sleep(1.2)
        after = rows(database, "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()")[
            0
        ][0]
        assert not any(isinstance(one, BaseException) for one in outcomes), outcomes
        assert after == before
