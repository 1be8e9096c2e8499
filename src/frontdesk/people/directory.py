"""Signing in: passwords (argon2id), who an identity provider vouches for, sessions, and a brake on guessing."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import re
import secrets
from datetime import timedelta
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError

from frontdesk.database import Database
from frontdesk.errors import DeclarationError, FrontdeskError, NotFound, RateLimited
from frontdesk.store import staff as store
from frontdesk.store import staff_identities as identities
from frontdesk.store.rates import PostgresRates, Rate
from frontdesk.store.staff import Role, Staff, Via
from frontdesk.store.staff_identities import Identity, StaffEvent

__all__ = ["Identity", "NotAdmitted", "StaffDirectory"]

IDLE = timedelta(hours=8)
# Who has left the company, or its group, is not asked about again before the session ends.
LONGEST: dict[Via, timedelta] = {"password": timedelta(days=7), "oidc": timedelta(hours=12)}
TRIES, WINDOW = 8, 300.0  # failed tries of one address or one account, in seconds
BEGUN = 300  # ways to the provider begun from one address in the same time: a whole office in the morning
SHORTEST = 10  # characters of a password
# OWASP's least for argon2id: 19 MiB, two passes; so many at once that guessing cannot take the memory.
ARGON, AT_ONCE = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1), 4
ARGON_MARK = b"$argon2id$"
EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,189}")


class NotAdmitted(FrontdeskError):
    """Your account may not use this console: ask an admin."""

    code, status = "not_admitted", 403


REFUSED = {
    "disabled": "Your account here is disabled: ask an admin.",
    "taken": "Your e-mail address belongs to somebody else's account here: ask an admin to unlink it.",
}


class StaffDirectory:
    """Who works here. Failed tries are counted by all processes together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tries = PostgresRates(database)
        self._decoy = _hash(secrets.token_hex())
        self._hashing = asyncio.Semaphore(AT_ONCE)

    async def sign_in(self, email: str, password: str, *, address: str = "") -> str | None:
        """A new session's token; None where the two do not belong together, whichever of them is wrong.

        An unknown address costs as long as a wrong password. Raises RateLimited after too many failures.
        """
        account = Rate.of(f"sign-in account:{email.lower()}", TRIES, WINDOW)
        place = Rate.of(f"sign-in address:{address}", TRIES, WINDOW)
        # Counted before it is known to fail, so that no more are tried at once than may fail.
        if wait := await self._tries.take([account, place]):
            raise RateLimited("Too many tries. Wait five minutes, then try again.", retry_after=int(wait) + 1)
        found = await store.by_email(self._database, email)
        async with self._hashing:
            right = await asyncio.to_thread(_matches, password, found[1] if found else self._decoy)
        if found is None or not right:
            return None
        await self._tries.give_back(account, every=True)
        await self._tries.give_back(place)
        if not found[1].startswith(ARGON_MARK):
            await store.rehash(self._database, found[0].id, await asyncio.to_thread(_hash, password))
        return await self._opened(found[0].id, "password")

    async def _opened(self, staff_id: UUID, via: Via) -> str:
        token = f"ss_{secrets.token_urlsafe(32)}"
        await store.open_session(self._database, staff_id, token, via)
        return token

    async def begin_elsewhere(self, state: str, *, address: str) -> None:
        """Somebody at ``address`` goes to the identity provider with ``state``. Raises RateLimited."""
        if wait := await self._tries.take([Rate.of(f"sign-in begun:{address}", BEGUN, WINDOW)]):
            raise RateLimited("Too many tries. Wait five minutes, then try again.", retry_after=int(wait) + 1)
        await identities.begin(self._database, state)

    async def come_back(self, state: str) -> bool:
        """Whether ``state`` went out within ten minutes and did not come back before; it has now."""
        return await identities.come_back(self._database, state)

    async def sign_in_as(self, who: Identity) -> str:
        """A new session's token for whom the provider vouches; a first sign-in makes or links the account.

        Raises NotAdmitted.
        """
        unknown = await asyncio.to_thread(_hash, secrets.token_urlsafe(32))
        staff = await identities.admit(self._database, who, unknown)
        if isinstance(staff, str):
            raise NotAdmitted(REFUSED[staff])
        return await self._opened(staff.id, "oidc")

    async def shut_out(self, issuer: str, subject: str, why: str) -> None:
        """End the sessions of somebody to whom the provider gives no role any more."""
        await identities.shut_out(self._database, issuer, subject, why)

    async def unlink(self, staff_id: UUID) -> None:
        """Forget who somebody is at the provider; their next sign-in there links anew. Raises NotFound."""
        if not await identities.unlink(self._database, staff_id):
            raise NotFound("nobody at the provider is linked to this account")

    async def events(self) -> list[StaffEvent]:
        """Who signed in and whose account changed by that, newest first."""
        return await identities.events(self._database)

    async def by_token(self, token: str) -> Staff | None:
        """Whose session it is, while it lasts: 8 hours without a request, 7 days in all, 12 hours by the provider."""
        return await store.by_session(self._database, token, idle=IDLE, longest=LONGEST)

    async def sign_out(self, token: str) -> None:
        """End a session."""
        await store.end_session(self._database, token)

    async def everybody(self) -> list[Staff]:
        """All who work or worked here, by name."""
        return await store.listed(self._database)

    async def add(self, email: str, name: str, role: Role, password: str = "") -> tuple[Staff, str]:
        """A new member of staff and their password, made up where none is given. Raises DeclarationError."""
        name = " ".join(name.split())
        if not EMAIL.fullmatch(email) or not 0 < len(name) <= 100:
            raise DeclarationError("write an e-mail address, and a name of at most 100 characters")
        password = password or secrets.token_urlsafe(12)
        hashed = await asyncio.to_thread(_hash, _checked(password))
        return await store.add(self._database, email, name, role, hashed), password

    async def set_password(self, staff_id: UUID, password: str = "") -> str:
        """Give somebody a new password and end their sessions. Raises NotFound, DeclarationError."""
        password = password or secrets.token_urlsafe(12)
        hashed = await asyncio.to_thread(_hash, _checked(password))
        if not await store.change(self._database, staff_id, password=hashed):
            raise NotFound
        return password

    async def disable(self, staff_id: UUID, *, disabled: bool = True) -> None:
        """Keep somebody out from now on, or let them in again. Raises NotFound."""
        if not await store.change(self._database, staff_id, disabled=disabled):
            raise NotFound

    async def set_role(self, staff_id: UUID, role: Role) -> None:
        """Give somebody another role. Raises NotFound."""
        if not await store.change(self._database, staff_id, role=role):
            raise NotFound

    async def set_shortcuts(self, staff_id: UUID, *, on: bool) -> None:
        """Let single keys do things in somebody's console, or not."""
        await store.change(self._database, staff_id, shortcuts=on)


def _checked(password: str) -> str:
    if len(password) < SHORTEST:
        raise DeclarationError(f"a password has at least {SHORTEST} characters")
    return password


def _hash(password: str) -> bytes:
    return ARGON.hash(password.encode("utf-8", "replace")).encode()


def _matches(password: str, stored: bytes) -> bool:
    said = password.encode("utf-8", "replace")
    if not stored.startswith(ARGON_MARK):  # of a release before this one: a salt, then scrypt
        old = hashlib.scrypt(said, salt=stored[:16], n=2**14, r=8, p=1, dklen=32)
        return hmac.compare_digest(old, stored[16:])
    try:
        return ARGON.verify(stored.decode(), said)
    except VerificationError:
        return False
