"""Numbers that begin with a #, beside another kind of number: what is meant is told by how it looks."""

from typing import Annotated, Any

import pytest
from pydantic import Field

from frontdesk.domain import Customer
from frontdesk.tools import tool
from tests.local.tools import BUILT_IN, Talk

OrderId = Annotated[str, Field(pattern=r"^#W\d+$")]


@tool(permission="orders:read", examples=["where is my order #W1000001", "what about #W1000002"])
async def get_order(order_id: OrderId, customer: Customer) -> dict[str, Any]:
    """One of the customer's orders: status and address."""
    return {"order_id": order_id, "status": "pending"}


@tool(permission="cards:read", examples=["show me my payment method", "what about that payment method"])
async def get_payment_method(payment_method_id: str, customer: Customer) -> dict[str, Any]:
    """One of the customer's payment methods: source, brand."""
    return {"id": payment_method_id, "source": "paypal"}


@tool(permission="cards:read", examples=["show me my payment methods", "list my payment methods"])
async def list_payment_methods(customer: Customer) -> dict[str, Any]:
    """The customer's own payment methods: source, brand."""
    return {"payment_methods": [{"id": "paypal_1", "source": "paypal"}]}


@tool(
    permission="orders:cancel",
    changes=True,
    confirm=False,
    examples=["cancel order #W1000001", "please cancel my order #W1000002"],
)
async def cancel_order(order_id: OrderId, customer: Customer) -> dict[str, Any]:
    """Cancel a pending order."""
    return {"order_id": order_id}


TOOLS = [get_order, get_payment_method, list_payment_methods, cancel_order, *BUILT_IN]


@pytest.mark.parametrize("number", ["#W5918442", "W5918442", "#w5918442"])
@pytest.mark.parametrize(
    ("message", "called"), [("Where is my order {}?", "get_order"), ("cancel my order {}", "cancel_order")]
)
def test_an_order_is_meant_with_and_without_its_mark(message: str, called: str, number: str) -> None:
    talk = Talk(tools=TOOLS)
    talk.say(message.format(number))
    assert talk.calls == [(called, {"order_id": "#W5918442"})]


def test_a_payment_method_is_no_payment_that_an_order_is_asked_about() -> None:
    talk = Talk(tools=TOOLS)
    talk.say("what did I pay for order W5918442")
    assert "get_payment_method" not in dict(talk.calls)
