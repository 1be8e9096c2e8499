"""GET /healthz."""

from fastapi import APIRouter

from examples.ourshop.shop.context import CurrentShop

router = APIRouter(tags=["health"])


@router.get("/healthz")
async def healthz(shop: CurrentShop) -> dict[str, str]:
    """Whether the shop and its database answer."""
    async with shop.connection() as conn:
        await conn.execute("SELECT 1")
    return {"status": "ok"}
