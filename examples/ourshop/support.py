"""OurShop's desk: what its backend developers wrote to put an agent before their REST API.

Each tool is a function. ``customer`` is injected by Frontdesk: no model sees it or can set it. ``says`` is
how the built-in local model words a result; a chat model with a key reads the result itself.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from examples.ourshop.actions import ACTIONS
from examples.ourshop.client import shop
from frontdesk import Customer, Frontdesk, Widget, tool


@tool(
    permission="orders:read",
    examples=[
        "Where is my order 789?",
        "has 456 been shipped yet",
        "When will order 123 arrive?",
        "what's the tracking number for order 123",
        "my parcel 789 is late",
    ],
    step="Looking up order {order_id}",
    limits={"return window": "30 days"},
    asks={"order_id": "Which order do you mean? Its number is in your confirmation e-mail."},
    says=(
        "Order {order_id} {status_text}.[ {status_note}][ It was shipped on {shipped_on|date}[ with {carrier}].]"
        "[@when  It should arrive on {expected_delivery|date}.][@when  It was delivered on {delivered_on|date}.]"
        "[ It was cancelled on {cancelled_on|date}.]"
        "[@tracking  You can follow it with tracking number {tracking_number}[: {tracking_url}].]"
        "[?carrier Order {order_id} is with {carrier}[, tracking number {tracking_number}].]"
        "[?placed Order {order_id} was placed on {placed_on|date}.]"
        "[?items In order {order_id}: {items|join:text}.]"
        "[?address Order {order_id} goes to {shipping_address.street}, {shipping_address.postal_code}"
        " {shipping_address.city}.]"
        "[?total Order {order_id} comes to {total|money:currency}.]"
        "[?return_until You can return order {order_id} until {return_until|date}.]"
    ),
)
async def get_order_status(order_id: str, customer: Customer) -> dict[str, Any]:
    """Status, carrier, tracking, expected delivery date, items and address of one of the customer's orders."""
    order = await shop.order(order_id, owner=customer.id)
    parcel = order["shipments"][-1] if order["shipments"] else {}
    return {
        "order_id": order["id"],
        "status": order["status"],
        "status_text": order["status_text"],
        "status_note": order["status_note"],
        "placed_on": order["placed_on"],
        "shipped_on": order["shipped_on"],
        "carrier": parcel.get("carrier"),
        "tracking_number": parcel.get("tracking_number"),
        "tracking_url": parcel.get("tracking_url"),
        "expected_delivery": order["expected_delivery"],
        "delivered_on": order["delivered_on"],
        "cancelled_on": order["cancelled_on"],
        "total": order["total"],
        "currency": order["currency"],
        "items": [_line(line) for line in order["lines"]],
        "shipping_address": {
            key: order["shipping_address"][key] for key in ("street", "postal_code", "city", "country")
        },
        "return_until": order["return_until"],
    }


@tool(
    permission="orders:read",
    examples=["what did I order", "show me my orders", "list my purchases", "which orders do I have open"],
    step="Looking up your orders",
    says=(
        "These are your latest orders:\n{each orders}- **Order {id}** of {placed_on|date}: {status|words},"
        " {total|money:currency}[ ({summary})]\n{else}There are no orders on your account yet.{/each}"
    ),
)
async def list_orders(customer: Customer) -> dict[str, Any]:
    """The customer's latest orders with number, date, status and total, newest first."""
    page = await shop.get(f"/users/{customer.id}/orders", limit=10)
    return {"orders": page["orders"], "total_orders": page["total"]}


@tool(
    permission="profile:read",
    examples=["which e-mail address do you have for me", "what is my address on file", "my account details"],
    step="Looking up your account",
    says=(
        "This is what we have on your account: {name}, {email}[, phone {phone}]."
        "[\nYour addresses:\n{each addresses}- {name}, {street}, {postal_code} {city}, {country}\n{/each}]"
    ),
)
async def get_profile(customer: Customer) -> dict[str, Any]:
    """The customer's own name, e-mail address, phone number and delivery addresses on file."""
    user = await shop.get(f"/users/{customer.id}")
    return {key: user[key] for key in ("name", "email", "phone", "customer_since", "addresses")}


