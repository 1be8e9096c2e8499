"""Who decided what about the knowledge base, and when. Rows are added and never changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, LiteralString

from psycopg.rows import class_row

from frontdesk.database import Database

What = Literal["drafted", "approved", "dismissed", "resolved", "sync"]
DESK = "desk"  # what the desk did by itself, or code that does not say for whom


@dataclass(frozen=True, slots=True)
class Decision:
    """One decision. ``by``: "key:<id>", "settings:<id>", "cli:<user>" or "desk"."""

    what: What
    by: str
    at: datetime


async def decide(database: Database, what: What, by: str, statement: LiteralString, *values: object) -> bool:
    """Run an UPDATE of knowledge_gaps and note it, both or neither. False where it changed nothing."""
    async with database.transaction() as connection:
        cursor = await connection.execute(
            "WITH changed AS (" + statement + " RETURNING number)"  # noqa: S608 - literals of store/gaps.py
            ' INSERT INTO knowledge_decisions (gap, what, "by") SELECT number, %s, %s FROM changed',
            (*values, what, by),
        )
        return cursor.rowcount > 0


async def note_sync(database: Database, by: str) -> None:
    """Note that a sync was asked for."""
    async with database.transaction() as connection:
        await connection.execute(
            """INSERT INTO knowledge_decisions (what, "by") VALUES ('sync', %s)""", (by,)
        )


async def decisions_of(database: Database, number: int) -> list[Decision]:
    """What was decided about a gap, the first decision first."""
    async with database.transaction() as connection:
        cursor = connection.cursor(row_factory=class_row(Decision))
        await cursor.execute(
            'SELECT what, "by", "at" FROM knowledge_decisions WHERE gap = %s ORDER BY id', (number,)
        )
        return await cursor.fetchall()
