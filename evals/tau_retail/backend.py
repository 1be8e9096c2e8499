"""A shop's backend that does whatever it is told, on purpose: no owner, no state, no item is checked here.

It does the benchmark's arithmetic and nothing else, so that whatever is refused was refused by Frontdesk. Each world
begins with the published records; only what is written is copied.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from evals.tau_retail.data import Json, Records

ADDRESS = ("address1", "address2", "city", "country", "state", "zip")
WRITES = (
    "cancel_pending_order",
    "exchange_delivered_order_items",
    "modify_pending_order_address",
    "modify_pending_order_items",
    "modify_pending_order_payment",
    "modify_user_address",
    "return_delivered_order_items",
)


class Backend:
    """One world. ``touched`` holds the records that are no longer the published ones."""

    def __init__(self, base: Records, touched: dict[tuple[str, str], Json] | None = None) -> None:
        self.base = base
        self.touched: dict[tuple[str, str], Json] = touched or {}
        self.effects: dict[str, int] = {}

    def fork(self) -> Backend:
        """A world that goes on from here on its own."""
        return Backend(self.base, deepcopy(self.touched))

    def changed(self) -> dict[tuple[str, str], Json]:
        """What differs from the published records: the end state of a world."""
        published = {"order": self.base.orders, "user": self.base.users}
        return {key: record for key, record in self.touched.items() if published[key[0]][key[1]] != record}

    def order(self, order_id: str) -> Json | None:
        return self.touched.get(("order", order_id)) or self.base.orders.get(order_id)

    def user(self, user_id: str) -> Json | None:
        return self.touched.get(("user", user_id)) or self.base.users.get(user_id)

    def do(self, name: str, arguments: Json, effect_id: str = "") -> Json:
        """A write by its name; under an ``effect_id`` that has been done already, only its record."""
        write: Callable[..., Json] = getattr(self, name)
        key = arguments.get("order_id", arguments.get("user_id", ""))
        if effect_id in self.effects:
            return self.order(key) or self.user(key) or {}
        if effect_id:
            self.effects[effect_id] = 1
        return write(**arguments)

    # ------------------------------------------------------------------ the seven writes
    def cancel_pending_order(self, order_id: str, reason: str) -> Json:
        order = self._order(order_id)
        paid = list(order["payment_history"])
        for payment in paid:
            order["payment_history"].append({**payment, "transaction_type": "refund"})
            self._balance(payment["payment_method_id"], payment["amount"])
        order["status"], order["cancel_reason"] = "cancelled", reason
        return order

    def exchange_delivered_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Json:
        order = self._order(order_id)
        difference = sum(
            self._price(new) - self._price(old, order)
            for old, new in zip(item_ids, new_item_ids, strict=False)
        )
        order["status"] = "exchange requested"
        order["exchange_items"], order["exchange_new_items"] = sorted(item_ids), sorted(new_item_ids)
        order["exchange_payment_method_id"] = payment_method_id
        order["exchange_price_difference"] = round(difference, 2)
        return order

    def return_delivered_order_items(
        self, order_id: str, item_ids: list[str], payment_method_id: str
    ) -> Json:
        order = self._order(order_id)
        order["status"] = "return requested"
        order["return_items"], order["return_payment_method_id"] = sorted(item_ids), payment_method_id
        return order

    def modify_pending_order_address(self, order_id: str, **address: str) -> Json:
        order = self._order(order_id)
        order["address"] = {part: address[part] for part in ADDRESS}
        return order

    def modify_pending_order_items(
        self, order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str
    ) -> Json:
        order = self._order(order_id)
        difference = 0
        pairs = list(zip(item_ids, new_item_ids, strict=False))
        for old, new in pairs:
            difference += self._price(new) - self._price(old, order)
        order["payment_history"].append(
            {
                "transaction_type": "payment" if difference > 0 else "refund",
                "amount": abs(difference),
                "payment_method_id": payment_method_id,
            }
        )
        self._balance(payment_method_id, -difference)
        for old, new in pairs:
            # Every item gets the price and the options of the last one: so do the benchmark's own tool and its records.
            self._put(order, old, new, pairs[-1][1])
        order["status"] = "pending (item modified)"
        return order

    def modify_pending_order_payment(self, order_id: str, payment_method_id: str) -> Json:
        order = self._order(order_id)
        first = order["payment_history"][0]
        amount, before = first["amount"], first["payment_method_id"]
        order["payment_history"] += [
            {"transaction_type": "payment", "amount": amount, "payment_method_id": payment_method_id},
            {"transaction_type": "refund", "amount": amount, "payment_method_id": before},
        ]
        self._balance(payment_method_id, -amount)
        self._balance(before, amount)
        return order

    def modify_user_address(self, user_id: str, **address: str) -> Json:
        user = self._own("user", user_id)
        user["address"] = {part: address[part] for part in ADDRESS}
        return user

    # ------------------------------------------------------------------ records
    def _own(self, kind: str, key: str) -> Json:
        """The record, to be written: a copy of the published one when it is first touched."""
        published = self.base.orders if kind == "order" else self.base.users
        if (kind, key) not in self.touched:
            self.touched[kind, key] = deepcopy(published[key])
        return self.touched[kind, key]

    def _order(self, order_id: str) -> Json:
        return self._own("order", order_id)

    def _price(self, item_id: str, order: Json | None = None) -> float:
        """What was paid for it in this order, else what the catalogue asks, else nothing."""
        listed = order["items"] if order else []
        known: Any = next((item for item in listed if item["item_id"] == item_id), None)
        return (known or self.base.items.get(item_id) or {"price": 0.0})["price"]

    def _put(self, order: Json, old: str, new: str, like: str) -> None:
        item = next((item for item in order["items"] if item["item_id"] == old), None)
        if item is None:
            item = {}
            order["items"].append(item)
        variant = self.base.items.get(like) or {"price": 0.0, "options": {}}
        item.update(item_id=new, price=variant["price"], options=variant["options"])

    def _balance(self, method_id: str, amount: float) -> None:
        """Gift cards, whosever they are, change at once; other methods leave no trace in the records."""
        if not method_id.startswith("gift_card"):
            return
        for user_id, user in self.base.users.items():
            if method_id in user["payment_methods"]:
                card = self._own("user", user_id)["payment_methods"][method_id]
                card["balance"] = round(card["balance"] + amount, 2)
