"""The records of the benchmark, read from DATA_DIR, never written."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

Json = dict[str, Any]

FOLDER = Path(os.environ.get("DATA_DIR") or Path(__file__).parents[3] / "shared" / "data") / "tau-retail"
MISSING = (
    f"{FOLDER} is not there: DATA_DIR names the folder with tau-retail (sierra-research/tau2-bench, MIT)"
)


@dataclass(frozen=True)
class Records:
    """Users, orders and products by id, and each item of the catalogue by its id."""

    users: dict[str, Json]
    orders: dict[str, Json]
    products: dict[str, Json]
    items: dict[str, Json]  # item_id → variant with product_id and name


def there() -> bool:
    return (FOLDER / "tasks.json").exists()


def read(name: str) -> Any:
    """A file of the folder: JSON, or a list where each line is JSON."""
    text = (FOLDER / name).read_text("utf-8")
    return [json.loads(line) for line in text.splitlines()] if name.endswith(".jsonl") else json.loads(text)


@cache
def records() -> Records:
    users, orders, products = (read(f"db/{name}.json") for name in ("users", "orders", "products"))
    items = {
        item: {**variant, "product_id": product["product_id"], "name": product["name"]}
        for product in products.values()
        for item, variant in product["variants"].items()
    }
    assert len(items) == sum(len(p["variants"]) for p in products.values()), "an item id of two products"
    return Records(users, orders, products, items)
