"""Returns in the database, and the rules of what may come back."""

from datetime import date
from decimal import Decimal
from typing import Any

from examples.ourshop.shop import rules
from examples.ourshop.shop.context import Shop
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.models import Label, Return, ReturnableLine
from examples.ourshop.shop.problems import (
    AlreadyReturned,
    NotDelivered,
    NotFound,
    NotReturnable,
    Problem,
    ReturnWindowClosed,
    UnknownLine,
)
from examples.ourshop.shop.wishes import ReturnWish

_RETURNS = """
    SELECT t.id, t.order_id, o.user_id, t.status, t.reason, t.refund_amount, o.currency, t.label_carrier,
           t.label_tracking_number, t.label_url, t.label_cost, t.created_at::date AS created_on, t.received_on, t.note,
           (SELECT array_agg(line_id ORDER BY line_id) FROM return_lines WHERE return_id = t.id) AS line_ids,
           (SELECT min(id) FROM refunds WHERE return_id = t.id AND status <> 'rejected') AS refund_id
    FROM returns t JOIN orders o ON o.id = t.order_id
"""
_NEWEST_FIRST = " ORDER BY t.created_at DESC, t.id DESC"
_LINES = """
    SELECT l.id, l.name, l.status, l.quantity * l.unit_price AS price, p.kind, s.delivered_on,
           EXISTS (SELECT FROM return_lines rl JOIN returns t ON t.id = rl.return_id
                   WHERE rl.line_id = l.id AND t.status <> 'rejected') AS in_return
    FROM order_lines l
    JOIN products p ON p.id = l.product_id
    LEFT JOIN shipments s ON s.id = l.shipment_id
    WHERE l.order_id = %s
"""
_LABEL_CARRIER = "PostNL"


def _return(row: dict[str, Any]) -> Return:
    label = Label(
        carrier=row["label_carrier"],
        tracking_number=row["label_tracking_number"],
        url=row["label_url"],
        cost=row["label_cost"],
    )
    return Return(**row, label=label)


async def get(conn: Connection, return_id: str) -> Return:
    """One return, or a 404."""
    found = await conn.execute(_RETURNS + " WHERE t.id = %s", [return_id])
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="return", key=return_id)
    return _return(row)


async def of_order(conn: Connection, order_id: str) -> list[Return]:
    """The returns of an order."""
    found = await conn.execute(_RETURNS + " WHERE t.order_id = %s" + _NEWEST_FIRST, [order_id])
    return [_return(row) for row in await found.fetchall()]


async def of_user(conn: Connection, user_id: str) -> list[Return]:
    """The returns of a user."""
    found = await conn.execute(_RETURNS + " WHERE o.user_id = %s" + _NEWEST_FIRST, [user_id])
    return [_return(row) for row in await found.fetchall()]


async def returnable(conn: Connection, order_id: str, today: date) -> list[ReturnableLine]:
    """Each line of an order, with the reason why it cannot be returned today if it cannot."""
    found = await conn.execute(_LINES + " ORDER BY l.position", [order_id])
    return [
        ReturnableLine(id=line["id"], name=line["name"], refusal=_refusal(line, today))
        for line in await found.fetchall()
    ]


async def create(shop: Shop, conn: Connection, order_id: str, wish: ReturnWish) -> Return:
    """Register a return and make its label."""
    found = await conn.execute("SELECT shipping_fee FROM orders WHERE id = %s FOR UPDATE", [order_id])
    order = await found.fetchone()
    if order is None:
        raise NotFound(what="order", key=order_id)
    lines, whole_order = await _returnable_lines(conn, order_id, wish.line_ids, shop.today())
    refund_amount = rules.return_refund(
        sum((line["price"] for line in lines), Decimal("0.00")),
        order["shipping_fee"],
        wish.reason,
        whole_order=whole_order,
        days_since_delivery=max((shop.today() - line["delivered_on"]).days for line in lines),
    )
    return_id = await _insert(shop, conn, order_id, wish.reason, refund_amount)
    async with conn.cursor() as cursor:
        await cursor.executemany(
            "INSERT INTO return_lines (return_id, line_id) VALUES (%s, %s)",
            [(return_id, line["id"]) for line in lines],
        )
    return await get(conn, return_id)


async def _insert(shop: Shop, conn: Connection, order_id: str, reason: str, refund_amount: Decimal) -> str:
    added = await conn.execute(
        "WITH next AS (SELECT nextval('return_ids') AS number)"
        " INSERT INTO returns (id, order_id, status, reason, refund_amount, label_carrier, label_tracking_number,"
        " label_url, label_cost, created_at)"
        " SELECT 'RT' || number, %s, 'label_sent', %s, %s, %s, '3SRET' || number,"
        " 'https://returns.ourshop.example/labels/RT' || number || '.pdf', %s, %s FROM next RETURNING id",
        [order_id, reason, refund_amount, _LABEL_CARRIER, rules.label_cost(reason), shop.clock()],
    )
    return (await added.fetchone() or {})["id"]


async def _returnable_lines(
    conn: Connection, order_id: str, line_ids: list[str], today: date
) -> tuple[list[dict[str, Any]], bool]:
    found = await conn.execute(_LINES, [order_id])
    lines = {row["id"]: row for row in await found.fetchall()}
    if not set(line_ids) <= lines.keys():
        raise UnknownLine
    named = [lines[line_id] for line_id in sorted(set(line_ids))]
    for line in named:
        _check(line, today)
    return named, len(named) == len(lines)


def _refusal(line: dict[str, Any], today: date) -> str | None:
    try:
        _check(line, today)
    except Problem as no:
        return no.detail
    return None


def _check(line: dict[str, Any], today: date) -> None:
    if line["in_return"] or line["status"] == "returned":
        raise AlreadyReturned
    if line["kind"] not in rules.RETURNABLE_KINDS:
        raise NotReturnable
    if line["status"] != "delivered" or line["delivered_on"] is None:
        raise NotDelivered
    last_day = rules.return_until(line["delivered_on"])
    if today > last_day:
        raise ReturnWindowClosed(detail=f"The return window closed on {last_day}.")
