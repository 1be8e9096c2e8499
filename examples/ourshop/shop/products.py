"""Products in the database."""

from typing import Any

from examples.ourshop.shop import rules
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.models import Product, ProductPage
from examples.ourshop.shop.problems import NotFound

_PRODUCTS = "SELECT id, name, category, description, kind, price, currency, stock FROM products"
_COUNT = "SELECT count(*) AS total FROM products"
_MATCH = " WHERE name || ' ' || category || ' ' || description ILIKE ALL (%s)"


def _product(row: dict[str, Any]) -> Product:
    return Product(**row, returnable=row["kind"] in rules.RETURNABLE_KINDS, in_stock=row["stock"] > 0)


async def get(conn: Connection, product_id: str) -> Product:
    """One product, or a 404."""
    found = await conn.execute(_PRODUCTS + " WHERE id = %s", [product_id])
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="product", key=product_id)
    return _product(row)


async def search(conn: Connection, query: str, limit: int, offset: int) -> ProductPage:
    """Products that contain every word of `query`; all of them for an empty one."""
    patterns = [f"%{_escaped(word)}%" for word in query.split()] or ["%"]
    counted = await conn.execute(_COUNT + _MATCH, [patterns])
    total = (await counted.fetchone() or {})["total"]
    found = await conn.execute(
        _PRODUCTS + _MATCH + " ORDER BY name, id LIMIT %s OFFSET %s", [patterns, limit, offset]
    )
    return ProductPage(products=[_product(row) for row in await found.fetchall()], total=total)


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
