"""What is proposed of a database, what is left out, and the code that is written."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from frontdesk.cli import cli
from frontdesk.tools.names import is_secret, snake
from frontdesk.tools.sql.connect import engine_of, reading
from frontdesk.tools.sql.declared import Through, plural, singular
from frontdesk.tools.sql.propose import Proposal, Proposals, propose
from frontdesk.tools.sql.reflect import shapes
from tests.process import ROOT
from tests.tools.sql.shop import sqlite


def proposed(folder: Path, schema: str, **said: str) -> Proposals:
    engine = engine_of(sqlite(folder, schema))
    with reading(engine) as connection:
        found = shapes(connection)
    engine.dispose()
    return propose(found, **said)  # type: ignore[arg-type]


def of(made: Proposals, name: str) -> Proposal:
    return next(proposal for proposal in made.tables if proposal.table.name == name)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Proposals:
    from tests.tools.sql.shop import SCHEMA

    return proposed(tmp_path_factory.mktemp("propose"), SCHEMA)


def test_an_owner_is_proposed_by_foreign_key_by_name_and_through_another_table(shop: Proposals) -> None:
    assert shop.customers == "customers"
    assert {p.table.name: p.table.owner for p in shop.tables} == {
        "customers": "id",
        "orders": "customer_id",
        "tickets": "user_id",
        "order_items": Through("order_id", "orders.id", "customer_id"),
    }
    assert "no foreign key says so" in of(shop, "tickets").why


def test_what_belongs_to_nobody_or_to_two_is_left_out_with_the_reason(shop: Proposals) -> None:
    assert set(shop.left_out) == {"products", "messages"}
    assert "no column says whose" in shop.left_out["products"]
    assert "--owner" in shop.left_out["messages"]


def test_secrets_internals_and_other_peoples_ids_are_hidden_each_with_its_reason(shop: Proposals) -> None:
    orders = of(shop, "orders")
    assert list(orders.table.columns) == ["id", "order_number", "status", "placed_at", "total"]  # type: ignore[arg-type]
    assert orders.hidden == {
        "customer_id": "the customer's own id, which code binds",
        "staff_note": "reads like a secret",
        "api_token": "reads like a secret",
        "approved_by": "somebody else's id",
    }
    assert set(of(shop, "customers").hidden) == {"id", "password_hash", "internal_notes"}


def test_a_row_is_named_by_the_number_that_customers_know_and_filtered_where_there_is_an_index(
    shop: Proposals,
) -> None:
    orders, items = of(shop, "orders").table, of(shop, "order_items").table
    assert (orders.key, orders.filters, orders.newest) == (
        "order_number",
        ["status", "placed_at"],
        "placed_at",
    )
    assert (items.key, items.filters) == ("id", ["order_id"])


HOSTILE = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, passwordHash TEXT, resetToken TEXT, ssn TEXT, avatar BLOB, prefs JSON);
CREATE TABLE sales (id INTEGER PRIMARY KEY, buyer_id INTEGER REFERENCES users(id), seller_id INTEGER REFERENCES users(id), total NUMERIC);
CREATE TABLE chats (id INTEGER PRIMARY KEY, first_id INTEGER REFERENCES users(id), second_id INTEGER REFERENCES users(id));
CREATE TABLE links (id INTEGER PRIMARY KEY, sale_id INTEGER REFERENCES sales(id), chat_sale_id INTEGER REFERENCES sales(id));
CREATE TABLE parcels (id INTEGER PRIMARY KEY, sale_id INTEGER REFERENCES sales(id), status TEXT, driver_phone TEXT);
CREATE TABLE scans (id INTEGER PRIMARY KEY, parcel_id INTEGER REFERENCES parcels(id), place TEXT);
CREATE TABLE audit (id INTEGER PRIMARY KEY, created_by INTEGER REFERENCES users(id), what TEXT);
CREATE TABLE carts (id INTEGER PRIMARY KEY, user_id TEXT, total NUMERIC);
CREATE TABLE nodes (id INTEGER PRIMARY KEY, parent_id INTEGER REFERENCES nodes(id))
"""


def test_a_schema_full_of_traps(tmp_path: Path) -> None:
    made = proposed(tmp_path, HOSTILE)
    owners = {p.table.name: p.table.owner for p in made.tables}
    sale = Through("sale_id", "sales.id", "buyer_id")
    assert owners == {
        "users": "id",
        "sales": "buyer_id",
        "parcels": sale,
        "scans": Through("parcel_id", "parcels.id", sale),
    }
    assert of(made, "users").table.shown == ("email",)
    assert of(made, "sales").hidden["seller_id"] == "somebody else's id"
    assert "driver_phone" in of(made, "parcels").hidden
    assert not of(made, "parcels").table.filters or "status" not in of(made, "parcels").table.filters
    assert any(remark.startswith("status: not offered") for remark in of(made, "parcels").remarks)
    assert set(made.left_out) == {"chats", "links", "audit", "carts", "nodes"}
    assert made.left_out["links"].startswith("two ways")
    assert made.left_out["links"].endswith("say which with --owner links=…")


