"""Tools as `frontdesk tools from-sql` writes them, over a schema nobody here made: several kinds of things, ids with a #."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from frontdesk import Customer, tool
from tests.local.tools import BUILT_IN, Talk

OrderId = Annotated[str, Field(pattern=r"^#W\d+$")]


@tool(permission="a:read", examples=["show me fulfillment 1", "what about my fulfillment 2"])
def get_fulfillment(fulfillment_id: str, customer: Customer) -> dict[str, Any]:
    """One of the customer's own fulfillments."""
    return {"id": fulfillment_id}


@tool(permission="a:read", examples=["show me my order items", "list my order items"])
def list_order_items(customer: Customer, order_id: OrderId | None = None) -> dict[str, Any]:
    """The customer's own order items, latest first: id, order id, name."""
    return {"order_items": [{"id": 1, "order_id": order_id}], "more": False}


@tool(permission="a:read", examples=["where is my order #W9300146"])
def get_order(order_id: OrderId, customer: Customer) -> dict[str, Any]:
    """One of the customer's own orders: order id, status."""
    return {"order_id": order_id, "status": "pending"}


@tool(permission="a:read", examples=["show me my orders", "list my orders"])
def list_orders(customer: Customer) -> dict[str, Any]:
    """The customer's own orders, latest first: order id, status."""
    return {"orders": [{"order_id": "#W9300146", "status": "pending"}], "more": False}


@tool(permission="d:read", examples=["when is my next coffee delivery?"], says="It comes on {day|date}.")
def get_next_delivery(customer: Customer) -> dict[str, Any]:
    """When the next delivery of the customer's coffee subscription comes."""
    return {"day": "2026-12-03"}


@tool(
    permission="d:write",
    changes=True,
    confirm=False,
    examples=["skip my next coffee delivery"],
    says="Skipped.",
)
def skip_next_delivery(customer: Customer) -> dict[str, Any]:
    """Skip the next delivery of the customer's coffee subscription."""
    return {"done": True}


ORDERS = [get_fulfillment, list_order_items, get_order, list_orders, *BUILT_IN]


@pytest.mark.parametrize(
    ("message", "called"),
    [
        ("Where is my order #W9300146?", ("get_order", {"order_id": "#W9300146"})),
        ("where is my order W9300146", ("get_order", {"order_id": "#W9300146"})),
        ("show me my orders", ("list_orders", {})),
        ("show me fulfillment 12", ("get_fulfillment", {"fulfillment_id": "12"})),
    ],
)
def test_an_id_belongs_to_the_thing_that_its_look_and_the_words_name(message: str, called: object) -> None:
    talk = Talk(tools=ORDERS)
    talk.say(message)
    assert talk.calls == [called]


def test_an_id_that_was_listed_is_written_as_it_was_listed() -> None:
    talk = Talk(tools=ORDERS)
    talk.say("list my orders")
    talk.say("where is my order W9300146")
    assert talk.calls[-1] == ("get_order", {"order_id": "#W9300146"})


@pytest.mark.parametrize("message", ["Please skip my next coffee delivery", "skip the next coffee"])
def test_a_wish_that_begins_with_a_tools_verb_is_a_wish_for_it(message: str) -> None:
    talk = Talk(tools=[get_next_delivery, skip_next_delivery, *BUILT_IN])
    talk.say(message)
    assert talk.calls == [("skip_next_delivery", {})]
