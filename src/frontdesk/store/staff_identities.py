"""Staff as an identity provider knows them: who they are here, what was begun there, who came in when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb

from frontdesk.database import Database
from frontdesk.store.identity import digest
from frontdesk.store.staff import COLUMNS, Role, Staff

ONE_AT_A_TIME = 7021  # an advisory lock: two first sign-ins of one person are one account
BEGUN_MINUTES = 10
MOST_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Identity:
    """Somebody the provider at ``issuer`` vouches for: an address it has verified, and a role by its groups."""

    issuer: str
    subject: str
    email: str
    name: str
    role: Role


@dataclass(frozen=True, slots=True)
class StaffEvent:
    """What happened to somebody's account, with what the provider said."""

    at: datetime
    email: str
    event: str
    data: dict[str, Any]


async def admit(database: Database, who: Identity, password: bytes) -> Staff | str:
    """Who ``who`` is here, with the role they have there; or why nobody: ``disabled``, ``taken``.

    A new account, and one that is linked now, get ``password``, which nobody knows: from then on the provider decides.
    """
    async with database.transaction(brief=True) as connection:
        await connection.execute("SELECT pg_advisory_xact_lock(%s)", (ONE_AT_A_TIME,))
        staff = await _one(
            connection,
            "id = (SELECT staff_id FROM staff_identities WHERE issuer = %s AND subject = %s)",
            who.issuer,
            who.subject,
        )
        if staff is None:
            staff = await _linked(connection, who, password)
        if isinstance(staff, str):
            return staff
        if staff.disabled_at:
            return "disabled"
        if staff.role != who.role:
            await connection.execute("UPDATE staff SET role = %s WHERE id = %s", (who.role, staff.id))
            await note(connection, staff.id, "role", before=staff.role, now=who.role)
        return staff


async def _linked(connection: AsyncConnection[Any], who: Identity, password: bytes) -> Staff | str:
    """The account with this address, linked; a new one where there is none; ``taken`` where it is another person's."""
    staff, event = await _one(connection, "email = %s", who.email), "linked"
    if staff is None:
        await connection.execute(
            "INSERT INTO staff (email, name, role, password_hash) VALUES (%s, %s, %s, %s)",
            (who.email, who.name, who.role, password),
        )
        staff, event = await _one(connection, "email = %s", who.email), "made"
    assert staff is not None  # noqa: S101  (inserted just now)
    if staff.disabled_at:
        return "disabled"
    cursor = await connection.execute(
        "INSERT INTO staff_identities (issuer, subject, staff_id) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING",
        (who.issuer, who.subject, staff.id),
    )
    if not cursor.rowcount:
        return "taken"
    await connection.execute("UPDATE staff SET password_hash = %s WHERE id = %s", (password, staff.id))
    await _end(connection, staff.id)  # a session by the password would outlast the provider's by days
    await note(connection, staff.id, event, issuer=who.issuer)
    return staff


async def _one(connection: AsyncConnection[Any], where: str, *values: str) -> Staff | None:
    query = f"SELECT {COLUMNS} FROM staff WHERE {where}"  # noqa: S608  (constants of this module)
    row = await (await connection.execute(query.encode(), values)).fetchone()
    return Staff(*row) if row else None


async def unlink(database: Database, staff_id: UUID) -> bool:
    """Forget who somebody is at the provider and end what they have open; False where they are not known there."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute("DELETE FROM staff_identities WHERE staff_id = %s", (staff_id,))
        if not cursor.rowcount:
            return False
        await _end(connection, staff_id)
        await note(connection, staff_id, "unlinked")
        return True


async def shut_out(database: Database, issuer: str, subject: str, why: str) -> None:
    """End what somebody opened who has no business here any more, as the provider says."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "SELECT staff_id FROM staff_identities WHERE issuer = %s AND subject = %s", (issuer, subject)
        )
        if row := await cursor.fetchone():
            await _end(connection, row[0])
            await note(connection, row[0], "refused", why=why)


async def _end(connection: AsyncConnection[Any], staff_id: UUID) -> None:
    await connection.execute(
        "UPDATE staff_sessions SET ended_at = now() WHERE staff_id = %s AND ended_at IS NULL", (staff_id,)
    )


async def note(connection: AsyncConnection[Any], staff_id: UUID, event: str, **data: str) -> None:
    """Write down what happened, in the transaction in which it does."""
    await connection.execute(
        "INSERT INTO staff_events (staff_id, event, data) VALUES (%s, %s, %s)", (staff_id, event, Jsonb(data))
    )


async def events(database: Database) -> list[StaffEvent]:
    """The newest ones, newest first."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "SELECT e.at, s.email, e.event, e.data FROM staff_events e JOIN staff s ON s.id = e.staff_id"
            " ORDER BY e.n DESC LIMIT %s",
            (MOST_SHOWN,),
        )
        return [StaffEvent(*row) for row in await cursor.fetchall()]


async def begin(database: Database, state: str) -> None:
    """Remember that ``state`` went to the provider; forget those that never came back."""
    async with database.transaction(brief=True) as connection:
        await connection.execute(
            "DELETE FROM staff_sign_ins WHERE begun_at < now() - %s", (timedelta(minutes=BEGUN_MINUTES),)
        )
        await connection.execute(
            "INSERT INTO staff_sign_ins (state_sha256) VALUES (%s) ON CONFLICT DO NOTHING", (digest(state),)
        )


async def come_back(database: Database, state: str) -> bool:
    """Whether ``state`` went out; False for one that is unknown, too old or came back before."""
    async with database.transaction(brief=True) as connection:
        cursor = await connection.execute(
            "DELETE FROM staff_sign_ins WHERE state_sha256 = %s AND begun_at > now() - %s",
            (digest(state), timedelta(minutes=BEGUN_MINUTES)),
        )
        return cursor.rowcount > 0
