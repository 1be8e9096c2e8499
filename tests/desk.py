"""A small desk for tests: two customers, their orders, and a model that asks for an order it is told of."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import orjson
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from frontdesk import Customer, Frontdesk, ToolNotFound, tool

ORDERS = {
    "789": {"order_id": "789", "owner": "u1", "status": "shipped", "note": "canary-u1-789"},
    "456": {"order_id": "456", "owner": "u1", "status": "processing", "note": "canary-u1-456"},
    "321": {"order_id": "321", "owner": "u2", "status": "delayed", "note": "canary-u2-321"},
}


class Backend:
    """What the tools call, with the hooks tests need."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []
        self.running = 0
        self.most_running = 0
        self.seconds = 0.0

    async def order(self, order_id: str, owner: str) -> dict[str, Any]:
        self.calls.append((order_id, owner))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        order = ORDERS.get(order_id)
        if order is None or order["owner"] != owner:
            raise ToolNotFound
        return order


def make_desk(backend: Backend | None = None) -> Frontdesk:
    backend = backend or Backend()

    @tool(permission="orders:read", step="Looking up order {order_id}", examples=["where is my order 789"])
    async def get_order_status(order_id: str, customer: Customer) -> dict[str, Any]:
        """Status of an order."""
        return await backend.order(order_id, customer.id)

    return Frontdesk("Testshop", tools=[get_order_status])


def call(name: str, **arguments: Any) -> AIMessage:
    return AIMessage("", tool_calls=[{"name": name, "args": arguments, "id": "c1", "type": "tool_call"}])


def follow(messages: list[BaseMessage]) -> AIMessage:
    """What the bench's stub does: an order id leads to a look-up, its result to a sentence."""
    last = messages[-1]
    if isinstance(last, ToolMessage):
        found = orjson.loads(str(last.content))
        if "error" in found:
            return AIMessage("I could not find that order on your account.")
        return AIMessage(f"Order {found['order_id']} is {found['status']}.")
    assert isinstance(last, HumanMessage)
    number = re.search(r"\d{3,}", last.text)
    return call("get_order_status", order_id=number[0]) if number else AIMessage(f"You said: {last.text}")
