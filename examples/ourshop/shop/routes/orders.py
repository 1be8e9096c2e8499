"""Orders: /orders and /users/{id}/orders."""

from typing import Annotated

from fastapi import APIRouter, Query

from examples.ourshop.shop import orders, rules, users
from examples.ourshop.shop.context import CurrentShop, Shop
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.idempotency import OptionalKey, once
from examples.ourshop.shop.models import CancelledOrder, Order, OrderPage, SentEmail
from examples.ourshop.shop.problems import InvoiceGone
from examples.ourshop.shop.routes import words
from examples.ourshop.shop.wishes import ShippingAddress

router = APIRouter(tags=["orders"])


@router.get("/users/{user_id}/orders", openapi_extra=words.ORDERS)
async def list_orders(
    shop: CurrentShop,
    user_id: str,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> OrderPage:
    """A customer's orders, newest first."""
    async with shop.connection() as conn:
        await users.require(conn, user_id)
        return await orders.page(conn, user_id, limit, offset)


@router.get("/orders/{order_id}", openapi_extra=words.ORDER)
async def get_order(shop: CurrentShop, order_id: str) -> Order:
    """An order with its lines and parcels."""
    async with shop.connection() as conn:
        return await orders.get(conn, order_id, shop.today())


@router.put("/orders/{order_id}/shipping-address", openapi_extra=words.ADDRESS)
async def change_address(shop: CurrentShop, order_id: str, address: ShippingAddress) -> Order:
    """Send an order elsewhere before it leaves the warehouse."""
    async with shop.connection() as conn:
        return await orders.change_address(conn, order_id, address, shop.today())


@router.post("/orders/{order_id}/cancel", openapi_extra=words.CANCEL)
async def cancel_order(shop: CurrentShop, order_id: str, key: OptionalKey = None) -> CancelledOrder:
    """Cancel an order before it leaves the warehouse and refund what was paid."""
    return await once(
        shop,
        "cancel",
        key,
        (order_id, None),
        CancelledOrder,
        lambda conn: orders.cancel(shop, conn, order_id),
    )


@router.post("/orders/{order_id}/invoice", status_code=202, openapi_extra=words.INVOICE)
async def resend_invoice(shop: CurrentShop, order_id: str, key: OptionalKey = None) -> SentEmail:
    """E-mail the invoice again."""
    return await once(
        shop, "invoice", key, (order_id, None), SentEmail, lambda conn: _resend_invoice(shop, conn, order_id)
    )


async def _resend_invoice(shop: Shop, conn: Connection, order_id: str) -> SentEmail:
    order = await orders.get(conn, order_id, shop.today())
    if order.placed_on < rules.invoice_kept_since(shop.today()):
        raise InvoiceGone
    return await users.send_email(shop, conn, order.user_id, "invoice", order_id)
