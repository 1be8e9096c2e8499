"""Products: /products."""

from typing import Annotated

from fastapi import APIRouter, Query

from examples.ourshop.shop import products
from examples.ourshop.shop.context import CurrentShop
from examples.ourshop.shop.models import Product, ProductPage

router = APIRouter(prefix="/products", tags=["products"])


@router.get("")
async def search_products(
    shop: CurrentShop,
    query: Annotated[str, Query(max_length=200)] = "",
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    offset: Annotated[int, Query(ge=0, le=100_000)] = 0,
) -> ProductPage:
    """Products that contain every word of the query."""
    async with shop.connection() as conn:
        return await products.search(conn, query, limit, offset)


@router.get("/{product_id}")
async def get_product(shop: CurrentShop, product_id: str) -> Product:
    """One product."""
    async with shop.connection() as conn:
        return await products.get(conn, product_id)
