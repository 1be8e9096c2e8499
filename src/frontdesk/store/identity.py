"""Sessions of the widget and keys of trusted backends. Both are looked up by SHA-256; neither is stored."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import psycopg

from frontdesk.database import Database
from frontdesk.errors import DeclarationError

__all__ = [
    "ServiceKey",
    "WidgetSession",
    "create_service_key",
    "create_session",
    "digest",
    "find_service_key",
    "find_session",
    "forget_old_sessions",
    "list_service_keys",
    "revoke_customer_sessions",
    "revoke_kid_sessions",
    "revoke_service_key",
    "revoke_session",
]


@dataclass(frozen=True, slots=True)
class WidgetSession:
    """A session as the database holds it. ``live``: not revoked, not idle too long, not past its end."""

    id: UUID
    kind: Literal["customer", "visitor"]
    customer_id: str
    permissions: frozenset[str] | None
    expires_at: datetime
    live: bool = True


@dataclass(frozen=True, slots=True)
class ServiceKey:
    """A backend's key: its public half, and the hash of the whole. ``revoked_at`` is None while it works.

    ``rights``: "knowledge", it may use /support/knowledge; "approvals", it may use /support/approvals;
    "privacy", it may use /support/customers.
    """

    id: str
    name: str
    sha256: bytes
    created_at: datetime
    revoked_at: datetime | None
    rights: frozenset[str] = frozenset()


def digest(token: str) -> bytes:
    """What of a token is kept: its SHA-256. The token has 256 random bits, so no salt is needed."""
    return hashlib.sha256(token.encode()).digest()


# ------------------------------------------------------------------ sessions of the widget
async def create_session(
    database: Database,
    token: str,
    customer_id: str,
    *,
    lifetime: timedelta,
    kid: str | None = None,
    permissions: frozenset[str] | None = None,
) -> WidgetSession:
    """Store a session for ``token``; without a ``kid`` it is a visitor's."""
    kind = "customer" if kid is not None else "visitor"
    narrowed = None if permissions is None else sorted(permissions)
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "INSERT INTO widget_sessions (token_sha256, kind, customer_id, kid, permissions, expires_at)"
            " VALUES (%s, %s, %s, %s, %s, now() + %s) RETURNING id, expires_at",
            (digest(token), kind, customer_id, kid, narrowed, lifetime),
        )
        row = await cursor.fetchone()
    assert row is not None  # noqa: S101 - INSERT … RETURNING gives one row
    return WidgetSession(row[0], kind, customer_id, permissions, row[1])


async def find_session(database: Database, token: str, *, idle: timedelta) -> WidgetSession | None:
    """The session of ``token``, dead or alive; None if there never was one, or it ended over a day ago.

    Finding a live one counts as activity, written at most once a minute.
    """
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "SELECT id, kind, customer_id, permissions, expires_at,"
            " revoked_at IS NULL AND expires_at > now() AND last_seen_at > now() - %s,"
            " last_seen_at <= now() - interval '1 minute'"
            " FROM widget_sessions WHERE token_sha256 = %s",
            (idle, digest(token)),
        )
        row = await cursor.fetchone()
        if row is None:
            return None
        if row[5] and row[6]:
            await connection.execute(
                "UPDATE widget_sessions SET last_seen_at = now()"
                " WHERE id = %s AND last_seen_at <= now() - interval '1 minute'",
                (row[0],),
            )
    permissions = None if row[3] is None else frozenset[str](row[3])
    return WidgetSession(row[0], row[1], row[2], permissions, row[4], row[5])


async def revoke_session(database: Database, session_id: UUID) -> bool:
    """End one session; False if it had ended already or is not there."""
    return (
        await _revoke(database, "UPDATE widget_sessions SET revoked_at = now() WHERE id = %s", session_id) > 0
    )


async def revoke_customer_sessions(database: Database, customer_id: str) -> int:
    """End all sessions of a customer, for instance when the shop closes the account. Returns how many."""
    return await _revoke(
        database, "UPDATE widget_sessions SET revoked_at = now() WHERE customer_id = %s", customer_id
    )


async def revoke_kid_sessions(database: Database, kid: str) -> int:
    """End all sessions that a token signed with ``kid`` opened: that key has leaked. Returns how many."""
    return await _revoke(database, "UPDATE widget_sessions SET revoked_at = now() WHERE kid = %s", kid)


async def forget_old_sessions(database: Database) -> int:
    """Delete sessions that reached their end over a day ago. Returns how many."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "DELETE FROM widget_sessions WHERE expires_at < now() - interval '1 day'"
        )
        return cursor.rowcount


# ------------------------------------------------------------------ keys of trusted backends
async def create_service_key(database: Database, name: str, *, rights: Collection[str] = ()) -> str:
    """A new key ``sk_<id>_<secret>`` for the backend called ``name``; this is the only time it is seen.

    ``rights`` are what it may do beyond speaking for customers: "knowledge" lets it use /support/knowledge (read what
    all customers asked, publish what all customers read), "approvals" /support/approvals, for staff it vouches for,
    "privacy" /support/customers (export and erase any customer).
    Raises DeclarationError if two keys of that name are active already, or the name cannot be one.
    """
    key_id = secrets.token_hex(8)
    key = f"sk_{key_id}_{secrets.token_urlsafe(32)}"
    try:
        async with database.transaction(brief=True) as connection:
            cursor = await connection.execute(
                "INSERT INTO service_keys (id, name, slot, key_sha256, rights)"
                " SELECT %(id)s, %(name)s, min(slot), %(sha256)s, %(rights)s"
                " FROM (VALUES (1), (2)) AS free (slot) WHERE NOT EXISTS ("
                "  SELECT FROM service_keys k"
                "  WHERE k.name = %(name)s AND k.slot = free.slot AND k.revoked_at IS NULL)"
                " HAVING min(slot) IS NOT NULL",
                {
                    "id": key_id,
                    "name": name,
                    "sha256": digest(key),
                    "rights": sorted(rights),
                },
            )
            created = cursor.rowcount == 1
    except psycopg.errors.CheckViolation:
        raise DeclarationError("a key's name is 1 to 64 of the characters A-Z a-z 0-9 . _ -") from None
    except psycopg.errors.UniqueViolation:  # somebody else took the slot in this moment
        created = False
    if not created:
        raise DeclarationError("two keys of this name are active: revoke one, then make the new one")
    return key


async def find_service_key(database: Database, key_id: str) -> ServiceKey | None:
    """The key with this id, revoked or not."""
    found = await _keys(database, "WHERE id = %s", key_id)
    return found[0] if found else None


async def list_service_keys(database: Database) -> list[ServiceKey]:
    """All keys, the newest first."""
    return await _keys(database, "ORDER BY created_at DESC, id")


async def revoke_service_key(database: Database, key_id: str) -> bool:
    """End a key; servers that have seen it honour it for up to 30 s more. False if there is none active."""
    return await _revoke(database, "UPDATE service_keys SET revoked_at = now() WHERE id = %s", key_id) > 0


async def _keys(database: Database, which: str, *values: str) -> list[ServiceKey]:
    columns = "SELECT id, name, key_sha256, created_at, revoked_at, rights FROM service_keys "
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute((columns + which).encode(), values)
        return [ServiceKey(*row[:-1], rights=frozenset(row[-1])) for row in await cursor.fetchall()]


async def _revoke(database: Database, update: str, value: str | UUID) -> int:
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(f"{update} AND revoked_at IS NULL".encode(), (value,))
        return cursor.rowcount
