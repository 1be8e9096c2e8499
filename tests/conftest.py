from collections.abc import AsyncGenerator

import pytest

from frontdesk.database import Database
from frontdesk.testing import temporary_database


@pytest.fixture
async def database() -> AsyncGenerator[Database]:
    async with temporary_database() as database:
        yield database
