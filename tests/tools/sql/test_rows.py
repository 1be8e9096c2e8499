"""Rows of a customer's own, in each database that can be started here."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import orjson
import psycopg
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from psycopg import conninfo

from frontdesk import Customer, ToolNotFound
from frontdesk.errors import DeclarationError, SettingsError, ToolUnavailable
from frontdesk.testing import temporary_url
from frontdesk.tools import Tool
from frontdesk.tools.sql import Table, Through, from_sql, opened
from frontdesk.tools.sql.connect import engine_of, reading
from frontdesk.tools.sql.rows import Rows
from tests.tools.sql.shop import ANNA, BEN, ITEMS, ORDERS, PROFILE, TABLES, context, fill, sqlite

MYSQL = os.environ.get("FRONTDESK_TEST_MYSQL_URL", "")  # a user that may make tables in an empty database


@pytest.fixture(scope="module")
def postgresql() -> tuple[str, str]:
    """(the owner's, a reader's) address of a shop's database, as SQLAlchemy writes them."""
    owner = temporary_url(migrated=False)
    parts = conninfo.conninfo_to_dict(owner)
    fill(sa.create_engine(address(owner), poolclass=sa.NullPool))
    with psycopg.connect(owner, autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS shop_reader")
        connection.execute("CREATE ROLE shop_reader LOGIN PASSWORD 'x'")
        connection.execute("GRANT SELECT (id, name, email) ON customers TO shop_reader")
        connection.execute("GRANT SELECT ON orders, order_items TO shop_reader")
    return address(owner), address(
        conninfo.make_conninfo(**{**parts, "user": "shop_reader", "password": "x"})
    )


def address(dsn: str) -> str:
    parts = conninfo.conninfo_to_dict(dsn)
    query = {"host": str(parts["host"])} | ({"port": str(parts["port"])} if "port" in parts else {})
    url = sa.URL.create("postgresql+psycopg", str(parts["user"]), parts.get("password") or None,  # type: ignore[arg-type]
                        database=str(parts["dbname"]), query=query)  # fmt: skip
    return url.render_as_string(hide_password=False)


@pytest.fixture(scope="module", params=["sqlite", "postgresql", "mysql"])
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if request.param == "sqlite":
        yield sqlite(tmp_path_factory.mktemp("shop"))
    elif request.param == "postgresql":
        yield request.getfixturevalue("postgresql")[1]
    elif not MYSQL:
        pytest.skip("no MySQL here: FRONTDESK_TEST_MYSQL_URL names none")
    else:
        yield mysql_reader()


def mysql_reader() -> str:
    owner = sa.make_url(MYSQL).set(drivername="mysql+pymysql")
    engine = sa.create_engine(owner, poolclass=sa.NullPool)
    with engine.begin() as connection:
        for name in ("messages", "tickets", "order_items", "orders", "products", "customers"):
            connection.exec_driver_sql(f"DROP TABLE IF EXISTS {name}")
        connection.exec_driver_sql("DROP USER IF EXISTS shop_reader")
        connection.exec_driver_sql("CREATE USER shop_reader IDENTIFIED BY 'x'")
        connection.exec_driver_sql(f"GRANT SELECT ON {owner.database}.* TO shop_reader")
    fill(engine)
    return owner.set(username="shop_reader", password="x").render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def shop(url: str) -> tuple[Rows, Rows, Rows]:
    orders, items, profile = opened(url, *TABLES)
    return orders, items, profile


def test_a_customer_reads_their_own_row_and_only_the_columns_that_are_named(shop: tuple[Rows, ...]) -> None:
    row = shop[0].one(ANNA, "A-1")
    assert list(row) == ["order_number", "status", "placed_at", "total"]
    assert (row["status"], str(row["placed_at"]), float(row["total"])) == ("shipped", "2025-01-10", 20.5)
    assert shop[2].one(ANNA) == {"name": "Anna", "email": "anna@example.com"}


def test_somebody_elses_row_and_one_that_is_not_there_look_alike(shop: tuple[Rows, ...]) -> None:
    said = set()
    for key in ("B-1", "C-9", "", "A-1' OR '1'='1", "x" * 5000):
        with pytest.raises(ToolNotFound) as error:
            shop[0].one(ANNA, key)
        said.add((type(error.value), error.value.detail))
    assert len(said) == 1


def test_a_row_whose_owner_stands_in_another_table_is_read_through_it(shop: tuple[Rows, ...]) -> None:
    items = shop[1]
    assert items.one(ANNA, "1")["quantity"] == 2
    with pytest.raises(ToolNotFound):
        items.one(ANNA, "2")
    assert items.many(BEN) == {"order_items": [{"id": 2, "order_id": 3, "quantity": 5}], "more": False}
    assert items.many(ANNA, order_id="3")["order_items"] == []


def test_a_list_is_narrowed_by_status_and_by_days_both_included(shop: tuple[Rows, ...]) -> None:
    orders = shop[0]

    def numbers(**filters: object) -> list[str]:
        return [row["order_number"] for row in orders.many(ANNA, **filters)["orders"]]

    assert numbers() == ["A-2", "A-1"]
    assert numbers(status="shipped") == ["A-1"]
    assert numbers(placed_at_from=date(2025, 1, 10), placed_at_until=date(2025, 1, 10)) == ["A-1"]
    assert numbers(placed_at_from=date(2025, 1, 11)) == ["A-2"]


@pytest.mark.parametrize("name", ["ANNA", "anna ", "Anna", "anna\u00a0", "ann%", "' OR 1=1 --", "anna\x00"])
def test_an_id_is_compared_to_the_letter_whatever_the_database_takes_for_equal(
    shop: tuple[Rows, ...], name: str
) -> None:
    for rows in shop:
        if not rows.table.own_row:
            assert rows.many(Customer(name))[rows.table.plural] == []
    with pytest.raises(ToolNotFound):
        shop[2].one(Customer(name))


def test_a_list_ends_at_its_limit_and_says_that_there_is_more(url: str) -> None:
    (orders,) = opened(url, Table("orders", owner="customer_id", key="id", columns=["id"], rows=1))
    assert orders.many(ANNA) == {"orders": [{"id": 2}], "more": True}


def run(url: str, statement: str, seconds: float = 5.0) -> list[object]:
    engine = engine_of(url)
    try:
        with reading(engine, seconds=seconds) as connection:
            return list(connection.exec_driver_sql(statement).all())
    finally:
        engine.dispose()


@pytest.mark.parametrize(
    "statement", ["UPDATE orders SET status = 'x'", "DELETE FROM orders", "CREATE TABLE canary (id INTEGER)"]
)
def test_nothing_can_be_written_on_a_connection_that_reads(url: str, statement: str) -> None:
    with pytest.raises((ToolUnavailable, sa.exc.DBAPIError)):
        run(url, statement)


def test_a_statement_that_takes_too_long_is_ended(url: str) -> None:
    many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 900)"
    with pytest.raises((ToolUnavailable, sa.exc.DBAPIError)):
        run(url, f"{many} SELECT count(*) FROM n AS a, n AS b, n AS c, n AS d", 0.3)


