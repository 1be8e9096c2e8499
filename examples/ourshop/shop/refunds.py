"""Refunds in the database, and the rules of how much can go back."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from examples.ourshop.shop import rules
from examples.ourshop.shop.context import Shop
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.models import Refund
from examples.ourshop.shop.problems import AlreadyRefunded, ExceedsLines, ExceedsPaid, NotFound, UnknownLine
from examples.ourshop.shop.wishes import RefundWish

_REFUNDS = """
    SELECT r.id, r.order_id, o.user_id, r.payment_id, r.return_id, p.method, r.amount, r.currency, r.status, r.reason,
           r.line_ids, r.requested_at::date AS requested_on, r.approved_on, r.paid_out_on, r.rejected_on,
           r.expected_by, r.note
    FROM refunds r JOIN orders o ON o.id = r.order_id JOIN payments p ON p.id = r.payment_id
"""
_NEWEST_FIRST = " ORDER BY r.requested_at DESC, r.id DESC"
# Money promised counts as gone: a refund that is only requested holds its amount too.
_ACTIVE = "SELECT amount, line_ids FROM refunds WHERE order_id = %s AND status <> 'rejected'"

_AFTER_DELIVERY = frozenset({"delivered", "partly_refunded"})


@dataclass(frozen=True, slots=True)
class _Account:
    """What an order's money looks like while its row is locked."""

    payment_id: str
    left: Decimal
    refunded_lines: frozenset[str]
    line_totals: dict[str, Decimal]


async def of_order(conn: Connection, order_id: str) -> list[Refund]:
    """The refunds of an order."""
    found = await conn.execute(_REFUNDS + " WHERE r.order_id = %s" + _NEWEST_FIRST, [order_id])
    return [Refund(**row) for row in await found.fetchall()]


async def of_user(conn: Connection, user_id: str) -> list[Refund]:
    """The refunds of a user."""
    found = await conn.execute(_REFUNDS + " WHERE o.user_id = %s" + _NEWEST_FIRST, [user_id])
    return [Refund(**row) for row in await found.fetchall()]


async def create(shop: Shop, conn: Connection, order_id: str, wish: RefundWish) -> Refund:
    """Approve a refund to the original payment method; never more than is left of what was paid."""
    order = await _lock_order(conn, order_id)
    account = await _account(conn, order_id)
    amount = _amount(account, wish)
    today = shop.today()
    added = await conn.execute(
        "INSERT INTO refunds (id, order_id, payment_id, amount, currency, status, reason, line_ids,"
        " requested_at, approved_on, expected_by)"
        " VALUES ('RF' || nextval('refund_ids'), %s, %s, %s, %s, 'approved', %s, %s, %s, %s, %s) RETURNING id",
        [
            order_id,
            account.payment_id,
            amount,
            order["currency"],
            wish.reason,
            sorted(set(wish.line_ids or ())),
            shop.clock(),
            today,
            rules.refund_due(today),
        ],
    )
    row = await added.fetchone() or {}
    if order["status"] in _AFTER_DELIVERY:
        await _mark(conn, order_id, whole=amount == account.left)
    found = await conn.execute(_REFUNDS + " WHERE r.id = %s", [row["id"]])
    return Refund.model_validate(await found.fetchone())


async def _mark(conn: Connection, order_id: str, *, whole: bool) -> None:
    status, note = ("delivered", "Refunded in full.") if whole else ("partly_refunded", None)
    await conn.execute(
        "UPDATE orders SET status = %s, status_note = %s WHERE id = %s", [status, note, order_id]
    )


async def _lock_order(conn: Connection, order_id: str) -> dict[str, Any]:
    # Two refunds of one order must not both see the same money left.
    found = await conn.execute("SELECT status, currency FROM orders WHERE id = %s FOR UPDATE", [order_id])
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="order", key=order_id)
    return row


async def _account(conn: Connection, order_id: str) -> _Account:
    paid = await conn.execute(
        "SELECT id, amount FROM payments WHERE order_id = %s AND status = 'paid'", [order_id]
    )
    payment = await paid.fetchone()
    if payment is None:
        raise ExceedsPaid(detail="Nothing was paid for this order.")
    active = await (await conn.execute(_ACTIVE, [order_id])).fetchall()
    lines = await (
        await conn.execute(
            "SELECT id, quantity * unit_price AS price FROM order_lines WHERE order_id = %s", [order_id]
        )
    ).fetchall()
    return _Account(
        payment_id=payment["id"],
        left=payment["amount"] - sum((row["amount"] for row in active), Decimal("0.00")),
        refunded_lines=frozenset(line for row in active for line in row["line_ids"]),
        line_totals={row["id"]: row["price"] for row in lines},
    )


def _amount(account: _Account, wish: RefundWish) -> Decimal:
    amount = wish.amount if wish.line_ids is None else _price(account, wish.line_ids, wish.amount)
    if amount is None:
        amount = account.left
    if amount > account.left or account.left <= 0:
        raise ExceedsPaid(detail=f"{account.left} EUR of what was paid can still be refunded.")
    return amount


def _price(account: _Account, line_ids: list[str], part: Decimal | None) -> Decimal:
    named = set(line_ids)
    if not named <= account.line_totals.keys():
        raise UnknownLine
    price = sum((account.line_totals[line] for line in named), Decimal("0.00"))
    if part is None:
        if named & account.refunded_lines:
            raise AlreadyRefunded
        return price
    if part > price:
        raise ExceedsLines
    return part
