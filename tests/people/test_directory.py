"""Staff's passwords: argon2id, and those of a release before it."""

import asyncio
import hashlib
from uuid import uuid4

import pytest

from frontdesk.database import Database
from frontdesk.errors import RateLimited
from frontdesk.people import StaffDirectory
from frontdesk.store import staff as store

PASSWORD = "correct-horse-battery"


async def test_a_password_is_kept_as_argon2id(database: Database) -> None:
    directory = StaffDirectory(database)
    await directory.add("a@shop.example", "A", "agent", PASSWORD)
    found = await store.by_email(database, "a@shop.example")
    assert found
    assert found[1].startswith(b"$argon2id$")
    assert PASSWORD.encode() not in found[1]
    assert await directory.sign_in("a@shop.example", PASSWORD)
    assert await directory.sign_in("a@shop.example", PASSWORD + "!") is None


async def test_an_older_hash_opens_once_more_and_is_replaced(database: Database) -> None:
    directory = StaffDirectory(database)
    salt = b"0123456789abcdef"
    old = salt + hashlib.scrypt(PASSWORD.encode(), salt=salt, n=2**14, r=8, p=1, dklen=32)
    await store.add(database, "b@shop.example", "B", "agent", old)
    assert await directory.sign_in("b@shop.example", "something-else") is None
    assert await directory.sign_in("b@shop.example", PASSWORD)
    found = await store.by_email(database, "b@shop.example")
    assert found
    assert found[1].startswith(b"$argon2id$")
    assert await directory.sign_in("b@shop.example", PASSWORD)


async def _tries(directories: list[StaffDirectory], email: str, password: str, **where: str) -> list[str]:
    """What comes of one try at each, at once."""
    found = await asyncio.gather(
        *(each.sign_in(email, password, **where) for each in directories), return_exceptions=True
    )
    return sorted("in" if isinstance(one, str) else type(one).__name__ for one in found)


async def test_all_processes_together_allow_eight_failures(database: Database) -> None:
    one, other = StaffDirectory(database), StaffDirectory(database)
    await one.add("c@shop.example", "C", "agent", PASSWORD)
    await one.add("d@shop.example", "D", "agent", PASSWORD)
    found = await _tries([one, other] * 6, "C@shop.example", "wrong-horse-battery", address="192.0.2.1")
    assert found == ["NoneType"] * 8 + ["RateLimited"] * 4
    with pytest.raises(RateLimited) as refused:
        await other.sign_in("c@shop.example", PASSWORD, address="192.0.2.2")  # the account, from elsewhere
    assert 0 < int(refused.value.retry_after or 0) <= 301
    with pytest.raises(RateLimited):
        await other.sign_in(
            "d@shop.example", PASSWORD, address="192.0.2.1"
        )  # the address, for another account
    assert await other.sign_in("d@shop.example", PASSWORD, address="192.0.2.2")


async def test_who_signs_in_is_counted_nowhere(database: Database) -> None:
    directory = StaffDirectory(database)
    await directory.add("e@shop.example", "E", "agent", PASSWORD)
    for _ in range(2):
        for _ in range(7):
            assert await directory.sign_in("e@shop.example", "wrong", address=f"192.0.2.{uuid4()}") is None
        assert await directory.sign_in("e@shop.example", PASSWORD, address="192.0.2.9")
    for _ in range(9):
        assert await directory.sign_in("e@shop.example", PASSWORD, address="192.0.2.9")
