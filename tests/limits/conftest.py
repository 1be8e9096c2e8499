from collections.abc import AsyncGenerator, Generator

import pytest

from frontdesk.database import Database
from frontdesk.testing import temporary_database
from tests.redis import RedisServer, redis_server


@pytest.fixture(scope="module")
async def shared() -> AsyncGenerator[Database]:
    """One database for the tests of a module: they use names of their own."""
    async with temporary_database() as database:
        yield database


@pytest.fixture(scope="module")
def redis() -> Generator[RedisServer]:
    with redis_server() as server:
        yield server
