"""The shop's backend: it does what it is told, checks nothing, and reckons. What is refused is refused before it."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

Json = dict[str, Any]
FOLDER = Path(os.environ.get("DATA_DIR", "../shared/data")) / "tau-retail"


def read(name: str) -> Any:
    """A file of the data."""
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


class Backend:
    """Users, orders and products; a copy of its own of what it changes."""

    def __init__(self, users: Json, orders: Json, products: Json) -> None:
        self.users, self.orders, self.products = copy.deepcopy(users), copy.deepcopy(orders), products

    def state(self) -> str:
        """All of it that can change, to be compared."""
        return json.dumps([self.users, self.orders], sort_keys=True)

    def variant(self, item_id: str) -> Json | None:
        """A product's variant, with its product's id."""
        for product in self.products.values():
            if item_id in product["variants"]:
                return {**product["variants"][item_id], "product_id": product["product_id"]}
        return None

    def pay(self, user_id: str, method: str, amount: float) -> None:
        """Take from, or give to, a gift card."""
        card = self.users[user_id]["payment_methods"][method]
        if card["source"] == "gift_card":
            card["balance"] = round(card["balance"] - amount, 2)

    def do(self, tool: str, arguments: Json, user_id: str) -> Json:
        """Change what one of the seven tools changes."""
        if tool == "modify_user_address":
            self.users[user_id]["address"] = _address(arguments)
            return {"user_id": user_id}
        order = self.orders[arguments["order_id"]]
        getattr(self, f"_{tool}")(order, arguments, user_id)
        return {"order_id": order["order_id"], "status": order["status"]}

    def _cancel_pending_order(self, order: Json, arguments: Json, user_id: str) -> None:
        for payment in list(order["payment_history"]):
            self._entry(order, "refund", payment["amount"], payment["payment_method_id"])
            self.pay(user_id, payment["payment_method_id"], -payment["amount"])
        order |= {"status": "cancelled", "cancel_reason": arguments["reason"]}

    def _modify_pending_order_address(self, order: Json, arguments: Json, _: str) -> None:
        order["address"] = _address(arguments)

    def _modify_pending_order_payment(self, order: Json, arguments: Json, user_id: str) -> None:
        first, new = order["payment_history"][0], arguments["payment_method_id"]
        self._entry(order, "payment", first["amount"], new)
        self._entry(order, "refund", first["amount"], first["payment_method_id"])
        self.pay(user_id, new, first["amount"])
        self.pay(user_id, first["payment_method_id"], -first["amount"])

    def _modify_pending_order_items(self, order: Json, arguments: Json, user_id: str) -> None:
        difference = self.difference(order, arguments)
        kind = "payment" if difference > 0 else "refund"
        self._entry(order, kind, abs(difference), arguments["payment_method_id"])
        self.pay(user_id, arguments["payment_method_id"], difference)
        for old, new in zip(arguments["item_ids"], arguments["new_item_ids"], strict=True):
            item = next(item for item in order["items"] if item["item_id"] == old)
            variant = self.variant(new) or {}
            item |= {"item_id": new, "price": variant["price"], "options": variant["options"]}
        order["status"] = "pending (item modified)"

    def _return_delivered_order_items(self, order: Json, arguments: Json, _: str) -> None:
        order |= {"status": "return requested", "return_items": sorted(arguments["item_ids"]),
                  "return_payment_method_id": arguments["payment_method_id"]}  # fmt: skip

    def _exchange_delivered_order_items(self, order: Json, arguments: Json, _: str) -> None:
        order |= {"status": "exchange requested", "exchange_items": sorted(arguments["item_ids"]),
                  "exchange_new_items": sorted(arguments["new_item_ids"]),
                  "exchange_payment_method_id": arguments["payment_method_id"],
                  "exchange_price_difference": self.difference(order, arguments)}  # fmt: skip

    def difference(self, order: Json, arguments: Json) -> float:
        """What the new items cost more than the old ones."""
        prices = {item["item_id"]: item["price"] for item in order["items"]}
        new = sum((self.variant(item) or {})["price"] for item in arguments["new_item_ids"])
        return round(new - sum(prices[item] for item in arguments["item_ids"]), 2)

    def _entry(self, order: Json, kind: str, amount: float, method: str) -> None:
        entry = {"transaction_type": kind, "amount": amount, "payment_method_id": method}
        order["payment_history"].append(entry)


def _address(arguments: Json) -> Json:
    return {key: arguments[key] for key in ("address1", "address2", "city", "state", "country", "zip")}
