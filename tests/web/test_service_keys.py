import logging
import sys
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from frontdesk.cli import main
from frontdesk.database import Database
from frontdesk.errors import DeclarationError, SettingsError
from frontdesk.store import identity
from frontdesk.testing import temporary_url
from frontdesk.web import service_keys
from frontdesk.web.service_keys import RIGHTS, Backend, ServiceKeys
from tests.web.service import CHAT, SERVICE_KEY, bearer, make_settings

NAMED = CHAT | {"user_id": "u123"}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [1000.0]
    monkeypatch.setattr(service_keys.time, "monotonic", lambda: now[0])
    return now


@pytest.fixture
def keys(shared: Database, tmp_path: Path) -> ServiceKeys:
    return ServiceKeys(make_settings(tmp_path), shared)


def key_id(key: str) -> str:
    return key.split("_")[1]


async def test_a_stored_key_works_and_only_its_hash_is_kept(
    shared: Database, client: httpx.AsyncClient
) -> None:
    key = await identity.create_service_key(shared, "stored")
    answer = await client.post("/support/chat", json=NAMED, headers=bearer(key))
    assert answer.status_code == 200
    async with shared.transaction() as connection:
        rows = await (await connection.execute("SELECT k::text FROM service_keys k")).fetchall()
    assert key.split("_", 2)[2] not in str(rows)


async def test_a_stored_key_with_another_secret_is_refused(shared: Database, keys: ServiceKeys) -> None:
    key = await identity.create_service_key(shared, "guessed")
    assert await keys.accepts(key)
    for wrong in (key[:-1], key + "A", f"sk_{key_id(key)}_{'A' * 43}", f"sk_{key_id(key)}_", key.upper()):
        assert not await keys.accepts(wrong)


async def test_a_key_says_whose_it_is_and_what_it_may_do(shared: Database, keys: ServiceKeys) -> None:
    chat = await identity.create_service_key(shared, "rightless")
    console = await identity.create_service_key(shared, "console", rights=["knowledge"])
    assert await keys.backend(chat) == Backend(f"key:{key_id(chat)}", frozenset())
    assert await keys.backend(console) == Backend(f"key:{key_id(console)}", frozenset({"knowledge"}))
    assert await keys.backend(console[:-1]) is None
    listed = {key.id: key.rights for key in await identity.list_service_keys(shared)}
    assert (listed[key_id(chat)], listed[key_id(console)]) == (frozenset(), {"knowledge"})


@pytest.mark.parametrize("environment", ["development", "production"])
async def test_a_key_in_settings_may_see_to_the_knowledge_in_development_only(
    shared: Database, tmp_path: Path, environment: str
) -> None:
    keys = ServiceKeys(make_settings(tmp_path, environment=environment), shared)
    development = environment == "development"
    assert await keys.backend(SERVICE_KEY) == Backend(
        "settings:shop1", RIGHTS if development else frozenset()
    )


def test_keys_are_made_with_the_right_and_listed_with_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", temporary_url())
    said: list[str] = []
    for arguments in (["create", "shop"], ["create", "console", "--knowledge"], ["list"]):
        monkeypatch.setattr(sys, "argv", ["frontdesk", "keys", *arguments])
        with suppress(SystemExit):
            main()
        said.append(capsys.readouterr().out)
    console, shop = said[2].splitlines()
    assert key_id(said[0]) in shop
    assert shop.endswith("  chat")
    assert key_id(said[1]) in console
    assert console.endswith("  chat, knowledge")


async def test_two_keys_of_a_name_work_at_a_time_for_rotation(shared: Database, keys: ServiceKeys) -> None:
    first = await identity.create_service_key(shared, "rotated")
    second = await identity.create_service_key(shared, "rotated")
    with pytest.raises(DeclarationError, match="revoke one"):
        await identity.create_service_key(shared, "rotated")
    assert await identity.revoke_service_key(shared, key_id(first))
    assert not await identity.revoke_service_key(shared, key_id(first))
    third = await identity.create_service_key(shared, "rotated")
    assert [await keys.accepts(key) for key in (first, second, third)] == [False, True, True]
    active = [k for k in await identity.list_service_keys(shared) if k.name == "rotated" and not k.revoked_at]
    assert {k.id for k in active} == {key_id(second), key_id(third)}


async def test_a_revoked_key_stops_within_30_seconds(
    shared: Database, keys: ServiceKeys, clock: list[float]
) -> None:
    key = await identity.create_service_key(shared, "leaked")
    assert await keys.accepts(key)
    await identity.revoke_service_key(shared, key_id(key))
    clock[0] += service_keys.FRESH
    assert not await keys.accepts(key)


async def test_a_key_is_looked_up_once_for_many_requests(
    shared: Database, keys: ServiceKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_up: list[str] = []

    async def find(database: Database, key_id: str) -> identity.ServiceKey | None:
        looked_up.append(key_id)
        return await identity.find_service_key(database, key_id)

    monkeypatch.setattr(service_keys, "find_service_key", find)
    key = await identity.create_service_key(shared, "busy")
    for _ in range(20):
        assert await keys.accepts(key)
    assert looked_up == [key_id(key)]


@pytest.mark.parametrize("name", ["", "a b", "x" * 65, "naïve"])
async def test_a_key_needs_a_plain_name(shared: Database, name: str) -> None:
    with pytest.raises(DeclarationError, match="name"):
        await identity.create_service_key(shared, name)


@pytest.mark.parametrize("key", ["development-key", "sk_a_short", "sk_a_" + "x" * 31, "x" * 64])
async def test_production_refuses_a_weak_key_and_development_warns(
    shared: Database, tmp_path: Path, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    production = make_settings(tmp_path, environment="production", service_keys=(key,))
    with pytest.raises(SettingsError, match="32 characters") as error:
        ServiceKeys(production, shared)
    assert key not in str(error.value)
    with caplog.at_level(logging.WARNING):
        keys = ServiceKeys(make_settings(tmp_path, service_keys=(key,)), shared)
    assert await keys.accepts(key)
    assert "too weak" in caplog.text
    assert key not in caplog.text


async def test_seven_characters_are_too_few_even_in_development(shared: Database, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="8 characters"):
        ServiceKeys(make_settings(tmp_path, service_keys=("1234567",)), shared)