def test_a_role_that_may_write_is_refused_with_the_grants_to_run(postgresql: tuple[str, str]) -> None:
    with pytest.raises(SettingsError) as error:
        opened(postgresql[0], *TABLES)
    assert "public.customers" in error.value.detail
    assert "CREATE ROLE frontdesk_reader LOGIN" in error.value.detail
    assert (
        "GRANT SELECT (order_number, status, placed_at, total, customer_id, id) ON orders TO frontdesk_reader"
        in error.value.detail
    )
    assert "password_hash" not in error.value.detail


def test_the_grants_that_it_names_are_enough(postgresql: tuple[str, str]) -> None:
    from frontdesk.tools.sql.role import grants

    owner, reader = postgresql
    engine = sa.create_engine(owner, poolclass=sa.NullPool)
    with engine.begin() as connection:
        connection.exec_driver_sql("DROP OWNED BY shop_reader")
        for statement in grants(connection, TABLES):
            said = statement.replace("frontdesk_reader", "shop_reader")
            if not said.startswith("CREATE ROLE"):
                connection.exec_driver_sql(said)
    orders, _, _ = opened(reader, *TABLES)
    assert orders.one(ANNA, "A-1")["status"] == "shipped"


def test_what_the_role_may_not_read_is_said_at_start(postgresql: tuple[str, str]) -> None:
    with pytest.raises(SettingsError, match="products: the role of this database may not read it"):
        opened(postgresql[1], Table("products", owner="id", key="id", columns=["name"]))


