"""Stub tools shaped like the example shop's, over invented data, and a loop that runs a model with them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import UUID

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolMessage

from frontdesk.domain import Customer, Principal
from frontdesk.errors import ToolError
from frontdesk.models.local import LocalModel
from frontdesk.tools import Tool, ToolContext, tool


class NotFound(ToolError):
    """There is no such thing."""

    code = "not_found"


def order(number: str, owner: str, status: str, **more: Any) -> dict[str, Any]:
    return {
        "order_id": number,
        "owner": owner,
        "status": status,
        "placed_on": "2025-01-05",
        "carrier": None,
        "tracking_number": None,
        "total": "84.90",
        "currency": "EUR",
    } | more


ORDERS = {
    "123": order("123", "u123", "shipped", placed_on="2025-01-02", shipped_on="2025-01-07", carrier="DHL", tracking_number="JD0146", expected_delivery="2025-01-10", items=[{"name": "Blue rain jacket", "quantity": 1}]),
    "456": order("456", "u123", "processing", placed_on="2025-01-06", total="89.00", expected_delivery="2025-01-14", items=[{"name": "Kettle", "quantity": 1}]),
    "789": order("789", "u123", "out_for_delivery", shipped_on="2025-01-06", carrier="UPS", tracking_number="1Z999", expected_delivery="2025-01-08", items=[{"name": "Candle holder", "quantity": 2}]),
    "321": order("321", "u124", "shipped", carrier="DHL", expected_delivery="2025-01-09"),
    "654": order("654", "u124", "delivered", delivered_on="2025-01-03"),
}  # fmt: skip
PAYMENTS = {
    "456": [{"order_id": "456", "amount": "89.00", "currency": "EUR", "status": "paid", "method": "visa"}]
}
REFUNDS = {"123": [{"order_id": "123", "amount": "20.00", "currency": "EUR", "status": "pending"}]}


def owned(number: str, customer: Customer) -> dict[str, Any]:
    found = ORDERS.get(number)
    if not found or found["owner"] != customer.id:
        raise NotFound("No such order.")
    return {k: v for k, v in found.items() if k != "owner"}


@tool(
    permission="orders:read",
    examples=["Where is my order 123?", "Has 456 shipped?", "Is it late?"],
    says="Order {order_id} is {status|words}.[ It was shipped on {shipped_on|date}[ with {carrier}].][@tracking  The tracking number is {tracking_number}.][@when  It should arrive on {expected_delivery|date}.]",
    asks={"order_id": "Which order do you mean? Please send me the order number."},
)
async def get_order_status(order_id: str, customer: Customer) -> dict[str, Any]:
    """Status, carrier and expected delivery date of one of the customer's orders."""
    return owned(order_id, customer)


@tool(
    permission="orders:read",
    says="{each orders}- Order {order_id}: {status|words}{else}You have no orders yet.{/each}",
)
async def list_orders(customer: Customer) -> dict[str, Any]:
    """The customer's orders, newest first."""
    return {"orders": [owned(n, customer) for n, o in ORDERS.items() if o["owner"] == customer.id]}


@tool(permission="profile:read")
async def get_profile(customer: Customer) -> dict[str, Any]:
    """Name, e-mail, phone and address on the customer's account."""
    return {
        "name": "Kim Berg",
        "email": "kim@example.org",
        "address": {"street": "Lindenweg 4", "city": "Berlin"},
    }


@tool(permission="payments:read")
async def get_payments(order_id: str, customer: Customer) -> dict[str, Any]:
    """Payments of one of the customer's orders."""
    owned(order_id, customer)
    return {"order_id": order_id, "payments": PAYMENTS.get(order_id, [])}


@tool(permission="refunds:read")
async def get_refunds(customer: Customer, order_id: str | None = None) -> dict[str, Any]:
    """Refunds of the customer, for one order or all."""
    if order_id:
        owned(order_id, customer)
    return {"refunds": REFUNDS.get(order_id or "123", [])}


@tool(permission="returns:read")
async def get_returns(customer: Customer, order_id: str | None = None) -> dict[str, Any]:
    """Returns of the customer, for one order or all."""
    if order_id:
        owned(order_id, customer)
    return {"returns": []}


