"""Who writes to the knowledge base: one sync at a time, and one writer of the articles that were written here.

A sync holds its lock for as long as it takes, up to hours; that of drafts is held for seconds, so that approving
waits for no sync. Whoever takes both takes the sync's first.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from frontdesk.database import Database
from frontdesk.store import knowledge as store
from frontdesk.store.knowledge import Connection

POLL = 0.2  # seconds between two looks at a lock
SYNCS, DRAFTS_LOCK = store.LOCK, store.DRAFTS_LOCK


@asynccontextmanager
async def alone(database: Database, lock: int = SYNCS) -> AsyncGenerator[Connection]:
    """Hold a lock, that of syncs by default; wait while another, here or on another server, holds it.

    Gives the connection whose transaction holds it. Raises DatabaseUnavailable when that is lost.
    """
    while True:
        late: TimeoutError | None = None
        async with database.transaction() as connection:
            if taken := await store.try_lock(connection, lock):
                try:
                    yield connection
                except TimeoutError as error:  # of what is done under the lock: none of the database's
                    late = error
        if late is not None:
            raise late
        if taken:
            return
        await asyncio.sleep(POLL)
