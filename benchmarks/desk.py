"""The desk that is measured: one tool over the shared bench's orders, no help center.

BENCH_ORDERS names the CSV file (order_id,user_id,status,eta,total), read once at import.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path

from frontdesk import Customer, Frontdesk, ToolNotFound, tool

ORDERS = Path(os.environ.get("BENCH_ORDERS", Path(__file__).parent / "work" / "data" / "orders.csv"))


@dataclass(frozen=True, slots=True)
class Order:
    """A row of the file."""

    order_id: str
    user_id: str
    status: str
    eta: str
    total: str


@dataclass(frozen=True, slots=True)
class OrderStatus:
    """What the model reads: the peers' tool returns the same four fields."""

    order_id: str
    status: str
    eta: str
    total: str


def load_orders(path: Path) -> dict[str, Order]:
    """The orders by id. Raises FileNotFoundError that says where they come from."""
    if not path.exists():
        raise FileNotFoundError(f"{path}: make it with `bench.py seed`, or name the file in BENCH_ORDERS")
    with path.open(newline="", encoding="utf-8") as file:
        return {row["order_id"]: Order(**row) for row in csv.DictReader(file)}


def account(customer_id: str) -> str:
    """Whose orders a customer may see: ``user-0042|r0-16-3-1`` is one of user-0042's conversations.

    The bench asks as many customers at once as it has workers; the file knows a thousand accounts.
    """
    return customer_id.partition("|")[0]


_orders = load_orders(ORDERS)


@tool(permission="orders:read")
async def get_order_status(order_id: str, customer: Customer) -> OrderStatus:
    """Look up the current status of one order by its order id, for example ORD-00042."""
    order = _orders.get(order_id)
    if order is None or order.user_id != account(customer.id):
        raise ToolNotFound
    return OrderStatus(order.order_id, order.status, order.eta, order.total)


desk = Frontdesk("Bench", tools=[get_order_status])
