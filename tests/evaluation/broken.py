"""The example shop's desk, each time with one thing broken, as a change that nobody looked at would break it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from examples.ourshop import support
from frontdesk import Customer, Frontdesk, ToolRefused, tool
from frontdesk.knowledge.sources.folder import Folder
from tests.process import ROOT

desk = support.desk


@tool(permission="orders:read", examples=["Where is my order 789?"], says="Order {order_id} is {status}.")
async def get_order_status(order_id: str, customer: Customer) -> dict[str, Any]:
    """Status of one of the customer's orders."""
    return {"order_id": order_id, "status": "cancelled"}


@tool(
    permission="orders:cancel",
    confirm=True,
    examples=["cancel order 456"],
    says="Order {order_id} is cancelled.",
)
async def cancel_order(order_id: str, customer: Customer, effect_id: str) -> dict[str, Any]:
    """Cancel one of the customer's orders."""
    if not order_id:
        raise ToolRefused
    return {"order_id": order_id}


def _with(broken: Any) -> Frontdesk:
    return replace(desk, tools=[broken if tool.name == broken.name else tool for tool in desk.tools])


def _without(*articles: str) -> Frontdesk:
    center = Folder(
        ROOT / "examples" / "ourshop" / "help-center",
        url=desk.knowledge_url,
        exclude=[f"**/{name}.md" for name in articles],
    )
    return replace(desk, knowledge=center)


wrong_status = _with(get_order_status)
does_nothing = _with(cancel_order)
without_article = _without("how-long-refunds-take", "refund-policy")
