from collections.abc import AsyncGenerator

import pytest

from frontdesk.database import Database
from frontdesk.testing import temporary_database

# Files that take long begin first, so that none is left to one worker at the end.
LONG = ("test_command", "test_demo", "test_chaos", "test_record", "test_console", "test_widget", "test_crash", "test_tau_retail",
        "test_shop_suite", "test_new", "evaluation/test_docs", "test_gaps", "test_jobs", "test_kill")  # fmt: skip


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The same order in every worker; within a file, the file's own."""
    items.sort(key=lambda item: next((n for n, name in enumerate(LONG) if name in item.nodeid), len(LONG)))


@pytest.fixture
async def database() -> AsyncGenerator[Database]:
    async with temporary_database() as database:
        yield database
