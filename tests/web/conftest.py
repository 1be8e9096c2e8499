from collections.abc import AsyncGenerator

import httpx
import pytest
from fastapi import FastAPI

from frontdesk.database import Database
from frontdesk.testing import temporary_database
from tests.web.service import make_app, make_client, make_settings


@pytest.fixture(scope="module")
async def shared() -> AsyncGenerator[Database]:
    """One database for the tests of a module: they use sessions and keys of their own."""
    async with temporary_database() as database:
        yield database


@pytest.fixture(scope="module")
def app(shared: Database, tmp_path_factory: pytest.TempPathFactory) -> FastAPI:
    return make_app(make_settings(tmp_path_factory.mktemp("data")), shared)


@pytest.fixture(scope="module")
async def client(app: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    async with make_client(app) as client:
        yield client
