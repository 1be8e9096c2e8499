from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from psycopg import errors as refusals

from frontdesk.database import Database
from frontdesk.store import identity
from tests.web.service import ALLOWED, CHAT, SERVICE_KEY, bearer, token

PAGE = {"Origin": ALLOWED}


async def start(client: httpx.AsyncClient, **claims: Any) -> str:
    answer = await client.post("/support/sessions", headers=bearer(token(**claims)))
    assert answer.status_code == 201
    return answer.json()["token"]


async def chat(client: httpx.AsyncClient, session: str, **body: Any) -> httpx.Response:
    return await client.post("/support/chat", json=CHAT | body, headers=bearer(session) | PAGE)


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def alter(database: Database, session: str, change: str) -> None:
    """Change a row as its owner could: the application's role may not rewrite most columns."""
    async with database.transaction() as connection:
        await connection.execute(
            f"UPDATE widget_sessions SET {change} WHERE token_sha256 = %s", (identity.digest(session),)
        )


async def test_a_token_is_exchanged_for_a_session(client: httpx.AsyncClient) -> None:
    answer = await client.post("/support/sessions", headers=bearer(token()) | PAGE)
    assert answer.status_code == 201
    body = answer.json()
    assert body["user_id"] == "u123"
    assert len(body["token"]) == len("ws_") + 43
    hours = (datetime.fromisoformat(body["expires_at"]) - datetime.now(UTC)).total_seconds() / 3600
    assert hours == pytest.approx(12, abs=0.1)
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    assert (await chat(client, body["token"])).json()["principal"] == "customer:u123"


async def test_only_the_hash_of_a_session_is_stored(client: httpx.AsyncClient, shared: Database) -> None:
    session = await start(client)
    async with shared.transaction() as connection:
        rows = await (await connection.execute("SELECT s::text FROM widget_sessions s")).fetchall()
    assert session[3:] not in str(rows)
    assert identity.digest(session).hex() in str(rows)


async def test_a_session_keeps_what_the_token_narrowed(client: httpx.AsyncClient) -> None:
    narrow = await start(client, permissions=["orders:read"])
    assert (await chat(client, narrow)).json()["permissions"] == ["orders:read"]
    assert (await chat(client, await start(client, permissions=[]))).json()["permissions"] == []


async def test_a_user_id_other_than_the_sessions_is_refused(client: httpx.AsyncClient) -> None:
    session = await start(client)
    assert (await chat(client, session, user_id="u123")).status_code == 200
    refused(await chat(client, session, user_id="u999"), 403, "user_mismatch")


async def test_a_page_without_a_customer_gets_a_visitor(client: httpx.AsyncClient) -> None:
    answers = [await client.post("/support/sessions", json={}, headers=PAGE) for _ in range(2)]
    first, second = (answer.json() for answer in answers)
    assert first["user_id"].startswith("anon:")
    UUID(first["user_id"].removeprefix("anon:"))
    assert first["user_id"] != second["user_id"]
    principal = (await chat(client, first["token"])).json()["principal"]
    assert principal == f"visitor:{first['user_id']}"
    refused(await chat(client, first["token"], user_id=second["user_id"]), 403, "user_mismatch")


async def test_without_a_page_there_is_no_visitor(client: httpx.AsyncClient) -> None:
    refused(await client.post("/support/sessions"), 401, "missing_credentials")


async def test_a_bad_token_is_not_downgraded_to_a_visitor(client: httpx.AsyncClient) -> None:
    for value, code in (
        ("Bearer x", "invalid_token"),
        ("Basic x", "missing_credentials"),
        ("", "missing_credentials"),
    ):
        answer = await client.post("/support/sessions", headers={"Authorization": value} | PAGE)
        refused(answer, 401, code)


async def test_only_a_customers_token_opens_a_session(client: httpx.AsyncClient) -> None:
    session = await start(client)
    for other in (session, SERVICE_KEY, "ws_unknown"):
        refused(await client.post("/support/sessions", headers=bearer(other)), 401, "invalid_token")
    answer = await client.post("/support/sessions", headers=bearer(SERVICE_KEY) | PAGE)
    refused(answer, 403, "service_key_in_browser")


