"""The connection pool and the schema."""

from pathlib import Path
from typing import Any

import psycopg
from psycopg import AsyncConnection
from psycopg.rows import DictRow, dict_row
from psycopg_pool import AsyncConnectionPool

Connection = AsyncConnection[DictRow]
Pool = AsyncConnectionPool[Connection]

SESSION: dict[str, Any] = {"options": "-c timezone=UTC"}
"""Dates are cut from timestamps in SQL, so every session counts in UTC."""

_SCHEMA = Path(__file__).with_name("schema")
_SCHEMA_LOCK = 0x5409


def create_pool(conninfo: str) -> Pool:
    """A pool of connections whose rows are dicts; not opened yet."""
    return AsyncConnectionPool(
        conninfo,
        connection_class=AsyncConnection[DictRow],
        kwargs={**SESSION, "row_factory": dict_row},
        min_size=2,
        max_size=16,
        open=False,
    )


def migrate(conninfo: str) -> None:
    """Bring the schema to the newest version; safe when several processes start at once."""
    steps = sorted(_SCHEMA.glob("*.sql"))
    with psycopg.connect(conninfo, **SESSION) as conn:
        conn.execute("SELECT pg_advisory_xact_lock(%s)", [_SCHEMA_LOCK])
        conn.execute("CREATE TABLE IF NOT EXISTS schema_steps (name text PRIMARY KEY)")
        done = {row[0] for row in conn.execute("SELECT name FROM schema_steps")}
        for step in steps:
            if step.name not in done:
                conn.execute(step.read_bytes())
                conn.execute("INSERT INTO schema_steps (name) VALUES (%s)", [step.name])