def test_a_database_that_is_not_there_is_said_without_its_password() -> None:
    with pytest.raises(SettingsError) as error:
        opened("postgresql://anna:hunter2@127.0.0.1:1/shop", ORDERS)
    assert "does not answer" in error.value.detail
    assert "hunter2" not in error.value.detail
    for wrong in ("", "nonsense", "oracle://x/y", "sqlite:///no/such.db", "sqlite://"):
        with pytest.raises(SettingsError) as error:
            opened(wrong, ORDERS)
        assert "write" in error.value.detail or "tools for" in error.value.detail


@pytest.mark.parametrize(
    ("table", "said"),
    [
        (Table("order", owner="customer_id", columns=["id"]), "no table 'order'"),
        (Table("orders", owner="customer", columns=["id"]), "no column 'customer'"),
        (Table("orders", owner="customer_id", columns=["id", "state"]), "no column 'state'"),
        (Table("orders", owner="customer_id", columns=["id"], key="status"), "is not unique"),
        (Table("orders", owner="placed_at", columns=["id"]), "no customer's id"),
        (
            Table("order_items", owner=Through("quantity", "orders.status", "customer_id"), columns=["id"]),
            "is not unique",
        ),
    ],
)
def test_a_declaration_that_does_not_fit_the_database_is_refused_at_start(
    tmp_path: Path, table: Table, said: str
) -> None:
    with pytest.raises(DeclarationError, match=said):
        opened(sqlite(tmp_path), table)


def test_a_declaration_without_owner_or_columns_is_refused() -> None:
    with pytest.raises(DeclarationError, match="say whose a row is"):
        Table("orders", owner="", columns=["id"])
    for columns in ([], ["*"], "id"):
        with pytest.raises(DeclarationError, match="name the columns"):
            Table("orders", owner="customer_id", columns=columns)
    with pytest.raises(DeclarationError, match="between 1 and 100"):
        Table("orders", owner="customer_id", columns=["id"], rows=1000)
    with pytest.raises(DeclarationError, match=r"table\.column"):
        Through("order_id", "orders", "customer_id")


# ------------------------------------------------------------------ the tools
@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Tool]:
    return {tool.name: tool for tool in from_sql(sqlite(tmp_path_factory.mktemp("tools")), TABLES)}


def test_the_tools_show_a_model_no_owner(tools: dict[str, Tool]) -> None:
    assert {name: sorted(tool.accepts) for name, tool in tools.items()} == {
        "get_order": ["order_number"],
        "list_orders": ["placed_at_from", "placed_at_until", "status"],
        "get_order_item": ["order_item_id"],
        "list_order_items": ["order_id"],
        "get_my_profile": [],
    }
    assert {tool.grant.permission for tool in tools.values()} == {
        "orders:read",
        "order_items:read",
        "customers:read",
    }
    assert not any(tool.grant.changes for tool in tools.values())


async def test_an_owner_among_a_models_arguments_counts_for_nothing(tools: dict[str, Tool]) -> None:
    given = {"customer": {"id": "ben"}, "customer_id": "ben", "owner": "ben", "status": "shipped"}
    found = orjson.loads(await tools["list_orders"].call(given, context(ANNA)))
    assert [row["order_number"] for row in found["orders"]] == ["A-1"]


@given(st.text(max_size=40), st.one_of(st.none(), st.text(max_size=20)))
def test_whatever_a_model_writes_it_reads_nothing_of_somebody_elses(
    tools: dict[str, Tool], key: str, status: str | None
) -> None:
    orders = tools["get_order"].function
    with pytest.raises(ToolNotFound):
        orders(customer=BEN, order_number=key if key != "B-1" else "A-1")
    listed = tools["list_orders"].function(customer=BEN, status=status)
    assert all(row["order_number"] == "B-1" for row in listed["orders"])


def test_numbers_are_found_by_exactly_their_digits(tmp_path: Path) -> None:
    schema = "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id INTEGER, state VARCHAR(9));\nINSERT INTO orders VALUES (7, 12, 'new')"
    (orders,) = opened(
        sqlite(tmp_path, schema), Table("orders", owner="customer_id", key="id", columns=["state"])
    )
    assert orders.one(Customer("12"), "7") == {"state": "new"}
    for customer in ("012", " 12", "12 ", "12.0", "1_2", "١٢", "12 OR 1=1", "9" * 40):
        with pytest.raises(ToolNotFound):
            orders.one(Customer(customer), "7")


def test_the_profile_needs_no_name(tools: dict[str, Tool]) -> None:
    assert PROFILE.own_row
    assert not ITEMS.own_row
    assert tools["get_my_profile"].function(customer=BEN) == {"name": "Ben", "email": "ben@example.com"}
