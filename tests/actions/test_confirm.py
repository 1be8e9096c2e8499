"""From a proposal to its effect: through Support, on a real database, against a shop that counts."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID, uuid4

import psycopg
import pytest
from langchain_core.messages import ToolMessage

from frontdesk.database import Database
from frontdesk.domain import Principal
from frontdesk.errors import (
    ActionDecided,
    ActionExpired,
    ActionStale,
    BackendUnavailable,
    NotFound,
    PermissionDenied,
    TokenMismatch,
)
from frontdesk.models.scripted import ScriptedModel
from tests.actions.shop import ANNA, BEN, Shop, calls, obey, process, wish
from tests.test_support import rows


async def test_a_call_that_changes_data_becomes_a_proposal_and_nothing_happens(database: Database) -> None:
    async with process(database) as desk:
        answer = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "20 EUR"})))
        assert answer["outcome"] == "awaiting_confirmation"
        [action] = answer["actions"]
        assert action["status"] == "proposed"
        assert action["title"] == "Refund order 456"
        assert action["preview"] == {
            "text": "Refund 20.00 EUR for order 456.",
            "changes": [{"label": "Refunded", "before": "0.00 EUR", "after": "20.00 EUR"}],
            "amount": "20.00 EUR",
        }
        assert datetime.fromisoformat(action["expires_at"]) > datetime.now(UTC)
        await desk.say("yes")
        await desk.say("yes, do it!")
        assert desk.shop.effects == {}


async def test_a_typed_yes_leads_to_the_button_whatever_the_model_calls(database: Database) -> None:
    """The model takes "yes" for a confirmation and calls again: the proposal that stands is shown again."""
    refund = calls(("refund_order", {"order_id": "456", "amount": "20 EUR"}))
    async with process(database, model=ScriptedModel([refund, "Please have a look."] * 2)) as desk:
        first = await desk.say("20 EUR back for order 456, please")
        second = await desk.say("Yes, I confirm.")
        assert second["outcome"] == "awaiting_confirmation"
        assert [action["id"] for action in second["actions"]] == [first["actions"][0]["id"]]
        assert desk.shop.effects == {}


async def test_a_confirmed_action_happens_once_and_the_conversation_goes_on_with_its_result(
    database: Database,
) -> None:
    async with process(database) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        done = await desk.confirm(action)
        assert (done.status, desk.actions.reply(done)) == ("executed", "Refunded 20.00 EUR for order 456.")
        assert desk.shop.effects == {action["id"]: 1}
        with pytest.raises(ActionDecided):
            await desk.confirm(action)
        assert desk.shop.effects == {action["id"]: 1}
    said = rows(database, "SELECT role, body FROM messages ORDER BY turn_seq, n")
    assert said[-1] == ("assistant", "Refunded 20.00 EUR for order 456.")
    assert rows(database, "SELECT kind, outcome, amount::text, currency FROM effects") == [
        ("do", "done", "20.00", "EUR")
    ]


async def test_the_next_turn_reads_what_became_of_a_proposal(database: Database) -> None:
    model = ScriptedModel(obey)
    async with process(database, model=model) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        await desk.confirm(action)
        await desk.say("thanks")
    [result] = [m for m in model.calls[-1].messages if isinstance(m, ToolMessage)]
    assert '"status":"executed"' in str(result.content)
    assert '"proposed"' not in str(result.content)


async def test_many_clicks_at_once_are_one_effect(database: Database) -> None:
    shop = Shop(seconds=0.02)
    async with process(database, shop) as one, process(database, shop) as two:
        action = await one.propose("refund_order", order_id="456", amount="20 EUR")
        clicks = [(one if n % 2 else two).confirm(action) for n in range(10)]
        outcomes = await asyncio.gather(*clicks, return_exceptions=True)
    assert sum(isinstance(outcome, ActionDecided) for outcome in outcomes) == 9
    assert shop.effects == {action["id"]: 1}


async def test_a_token_is_good_for_its_own_action_its_own_customer_and_its_own_arguments(
    database: Database,
) -> None:
    async with process(database) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        other = await desk.propose("refund_order", order_id="789", amount="30 EUR")
        identity = UUID(action["id"])
        with pytest.raises(NotFound):
            await desk.actions.confirm(BEN, identity, action["confirm_token"])
        with pytest.raises(NotFound):
            await desk.actions.confirm(ANNA, uuid4(), action["confirm_token"])
        with pytest.raises(TokenMismatch):
            await desk.actions.confirm(ANNA, identity, other["confirm_token"])
        narrow = Principal("customer", "u1", frozenset({"orders:read"}))
        with pytest.raises(PermissionDenied):
            await desk.actions.confirm(narrow, identity, action["confirm_token"])
        assert desk.shop.effects == {}


async def test_what_has_run_out_been_declined_or_been_replaced_does_not_run(database: Database) -> None:
    async with process(database) as desk:
        first = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        second = await desk.propose("refund_order", order_id="456", amount="25 EUR")
        with pytest.raises(ActionExpired):
            await desk.confirm(first)
        assert (await desk.actions.find(ANNA, UUID(first["id"]))).reason == "replaced"
        await desk.actions.decline(ANNA, UUID(second["id"]))
        with pytest.raises(ActionDecided):
            await desk.confirm(second)
        third = await desk.propose("refund_order", order_id="456", amount="30 EUR")
        with psycopg.connect(database.conninfo, autocommit=True) as owner:
            owner.execute(
                "UPDATE frontdesk.actions SET expires_at = now() - interval '1 second' WHERE status = 'proposed'"
            )
        with pytest.raises(ActionExpired):
            await desk.confirm(third)
        assert desk.shop.effects == {}


async def test_data_that_have_changed_since_force_a_new_proposal(database: Database) -> None:
    async with process(database) as desk:
        action = await desk.propose("refund_order", order_id="456")
        desk.shop.orders["456"]["paid"] = "10.00"
        with pytest.raises(ActionStale):
            await desk.confirm(action)
        address = await desk.propose("change_address", order_id="456", street="2 New Road")
        desk.shop.orders["456"]["status"] = "shipped"
        with pytest.raises(ActionStale):
            await desk.confirm(address)
        again = await desk.say(wish(("change_address", {"order_id": "456", "street": "2 New Road"})))
        assert again["actions"] == []
        assert desk.shop.effects == {}
    said = [body for (body,) in rows(database, "SELECT body FROM messages WHERE n > 1 ORDER BY turn_seq, n")]
    assert "This order has left the warehouse." in str(said[-1])


async def test_a_backend_that_cannot_be_read_leaves_the_proposal_as_it_is(database: Database) -> None:
    async with process(database) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        desk.shop.reading = "unavailable"
        with pytest.raises(BackendUnavailable):
            await desk.confirm(action)
        desk.shop.reading = ""
        assert (await desk.confirm(action)).status == "executed"


async def test_several_proposals_of_one_turn_stand_beside_each_other(database: Database) -> None:
    async with process(database) as desk:
        answer = await desk.say(
            wish(
                ("refund_order", {"order_id": "456", "amount": "20 EUR"}),
                ("refund_order", {"order_id": "456", "amount": "30 EUR"}),
                ("change_address", {"order_id": "456", "street": "2 New Road"}),
                ("refund_order", {"order_id": "456", "amount": "20 EUR"}),
            )
        )
        assert len(answer["actions"]) == 3
        assert {action["status"] for action in answer["actions"]} == {"proposed"}
        for action in answer["actions"]:
            assert (await desk.confirm(action)).status == "executed"
        assert set(desk.shop.effects.values()) == {1}


async def test_the_same_wish_again_shows_the_proposal_that_stands(database: Database) -> None:
    async with process(database) as desk:
        first = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        second = await desk.propose("refund_order", order_id="456", amount="EUR 20.00")
        assert second | {"expires_at": ""} == first | {"expires_at": ""}


async def test_a_newer_message_keeps_a_running_turn_from_proposing(database: Database) -> None:
    async with process(database, model=ScriptedModel([0.4, obey, obey, obey])) as desk:
        one = await desk.support.receive(
            ANNA, wish(("refund_order", {"order_id": "456", "amount": "20 EUR"}))
        )
        two = await desk.support.receive(ANNA, "no, wait")
        first = await desk.support.wait(ANNA, one.turn_id, 10)
        second = await desk.support.wait(ANNA, two.turn_id, 10)
        assert first is not None
        assert second is not None
        assert first["actions"] == []
        assert "wrote something more" in first["reply"]
    assert rows(database, "SELECT count(*) FROM actions") == [(0,)]


async def test_a_foreign_order_and_one_that_does_not_exist_are_refused_alike(database: Database) -> None:
    async with process(database) as desk:
        await desk.say(wish(("refund_order", {"order_id": "321"}), ("refund_order", {"order_id": "999"})))
        found = rows(database, "SELECT record -> 'steps' FROM turns")
    foreign, absent = found[0][0]  # type: ignore[misc]
    assert foreign["result"] == absent["result"]
    assert "canary" not in str(found)


@pytest.mark.parametrize(
    "amount",
    ["-20 EUR", "0 EUR", "1e3 EUR", "NaN EUR", "２０ EUR", "20", "20 eur", "20.001 EUR", "9999999999 EUR", "20 EUR EUR", {"amount": -1}, 20, [], "²0 EUR"],
)  # fmt: skip
async def test_an_amount_that_is_not_exact_is_refused(database: Database, amount: object) -> None:
    async with process(database) as desk:
        answer = await desk.say(wish(("refund_order", {"order_id": "456", "amount": amount})))
        assert answer["actions"] == []


async def test_more_than_was_paid_is_refused(database: Database) -> None:
    async with process(database) as desk:
        answer = await desk.say(wish(("refund_order", {"order_id": "456", "amount": "80.01 EUR"})))
        assert answer["actions"] == []
    [(steps,)] = rows(database, "SELECT record -> 'steps' FROM turns")
    assert "more than was paid" in steps[0]["result"]  # type: ignore[index]


async def test_what_the_customer_sees_is_what_is_done(database: Database) -> None:
    """Invisible and direction-changing characters are gone before anything is shown or hashed."""
    async with process(database) as desk:
        action = await desk.propose("change_address", order_id="456", street="2 New\u202e daoR\u200b\x07 ")
        assert action["preview"]["changes"][0]["after"] == "2 New daoR"
        await desk.confirm(action)
        assert desk.shop.orders["456"]["street"] == "2 New daoR"


async def test_whoever_hangs_up_after_the_click_the_effect_is_recorded(database: Database) -> None:
    shop = Shop(seconds=0.3)
    async with process(database, shop) as desk:
        action = await desk.propose("refund_order", order_id="456", amount="20 EUR")
        click = asyncio.create_task(desk.confirm(action))
        await asyncio.sleep(0.15)
        click.cancel()
        await asyncio.sleep(0.5)
        assert (await desk.actions.find(ANNA, UUID(action["id"]))).status == "executed"
    assert shop.effects == {action["id"]: 1}
