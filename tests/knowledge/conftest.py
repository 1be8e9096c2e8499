"""The example shop's help center, synced once a file for the tests that only read.

Not once a session: another file's tests stop the server, and its connections with it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator
from pathlib import Path

import pytest

from frontdesk.knowledge.embed import Embedder
from frontdesk.knowledge.retrieve import PostgresRetriever
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.testing import temporary_database

HELP_CENTER = Path(__file__).parents[2] / "examples" / "ourshop" / "help-center"


@pytest.fixture(scope="module")
async def shop() -> AsyncGenerator[PostgresRetriever]:
    async with temporary_database() as database:
        url = "https://ourshop.example/help/{slug}"
        await sync(database, Embedder.default(), Folder(HELP_CENTER, name="shop", url=url))
        yield PostgresRetriever(database, Embedder.default())