ARTICLES = (
    (
        ("cancel",),
        "Cancel an order",
        "You can cancel an order yourself while it is being processed. Go to My orders and choose Cancel order.",
    ),
    (
        ("address", "moved"),
        "Change the address",
        "You can change the delivery address until the order has shipped.",
    ),
    (
        ("refund", "policy"),
        "Refunds",
        "You can return items within 30 days. We refund within 5 business days.",
    ),
    (
        ("ship", "shipping", "countries"),
        "Shipping",
        "We ship to all countries of the EU and to Switzerland. Shipping costs 4.90 EUR.",
    ),
    (("return", "send"), "Returns", "Start a return under My orders. A label is sent to you by e-mail."),
)


@tool(permission="knowledge:read")
async def search_knowledge(query: str) -> dict[str, Any]:
    """Search the help center for articles that answer a question about policies and how things work."""
    low = query.lower()
    found = [a for a in ARTICLES if any(word in low for word in a[0])]
    passages = [
        {"n": i, "title": t, "heading": t, "url": "", "text": x, "score": 0.8, "cosine": 0.7}
        for i, (_, t, x) in enumerate(found, 1)
    ]
    return {"answerable": bool(passages), "confidence": 0.8 if passages else 0.1, "passages": passages}


@tool(permission="tickets:write", changes=True, confirm=False)
async def open_ticket(subject: str, details: str) -> dict[str, str]:
    """Open a ticket that a colleague will follow up."""
    return {"reference": "T-1042", "reply_within": "1 business day"}


@tool(permission="tickets:write", changes=True, confirm=False)
async def hand_over(reason: str, summary: str) -> dict[str, str]:
    """Hand the conversation to a person."""
    return {"reference": "T-1042", "status": "queued", "reply_within": "1 business day"}


BUILT_IN = [search_knowledge, open_ticket, hand_over]
SHOP = [get_order_status, list_orders, get_profile, get_payments, get_refunds, get_returns, *BUILT_IN]


@cache
def model() -> LocalModel:
    return LocalModel()


@dataclass
class Talk:
    """A conversation with a model over stub tools; ``calls`` are those of the last turn."""

    tools: Sequence[Tool] = tuple(SHOP)
    customer: str = "u123"
    kind: str = "customer"
    facts: dict[str, Any] = field(default_factory=dict[str, Any])
    mode: str = "ai"
    messages: list[BaseMessage] = field(default_factory=list[BaseMessage])
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list[tuple[str, dict[str, Any]]])
    outcome: str = ""
    suggestions: list[str] = field(default_factory=list[str])
    steps: int = 0

    def say(self, text: str) -> str:
        """One turn, at most three model calls; returns the reply."""
        known = {
            "desk": "OurShop",
            "facts": self.facts,
            "customer": {"kind": self.kind, "id": self.customer},
            "mode": self.mode,
        }
        system = SystemMessage("You are OurShop's assistant.", additional_kwargs={"frontdesk": known})
        self.messages.append(HumanMessage(text))
        self.calls = []
        for step in range(1, 4):
            answer = model().bind_tools(list(self.tools)).invoke([system, *self.messages])
            assert isinstance(answer, AIMessage)
            self.messages.append(answer)
            self.steps = step
            if not answer.tool_calls:
                told = answer.response_metadata["frontdesk"]
                self.outcome, self.suggestions = told["outcome"], told["suggestions"]
                return str(answer.content)
            for call in answer.tool_calls:
                self.calls.append((call["name"], call["args"]))
                self.messages.append(self._run(call))
        raise AssertionError("the model did not finish in three calls")

    def _run(self, call: Any) -> ToolMessage:
        chosen = next(t for t in self.tools if t.name == call["name"])
        context = ToolContext(Principal("customer", self.customer), UUID(int=1), UUID(int=2))
        try:
            content, status = asyncio.run(chosen.call(call["args"], context)), "success"
        except ToolError as error:
            content, status = (
                orjson.dumps({"error": {"code": error.code, "message": str(error)}}).decode(),
                "error",
            )
        return ToolMessage(content, tool_call_id=call["id"], name=call["name"], status=status)
