"""Payments in the database."""

from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.models import Payment
from examples.ourshop.shop.problems import NotFound

# What was refunded is counted, never stored, so it cannot disagree with the refunds.
_PAYMENTS = """
    SELECT p.id, p.order_id, o.user_id, p.method, p.description, p.amount, p.currency, p.created_at,
           p.paid_at::date AS paid_on, r.refunded_amount,
           CASE WHEN r.refunded_amount >= p.amount THEN 'refunded'
                WHEN r.refunded_amount > 0 THEN 'partly_refunded'
                ELSE p.status END AS status
    FROM payments p
    JOIN orders o ON o.id = p.order_id
    CROSS JOIN LATERAL (
        SELECT coalesce(sum(amount), 0.00) AS refunded_amount
        FROM refunds WHERE payment_id = p.id AND status IN ('approved', 'paid_out')
    ) r
"""
_NEWEST_FIRST = " ORDER BY p.created_at DESC, p.id DESC"


async def get(conn: Connection, payment_id: str) -> Payment:
    """One payment, or a 404."""
    found = await conn.execute(_PAYMENTS + " WHERE p.id = %s", [payment_id])
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="payment", key=payment_id)
    return Payment(**row)


async def of_order(conn: Connection, order_id: str) -> list[Payment]:
    """Every attempt to pay for an order."""
    found = await conn.execute(_PAYMENTS + " WHERE p.order_id = %s" + _NEWEST_FIRST, [order_id])
    return [Payment(**row) for row in await found.fetchall()]


async def of_user(conn: Connection, user_id: str) -> list[Payment]:
    """Every payment of a user."""
    found = await conn.execute(_PAYMENTS + " WHERE o.user_id = %s" + _NEWEST_FIRST, [user_id])
    return [Payment(**row) for row in await found.fetchall()]