async def test_a_body_with_fields_is_refused(client: httpx.AsyncClient) -> None:
    answer = await client.post("/support/sessions", json={"user_id": "u1"}, headers=PAGE)
    refused(answer, 422, "invalid_body")


async def test_a_session_ends_when_it_is_told_to(client: httpx.AsyncClient) -> None:
    session = await start(client)
    ended = await client.delete("/support/sessions", headers=bearer(session))
    assert (ended.status_code, ended.content) == (204, b"")
    refused(await chat(client, session), 401, "session_revoked")
    refused(await client.delete("/support/sessions", headers=bearer(session)), 401, "session_revoked")


async def test_only_a_session_can_be_ended(client: httpx.AsyncClient) -> None:
    refused(await client.delete("/support/sessions", headers=bearer(token())), 401, "invalid_token")
    refused(await client.delete("/support/sessions"), 401, "missing_credentials")


async def test_an_unknown_session_is_an_invalid_token(client: httpx.AsyncClient) -> None:
    refused(await chat(client, "ws_" + "A" * 43), 401, "invalid_token")


async def test_a_session_ends_after_30_minutes_of_rest(client: httpx.AsyncClient, shared: Database) -> None:
    session = await start(client)
    await alter(shared, session, "last_seen_at = now() - interval '29 minutes'")
    assert (await chat(client, session)).status_code == 200
    await alter(shared, session, "last_seen_at = now() - interval '30 minutes'")
    refused(await chat(client, session), 401, "session_revoked")
    refused(await chat(client, session), 401, "session_revoked")


async def test_a_session_ends_after_12_hours_however_busy(
    shared: Database, client: httpx.AsyncClient
) -> None:
    await identity.create_session(shared, "ws_old", "u1", lifetime=timedelta(seconds=-1), kid="k1")
    refused(await chat(client, "ws_old"), 401, "session_revoked")


async def test_activity_is_written_at_most_once_a_minute(client: httpx.AsyncClient, shared: Database) -> None:
    async def last_seen() -> datetime:
        async with shared.transaction() as connection:
            cursor = await connection.execute(
                "SELECT last_seen_at FROM widget_sessions WHERE token_sha256 = %s",
                (identity.digest(session),),
            )
            row = await cursor.fetchone()
            assert row is not None
            return row[0]

    session = await start(client)
    before = await last_seen()
    await chat(client, session)
    assert await last_seen() == before
    await alter(shared, session, "last_seen_at = now() - interval '61 seconds'")
    await chat(client, session)
    assert await last_seen() > before


async def test_sessions_are_revoked_by_customer_and_by_key(
    client: httpx.AsyncClient, shared: Database
) -> None:
    gone = [await start(client, sub="closing") for _ in range(2)]
    stays = await start(client, sub="staying")
    assert await identity.revoke_customer_sessions(shared, "closing") == 2
    assert await identity.revoke_customer_sessions(shared, "closing") == 0
    assert [(await chat(client, session)).status_code for session in [*gone, stays]] == [401, 401, 200]
    visitor = (await client.post("/support/sessions", headers=PAGE)).json()["token"]
    assert await identity.revoke_kid_sessions(shared, "k2") == 0
    assert await identity.revoke_kid_sessions(shared, "k1") >= 1
    refused(await chat(client, stays), 401, "session_revoked")
    assert (await chat(client, visitor)).status_code == 200


async def test_old_sessions_are_forgotten_and_fresh_ones_kept(shared: Database) -> None:
    await identity.create_session(shared, "ws_ancient", "u1", lifetime=timedelta(hours=-25), kid="k1")
    await identity.create_session(shared, "ws_recent", "u1", lifetime=timedelta(hours=-1), kid="k1")
    assert await identity.forget_old_sessions(shared) == 1
    assert await identity.find_session(shared, "ws_ancient", idle=timedelta(minutes=30)) is None
    assert await identity.find_session(shared, "ws_recent", idle=timedelta(minutes=30)) is not None


async def test_the_application_cannot_rewrite_whose_session_it_is(
    client: httpx.AsyncClient, shared: Database
) -> None:
    session = await start(client)
    for change in (
        "customer_id = 'u999'",
        "kind = 'visitor'",
        "permissions = NULL",
        "expires_at = 'infinity'",
    ):
        with pytest.raises(refusals.InsufficientPrivilege):
            await alter(shared, session, change)
