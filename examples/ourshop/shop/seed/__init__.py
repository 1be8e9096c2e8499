"""The demo's data: the same rows for the same seed, on every machine and every day."""

from collections.abc import Callable
from random import Random
from typing import Any

import psycopg
from psycopg import sql

from examples.ourshop.shop.database import SESSION, migrate
from examples.ourshop.shop.seed.catalog import make_catalog
from examples.ourshop.shop.seed.desk import add_desk
from examples.ourshop.shop.seed.people import make_customers
from examples.ourshop.shop.seed.scenarios import SHARES, draw
from examples.ourshop.shop.seed.story import ANNA, BEN, make_story
from examples.ourshop.shop.seed.world import COLUMNS, World

__all__ = ["make_world", "seed"]

_Connection = psycopg.Connection[tuple[Any, ...]]

_VERSION = 1
"""Raised whenever the rows of a seed change."""

_SEED_LOCK = 0x5EED
_OTHER_SEED = "The database was seeded differently ({}); give the shop an empty one"


def seed(
    conninfo: str,
    progress: Callable[[str], None] | None = None,
    *,
    seed: int = 2025,
    users: int = 220,
    orders: int = 1300,
) -> bool:
    """Fill the shop's database; False when it already holds exactly this.

    `progress` is told in words what is going on. A database seeded otherwise is left
    alone with a ValueError, since its rows may carry somebody's changes.
    """
    mark = f"v{_VERSION} seed={seed} users={users} orders={orders}"
    migrate(conninfo)
    with psycopg.connect(conninfo, **SESSION) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [_SEED_LOCK])
        found = conn.execute("SELECT value FROM facts WHERE name = 'seed'").fetchone()
        if found is not None and found[0] != mark:
            raise ValueError(_OTHER_SEED.format(found[0]))
        if found is None:
            _fill(conn, make_world(seed, users, orders), progress or _silently)
            conn.execute("INSERT INTO facts (name, value) VALUES ('seed', %s)", [mark])
    return found is None


def _silently(_: str) -> None:
    pass


def _fill(conn: _Connection, world: World, tell: Callable[[str], None]) -> None:
    for table, rows in world.rows.items():
        tell(f"copying {len(rows)} {table.replace('_', ' ')}")
        _copy(conn, table, rows)


def make_world(seed: int, users: int, orders: int) -> World:
    """Every row of the demo, without a database."""
    rng = Random(seed)
    world, catalog = World(rng), make_catalog()
    customers = make_customers(rng, users, (ANNA, BEN))
    for customer in customers:
        world.add_customer(customer)
    for item in catalog:
        world.add_item(item)
    story = make_story(catalog)
    for plan in story:
        world.add_order(plan)
    taken = {int(plan.id) for plan in story}
    numbers = [number for number in rng.sample(range(1000, 1_000_000), orders) if number not in taken]
    others = [customer for customer in customers if customer not in (ANNA, BEN)]
    for place, number in enumerate(numbers[: orders - len(story)]):
        world.add_order(draw(rng, str(number), rng.choice(others), catalog, _state(place)))
    add_desk(world, rng, others)
    return world


def _state(place: int) -> str:
    # By turns rather than by chance, so that even a small shop has every state.
    cycle = [state for turn in range(max(SHARES.values())) for state, share in SHARES.items() if turn < share]
    return cycle[place % len(cycle)]


def _copy(conn: _Connection, table: str, rows: list[tuple[object, ...]]) -> None:
    columns = sql.SQL(", ").join(sql.Identifier(column) for column in COLUMNS[table].split())
    command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), columns)
    with conn.cursor() as cursor, cursor.copy(command) as copy:
        for row in rows:
            copy.write_row(row)
