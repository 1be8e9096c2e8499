"""Refunds: /orders/{id}/refunds and /users/{id}/refunds."""

from typing import Annotated

from fastapi import APIRouter, Query

from examples.ourshop.shop import orders, refunds, users
from examples.ourshop.shop.context import CurrentShop
from examples.ourshop.shop.idempotency import OptionalKey, once, required
from examples.ourshop.shop.models import Refund, Refunds
from examples.ourshop.shop.routes import words
from examples.ourshop.shop.wishes import RefundWish

router = APIRouter(tags=["refunds"])


@router.get("/orders/{order_id}/refunds", openapi_extra=words.SAID_BY_USER)
async def order_refunds(shop: CurrentShop, order_id: str) -> Refunds:
    """The refunds of an order."""
    async with shop.connection() as conn:
        await orders.require(conn, order_id)
        return Refunds(refunds=await refunds.of_order(conn, order_id))


@router.get("/users/{user_id}/refunds", openapi_extra=words.REFUNDS)
async def user_refunds(
    shop: CurrentShop, user_id: str, order_id: Annotated[str | None, Query(max_length=40)] = None
) -> Refunds:
    """A customer's refunds under way and done, of all orders or of the one that is named."""
    async with shop.connection() as conn:
        await users.require(conn, user_id)
        if order_id is not None:
            await orders.require(conn, order_id, owner=user_id)
        found = await refunds.of_user(conn, user_id)
        return Refunds(order_id=order_id, refunds=[one for one in found if order_id in (None, one.order_id)])


@router.post("/orders/{order_id}/refunds", status_code=201, openapi_extra=words.REFUND)
async def create_refund(
    shop: CurrentShop, order_id: str, wish: RefundWish, key: OptionalKey = None
) -> Refund:
    """Refund an order, or part of it, to the original payment method."""
    return await once(
        shop,
        "refund",
        required(key),
        (order_id, wish),
        Refund,
        lambda conn: refunds.create(shop, conn, order_id, wish),
    )
