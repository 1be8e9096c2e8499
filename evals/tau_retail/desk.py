"""The benchmark's tools at a Frontdesk desk: the same names and arguments, its policy as declarations beside them.

What changes data stands here, what is read in reads.py. Compare examples/ourshop/actions.py.
"""

from __future__ import annotations

import sys
from collections import Counter
from decimal import Decimal

from evals.tau_retail import reads, rules
from evals.tau_retail.data import Json
from evals.tau_retail.reads import SHOP
from frontdesk import Change, Customer, Frontdesk, Money, Preview, tool
from frontdesk.tools import Tool

ONCE = "1 per order_id"


# ------------------------------------------------------------------ what actions are about
async def own_order(order_id: str, customer: Customer) -> Json:
    """An order of the customer's, with the payment methods that are theirs."""
    order = SHOP.order(order_id, customer)
    return {"order": order, "methods": SHOP.user(customer.id, customer)["payment_methods"]}


async def own_order_and_new_items(order_id: str, new_item_ids: list[str], customer: Customer) -> Json:
    """The same, with what the catalogue says of the new items."""
    record = await own_order(order_id, customer)
    return {**record, "offered": {item: SHOP.world.base.items.get(item) for item in new_item_ids}}


async def own_account(user_id: str, customer: Customer) -> Json:
    """The customer's own profile."""
    return SHOP.user(user_id, customer)


# ------------------------------------------------------------------ what will change
def _usd(amount: Decimal) -> Money | None:
    return Money(abs(amount), "USD") if amount else None


def _card(title: str, order: Json, *changes: Change, said: str = "", amount: Decimal = Decimal(0)) -> Preview:
    named = f"order {order['order_id']}"
    return Preview(f"{title} {named}{said}.", changes, _usd(amount), named, f"{title} {named}")


def preview_cancel(record: Json, _: Json) -> Preview:
    order = record["order"]
    total = sum((rules.dollars(payment["amount"]) for payment in order["payment_history"]), Decimal(0))
    back = Change("Refund", "0.00 USD", f"{total} USD to the original payment method")
    return _card("Cancel", order, Change("Status", order["status"], "cancelled"), back, amount=total)


def preview_items(record: Json, wish: Json) -> Preview:
    """Each item before and after, and who pays the difference."""
    changes = [Change(old["name"], _options(old), _options(new)) for old, new in rules.pairs(record, wish)]
    amount = rules.difference(record, wish)
    verb = "you pay" if amount > 0 else "you get back"
    said = f"; {verb} {abs(amount)} USD with {wish['payment_method_id']}" if amount else ", at the same price"
    return _card("Change items of", record["order"], *changes, said=said, amount=amount)


def preview_return(record: Json, wish: Json) -> Preview:
    names = {item["item_id"]: f"{item['name']} ({_options(item)})" for item in record["order"]["items"]}
    counted = Counter(wish["item_ids"]).items()
    changes = [Change(f"{times} × {names[item]}", "with you", "to be returned") for item, times in counted]
    amount = rules.refunded(record, wish)
    said = f"; {amount} USD go back to {wish['payment_method_id']}"
    return _card("Return items of", record["order"], *changes, said=said, amount=amount)


def preview_payment(record: Json, wish: Json) -> Preview:
    paid = rules.original(record)
    change = Change("Paid with", paid["payment_method_id"], wish["payment_method_id"])
    return _card("Change the payment of", record["order"], change, amount=rules.dollars(paid["amount"]))


def preview_address(record: Json, wish: Json) -> Preview:
    order = record["order"]
    return _card(
        "Change the address of", order, Change("Address", _written(order["address"]), _written(wish))
    )


def preview_own_address(user: Json, wish: Json) -> Preview:
    change = Change("Address", _written(user["address"]), _written(wish))
    return Preview("Change your default address.", (change,), None, "your account", "Change your address")


def _options(item: Json) -> str:
    return f"{', '.join(item['options'].values())}, {rules.dollars(item['price'])} USD"


def _written(address: Json) -> str:
    parts = ("address1", "address2", "city", "state", "zip", "country")
    return ", ".join(address[part] for part in parts if address[part])


