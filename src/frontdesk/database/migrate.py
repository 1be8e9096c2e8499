"""Migrations: plain SQL files, in order, forward only, applied by the role that owns the tables."""

from __future__ import annotations

import hashlib
import re
from importlib import resources

import psycopg
from psycopg import sql

from frontdesk.errors import DatabaseUnavailable, SettingsError

SCHEMA = "frontdesk"
APP_ROLE = "frontdesk_app"
NOT_A_URL = (
    "FRONTDESK_DATABASE_URL or FRONTDESK_MIGRATION_URL: this is no connection string; "
    "write postgresql://user:password@host:5432/database"
)
LOCK = 7_240_311_002  # any number, the same for every Frontdesk


def migrations() -> list[tuple[int, str, str]]:
    """(number, name, SQL) of each migration, in order."""
    folder = resources.files("frontdesk.database") / "migrations"
    found: list[tuple[int, str, str]] = []
    for entry in folder.iterdir():
        match = re.fullmatch(r"(\d{4})_(\w+)\.sql", entry.name)
        if match:
            found.append((int(match[1]), match[2], entry.read_text(encoding="utf-8")))
    return sorted(found)


def migrate(conninfo: str, *, to: int | None = None) -> list[str]:
    """Bring the database at ``conninfo`` to migration ``to`` (the newest by default).

    Returns the names of those applied now. Each runs in a transaction of its own, behind a lock that keeps
    two starting servers apart. Raises SettingsError where the role may not do it, where pgvector is
    missing, or where an applied migration's text has changed since.
    """
    try:
        with psycopg.connect(conninfo, autocommit=True, connect_timeout=10) as connection:
            connection.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
            _prepare(connection)
            return _apply(connection, to)
    except psycopg.errors.InsufficientPrivilege as error:
        raise SettingsError(
            f"FRONTDESK_MIGRATION_URL: its role may not prepare the database ({error.diag.message_primary}). "
            f"Let a superuser run: CREATE ROLE {APP_ROLE} NOLOGIN; CREATE EXTENSION vector; and own the database"
        ) from None
    except psycopg.ProgrammingError as error:
        if error.diag.sqlstate is None:  # libpq could not read the string; its words quote the password
            raise SettingsError(NOT_A_URL) from None
        raise
    except psycopg.OperationalError as error:
        raise unreachable("FRONTDESK_DATABASE_URL or FRONTDESK_MIGRATION_URL", error) from None


def unreachable(setting: str, error: psycopg.OperationalError) -> DatabaseUnavailable:
    """The sentence for a server that refuses or is not there; PostgreSQL's own words name no password."""
    reason = str(error).strip().splitlines()[-1] if str(error).strip() else "no answer"
    return DatabaseUnavailable(f"{setting}: PostgreSQL cannot be reached: {reason}")


def _prepare(connection: psycopg.Connection) -> None:
    exists = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (APP_ROLE,)).fetchone()
    if not exists:
        connection.execute(sql.SQL("CREATE ROLE {} NOLOGIN").format(sql.Identifier(APP_ROLE)))
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(APP_ROLE)))
    # Not IF NOT EXISTS: that wants the right to create even where there is nothing left to do.
    if not connection.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", (SCHEMA,)).fetchone():
        connection.execute(sql.SQL("CREATE SCHEMA {}").format(sql.Identifier(SCHEMA)))
    connection.execute(
        sql.SQL("GRANT USAGE ON SCHEMA {} TO {}").format(sql.Identifier(SCHEMA), sql.Identifier(APP_ROLE))
    )
    try:
        connection.execute("CREATE EXTENSION IF NOT EXISTS vector WITH SCHEMA public")
    except (psycopg.errors.FeatureNotSupported, psycopg.errors.UndefinedFile):
        raise SettingsError(
            "FRONTDESK_DATABASE_URL: this PostgreSQL has no pgvector; install the extension 'vector'"
        ) from None
    connection.execute(sql.SQL("SET search_path = {}, public").format(sql.Identifier(SCHEMA)))
    connection.execute(
        "CREATE TABLE IF NOT EXISTS migrations (number integer PRIMARY KEY, name text NOT NULL,"
        " sha256 text NOT NULL, applied_at timestamptz NOT NULL DEFAULT now())"
    )


def _apply(connection: psycopg.Connection, to: int | None) -> list[str]:
    applied = dict(connection.execute("SELECT number, sha256 FROM migrations").fetchall())
    names: list[str] = []
    for number, name, text in migrations():
        digest = hashlib.sha256(text.encode()).hexdigest()
        if number in applied:
            if applied[number] != digest:
                raise SettingsError(f"migration {number:04d}_{name} has changed since it was applied")
            continue
        if to is not None and number > to:
            break
        with connection.transaction():
            connection.execute(text.encode())
            connection.execute(
                "INSERT INTO migrations (number, name, sha256) VALUES (%s, %s, %s)", (number, name, digest)
            )
        names.append(f"{number:04d}_{name}")
    return names
