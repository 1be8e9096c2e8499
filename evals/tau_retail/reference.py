"""What the benchmark's own tools refuse. It says which gold calls take effect; Frontdesk does not use it.

The recorded conversations hold the answers of the original tools: ``python -m evals.tau_retail`` compares these with
them, call by call, before it measures anything.
"""

from __future__ import annotations

from collections import Counter
from typing import Any

from evals.tau_retail.backend import Backend
from evals.tau_retail.data import Json

REASONS = ("no longer needed", "ordered by mistake")


def refusal(world: Backend, name: str, arguments: Json) -> str:
    """Why the benchmark's tool would answer this write with an error; "" if it would do it."""
    if name == "modify_user_address":
        return "" if world.user(arguments["user_id"]) else "User not found"
    order = world.order(arguments["order_id"])
    if order is None:
        return "Order not found"
    methods = (world.user(order["user_id"]) or {})["payment_methods"]
    method = methods.get(arguments.get("payment_method_id"))
    match name:
        case "cancel_pending_order":
            if order["status"] != "pending":
                return "Non-pending order cannot be cancelled"
            return "" if arguments["reason"] in REASONS else "Invalid reason"
        case "modify_pending_order_address":
            return "" if "pending" in order["status"] else "Non-pending order cannot be modified"
        case "modify_pending_order_payment":
            return _payment(order, method, arguments["payment_method_id"])
        case "return_delivered_order_items":
            return _return(order, method, arguments)
        case _:
            return _items(world, name, order, method, arguments)


def _payment(order: Json, method: Any, wanted: str) -> str:
    if "pending" not in order["status"]:
        return "Non-pending order cannot be modified"
    if method is None:
        return "Payment method not found"
    history = order["payment_history"]
    if len(history) != 1 or history[0]["transaction_type"] != "payment":
        return "There should be exactly one payment for a pending order"
    if history[0]["payment_method_id"] == wanted:
        return "The new payment method should be different from the current one"
    short = method["source"] == "gift_card" and method["balance"] < history[0]["amount"]
    return "Insufficient gift card balance to pay for the order" if short else ""


def _return(order: Json, method: Any, arguments: Json) -> str:
    if order["status"] != "delivered":
        return "Non-delivered order cannot be returned"
    if method is None:
        return "Payment method not found"
    original = order["payment_history"][0]["payment_method_id"]
    if method["source"] != "gift_card" and method["id"] != original:
        return "Payment method should be the original payment method"
    return "" if _on_record(order, arguments["item_ids"]) else "Some item not found"


def _items(world: Backend, name: str, order: Json, method: Any, arguments: Json) -> str:
    modify = name == "modify_pending_order_items"
    if order["status"] != ("pending" if modify else "delivered"):
        return "Non-pending order cannot be modified" if modify else "Non-delivered order cannot be exchanged"
    old_ids, new_ids = arguments["item_ids"], arguments["new_item_ids"]
    if not _on_record(order, old_ids):
        return "Some item not found"
    if len(old_ids) != len(new_ids):
        return "The number of items to be exchanged should match"
    prices = {item["item_id"]: item for item in order["items"]}
    difference = 0.0
    for old, new in zip(old_ids, new_ids, strict=True):
        if modify and old == new:
            return "The new item id should be different from the old item id"
        variant = world.base.products[prices[old]["product_id"]]["variants"].get(new)
        if variant is None or not variant["available"]:
            return f"New item {new} not found or available"
        difference += variant["price"] - prices[old]["price"]
    if method is None:
        return "Payment method not found"
    short = method["source"] == "gift_card" and method["balance"] < round(difference, 2)
    return "Insufficient gift card balance to pay for the price difference" if short else ""


def _on_record(order: Json, item_ids: list[str]) -> bool:
    return Counter(item_ids) <= Counter(item["item_id"] for item in order["items"])
