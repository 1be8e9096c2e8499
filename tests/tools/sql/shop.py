"""A small shop's tables, the same in SQLite, PostgreSQL and MySQL."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa

from frontdesk import Customer
from frontdesk.domain import Principal
from frontdesk.tools import ToolContext
from frontdesk.tools.sql import Table, Through

SCHEMA = """
CREATE TABLE customers (id VARCHAR(40) PRIMARY KEY, name VARCHAR(80), email VARCHAR(80), password_hash VARCHAR(80),
  internal_notes VARCHAR(200));
CREATE TABLE products (id INTEGER PRIMARY KEY, name VARCHAR(80), price NUMERIC(10, 2), supplier_cost NUMERIC(10, 2));
CREATE TABLE orders (id INTEGER PRIMARY KEY, order_number VARCHAR(20) UNIQUE, customer_id VARCHAR(40) NOT NULL REFERENCES customers(id),
  status VARCHAR(20), placed_at DATE, total NUMERIC(10, 2), staff_note VARCHAR(200), api_token VARCHAR(40),
  approved_by VARCHAR(40) REFERENCES customers(id));
CREATE INDEX orders_by_customer ON orders (customer_id, status, placed_at);
CREATE TABLE order_items (id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders(id),
  product_id INTEGER REFERENCES products(id), quantity INTEGER);
CREATE INDEX order_items_by_order ON order_items (order_id);
CREATE TABLE tickets (id INTEGER PRIMARY KEY, user_id VARCHAR(40), subject VARCHAR(80));
CREATE TABLE messages (id INTEGER PRIMARY KEY, sender_id VARCHAR(40) REFERENCES customers(id),
  recipient_id VARCHAR(40) REFERENCES customers(id), body VARCHAR(200));
INSERT INTO customers VALUES ('anna', 'Anna', 'anna@example.com', 'canary-hash', 'canary-internal');
INSERT INTO customers VALUES ('ben', 'Ben', 'ben@example.com', 'x', 'y');
INSERT INTO products VALUES (1, 'Lamp', 20.50, 3.10);
INSERT INTO orders VALUES (1, 'A-1', 'anna', 'shipped', '2025-01-10', 20.50, 'canary-staff', 'canary-token', 'ben');
INSERT INTO orders VALUES (2, 'A-2', 'anna', 'pending', '2025-02-01', 41.00, 'canary-staff', 'canary-token', NULL);
INSERT INTO orders VALUES (3, 'B-1', 'ben', 'shipped', '2025-01-11', 61.50, 'canary-staff', 'canary-token', NULL);
INSERT INTO order_items VALUES (1, 1, 1, 2);
INSERT INTO order_items VALUES (2, 3, 1, 5);
"""
ORDERS = Table(
    "orders",
    owner="customer_id",
    key="order_number",
    columns=["order_number", "status", "placed_at", "total"],
    filters=["status", "placed_at"],
    newest="placed_at",
)
ITEMS = Table(
    "order_items",
    owner=Through("order_id", "orders.id", "customer_id"),
    columns=["id", "order_id", "quantity"],
    key="id",
    filters=["order_id"],
)
PROFILE = Table("customers", owner="id", key="id", columns=["name", "email"])
TABLES = (ORDERS, ITEMS, PROFILE)


def fill(engine: sa.Engine, schema: str = SCHEMA) -> None:
    with engine.begin() as connection:
        for statement in schema.split(";\n"):
            if statement.strip():
                connection.exec_driver_sql(statement)


def sqlite(folder: Path, schema: str = SCHEMA) -> str:
    url = f"sqlite:///{folder / 'shop.db'}"
    fill(sa.create_engine(url, poolclass=sa.NullPool), schema)
    return url


def context(customer: Customer) -> ToolContext:
    return ToolContext(Principal("customer", customer.id), uuid4(), uuid4())


ANNA, BEN = Customer("anna"), Customer("ben")
