"""The benchmark's written policy as rules: pure functions of the record and the arguments, each with its sentence.

A record is what a tool's ``subject=`` has read: ``order``, ``methods`` (the customer's own payment methods by id) and,
where items are exchanged, ``offered`` (what the catalogue says of each new item, or None).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal

from evals.tau_retail.data import Json
from frontdesk import rule

REASONS = ("no longer needed", "ordered by mistake")


def dollars(number: float) -> Decimal:
    """The records hold prices as binary fractions."""
    return Decimal(str(number)).quantize(Decimal("0.01"))


def pairs(record: Json, arguments: Json) -> Iterator[tuple[Json, Json]]:
    """(the item in the order, what the catalogue says of the new one) for each item to be changed.

    What is not on the record is an empty one, for whichever rule is asked first.
    """
    held = {item["item_id"]: item for item in record["order"]["items"]}
    for old, new in zip(arguments["item_ids"], arguments["new_item_ids"], strict=False):
        yield held.get(old, {}), record["offered"].get(new) or {}


def difference(record: Json, arguments: Json) -> Decimal:
    """What the new items cost more than the old ones."""
    return sum(
        (dollars(new["price"]) - dollars(old["price"]) for old, new in pairs(record, arguments)), Decimal(0)
    )


def original(record: Json) -> Json:
    """How the order was paid."""
    return record["order"]["payment_history"][0]


def refunded(record: Json, arguments: Json) -> Decimal:
    """What the items to be returned cost."""
    prices = {item["item_id"]: dollars(item["price"]) for item in record["order"]["items"]}
    return sum((prices[item] for item in arguments["item_ids"]), Decimal(0))


def covers(record: Json, method_id: str, amount: Decimal) -> bool:
    """Whether a payment method can pay this: only a gift card has a balance."""
    method = record["methods"].get(method_id, {})
    return method.get("source") != "gift_card" or dollars(method["balance"]) >= amount


# ------------------------------------------------------------------ the order's state
PENDING = rule(
    "Only a pending order whose items have not been modified can be changed like this.",
    lambda record, _: record["order"]["status"] == "pending",
)
STILL_PENDING = rule(
    "The address can be changed only while the order is pending.",
    lambda record, _: record["order"]["status"].startswith("pending"),
)
DELIVERED = rule(
    "Only a delivered order can be returned or exchanged, and only once.",
    lambda record, _: record["order"]["status"] == "delivered",
)
REASON = rule(
    "An order can be cancelled because it is no longer needed or was ordered by mistake.",
    lambda _, wish: wish["reason"] in REASONS,
)

# ------------------------------------------------------------------ items
IN_THE_ORDER = rule(
    "Name items of this order, each as often as it is in it at most.",
    lambda record, wish: (
        bool(wish["item_ids"])
        and Counter(wish["item_ids"]) <= Counter(item["item_id"] for item in record["order"]["items"])
    ),
)
ONE_FOR_EACH = rule(
    "Name one new item for each item.", lambda _, wish: len(wish["item_ids"]) == len(wish["new_item_ids"])
)
SAME_PRODUCT = rule(
    "A new item must be of the same product.",
    lambda record, wish: all(
        old.get("product_id") == new.get("product_id") for old, new in pairs(record, wish)
    ),
)
AVAILABLE = rule(
    "A new item is not available.",
    lambda record, wish: all(new.get("available") for _, new in pairs(record, wish)),
)
ANOTHER_OPTION = rule(
    "The new item is the one you have.",
    lambda record, wish: all(old["item_id"] != new["item_id"] for old, new in pairs(record, wish)),
)

# ------------------------------------------------------------------ payment
OWN_METHOD = rule(
    "This is none of your payment methods.",
    lambda record, wish: wish["payment_method_id"] in record["methods"],
)
CARD_COVERS_DIFFERENCE = rule(
    "The gift card does not cover the difference in price.",
    lambda record, wish: covers(record, wish["payment_method_id"], difference(record, wish)),
)
CARD_COVERS_TOTAL = rule(
    "The gift card does not cover the order.",
    lambda record, wish: covers(record, wish["payment_method_id"], dollars(original(record)["amount"])),
)
ANOTHER_METHOD = rule(
    "The order is paid with this method already.",
    lambda record, wish: wish["payment_method_id"] != original(record)["payment_method_id"],
)
PAID_ONCE = rule(
    "The payment of this order was changed already.",
    lambda record, _: len(record["order"]["payment_history"]) == 1,
)
BACK_TO_ITS_SOURCE = rule(
    "A refund goes to the original payment method or to a gift card of yours.",
    lambda record, wish: (
        wish["payment_method_id"] == original(record)["payment_method_id"]
        or record["methods"][wish["payment_method_id"]]["source"] == "gift_card"
    ),
)

NEW_ITEMS = [IN_THE_ORDER, ONE_FOR_EACH, AVAILABLE, SAME_PRODUCT, OWN_METHOD, CARD_COVERS_DIFFERENCE]