def test_the_way_to_an_owner_can_be_said(tmp_path: Path) -> None:
    made = proposed(
        tmp_path, HOSTILE, owners={"links": "chat_sale_id", "scans": "parcel_id", "nodes": "parent_id"}
    )  # type: ignore[arg-type]
    assert of(made, "links").table.owner == Through("chat_sale_id", "sales.id", "buyer_id")
    assert of(made, "scans").table.owner == Through(
        "parcel_id", "parcels.id", Through("sale_id", "sales.id", "buyer_id")
    )
    assert "nobody's" in made.left_out["nodes"]  # its own id is no customer's


def test_an_amount_kept_as_a_float_is_a_number_and_shown(tmp_path: Path) -> None:
    made = proposed(
        tmp_path,
        "CREATE TABLE customers (id TEXT PRIMARY KEY);\n"
        "CREATE TABLE orders (id INTEGER PRIMARY KEY, customer_id TEXT REFERENCES customers(id), total REAL, tax DOUBLE)",
    )
    assert {"total", "tax"} <= set(of(made, "orders").table.columns)


def test_what_cannot_be_told_is_said(tmp_path: Path) -> None:
    schema = "CREATE TABLE kunden (nr INTEGER PRIMARY KEY, mail TEXT);\nCREATE TABLE auftrag (id INTEGER PRIMARY KEY, kd INTEGER, was TEXT)"
    (tmp_path / "without").mkdir()
    assert proposed(tmp_path / "without", schema).tables == []
    made = proposed(tmp_path, schema, customers="kunden", owners={"auftrag": "kd"})  # type: ignore[arg-type]
    assert {p.table.name: p.table.owner for p in made.tables} == {"kunden": "nr", "auftrag": "kd"}


@pytest.mark.parametrize(
    ("many", "one"),
    [
        ("orders", "order"),
        ("addresses", "address"),
        ("categories", "category"),
        ("boxes", "box"),
        ("status", "status"),
    ],
)
def test_names_in_the_singular(many: str, one: str) -> None:
    assert singular(many) == one
    assert snake("OrderItems") == "order_items"
    assert snake("HTTPServer") == "http_server"
    assert plural(one) == (many if one != "status" else "statuses")


# ------------------------------------------------------------------ the command
def test_the_written_tools_pass_the_tests_written_with_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    written = CliRunner().invoke(cli, ["tools", "from-sql", sqlite(tmp_path)])
    assert written.exit_code == 0, written.output
    assert "api_token: reads like a secret" in written.output
    code = (tmp_path / "shop_tools.py").read_text()
    assert "api_token: str" not in code
    assert 'Through("order_id", "orders.id", "customer_id")' in code
    environment = {**os.environ, "PYTHONPATH": f"{ROOT / 'src'}:{tmp_path}"}
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:asyncio"],
        cwd=tmp_path, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout
    assert "7 passed" in ran.stdout
    assert "as it was" in CliRunner().invoke(cli, ["tools", "from-sql", sqlite_url(tmp_path)]).output
    (tmp_path / "shop_tools.py").write_text(f"{code}# mine\n")
    before = (tmp_path / "shop_tools.py").read_bytes()
    with pytest.raises(Exception, match="is there already"):
        CliRunner().invoke(cli, ["tools", "from-sql", sqlite_url(tmp_path)], catch_exceptions=False)
    assert (tmp_path / "shop_tools.py").read_bytes() == before


def sqlite_url(folder: Path) -> str:
    return f"sqlite:///{folder / 'shop.db'}"


def test_a_dry_run_writes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    ran = CliRunner().invoke(cli, ["tools", "from-sql", sqlite(tmp_path), "--dry-run"])
    assert ran.exit_code == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == ["shop.db"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (["--owner", "orders"], "TABLE=COLUMN"),
        (["--owner", "orders=nothing"], "no column"),
        (["--customers", "nobody"], "no table 'nobody'"),
        (["--out", "my-tools.py"], "no name of a Python module"),
    ],
)
def test_a_mistake_on_the_command_line_is_a_sentence(tmp_path: Path, more: list[str], said: str) -> None:
    ran = CliRunner().invoke(cli, ["tools", "from-sql", sqlite(tmp_path), *more])
    assert said in str(ran.exception)


def test_without_the_extra_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    ran = CliRunner().invoke(cli, ["tools", "from-sql", "sqlite:///x.db"])
    assert "pip install 'frontdesk[sql]'" in str(ran.exception)
    assert sa.__name__ == "sqlalchemy"


SECRETS = "password, apiKey, accessKey, totp, otp_code, pin, card_no, account_number, taxId, sessionId, costPrice, riskScore"
NO_SECRETS = (
    "footprint, ship_address, card_note, spinning, opinion, company, classroom, description, marginal"
)


def test_one_list_says_what_reads_like_a_secret() -> None:
    assert [name for name in SECRETS.split(", ") if not is_secret(name)] == []
    assert [name for name in NO_SECRETS.split(", ") if is_secret(name)] == []
