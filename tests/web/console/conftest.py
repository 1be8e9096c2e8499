from collections.abc import AsyncGenerator
from pathlib import Path

import httpx
import pytest

from tests.web.console.console import Console, console


@pytest.fixture(scope="module")
async def desk(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Console]:
    """One console for the tests of a module; each makes customers of its own."""
    async with console(tmp_path_factory.mktemp("data")) as running:
        yield running


@pytest.fixture
async def ada(desk: Console) -> AsyncGenerator[httpx.AsyncClient]:
    async with desk.signed_in("ada") as client:
        yield client


@pytest.fixture
async def mara(desk: Console) -> AsyncGenerator[httpx.AsyncClient]:
    async with desk.signed_in("mara") as client:
        yield client


@pytest.fixture
async def tom(desk: Console) -> AsyncGenerator[httpx.AsyncClient]:
    async with desk.signed_in("tom") as client:
        yield client


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path
