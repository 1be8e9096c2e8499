"""Customers' accounts in the database."""

import hashlib
import secrets
from datetime import timedelta

from psycopg.errors import UniqueViolation

from examples.ourshop.shop import rules
from examples.ourshop.shop.context import Shop
from examples.ourshop.shop.database import Connection
from examples.ourshop.shop.models import Address, PasswordReset, SentEmail, User
from examples.ourshop.shop.problems import EmailMismatch, EmailTaken, NotFound
from examples.ourshop.shop.wishes import EmailChange


async def require(conn: Connection, user_id: str) -> str:
    """The user's e-mail address, or a 404."""
    found = await conn.execute("SELECT email FROM users WHERE id = %s", [user_id])
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="user", key=user_id)
    return row["email"]


async def get(conn: Connection, user_id: str) -> User:
    """The account with its address book."""
    found = await conn.execute(
        "SELECT id, name, email, phone, locale, created_at::date AS customer_since FROM users WHERE id = %s",
        [user_id],
    )
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="user", key=user_id)
    addresses = await conn.execute(
        'SELECT id, name, street, postal_code, city, country, is_default AS "default" FROM addresses'
        " WHERE user_id = %s ORDER BY is_default DESC, id",
        [user_id],
    )
    return User(**row, addresses=[Address(**address) for address in await addresses.fetchall()])


async def change_email(conn: Connection, user_id: str, change: EmailChange) -> User:
    """Replace the e-mail address if `current_email` is the present one."""
    found = await conn.execute("SELECT email FROM users WHERE id = %s FOR UPDATE", [user_id])
    row = await found.fetchone()
    if row is None:
        raise NotFound(what="user", key=user_id)
    if row["email"].lower() != change.current_email.lower():
        raise EmailMismatch
    try:
        await conn.execute("UPDATE users SET email = %s WHERE id = %s", [change.email, user_id])
    except UniqueViolation as error:
        raise EmailTaken from error
    return await get(conn, user_id)


async def send_email(shop: Shop, conn: Connection, user_id: str, kind: str, subject_id: str) -> SentEmail:
    """Queue an e-mail to the address on the account."""
    recipient = await require(conn, user_id)
    added = await conn.execute(
        "INSERT INTO emails (id, user_id, kind, recipient, subject_id, created_at)"
        " VALUES ('EM' || nextval('email_ids'), %s, %s, %s, %s, %s)"
        " RETURNING id, kind, recipient AS sent_to, subject_id, created_at AS sent_at",
        [user_id, kind, recipient, subject_id, shop.clock()],
    )
    row = await added.fetchone()
    return SentEmail.model_validate(row)


async def reset_password(shop: Shop, conn: Connection, user_id: str) -> PasswordReset:
    """Send a reset link and void the earlier ones that were not used."""
    await require(conn, user_id)
    now = shop.clock()
    await conn.execute(
        "UPDATE password_resets SET expires_at = %s WHERE user_id = %s AND used_at IS NULL AND expires_at > %s",
        [now, user_id, now],
    )
    # Only the hash is kept: whoever reads the database cannot take over an account.
    token_hash = hashlib.sha256(secrets.token_bytes(32)).digest()
    added = await conn.execute(
        "INSERT INTO password_resets (id, user_id, token_hash, created_at, expires_at)"
        " VALUES ('PR' || nextval('reset_ids'), %s, %s, %s, %s) RETURNING id, user_id, expires_at",
        [user_id, token_hash, now, now + timedelta(minutes=rules.PASSWORD_RESET_MINUTES)],
    )
    row = await added.fetchone() or {}
    email = await send_email(shop, conn, user_id, "password_reset", row["id"])
    return PasswordReset(**row, sent_to=email.sent_to)
