from collections.abc import AsyncGenerator, Generator
from pathlib import Path

import pytest
import structlog

from frontdesk.database import Database
from frontdesk.testing import temporary_database


@pytest.fixture
async def database() -> AsyncGenerator[Database]:
    async with temporary_database() as database:
        yield database


# The files that take longest come first, so that no worker is left with one of them when the others have nothing to do.
LONGEST = (
    "evaluation/test_shop_suite.py",
    "test_chaos.py",
    "test_demo.py",
    "test_tau_retail.py",
    "evaluation/test_command.py",
    "evaluation/test_record.py",
    "test_crash.py",
    "browser/test_console.py",
    "browser/test_widget.py",
    "people/test_kill.py",
    "helpdesks/test_killed.py",
    "cli/test_new.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    place = {Path(__file__).parent / name: n for n, name in enumerate(LONGEST)}
    items.sort(key=lambda item: place.get(item.path, len(place)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol() -> Generator[None, bool, bool]:
    """A command that a test runs in this process sets how it logs; the next test's log is as it was."""
    before = structlog.get_config()
    try:
        return (yield)
    finally:
        structlog.configure(**before)
