from collections.abc import AsyncGenerator

import pytest

from tests.people.desk import Office, office


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Office]:
    """One desk for the tests of a module; each makes conversations of its own."""
    async with office(tmp_path_factory.mktemp("data")) as running:
        yield running
