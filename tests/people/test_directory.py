"""Staff's passwords: argon2id, and those of a release before it."""

import hashlib

from frontdesk.database import Database
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
