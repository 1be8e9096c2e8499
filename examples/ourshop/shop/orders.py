"""Orders in the database: reading, changing the address, cancelling."""

from datetime import date
from typing import Any

from examples.ourshop.shop import refunds, returns, rules
from examples.ourshop.shop.context import Shop
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.models import (
    STATUS_TEXT,
    CancelledOrder,
    Line,
    Order,
    OrderPage,
    OrderSummary,
    Shipment,
)
from examples.ourshop.shop.problems import (
    AlreadyCancelled,
    AlreadyShipped,
    CountryNotServed,
    ExceedsPaid,
    NotFound,
    ZoneDiffers,
)
from examples.ourshop.shop.wishes import RefundWish, ShippingAddress

_ORDER = """
    SELECT o.id, o.user_id, o.status, o.status_note, o.placed_at::date AS placed_on, o.currency, o.total,
           o.shipping_fee, o.shipping_method, o.expected_delivery, o.cancelled_at::date AS cancelled_on,
           o.ship_name, o.ship_street, o.ship_postal_code, o.ship_city, o.ship_country,
           coalesce((SELECT sum(amount) FROM refunds WHERE order_id = o.id AND status IN ('approved', 'paid_out')),
                    0.00) AS refunded_total,
           coalesce((SELECT sum(amount) FROM payments WHERE order_id = o.id AND paid_at IS NOT NULL), 0.00)
           - coalesce((SELECT sum(amount) FROM refunds WHERE order_id = o.id AND status <> 'rejected'), 0.00)
           AS refundable
    FROM orders o WHERE o.id = %s
"""
_LINES = """
    SELECT l.id, l.product_id, l.name, l.quantity, l.unit_price, l.status, l.shipment_id, p.kind,
           CASE WHEN EXISTS (SELECT FROM refunds r WHERE r.order_id = l.order_id AND r.status <> 'rejected'
                             AND l.id = ANY (r.line_ids))
                THEN 0.00 ELSE l.quantity * l.unit_price END AS refundable
    FROM order_lines l JOIN products p ON p.id = l.product_id
    WHERE l.order_id = %s ORDER BY l.position
"""
_SHIPMENTS = """
    SELECT id, carrier, tracking_number, tracking_url, status, shipped_on, expected_on, delivered_on, last_scan_on
    FROM shipments WHERE order_id = %s ORDER BY shipped_on, id
"""
_PAGE = """
    SELECT o.id, o.status, o.placed_at::date AS placed_on, o.total, o.currency, o.expected_delivery,
           l.item_count, l.names
    FROM orders o CROSS JOIN LATERAL (
        SELECT sum(quantity)::int AS item_count, array_agg(name ORDER BY position) AS names
        FROM order_lines WHERE order_id = o.id
    ) l
    WHERE o.user_id = %s ORDER BY o.placed_at DESC, o.id DESC LIMIT %s OFFSET %s
"""

_OVER = frozenset({"delivered", "cancelled", "lost", "returned", "partly_refunded"})


async def get(conn: Connection, order_id: str, today: date) -> Order:
    """The order with its lines, and what of them can be returned ``today``, and its parcels; or a 404."""
    found = await conn.execute(_ORDER, [order_id])
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="order", key=order_id)
    lines = await (await conn.execute(_LINES, [order_id])).fetchall()
    parcels = await (await conn.execute(_SHIPMENTS, [order_id])).fetchall()
    shipments = [
        Shipment(**parcel, line_ids=[line["id"] for line in lines if line["shipment_id"] == parcel["id"]])
        for parcel in parcels
    ]
    for line, checked in zip(lines, await returns.returnable(conn, order_id, today), strict=True):
        line["return_refusal"] = checked.refusal
    return _assemble(row, lines, shipments)