# ------------------------------------------------------------------ what changes data
@tool(
    permission="orders:cancel", confirm=True, subject=own_order, requires=[rules.PENDING, rules.REASON],
    preview=preview_cancel, reconcile="repeat",
)  # fmt: skip
async def cancel_pending_order(order_id: str, reason: str, effect_id: str) -> Json:
    """Cancel a pending order. The reason is 'no longer needed' or 'ordered by mistake'."""
    return SHOP.world.do("cancel_pending_order", {"order_id": order_id, "reason": reason}, effect_id)


@tool(
    permission="orders:exchange", confirm=True, subject=own_order_and_new_items, preview=preview_items,
    requires=[rules.DELIVERED, *rules.NEW_ITEMS], limit=ONCE, reconcile="repeat",
)  # fmt: skip
async def exchange_delivered_order_items(
    order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str, effect_id: str
) -> Json:
    """Exchange items of a delivered order for others of the same product, once."""
    wish = {"order_id": order_id, "item_ids": item_ids, "new_item_ids": new_item_ids}
    wish["payment_method_id"] = payment_method_id
    return SHOP.world.do("exchange_delivered_order_items", wish, effect_id)


@tool(
    permission="orders:return", confirm=True, subject=own_order, preview=preview_return,
    requires=[rules.DELIVERED, rules.IN_THE_ORDER, rules.OWN_METHOD, rules.BACK_TO_ITS_SOURCE],
    limit=ONCE, reconcile="repeat",
)  # fmt: skip
async def return_delivered_order_items(
    order_id: str, item_ids: list[str], payment_method_id: str, effect_id: str
) -> Json:
    """Return items of a delivered order, once."""
    wish = {"order_id": order_id, "item_ids": item_ids, "payment_method_id": payment_method_id}
    return SHOP.world.do("return_delivered_order_items", wish, effect_id)


@tool(
    permission="orders:modify", confirm=True, subject=own_order_and_new_items, preview=preview_items,
    requires=[rules.PENDING, *rules.NEW_ITEMS, rules.ANOTHER_OPTION], limit=ONCE, reconcile="repeat",
)  # fmt: skip
async def modify_pending_order_items(
    order_id: str, item_ids: list[str], new_item_ids: list[str], payment_method_id: str, effect_id: str
) -> Json:
    """Change items of a pending order for others of the same product, once."""
    wish = {"order_id": order_id, "item_ids": item_ids, "new_item_ids": new_item_ids}
    wish["payment_method_id"] = payment_method_id
    return SHOP.world.do("modify_pending_order_items", wish, effect_id)


@tool(
    permission="orders:modify", confirm=True, subject=own_order, preview=preview_payment,
    requires=[rules.PENDING, rules.PAID_ONCE, rules.OWN_METHOD, rules.ANOTHER_METHOD, rules.CARD_COVERS_TOTAL],
    limit=ONCE, reconcile="repeat",
)  # fmt: skip
async def modify_pending_order_payment(order_id: str, payment_method_id: str, effect_id: str) -> Json:
    """Pay a pending order with another of the customer's payment methods."""
    wish = {"order_id": order_id, "payment_method_id": payment_method_id}
    return SHOP.world.do("modify_pending_order_payment", wish, effect_id)


@tool(
    permission="orders:modify", confirm=True, subject=own_order, preview=preview_address,
    requires=[rules.STILL_PENDING], limit=ONCE, reconcile="repeat",
)  # fmt: skip
async def modify_pending_order_address(
    order_id: str, address1: str, address2: str, city: str, state: str, country: str, zip: str, effect_id: str
) -> Json:  # fmt: skip
    """Change where a pending order goes."""
    wish = {"address1": address1, "address2": address2, "city": city, "state": state, "country": country}
    wish |= {"zip": zip, "order_id": order_id}
    return SHOP.world.do("modify_pending_order_address", wish, effect_id)


@tool(
    permission="profile:address", confirm=True, subject=own_account, preview=preview_own_address,
    reconcile="repeat",
)  # fmt: skip
async def modify_user_address(
    user_id: str, address1: str, address2: str, city: str, state: str, country: str, zip: str, effect_id: str
) -> Json:  # fmt: skip
    """Change the customer's default address."""
    wish = {"address1": address1, "address2": address2, "city": city, "state": state, "country": country}
    wish |= {"zip": zip, "user_id": user_id}
    return SHOP.world.do("modify_user_address", wish, effect_id)


TOOLS = [
    value
    for part in (reads, sys.modules[__name__])
    for value in vars(part).values()
    if isinstance(value, Tool)
]
DESK = Frontdesk("The benchmark's retail shop", tools=TOOLS)
