"""Returns: /returns, /orders/{id}/returns and /users/{id}/returns."""

from typing import Annotated

from fastapi import APIRouter, Query

from examples.ourshop.shop import orders, returns, users
from examples.ourshop.shop.context import CurrentShop
from examples.ourshop.shop.idempotency import OptionalKey, once, required
from examples.ourshop.shop.models import Return, Returnable, Returns
from examples.ourshop.shop.routes import words
from examples.ourshop.shop.wishes import ReturnWish

router = APIRouter(tags=["returns"])


@router.get("/returns/{return_id}", openapi_extra=words.BY_ORDER)
async def get_return(shop: CurrentShop, return_id: str) -> Return:
    """One return."""
    async with shop.connection() as conn:
        return await returns.get(conn, return_id)


@router.get("/orders/{order_id}/returns", openapi_extra=words.SAID_BY_USER)
async def order_returns(shop: CurrentShop, order_id: str) -> Returns:
    """The returns of an order."""
    async with shop.connection() as conn:
        await orders.require(conn, order_id)
        return Returns(returns=await returns.of_order(conn, order_id))


@router.get("/orders/{order_id}/returnable", openapi_extra=words.IN_LINES)
async def returnable(shop: CurrentShop, order_id: str) -> Returnable:
    """Which lines of an order can be returned today, and why the others cannot."""
    async with shop.connection() as conn:
        await orders.require(conn, order_id)
        return Returnable(lines=await returns.returnable(conn, order_id, shop.today()))


@router.get("/users/{user_id}/returns", openapi_extra=words.RETURNS)
async def user_returns(
    shop: CurrentShop, user_id: str, order_id: Annotated[str | None, Query(max_length=40)] = None
) -> Returns:
    """A customer's returns under way and done, of all orders or of the one that is named."""
    async with shop.connection() as conn:
        await users.require(conn, user_id)
        if order_id is not None:
            await orders.require(conn, order_id, owner=user_id)
        found = await returns.of_user(conn, user_id)
        return Returns(order_id=order_id, returns=[one for one in found if order_id in (None, one.order_id)])


@router.post("/orders/{order_id}/returns", status_code=201, openapi_extra=words.RETURN)
async def create_return(
    shop: CurrentShop, order_id: str, wish: ReturnWish, key: OptionalKey = None
) -> Return:
    """Register a return and get its label."""
    return await once(
        shop,
        "return",
        required(key),
        (order_id, wish),
        Return,
        lambda conn: returns.create(shop, conn, order_id, wish),
    )
