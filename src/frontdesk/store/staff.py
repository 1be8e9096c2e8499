"""Who works here: their passwords, hashed, and their sessions, by SHA-256."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg

from frontdesk.database import Database
from frontdesk.errors import DeclarationError
from frontdesk.store.identity import digest

Role = Literal["agent", "lead", "admin"]
Via = Literal["password", "oidc"]
COLUMNS = "id, email, name, role, shortcuts, disabled_at"


@dataclass(frozen=True, slots=True)
class Staff:
    """One who works here. ``shortcuts``: single keys do things in the console."""

    id: UUID
    email: str
    name: str
    role: Role
    shortcuts: bool = True
    disabled_at: datetime | None = None


async def add(database: Database, email: str, name: str, role: Role, password: bytes) -> Staff:
    """A new member of staff. Raises DeclarationError where the address is taken."""
    try:
        async with database.transaction(brief=True) as connection:
            cursor = await connection.execute(
                f"INSERT INTO staff (email, name, role, password_hash) VALUES (%s, %s, %s, %s) RETURNING {COLUMNS}",  # noqa: S608
                (email.lower(), name, role, password),
            )
            row = await cursor.fetchone()
    except psycopg.errors.UniqueViolation:
        raise DeclarationError("somebody with this e-mail address is here already") from None
    assert row is not None  # noqa: S101  (INSERT … RETURNING gives one row)
    return Staff(*row)


async def listed(database: Database) -> list[Staff]:
    """Everybody, by name; those who were disabled last."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            f"SELECT {COLUMNS} FROM staff ORDER BY disabled_at IS NOT NULL, lower(name), email"  # noqa: S608
        )
        return [Staff(*row) for row in await cursor.fetchall()]


async def by_email(database: Database, email: str) -> tuple[Staff, bytes] | None:
    """A member of staff who may sign in, and the hash of their password."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            f"SELECT {COLUMNS}, password_hash FROM staff WHERE email = %s AND disabled_at IS NULL",  # noqa: S608
            (email.lower(),),
        )
        row = await cursor.fetchone()
    return (Staff(*row[:-1]), bytes(row[-1])) if row else None


async def rehash(database: Database, staff_id: UUID, password: bytes) -> None:
    """Keep the same password under a newer hash; sessions go on."""
    async with database.transaction(brief=True) as connection:
        await connection.execute("UPDATE staff SET password_hash = %s WHERE id = %s", (password, staff_id))


async def open_session(database: Database, staff_id: UUID, token: str, via: Via) -> None:
    """Keep a session for ``token``, and that it began."""
    async with database.transaction(brief=True) as connection:
        await connection.execute(
            "INSERT INTO staff_sessions (token_sha256, staff_id, via) VALUES (%s, %s, %s)",
            (digest(token), staff_id, via),
        )
        await connection.execute(
            "INSERT INTO staff_events (staff_id, event, data) VALUES (%s, 'signed_in', jsonb_build_object('via', %s::text))",
            (staff_id, via),
        )


async def by_session(
    database: Database, token: str, *, idle: timedelta, longest: Mapping[Via, timedelta]
) -> Staff | None:
    """Whose session ``token`` is; None for one that has ended, or rested too long. Being asked counts as activity."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "SELECT s.id, s.email, s.name, s.role, s.shortcuts, s.disabled_at,"
            " k.seen_at < now() - interval '1 minute'"
            " FROM staff_sessions k JOIN staff s ON s.id = k.staff_id"
            " WHERE k.token_sha256 = %s AND k.ended_at IS NULL AND s.disabled_at IS NULL"
            " AND k.seen_at > now() - %s AND k.created_at > now() - CASE k.via WHEN 'oidc' THEN %s ELSE %s END",
            (digest(token), idle, longest["oidc"], longest["password"]),
        )
        row = await cursor.fetchone()
        if row and row[-1]:
            await connection.execute(
                "UPDATE staff_sessions SET seen_at = now() WHERE token_sha256 = %s", (digest(token),)
            )
    return Staff(*row[:-1]) if row else None


async def end_session(database: Database, token: str) -> None:
    """End one session."""
    async with database.transaction(brief=True) as connection:
        await connection.execute(
            "UPDATE staff_sessions SET ended_at = now() WHERE token_sha256 = %s AND ended_at IS NULL",
            (digest(token),),
        )


async def change(
    database: Database,
    staff_id: UUID,
    *,
    role: Role | None = None,
    disabled: bool | None = None,
    password: bytes | None = None,
    shortcuts: bool | None = None,
) -> bool:
    """Change what is given; False for somebody unknown. A new password and a disabled account end all sessions."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "UPDATE staff SET role = coalesce(%(role)s, role), password_hash = coalesce(%(password)s, password_hash),"
            " shortcuts = coalesce(%(shortcuts)s, shortcuts), disabled_at = CASE WHEN %(disabled)s::boolean IS NULL"
            " THEN disabled_at WHEN %(disabled)s THEN coalesce(disabled_at, now()) END WHERE id = %(id)s",
            {
                "id": staff_id,
                "role": role,
                "disabled": disabled,
                "password": password,
                "shortcuts": shortcuts,
            },
        )
        if password or disabled:
            await connection.execute(
                "UPDATE staff_sessions SET ended_at = now() WHERE staff_id = %s AND ended_at IS NULL",
                (staff_id,),
            )
        return cursor.rowcount > 0
