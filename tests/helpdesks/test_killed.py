"""kill -9 after the helpdesk made the ticket and before its answer was written down."""

from __future__ import annotations

import asyncio

from frontdesk.database import Database
from frontdesk.store import deliveries
from tests.helpdesks.fakes import FreshdeskFake
from tests.helpdesks.test_courier import _due_now, _ticket
from tests.process import Server


async def _arrived(database: Database) -> bool:
    async with database.transaction(staff="test") as connection:
        row = await (
            await connection.execute("SELECT made_at IS NOT NULL AND how = '' FROM deliveries")
        ).fetchone()
    return bool(row and row[0])


def _serve(database: Database, fake: FreshdeskFake) -> Server:
    return Server(database.conninfo, "tests.helpdesks.served", TEST_HELPDESK=fake.url)


async def test_a_process_killed_between_create_and_made_leaves_one_ticket(database: Database) -> None:
    async with FreshdeskFake() as fake:
        await deliveries.declare(database, "freshdesk")
        await _ticket(database)
        fake.held = asyncio.Event()
        with await asyncio.to_thread(_serve, database, fake) as first:
            await asyncio.wait_for(fake.made.wait(), 20)
            first.kill()
        fake.held = None
        assert len(fake.tickets) == 1
        assert not await _arrived(database)
        fake.later()
        await _due_now(database)
        with await asyncio.to_thread(_serve, database, fake):
            async with asyncio.timeout(20):
                while not await _arrived(database):
                    await asyncio.sleep(0.1)
        assert len(fake.tickets) == 1
