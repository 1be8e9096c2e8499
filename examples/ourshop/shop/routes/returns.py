"""Returns: /returns, /orders/{id}/returns and /users/{id}/returns."""

from fastapi import APIRouter

from examples.ourshop.shop import orders, returns, users
from examples.ourshop.shop.context import CurrentShop
from examples.ourshop.shop.idempotency import OptionalKey, once, required
from examples.ourshop.shop.models import Return, Returnable, Returns
from examples.ourshop.shop.routes import words
from examples.ourshop.shop.wishes import ReturnWish

router = APIRouter(tags=["returns"])


@router.get("/returns/{return_id}")
async def get_return(shop: CurrentShop, return_id: str) -> Return:
    """One return."""
    async with shop.connection() as conn:
        return await returns.get(conn, return_id)


@router.get("/orders/{order_id}/returns")
async def order_returns(shop: CurrentShop, order_id: str) -> Returns:
    """The returns of an order."""
    async with shop.connection() as conn:
        await orders.require(conn, order_id)
        return Returns(returns=await returns.of_order(conn, order_id))


@router.get("/orders/{order_id}/returnable")
async def returnable(shop: CurrentShop, order_id: str) -> Returnable:
    """Which lines of an order can be returned today, and why the others cannot."""
    async with shop.connection() as conn:
        await orders.require(conn, order_id)
        return Returnable(lines=await returns.returnable(conn, order_id, shop.today()))


@router.get("/users/{user_id}/returns")
async def user_returns(shop: CurrentShop, user_id: str) -> Returns:
    """A customer's returns."""
    async with shop.connection() as conn:
        await users.require(conn, user_id)
        return Returns(returns=await returns.of_user(conn, user_id))


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
