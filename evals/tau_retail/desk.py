"""The shop's written policy as declarations beside tools of the same names."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from evals.tau_retail.backend import Backend, Json
from frontdesk import Change, Customer, Frontdesk, Preview, ToolNotFound, rule, tool

WRITES = ("cancel_pending_order", "exchange_delivered_order_items", "modify_pending_order_address",
          "modify_pending_order_items", "modify_pending_order_payment", "modify_user_address",
          "return_delivered_order_items")  # fmt: skip


def status(sentence: str, *allowed: str) -> Any:
    """The order is in one of these states."""
    return rule(sentence, lambda order, _: order["status"] in allowed)


def has_items(order: Json, arguments: Json) -> bool:
    """Each item is in the order, as often as it is named."""
    named, there = Counter(arguments["item_ids"]), Counter(item["item_id"] for item in order["items"])
    return bool(named) and all(there[item] >= times for item, times in named.items())


def make_desk(backend: Backend) -> Frontdesk:  # noqa: C901  (a tool after the other)
    """The desk over one copy of the shop."""

    async def own_order(order_id: str, customer: Customer) -> Json:
        order = backend.orders.get(order_id)
        if order is None or order["user_id"] != customer.id:
            raise ToolNotFound
        return {**order, "user": backend.users[customer.id]}

    async def own_user(user_id: str, customer: Customer) -> Json:
        if user_id != customer.id or user_id not in backend.users:
            raise ToolNotFound
        return backend.users[user_id]

    def same_products(order: Json, arguments: Json) -> bool:
        """Each new item is available, and another variant of the product it replaces."""
        old, new = arguments["item_ids"], arguments["new_item_ids"]
        if len(old) != len(new):
            return False
        products = {item["item_id"]: item["product_id"] for item in order["items"]}
        variants = [backend.variant(item) for item in new]
        return all(
            v is not None and v["available"] and v["product_id"] == products[o] and o != n
            for o, n, v in zip(old, new, variants, strict=True)
        )

    def own_method(order: Json, arguments: Json) -> bool:
        return arguments["payment_method_id"] in order["user"]["payment_methods"]

    def covers(order: Json, arguments: Json) -> bool:
        method = order["user"]["payment_methods"][arguments["payment_method_id"]]
        return method["source"] != "gift_card" or method["balance"] >= backend.difference(order, arguments)

    items = rule("These items are not in this order.", has_items)
    variants = rule("An item can only become an available one of the same product.", same_products)
    method = rule("This payment method is not on your account.", own_method)
    balance = rule("The gift card does not cover the difference.", covers)

    def preview(order: Json, arguments: Json) -> Preview:
        said = ", ".join(f"{key}: {value}" for key, value in arguments.items())
        return Preview(
            said, (Change("Order", order.get("status", ""), said),), object=arguments.get("order_id", "you")
        )

    def declare(name: str, function: Callable[..., Any], **words: Any) -> Any:
        function.__doc__ = name.replace("_", " ").capitalize() + "."
        given = {"confirm": True, "subject": own_order, "preview": preview, "reconcile": "repeat", **words}
        return tool(name=name, permission="retail:write", **given)(function)

    async def cancel(order_id: str, reason: str, customer: Customer, effect_id: str) -> Json:
        return backend.do("cancel_pending_order", {"order_id": order_id, "reason": reason}, customer.id)

    def changing(name: str) -> Callable[..., Any]:
        async def change(order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str,
                         customer: Customer, effect_id: str) -> Json:  # fmt: skip
            given = {"order_id": order_id, "item_ids": item_ids, "new_item_ids": new_item_ids,
                     "payment_method_id": payment_method_id}  # fmt: skip
            return backend.do(name, given, customer.id)

        return change

    async def giving_back(order_id: str, item_ids: list[str], payment_method_id: str, customer: Customer,
                          effect_id: str) -> Json:  # fmt: skip
        given = {"order_id": order_id, "item_ids": item_ids, "payment_method_id": payment_method_id}
        return backend.do("return_delivered_order_items", given, customer.id)

    async def payment(order_id: str, payment_method_id: str, customer: Customer, effect_id: str) -> Json:
        given = {"order_id": order_id, "payment_method_id": payment_method_id}
        return backend.do("modify_pending_order_payment", given, customer.id)

    async def order_address(order_id: str, address1: str, address2: str, city: str, state: str, country: str,
                            zip: str, customer: Customer, effect_id: str) -> Json:  # fmt: skip
        given = {"order_id": order_id, "address1": address1, "address2": address2, "city": city, "state": state,
                 "country": country, "zip": zip}  # fmt: skip
        return backend.do("modify_pending_order_address", given, customer.id)

    async def user_address(user_id: str, address1: str, address2: str, city: str, state: str, country: str,
                           zip: str, customer: Customer, effect_id: str) -> Json:  # fmt: skip
        given = {"address1": address1, "address2": address2, "city": city, "state": state, "country": country,
                 "zip": zip}  # fmt: skip
        return backend.do("modify_user_address", given, customer.id)

    pending = status("Only a pending order can be changed.", "pending")
    still_pending = status("Only a pending order can be changed.", "pending", "pending (item modified)")
    delivered = status("Only a delivered order can be returned or exchanged.", "delivered")
    writes = [
        declare("cancel_pending_order", cancel, limit="1 per order_id", requires=[
            pending, rule("Say that it is no longer needed, or was ordered by mistake.",
                          lambda _, a: a["reason"] in ("no longer needed", "ordered by mistake"))]),
        declare("modify_pending_order_items", changing("modify_pending_order_items"), limit="1 per order_id",
                requires=[pending, items, variants, method, balance]),
        declare("exchange_delivered_order_items", changing("exchange_delivered_order_items"), limit="1 per order_id",
                requires=[delivered, items, variants, method, balance]),
        declare("return_delivered_order_items", giving_back, limit="1 per order_id", requires=[
            delivered, items, method,
            rule("The money goes back to the original payment method, or to a gift card.",
                 lambda o, a: a["payment_method_id"] == o["payment_history"][0]["payment_method_id"]
                 or o["user"]["payment_methods"][a["payment_method_id"]]["source"] == "gift_card")]),
        declare("modify_pending_order_payment", payment, requires=[
            still_pending, method,
            rule("Choose another payment method than the present one.",
                 lambda o, a: len(o["payment_history"]) == 1
                 and a["payment_method_id"] != o["payment_history"][0]["payment_method_id"]),
            rule("The gift card does not cover the order.",
                 lambda o, a: o["user"]["payment_methods"][a["payment_method_id"]]["source"] != "gift_card"
                 or o["user"]["payment_methods"][a["payment_method_id"]]["balance"] >= o["payment_history"][0]["amount"])]),
        declare("modify_pending_order_address", order_address, requires=[still_pending]),
        declare("modify_user_address", user_address, subject=own_user),
    ]  # fmt: skip

    @tool(permission="retail:read")
    async def get_order_details(order_id: str, customer: Customer) -> Json:
        """An order of the customer's."""
        order = await own_order(order_id, customer)
        return {key: value for key, value in order.items() if key != "user"}

    @tool(permission="retail:read")
    async def get_user_details(user_id: str, customer: Customer) -> Json:
        """The customer's account."""
        return await own_user(user_id, customer)

    return Frontdesk("Retail", tools=[*writes, get_order_details, get_user_details])
