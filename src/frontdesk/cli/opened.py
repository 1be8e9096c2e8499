"""The database a command works on."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from frontdesk.bootstrap import database_urls
from frontdesk.database import Database, migrate
from frontdesk.settings import load

Result = TypeVar("Result")


def with_database(work: Callable[[Database], Awaitable[Result]]) -> Result:
    """What ``work`` comes to on the database that the settings name, migrated first."""

    async def run() -> Result:
        url, owner_url = database_urls(load())
        migrate(owner_url)
        database = await Database.open(url)
        try:
            return await work(database)
        finally:
            await database.close()

    return asyncio.run(run())
