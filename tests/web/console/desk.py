"""A desk for the console's tests: an order to look up, a refund that staff must approve, a help center."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from frontdesk import Change, Customer, Done, Frontdesk, Money, Preview, tool
from frontdesk.tools.money import money as read
from tests.desk import call

ORDERS = {"789": {"order_id": "789", "status": "shipped", "total": "249.00"}}


async def _order(order_id: str, customer: Customer) -> dict[str, Any]:
    return ORDERS.get(order_id, {"order_id": order_id, "status": "processing", "total": "249.00"})


def _preview(order: dict[str, Any], arguments: dict[str, Any]) -> Preview:
    money = read(arguments["amount"])
    return Preview(
        f"Refund {money} for order {order['order_id']}, the tent, to the PayPal account it was paid from.",
        (Change("paid back", "0.00 EUR", str(money)),),
        money,
        object=f"order {order['order_id']}",
        title=f"Refund order {order['order_id']}",
    )


def console_desk(hold: asyncio.Event, name: str = "OurShop") -> Frontdesk:
    """``hold``: while it is not set, looking up order 555 takes until it is."""

    @tool(permission="orders:read", step="Looking up order {order_id}", examples=["where is my order 789"])
    async def get_order_status(order_id: str, customer: Customer) -> dict[str, Any]:
        """Status of an order."""
        if order_id == "555":
            await hold.wait()
        return await _order(order_id, customer)

    @tool(
        permission="orders:refund",
        confirm=True,
        subject=_order,
        preview=_preview,
        amount="amount",
        approve_above="100 EUR",
        limit="500 EUR/day",
        reconcile="repeat",
    )
    async def refund_order(
        order_id: str, amount: Money, customer: Customer, effect_id: str
    ) -> dict[str, Any]:
        """Refund an order."""
        return {"refunded": str(amount.amount)}

    async def put_back(done: Done, customer: Customer, effect_id: str) -> None:
        """Deliver it at the door again."""

    @tool(
        permission="orders:write",
        confirm=True,
        subject=_order,
        preview=lambda order, arguments: Preview(
            f"Leave order {order['order_id']} with a neighbour.",
            (Change("delivery", "at the door", "with a neighbour"),),
            object=f"order {order['order_id']}",
            title=f"Leave order {order['order_id']} with a neighbour",
        ),
        undo=put_back,
        reconcile="repeat",
    )
    async def use_neighbour(order_id: str, customer: Customer, effect_id: str) -> dict[str, Any]:
        """Leave an order with a neighbour."""
        return {"order_id": order_id}

    return Frontdesk(
        name, tools=[get_order_status, refund_order, use_neighbour], instructions="We sell outdoor gear."
    )


def follow(messages: list[BaseMessage]) -> AIMessage:
    """Says what a test needs: a look-up, a refund, a person, or words back."""
    last = messages[-1]
    if isinstance(last, ToolMessage):
        found = orjson.loads(str(last.content))
        if "error" in found:
            return AIMessage("I could not do that.")
        if "proposed" in found:
            return AIMessage("Please confirm below.")
        if "reference" in found:
            return AIMessage("A colleague will take over.")
        return AIMessage(f"Order {found['order_id']} is {found['status']}.")
    assert isinstance(last, HumanMessage)
    text = last.text
    if "person" in text or "human" in text:
        return call("hand_over", reason="customer_wish", summary=text[:200])
    number = re.search(r"\d{3,}", text)
    if "refund" in text and number:
        return call("refund_order", order_id=number[0], amount="249.00 EUR")
    if "neighbour" in text and number:
        return call("use_neighbour", order_id=number[0])
    return call("get_order_status", order_id=number[0]) if number else AIMessage(f"You said: {text}")
