"""OurShop's desk without a tool written by hand: all of them come from the document that its REST API publishes."""

from __future__ import annotations

import os
from typing import Any, cast

from examples.ourshop.shop.app import create_app
from examples.ourshop.support import desk as by_hand
from frontdesk import Frontdesk, Tool
from frontdesk.tools.openapi import from_openapi

__all__ = ["ENABLED", "bare", "desk", "document", "without_articles"]

# What a developer turns on: each is proposed, and runs when the customer has pressed its button.
ENABLED = (
    "change_address",
    "cancel_order",
    "resend_invoice",
    "create_refund",
    "create_return",
    "change_email",
    "reset_password",
    "create_ticket",
    "add_note",
)


def document() -> dict[str, Any]:
    """What the shop answers at /openapi.json."""
    return create_app("postgresql://nobody-is-asked").openapi()


def _bare(node: Any) -> Any:
    """A document without what is meant for Frontdesk, nor examples."""
    if isinstance(node, list):
        return [_bare(one) for one in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    kept = {k: v for k, v in cast("dict[str, Any]", node).items() if not k.startswith("x-frontdesk")}
    return {k: _bare(v) for k, v in kept.items() if k not in ("example", "examples")}


def _tools(said: dict[str, Any]) -> list[Tool]:
    return from_openapi(
        said,
        base_url=os.environ.get("SHOP_URL", "http://127.0.0.1:8001"),
        customer=["user_id"],
        enable=ENABLED,
        headers={"authorization": f"Bearer {os.environ.get('SHOP_TOKEN', 'shop-demo')}"},
    )


def _desk(tools: list[Tool]) -> Frontdesk:
    return Frontdesk(
        by_hand.name,
        tools=tools,
        knowledge=by_hand.knowledge,
        knowledge_url=by_hand.knowledge_url,
        instructions=by_hand.instructions,
    )


desk = _desk(_tools(document()))
bare = _desk(_tools(_bare(document())))
without_articles = Frontdesk(by_hand.name, tools=_tools(document()), instructions=by_hand.instructions)
