"""The demo's data: reproducible, complete and in agreement with itself."""

import time
from typing import Any

import psycopg
import pytest

from examples.ourshop.shop.seed import make_world, seed
from examples.ourshop.shop.seed.world import COLUMNS

from .conftest import Postgres

# Each finds rows that contradict each other.
CONTRADICTIONS = {
    "totals add up": """
        SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id GROUP BY o.id
        HAVING o.total <> o.shipping_fee + sum(l.quantity * l.unit_price)""",
    "delivered, returned and partly refunded orders have arrived": """
        SELECT o.id FROM orders o WHERE status IN ('delivered', 'returned', 'partly_refunded') AND (
            NOT EXISTS (SELECT FROM shipments WHERE order_id = o.id)
            OR EXISTS (SELECT FROM shipments WHERE order_id = o.id AND status <> 'delivered'))""",
    "orders in the warehouse have no parcel": """
        SELECT o.id FROM orders o JOIN shipments s ON s.order_id = o.id
        WHERE o.status IN ('placed', 'processing', 'cancelled')""",
    "cancelled paid orders are refunded in full": """
        SELECT o.id FROM orders o JOIN payments p ON p.order_id = o.id AND p.status = 'paid'
        WHERE o.status = 'cancelled' AND p.amount <> (SELECT coalesce(sum(amount), 0) FROM refunds
            WHERE order_id = o.id AND status IN ('approved', 'paid_out'))""",
    "partly shipped orders have lines in two states": """
        SELECT o.id FROM orders o JOIN order_lines l ON l.order_id = o.id WHERE o.status = 'partly_shipped'
        GROUP BY o.id HAVING count(DISTINCT l.status) < 2""",
    "partly refunded orders are refunded in part": """
        SELECT o.id FROM orders o WHERE status = 'partly_refunded' AND NOT EXISTS (
            SELECT FROM refunds WHERE order_id = o.id AND status IN ('approved', 'paid_out') AND amount < o.total)""",
    "no more goes back than was paid": """
        SELECT p.id FROM payments p JOIN refunds r ON r.payment_id = p.id AND r.status <> 'rejected'
        GROUP BY p.id HAVING sum(r.amount) > p.amount OR p.status <> 'paid'""",
    "lines are where their parcels are": """
        SELECT l.id FROM order_lines l JOIN shipments s ON s.id = l.shipment_id
        WHERE l.status NOT IN (CASE s.status WHEN 'in_transit' THEN 'shipped' ELSE s.status END, 'returned')""",
    "time runs forward": """
        SELECT o.id FROM orders o JOIN users u ON u.id = o.user_id LEFT JOIN shipments s ON s.order_id = o.id
        WHERE o.placed_at < u.created_at OR o.placed_at::date > s.shipped_on OR s.shipped_on > s.delivered_on
           OR s.delivered_on > '2025-01-15' OR s.last_scan_on > '2025-01-15' OR o.placed_at > '2025-01-15 12:00Z'
           OR (o.expected_delivery < '2025-01-15'
               AND o.status NOT IN ('delivered', 'returned', 'partly_refunded'))""",
    "refunds and returns happen after the order and before now": """
        SELECT r.id FROM refunds r JOIN orders o ON o.id = r.order_id
        WHERE r.requested_at < o.placed_at OR r.requested_at > '2025-01-15 12:00Z' OR r.paid_out_on > '2025-01-15'
           OR r.approved_on > '2025-01-15' OR r.rejected_on > '2025-01-15'
        UNION ALL SELECT t.id FROM returns t JOIN return_lines rl ON rl.return_id = t.id
        JOIN order_lines l ON l.id = rl.line_id JOIN shipments s ON s.id = l.shipment_id
        WHERE t.created_at::date NOT BETWEEN s.delivered_on AND s.delivered_on + 30
           OR t.received_on NOT BETWEEN t.created_at::date AND '2025-01-15'""",
    "approved refunds are not overdue": """
        SELECT id FROM refunds WHERE status = 'approved' AND expected_by < '2025-01-15'""",
    "only standard products come back": """
        SELECT rl.line_id FROM return_lines rl JOIN order_lines l ON l.id = rl.line_id
        JOIN products p ON p.id = l.product_id WHERE p.kind <> 'standard'""",
}


STATES = (
    ("orders", "status"),
    ("shipments", "status"),
    ("refunds", "status"),
    ("returns", "status"),
    ("payments", "method"),
    ("products", "kind"),
    ("tickets", "status"),
)


def test_two_databases_get_the_same_rows(postgres: Postgres, still_url: str) -> None:
    other = postgres.new_database()
    assert seed(other)
    assert _digests(other) == _digests(still_url)


def test_another_seed_makes_other_rows() -> None:
    assert make_world(1, 50, 100).rows != make_world(2, 50, 100).rows
    assert make_world(1, 50, 100).rows == make_world(1, 50, 100).rows


def test_seeding_is_fast_and_skipped_the_second_time(postgres: Postgres) -> None:
    uri, said = postgres.new_database(), list[str]()
    started = time.perf_counter()
    assert seed(uri, said.append)
    assert time.perf_counter() - started < 3
    assert said[0] == "copying 220 users"
    said.clear()
    assert not seed(uri, said.append)
    assert said == []
    with pytest.raises(ValueError, match="seeded differently"):
        seed(uri, seed=7)


def test_every_state_is_present(still_url: str) -> None:
    with psycopg.connect(still_url) as conn:
        counts = {
            table: _counts(conn, f"SELECT {column}, count(*) FROM {table} GROUP BY 1")
            for table, column in STATES
        }
        carriers = conn.execute("SELECT count(DISTINCT carrier) FROM shipments").fetchone()
    assert {table: len(found) for table, found in counts.items()} == {
        "orders": 11,
        "shipments": 5,
        "refunds": 4,
        "returns": 5,
        "payments": 5,
        "products": 4,
        "tickets": 3,
    }
    assert min(counts["orders"].values()) >= 10
    assert sum(counts["orders"].values()) >= 1200
    assert carriers == (5,)


@pytest.mark.parametrize("rule", CONTRADICTIONS)
def test_rows_agree(still_url: str, rule: str) -> None:
    with psycopg.connect(still_url, options="-c timezone=UTC") as conn:
        assert conn.execute(CONTRADICTIONS[rule].encode()).fetchall() == [], rule


def test_contact_data_is_invented(still_url: str) -> None:
    with psycopg.connect(still_url) as conn:
        assert not conn.execute(
            r"SELECT email FROM users WHERE email !~ '@example\.(com|org|net)$'"
        ).fetchall()
        assert not conn.execute("SELECT id FROM orders WHERE id !~ '^[1-9][0-9]{2,5}$'").fetchall()


def _counts(conn: psycopg.Connection[Any], query: str) -> dict[str, int]:
    return dict(conn.execute(query.encode()).fetchall())


def _digests(uri: str) -> dict[str, str]:
    with psycopg.connect(uri) as conn:
        return {table: _digest(conn, table) for table in COLUMNS}


def _digest(conn: psycopg.Connection[Any], table: str) -> str:
    query = f"SELECT md5(string_agg(t::text, E'\\n' ORDER BY t::text)) FROM {table} t"
    row = conn.execute(query.encode()).fetchone()
    return "" if row is None else row[0]