@tool(
    permission="payments:read",
    examples=[
        "did my payment for order 456 go through",
        "how much did I pay for 123",
        "how did I pay for order 789",
        "was I charged twice for 456",
    ],
    step="Looking up the payment of order {order_id}",
    asks={"order_id": "Which order's payment do you mean?"},
    says=(
        "{each payments}The payment of {amount|money:currency} for order {order_id} by {description} is"
        " **{status|words}**[ (paid on {paid_on|date})].\n"
        "{else}There is no payment for this order yet.{/each}"
    ),
)
async def get_payments(order_id: str, customer: Customer) -> dict[str, Any]:
    """Payments of one of the customer's orders: amount, method, status and date."""
    order = await shop.order(order_id, owner=customer.id)
    found = await shop.get(f"/orders/{order['id']}/payments")
    keys = ("order_id", "method", "description", "status", "amount", "currency", "paid_on")
    return {"payments": [_some(payment, keys) for payment in found["payments"]]}


@tool(
    permission="refunds:read",
    examples=["where is my refund", "is my money back on its way", "refund status of order 456"],
    step="Looking up your refunds",
    limits={"refund time": "5 business days"},
    says=(
        "{each refunds}The refund of {amount|money:currency} for order {order_id} is **{status|words}**"
        "[ (paid out on {paid_out_on|date})].[ We pay it by {expected_by|date}.][ {note}]\n"
        "{else}There is no refund under way[ for order {order_id}].{/each}"
    ),
)
async def get_refunds(customer: Customer, order_id: str | None = None) -> dict[str, Any]:
    """Refunds under way or paid, for all of the customer's orders or for one of them."""
    keys = ("order_id", "amount", "currency", "status", "requested_on", "paid_out_on", "expected_by", "note")
    refunds = await _of_customer("refunds", customer, order_id)
    return {"order_id": order_id, "refunds": [_some(refund, keys) for refund in refunds]}


@tool(
    permission="returns:read",
    examples=["did you receive my return", "status of my return", "has the parcel I sent back arrived"],
    step="Looking up your returns",
    limits={"return label": "3.95 EUR"},
    says=(
        "{each returns}Your return for order {order_id} has the status **{status|words}**"
        "[ (we received it on {received_on|date})].[ The refund for it is {refund_amount|money:currency}.][ {note}]\n"
        "{else}There is no return under way[ for order {order_id}].{/each}"
    ),
)
async def get_returns(customer: Customer, order_id: str | None = None) -> dict[str, Any]:
    """Returns under way or done, for all of the customer's orders or for one of them."""
    keys = ("order_id", "status", "created_on", "received_on", "refund_amount", "currency", "note")
    returns = await _of_customer("returns", customer, order_id)
    return {"order_id": order_id, "returns": [_some(item, keys) for item in returns]}


async def _of_customer(what: str, customer: Customer, order_id: str | None) -> list[dict[str, Any]]:
    """Refunds or returns: of one order that is the customer's, or of all their orders."""
    if order_id:
        await shop.order(order_id, owner=customer.id)
        return (await shop.get(f"/orders/{order_id}/{what}"))[what]
    return (await shop.get(f"/users/{customer.id}/{what}"))[what][:5]


def _line(line: dict[str, Any]) -> dict[str, Any]:
    """One line of an order; ``text`` is how a person would say it."""
    text = line["name"] if line["quantity"] == 1 else f"{line['quantity']} × {line['name']}"
    return {
        "id": line["id"],
        "name": line["name"],
        "quantity": line["quantity"],
        "status": line["status"],
        "text": text,
    }


def _some(item: dict[str, Any], keys: tuple[str, ...]) -> dict[str, Any]:
    """Only the fields an agent needs to know."""
    return {key: item[key] for key in keys}


desk = Frontdesk(
    "OurShop",
    tools=[get_order_status, list_orders, get_profile, get_payments, get_refunds, get_returns, *ACTIONS],
    knowledge=Path(__file__).parent / "help-center",
    knowledge_url=os.environ.get("SHOP_HELP_URL", "https://ourshop.example/help/{slug}"),
    widget=Widget(suggestions=["Where is my order?", "How long do refunds take?", "Talk to a person"]),
    instructions="OurShop sells outdoor and home goods in Europe and North America. Prices are in EUR.",
)