def _assemble(row: dict[str, Any], lines: list[dict[str, Any]], shipments: list[Shipment]) -> Order:
    # An order is delivered when its last parcel is: part of it at the door does not start the return window.
    arrivals = [parcel.delivered_on for parcel in shipments if parcel.delivered_on]
    complete = (
        bool(arrivals) and len(arrivals) == len(shipments) and all(line["shipment_id"] for line in lines)
    )
    delivered_on = max(arrivals) if complete else None
    if row["status"] in _OVER:
        row["expected_delivery"] = None
    return Order(
        **row,
        status_text=STATUS_TEXT[row["status"]],
        lines=[Line(**line, returnable=line["kind"] in rules.RETURNABLE_KINDS) for line in lines],
        shipping_address=ShippingAddress(
            **{part: row[f"ship_{part}"] for part in ("name", "street", "postal_code", "city", "country")}
        ),
        shipments=shipments,
        shipped_on=min((parcel.shipped_on for parcel in shipments), default=None),
        delivered_on=delivered_on,
        return_until=rules.return_until(delivered_on) if delivered_on else None,
    )


async def page(conn: Connection, user_id: str, limit: int, offset: int) -> OrderPage:
    """A user's orders, newest first."""
    counted = await conn.execute("SELECT count(*) AS total FROM orders WHERE user_id = %s", [user_id])
    total = (await counted.fetchone() or {})["total"]
    found = await conn.execute(_PAGE, [user_id, limit, offset])
    summaries = [OrderSummary(**row, summary=_summary(row["names"])) for row in await found.fetchall()]
    return OrderPage(orders=summaries, total=total)


def _summary(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


async def require(conn: Connection, order_id: str, owner: str | None = None) -> None:
    """A 404 for an order that does not exist, or is not ``owner``'s."""
    found = await conn.execute("SELECT user_id FROM orders WHERE id = %s", [order_id])
    row = await found.fetchone()
    if row is None or owner not in (None, row["user_id"]):
        raise NotFound(what="order", key=order_id)


async def _lock_changeable(conn: Connection, order_id: str) -> dict[str, Any]:
    found = await conn.execute("SELECT status, ship_country FROM orders WHERE id = %s FOR UPDATE", [order_id])
    order = await found.fetchone()
    if order is None:
        raise NotFound(what="order", key=order_id)
    if order["status"] == "cancelled":
        raise AlreadyCancelled
    if order["status"] not in rules.CHANGEABLE_STATES:
        raise AlreadyShipped
    return order


async def change_address(conn: Connection, order_id: str, address: ShippingAddress, today: date) -> Order:
    """Send the order elsewhere, as long as it is in the warehouse and the fee stays the same."""
    zone = rules.zone_of(address.country)
    if zone is None:
        raise CountryNotServed
    order = await _lock_changeable(conn, order_id)
    if zone != rules.zone_of(order["ship_country"]):
        raise ZoneDiffers
    await conn.execute(
        "UPDATE orders SET ship_name = %(name)s, ship_street = %(street)s, ship_postal_code = %(postal_code)s,"
        " ship_city = %(city)s, ship_country = %(country)s WHERE id = %(id)s",
        {**address.model_dump(), "id": order_id},
    )
    return await get(conn, order_id, today)


async def cancel(shop: Shop, conn: Connection, order_id: str) -> CancelledOrder:
    """Cancel the order and send back what was paid."""
    await _lock_changeable(conn, order_id)
    await conn.execute(
        "UPDATE orders SET status = 'cancelled', cancelled_at = %s, expected_delivery = NULL,"
        " status_note = 'Cancelled by the customer.' WHERE id = %s",
        [shop.clock(), order_id],
    )
    await conn.execute("UPDATE order_lines SET status = 'cancelled' WHERE order_id = %s", [order_id])
    await conn.execute(
        "UPDATE payments SET status = 'cancelled' WHERE order_id = %s AND status = 'pending'", [order_id]
    )
    try:
        refund = await refunds.create(shop, conn, order_id, RefundWish(reason="Order cancelled"))
    except ExceedsPaid:  # nothing was paid, or all of it went back already
        refund = None
    order = await get(conn, order_id, shop.today())
    return CancelledOrder(**order.model_dump(), refund=refund)
