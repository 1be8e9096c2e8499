"""Reading all that is stored of a customer, from every place there is."""

from __future__ import annotations

from typing import Any

from psycopg import Connection

from frontdesk.domain import Json
from frontdesk.store.personal import PLACES


def rows_of(connection: Connection[dict[str, Any]], principal: str, customer: str) -> dict[str, list[Json]]:
    """The rows of each place, by the table's name."""
    found = connection.execute("SELECT id FROM conversations WHERE principal = %s", (principal,))
    values: Json = {"ids": [row["id"] for row in found], "customer": customer}
    rows: dict[str, list[Json]] = {}
    for place in reversed(PLACES):
        # By what stands first: ids that begin with the time, or a conversation and the place in it.
        query = "SELECT * FROM " + place.table + " WHERE " + place.where + " ORDER BY 1, 2, 3"  # noqa: S608  (our own list)
        rows[place.table] = [
            {name: value for name, value in row.items() if name not in place.hidden}
            for row in connection.execute(query, values)
        ]
    return rows
