"""Reading all that is stored of a customer, from every place there is."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from frontdesk.domain import Json
from frontdesk.store.personal import PLACES, principal_of


def rows_of(connection: Connection[dict[str, Any]], customer: str) -> dict[str, list[Json]]:
    """The rows of each place, by the table's name."""
    values = _values(connection, customer)
    rows: dict[str, list[Json]] = {}
    for place in reversed(PLACES):
        # By what stands first: ids that begin with the time, or a conversation and the place in it.
        query = "SELECT * FROM " + place.table + " WHERE " + place.where + " ORDER BY 1, 2, 3"  # noqa: S608  (our own list)
        rows[place.table] = [
            {name: value for name, value in row.items() if name not in place.hidden}
            for row in connection.execute(query, values)
        ]
    return rows


def counts_of(connection: Connection[dict[str, Any]], customer: str) -> dict[str, int]:
    """How many rows each place has, by the table's name; none of them is read."""
    values = _values(connection, customer)
    counts: dict[str, int] = {}
    for place in reversed(PLACES):
        query = "SELECT count(*) AS n FROM " + place.table + " WHERE " + place.where  # noqa: S608  (our own list)
        row = connection.execute(query, values).fetchone()
        counts[place.table] = row["n"] if row else 0
    return counts


def _values(connection: Connection[dict[str, Any]], customer: str) -> Json:
    principal = principal_of(customer)
    found = connection.execute("SELECT id FROM conversations WHERE principal = %s", (principal,))
    return {"ids": [row["id"] for row in found], "customer": customer, "principal": principal}
