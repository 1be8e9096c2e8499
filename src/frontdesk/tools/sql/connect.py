"""Connections that only read: to PostgreSQL, MySQL, MariaDB and SQLite, each with a limit on time."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import sqlalchemy as sa
from sqlalchemy.exc import (
    ArgumentError,
    DBAPIError,
    InterfaceError,
    NoSuchModuleError,
    OperationalError,
    SQLAlchemyError,
)
from sqlalchemy.exc import (
    TimeoutError as PoolTimeout,
)

from frontdesk.errors import SettingsError, ToolUnavailable

SECONDS = 5.0
DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg", "mysql": "mysql+pymysql",
           "mariadb": "mariadb+pymysql"}  # fmt: skip
WRITE = "write postgresql://user:password@host/database, mysql://… or sqlite:///shop.db"
EMPTY = f"it is empty. Set the variable that your tools read it from, SHOP_DATABASE_URL: {WRITE}"
KNOWN = ("postgresql", "mysql", "mariadb", "sqlite")


def engine_of(url: str, *, seconds: float = SECONDS) -> sa.Engine:
    """A pool of connections to the database at ``url``; nothing is connected yet.

    Raises SettingsError with what to write or to install.
    """
    try:
        parsed = sa.make_url(url)
        parsed = parsed.set(drivername=DRIVERS.get(parsed.drivername, parsed.drivername))
        backend = parsed.get_backend_name()
        if backend not in KNOWN:
            raise SettingsError(f"there are tools for {', '.join(KNOWN)}, not for {backend}")
        if backend == "sqlite":
            return _sqlite(parsed.database or "", seconds)
        timeout = {"connect_timeout": 5}
        return sa.create_engine(
            parsed,
            pool_size=5,
            max_overflow=5,
            pool_timeout=seconds,
            pool_pre_ping=True,
            connect_args=timeout,
        )
    except (ArgumentError, NoSuchModuleError, ValueError):  # their words quote the password
        raise SettingsError(f"this is no address of a database: {EMPTY if not url else WRITE}") from None
    except ModuleNotFoundError as error:
        raise SettingsError(f"this database needs a driver: pip install {error.name}") from None


def _sqlite(path: str, seconds: float) -> sa.Engine:
    if not path or path == ":memory:" or not Path(path).is_file():
        raise SettingsError(f"there is no SQLite file {path or 'named'}: write sqlite:///shop.db")
    address = f"file:{quote(str(Path(path).resolve()))}?mode=ro"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(address, uri=True, check_same_thread=False, timeout=seconds)
        connection.execute("PRAGMA query_only = ON")
        return connection

    return sa.create_engine("sqlite://", creator=connect, poolclass=sa.QueuePool)


@contextmanager
def reading(engine: sa.Engine, *, seconds: float = SECONDS) -> Generator[sa.Connection]:
    """A connection in a read-only transaction, none of whose statements runs longer than ``seconds``.

    Raises ToolUnavailable where the database does not answer, or not in time.
    """
    try:
        with engine.connect() as connection:
            _limit(connection, seconds)
            yield connection
    except DBAPIError as error:
        if isinstance(error, OperationalError | InterfaceError):
            raise ToolUnavailable from None
        raise
    except PoolTimeout:
        raise ToolUnavailable from None


def _limit(connection: sa.Connection, seconds: float) -> None:
    """Make what follows on ``connection`` read-only and bounded."""
    milliseconds = int(seconds * 1000)
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET TRANSACTION READ ONLY"))
        connection.execute(sa.text(f"SET LOCAL statement_timeout = {milliseconds}"))
    elif connection.dialect.name == "sqlite":
        driver: Any = connection.connection.driver_connection
        end = time.monotonic() + seconds
        driver.set_progress_handler(lambda: time.monotonic() > end, 10_000)
    else:
        mariadb = bool(getattr(connection.dialect, "is_mariadb", False))
        limit = f"max_statement_time = {seconds}" if mariadb else f"max_execution_time = {milliseconds}"
        connection.execute(sa.text(f"SET SESSION {limit}"))
        connection.execute(sa.text("SET SESSION TRANSACTION READ ONLY"))
        connection.rollback()  # the transaction that begins next is a read-only one


def why(error: SQLAlchemyError) -> str:
    """The database's own words for an error, on one line; a connection string is in none of them."""
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()
    return cause[0] if cause else type(error).__name__
