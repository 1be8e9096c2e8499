"""Making sure that PostgreSQL's own files hold nothing of what was deleted."""

from __future__ import annotations

import psycopg

from frontdesk.database import SCHEMA
from frontdesk.store.personal import PLACES

__all__ = ["scrub"]

OTHERS = ("knowledge_gaps", "procrastinate_jobs")  # also written for customers, also emptied


def scrub(owner_url: str) -> bool:
    """Rewrite the tables that held personal data, and let go of the write-ahead log before now.

    A deleted row stays in its page until something is written over it; a rewritten table has no such pages. Each
    table is locked while it is rewritten, which takes about as long as reading it. Returns whether the log could be
    let go of too, which needs a superuser, as the embedded database has.
    """
    options = f"-c search_path={SCHEMA},public -c statement_timeout=0"
    with psycopg.connect(owner_url, autocommit=True, options=options) as connection:
        for table in (*(place.table for place in PLACES), *OTHERS):
            connection.execute(f"VACUUM (FULL, ANALYZE) {table}".encode())
        row = connection.execute("SELECT rolsuper FROM pg_roles WHERE rolname = current_user").fetchone()
        if not row or not row[0]:
            return False
        # Old segments are deleted, not kept to be written over: the first checkpoint ends the need for them.
        connection.execute("ALTER SYSTEM SET wal_recycle = off")
        connection.execute("SELECT pg_reload_conf()")
        connection.execute("CHECKPOINT")
        connection.execute("SELECT pg_switch_wal()")
        connection.execute("CHECKPOINT")
    return True
