"""Making sure that PostgreSQL's own files hold nothing of what was deleted."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager, nullcontext

import psycopg
import structlog
from psycopg.errors import LockNotAvailable

from frontdesk.database import SCHEMA, TCP
from frontdesk.errors import Conflict
from frontdesk.store.personal import PLACES

__all__ = ["LOCK_SECONDS", "analyze", "scrub"]

log = structlog.get_logger("frontdesk.privacy")
CLEARS_FROM = 180000  # PostgreSQL 18 is the first with pg_clear_attribute_stats
LOCK_SECONDS = 30  # who waits longer for a lock holds up everybody behind
AHEAD = """
SELECT count(*) FROM pg_ls_waldir()
WHERE name ~ '^[0-9A-F]{24}$' AND name > pg_walfile_name(pg_current_wal_insert_lsn())
"""
# A switch without a record since the last one is none.
NEXT_SEGMENT = "SELECT pg_logical_emit_message(false, 'frontdesk', 'scrub'), pg_switch_wal()"
TABLES = (*(place.table for place in PLACES), "knowledge_gaps", "procrastinate_jobs")


def analyze(owner_url: str) -> bool:
    """Take samples for the planner anew: the ones it has may hold values of rows that are gone.

    Never raises, for what it follows is done; False where samples of before may have stayed.
    """
    try:
        with _connected(owner_url) as connection:
            connection.execute(f"ANALYZE {', '.join(TABLES)}".encode())
            return _forget_empty(connection)
    except psycopg.Error as error:
        log.warning("the planner's samples were not taken anew", error=type(error).__name__)
        return False


def scrub(owner_url: str) -> bool:
    """Rewrite the tables that held personal data, and let go of the write-ahead log before now.

    A deleted row stays in its page until something is written over it; a rewritten table has no such pages. Each
    table is locked while it is rewritten, which takes about as long as reading it. Returns whether the log could be
    let go of too, which needs a superuser, as the embedded database has. Raises Conflict where a table is in use for
    longer than a lock is waited for.
    """
    with _connected(owner_url) as connection:
        superuser = _superuser(connection)
        with _without_recycling(connection) if superuser else nullcontext():
            for table in TABLES:
                try:
                    connection.execute(f"VACUUM (FULL, ANALYZE) {table}".encode())
                except LockNotAvailable:
                    raise Conflict(f"The table {table} is in use: scrub when less is going on.") from None
            _forget_empty(connection)
            if superuser:
                connection.execute("VACUUM (FULL) pg_catalog.pg_statistic")  # the samples
                _let_go_of_log(connection)
    return superuser


@contextmanager
def _without_recycling(connection: psycopg.Connection) -> Generator[None]:
    """Old segments of the log are deleted, not kept to be written over. Begun early: the server is told by a signal."""
    connection.execute("ALTER SYSTEM SET wal_recycle = off")
    try:
        connection.execute("SELECT pg_reload_conf()")
        yield
    finally:
        connection.execute("ALTER SYSTEM RESET wal_recycle")
        connection.execute("SELECT pg_reload_conf()")


def _let_go_of_log(connection: psycopg.Connection) -> None:
    """Segments that were recycled before lie ahead with what they held: each is gone through, and so overwritten.

    Two checkpoints then end the need for all of them.
    """
    row = connection.execute(AHEAD).fetchone()
    for _ in range(row[0] if row else 0):
        connection.execute(NEXT_SEGMENT)
    connection.execute("CHECKPOINT")
    connection.execute(NEXT_SEGMENT)
    connection.execute("CHECKPOINT")


def _forget_empty(connection: psycopg.Connection) -> bool:
    """Of a table without rows ANALYZE takes no samples, and keeps the old ones; whether those could be taken away.

    Before PostgreSQL 18 only a superuser may.
    """
    empty = [
        table
        for table in TABLES
        if connection.execute(f"SELECT FROM {table} LIMIT 1".encode()).fetchone() is None
    ]
    if connection.info.server_version >= CLEARS_FROM:
        connection.execute(
            "SELECT pg_clear_attribute_stats(schemaname, tablename, attname, inherited) FROM pg_stats"
            " WHERE schemaname = %s AND tablename = ANY (%s)",
            (SCHEMA, empty),
        )
    elif _superuser(connection):
        connection.execute("DELETE FROM pg_statistic WHERE starelid = ANY (%s::regclass[])", (empty,))
    else:
        left = connection.execute(
            "SELECT FROM pg_stats WHERE schemaname = %s AND tablename = ANY (%s) LIMIT 1", (SCHEMA, empty)
        )
        return left.fetchone() is None
    return True


def _superuser(connection: psycopg.Connection) -> bool:
    row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
    return bool(row and row[0])


def _connected(owner_url: str) -> psycopg.Connection:
    options = f"-c search_path={SCHEMA},public -c statement_timeout=0 -c lock_timeout={LOCK_SECONDS}s"
    return psycopg.connect(owner_url, autocommit=True, options=options, connect_timeout=5, **TCP)
