"""Payments: /payments, /orders/{id}/payments and /users/{id}/payments."""

from fastapi import APIRouter

from examples.ourshop.shop import orders, payments, users
from examples.ourshop.shop.context import CurrentShop
from examples.ourshop.shop.models import Payment, Payments
from examples.ourshop.shop.routes import words

router = APIRouter(tags=["payments"])


@router.get("/payments/{payment_id}", openapi_extra=words.BY_ORDER)
async def get_payment(shop: CurrentShop, payment_id: str) -> Payment:
    """One payment."""
    async with shop.connection() as conn:
        return await payments.get(conn, payment_id)


@router.get("/orders/{order_id}/payments", openapi_extra=words.PAYMENTS)
async def order_payments(shop: CurrentShop, order_id: str) -> Payments:
    """Every attempt to pay for an order."""
    async with shop.connection() as conn:
        await orders.require(conn, order_id)
        return Payments(payments=await payments.of_order(conn, order_id))


@router.get("/users/{user_id}/payments")
async def user_payments(shop: CurrentShop, user_id: str) -> Payments:
    """A customer's payments."""
    async with shop.connection() as conn:
        await users.require(conn, user_id)
        return Payments(payments=await payments.of_user(conn, user_id))
