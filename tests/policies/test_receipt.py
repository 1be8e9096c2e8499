from uuid import UUID

from frontdesk.database import Database
from frontdesk.policies.receipt import receipt
from tests.actions.shop import process, wish
from tests.test_support import rows

SOURCES = [
    ("get_refunds", '{"amount":"24.95","paid_out_on":"2025-01-10"}'),
    ("search_knowledge", "We pay within 5 days."),
]


def test_each_detail_is_bound_to_the_first_source_that_has_it() -> None:
    reply = "Your refund of 24.95 EUR for order 456 was paid out on 10 January 2025. We pay within 5 days."
    found = {
        item["detail"]: item["source"] for item in receipt(reply, SOURCES, ["where is my refund for 456"])
    }
    assert found["24.95"] == "get_refunds"
    assert found["2025-01-10"] == "get_refunds"
    assert found["456"] == "customer"
    assert "search_knowledge" in found.values()


def test_a_reply_without_details_has_no_receipt() -> None:
    assert receipt("Happy to help!", SOURCES, []) == []


async def test_the_trace_shows_the_binding(database: Database) -> None:
    from frontdesk.models.scripted import ScriptedModel
    from tests.actions.shop import calls

    model = ScriptedModel([calls(("get_order", {"order_id": "456"})), "You paid 80.00 EUR for order 456."])
    async with process(database, model=model) as desk:
        answer = await desk.say(wish(("get_order", {"order_id": "456"})))
        assert UUID(answer["turn_id"])
    [(found,)] = rows(database, "SELECT record -> 'receipt' FROM turns")
    assert {"detail": "80", "source": "get_order"} in found or {
        "detail": "80.00",
        "source": "get_order",
    } in found  # type: ignore[operator]
