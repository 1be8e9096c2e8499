"""What customers said in the turns that staff decide about."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from frontdesk.database import Database


async def asked_in(database: Database, staff: str, turns: Sequence[UUID]) -> dict[UUID, str]:
    """The customer's message of each of these turns, for one who works here."""
    async with database.transaction(staff=staff) as connection:
        cursor = await connection.execute(
            "SELECT t.id, m.body FROM turns t JOIN messages m"
            " ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 0 WHERE t.id = ANY (%s)",
            (list(turns),),
        )
        return dict(await cursor.fetchall())
