"""The desk that is put to the test: a look-up, a note that needs nobody's yes, and a refund that needs the customer's.

Its tools call the backend at CHAOS_BACKEND. A chat model is told what to do by the message itself, which is a list of
calls in JSON; the local model understands "where is my order 789".
"""

from __future__ import annotations

import os
from typing import Any

import aiohttp

from frontdesk import Customer, Frontdesk, Preview, ToolNotFound, ToolUnavailable, tool

_sessions: list[aiohttp.ClientSession] = []  # one a process, made in its event loop


async def _call(method: str, path: str, effect_id: str = "") -> dict[str, Any]:
    if not _sessions:
        limit = aiohttp.ClientTimeout(total=30)
        _sessions.append(aiohttp.ClientSession(os.environ["CHAOS_BACKEND"], timeout=limit))
    headers = {"idempotency-key": effect_id} if effect_id else {}
    try:
        async with _sessions[0].request(method, path, headers=headers) as answer:
            answer.raise_for_status()
            return await answer.json()
    except aiohttp.ClientError:
        raise ToolUnavailable("The order system does not answer.") from None


def _named(order_id: str) -> str:
    """The customer says 117, the backend o117."""
    return f"o{order_id.removeprefix('o')}"


async def own_order(order_id: str, customer: Customer) -> dict[str, Any]:
    """The order, if it is the customer's."""
    order = await _call("GET", f"/orders/{_named(order_id)}")
    if order["owner"] != customer.id:
        raise ToolNotFound
    return order


@tool(
    permission="orders:read",
    step="Looking up order {order_id}",
    examples=["where is my order 789", "has 456 been shipped"],
    says="Order {order_id} is {status}.",
)
async def get_order(order_id: str, customer: Customer) -> dict[str, Any]:
    """Status of one of the customer's orders."""
    return await own_order(order_id, customer)


@tool(permission="notes:write", changes=True, confirm=False, reconcile="repeat", says="Noted.")
async def add_note(order_id: str, customer: Customer, effect_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Leave a note at an order."""
    return await _call("POST", f"/orders/{_named(order_id)}/note", effect_id)


@tool(
    permission="orders:refund",
    confirm=True,
    subject=own_order,
    examples=["refund order 789", "I want my money back for order 456"],
    reconcile="repeat",
    preview=lambda order, _: Preview(f"Refund {order['order_id']}.", object=order["order_id"]),
    says="Refunded.",
)
async def refund_order(order_id: str, customer: Customer, effect_id: str) -> dict[str, Any]:  # noqa: ARG001
    """Refund an order."""
    return await _call("POST", f"/orders/{_named(order_id)}/refund", effect_id)


def desk() -> Frontdesk:
    """The desk."""
    folder = os.environ.get("CHAOS_HELP_CENTER")
    return Frontdesk("Chaos", tools=[get_order, add_note, refund_order], knowledge=folder or None)
