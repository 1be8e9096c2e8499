"""Gaps over HTTP, as the shop's backend and its console use them; nobody else."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from psycopg import AsyncConnection

from frontdesk import Frontdesk
from frontdesk.database import Database
from frontdesk.models.scripted import ScriptedModel
from frontdesk.store.decisions import decisions_of
from frontdesk.store.identity import create_service_key, revoke_service_key
from frontdesk.web import problems
from frontdesk.web.app import create_app
from tests.desk import call
from tests.gaps import Chat, owner_of
from tests.web.service import ALLOWED, SERVICE_KEY, bearer, make_client, make_settings, token

GAPS = "/support/knowledge/gaps"
QUESTION = "Do you rent out tents?"
REPLY = "Yes. You can rent a tent for up to 14 days; a two-person tent costs 25 EUR a week."
ENDPOINTS = (
    ("GET", "/support/knowledge"),
    ("POST", "/support/knowledge/sync"),
    ("GET", GAPS),
    ("GET", f"{GAPS}/1"),
    ("PUT", f"{GAPS}/1/draft"),
    ("POST", f"{GAPS}/1/approve"),
    ("POST", f"{GAPS}/1/dismiss"),
)


def answer(messages: list[BaseMessage]) -> AIMessage:
    """Search, and quote the first passage where it answers."""
    last = messages[-1]
    if not isinstance(last, ToolMessage):
        return call("search_knowledge", query=last.text)
    if '"answerable":true' not in str(last.content):
        return AIMessage("I don't know that. Would you like me to ask a colleague?")
    return AIMessage(f"{REPLY} [1]")


@pytest.fixture
async def app(database: Database, tmp_path: Any) -> AsyncGenerator[FastAPI]:
    application = make_desk(tmp_path, database_url=database.conninfo)
    async with application.router.lifespan_context(application):
        yield application


def make_desk(folder: Path, **changes: Any) -> FastAPI:
    (folder / "help").mkdir(exist_ok=True)
    return create_app(
        Frontdesk("Testshop", knowledge=folder / "help"),
        make_settings(folder, **changes),
        models=[("scripted", ScriptedModel(answer))],
    )


@pytest.fixture
async def key(database: Database) -> str:
    return await create_service_key(database, "console", rights=["knowledge"])


@pytest.fixture
async def backend(app: FastAPI, key: str) -> AsyncGenerator[httpx.AsyncClient]:
    async with make_client(app, **bearer(key)) as client:
        yield client


@pytest.fixture
async def owner(database: Database) -> AsyncGenerator[AsyncConnection[Any]]:
    async with await owner_of(database) as connection:
        yield connection


async def say(backend: httpx.AsyncClient, message: str, user: str = "u1") -> dict[str, Any]:
    response = await backend.post("/support/chat", json={"user_id": user, "message": message})
    assert response.status_code == 200
    return response.json()


async def test_a_question_nobody_could_answer_is_answered_once_its_draft_is_approved(
    backend: httpx.AsyncClient,
) -> None:
    assert (await say(backend, QUESTION))["outcome"] == "unanswered"
    assert (await say(backend, "can I rent a tent from you?", "u2"))["outcome"] == "unanswered"
    (gap,) = (await backend.get(GAPS)).json()["gaps"]
    assert (gap["state"], gap["customers"], gap["times"], gap["draft"]) == ("open", 2, 2, None)
    number = gap["number"]
    drafted = (await backend.put(f"{GAPS}/{number}/draft", json={"text": REPLY})).json()
    assert (drafted["state"], drafted["draft"]["warnings"]) == ("drafted", [])
    assert (await say(backend, QUESTION))["outcome"] == "unanswered"
    approved = (
        await backend.post(f"{GAPS}/{number}/approve", json={"url": "https://shop.example/{slug}"})
    ).json()
    assert (approved["state"], approved["answered"], approved["missed"]) == ("published", True, [])
    reply = await say(backend, QUESTION)
    assert reply["outcome"] == "answered"
    assert reply["citations"][0]["url"] == approved["article"]["url"]
    assert approved["article"]["url"].startswith("https://shop.example/")
    left = (await backend.get(GAPS)).json()["gaps"]
    assert [(gap["state"], gap["times"]) for gap in left] == []
    everything = (await backend.get(GAPS, params={"all": "true"})).json()["gaps"]
    assert [gap["state"] for gap in everything] == ["published"]


async def test_what_staff_replied_is_the_draft(
    backend: httpx.AsyncClient, owner: AsyncConnection[Any]
) -> None:
    chat = Chat(owner, facts={"name": "Anna"})
    await chat.turn(QUESTION)
    await chat.reply(f"Hi Anna, {REPLY}")
    (gap,) = (await backend.get(GAPS)).json()["gaps"]
    assert gap["draft"] == {"title": QUESTION, "text": REPLY, "warnings": [], "others": []}
    whole = (await backend.get(f"{GAPS}/{gap['number']}")).json()
    assert [asked["question"] for asked in whole["asked"]] == [QUESTION]


async def test_a_gap_is_dismissed_with_a_reason(backend: httpx.AsyncClient) -> None:
    await say(backend, QUESTION)
    number = (await backend.get(GAPS)).json()["gaps"][0]["number"]
    done = await backend.post(f"{GAPS}/{number}/dismiss", json={"reason": "we rent nothing"})
    assert (done.json()["state"], done.json()["reason"]) == ("dismissed", "we rent nothing")
    again = await backend.post(f"{GAPS}/{number}/dismiss", json={"reason": "we rent nothing"})
    assert (again.status_code, again.json()["code"]) == (409, "gap_conflict")
    assert (await backend.get(GAPS)).json() == {"gaps": []}


async def test_pages_of_gaps_follow_each_other(
    backend: httpx.AsyncClient, owner: AsyncConnection[Any]
) -> None:
    for question in (QUESTION, "Is your packaging recyclable?", "Do you have a mobile app?"):
        await Chat(owner).turn(question)
    first = (await backend.get(GAPS, params={"limit": 2})).json()
    rest = (await backend.get(GAPS, params={"limit": 2, "offset": first["next_offset"]})).json()
    assert len({gap["number"] for gap in first["gaps"] + rest["gaps"]}) == 3
    assert "next_offset" not in rest


@pytest.mark.parametrize(("method", "path"), ENDPOINTS)
async def test_only_a_key_with_the_right_comes_in(
    app: FastAPI, database: Database, key: str, method: str, path: str
) -> None:
    chat = await create_service_key(database, "chat")
    async with make_client(app) as client:
        page = {"Origin": ALLOWED}
        visitor = (await client.post("/support/sessions", headers=page)).json()["token"]
        nobody = await client.request(method, path)
        assert (nobody.status_code, nobody.json()["code"]) == (401, "missing_credentials")
        for credential in (token(), visitor, chat):
            refused = await client.request(method, path, headers=bearer(credential))
            assert (refused.status_code, refused.content) == (404, problems.NOT_FOUND)
        for wrong in ("sk_shop1_" + "x" * 43, "nonsense", token(exp=1)):
            refused = await client.request(method, path, headers=bearer(wrong))
            assert refused.status_code == 401
        for leaks in (key, chat):
            leaked = await client.request(method, path, headers=bearer(leaks) | page)
            assert (leaked.status_code, leaked.json()["code"]) == (403, "service_key_in_browser")
        await revoke_service_key(database, key.split("_")[1])
        assert (await client.request(method, path, headers=bearer(key))).status_code == 401


@pytest.mark.parametrize(("environment", "status"), [("development", 200), ("production", 404)])
async def test_a_key_in_the_settings_is_for_chat_except_in_development(
    database: Database, tmp_path: Path, environment: str, status: int
) -> None:
    application = make_desk(tmp_path, database_url=database.conninfo, environment=environment)
    async with (
        application.router.lifespan_context(application),
        make_client(application, **bearer(SERVICE_KEY)) as client,
    ):
        assert (await say(client, QUESTION))["outcome"] == "unanswered"
        assert (await client.get(GAPS)).status_code == status
        assert (await client.put(f"{GAPS}/1/draft", json={"text": REPLY})).status_code == status
    noted = [decision.by for decision in await decisions_of(database, 1)]
    assert noted == (["settings:shop1"] if status == 200 else [])


async def test_who_drafted_approved_and_dismissed_a_gap_is_noted(
    backend: httpx.AsyncClient, database: Database, key: str
) -> None:
    await say(backend, QUESTION)
    number = (await backend.get(GAPS)).json()["gaps"][0]["number"]
    await backend.post(f"{GAPS}/{number}/approve", json={})  # refused: there is no draft
    await backend.put(f"{GAPS}/{number}/draft", json={"text": REPLY})
    await backend.post(f"{GAPS}/{number}/approve", json={})
    await backend.post(f"{GAPS}/{number}/dismiss", json={"reason": "we rent nothing"})
    await backend.post(f"{GAPS}/{number}/dismiss", json={"reason": "again"})  # refused: it is dismissed
    noted = await decisions_of(database, number)
    assert [decision.what for decision in noted] == ["drafted", "approved", "dismissed"]
    assert {decision.by for decision in noted} == {f"key:{key.split('_')[1]}"}
    assert [decision.at for decision in noted] == sorted(decision.at for decision in noted)


async def test_who_asked_for_a_sync_is_noted(
    backend: httpx.AsyncClient, database: Database, key: str
) -> None:
    status = (await backend.post("/support/knowledge/sync")).status_code
    async with database.transaction() as connection:
        cursor = await connection.execute('SELECT gap, what, "by" FROM knowledge_decisions')
        rows = await cursor.fetchall()
    assert (status, rows) == (202, [(None, "sync", f"key:{key.split('_')[1]}")])


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE knowledge_decisions SET \"by\" = 'key:other'",
        "DELETE FROM knowledge_decisions",
        "TRUNCATE knowledge_decisions",
        "INSERT INTO knowledge_decisions (what, \"by\", \"at\") VALUES ('sync', 'desk', now() - interval '1 day')",
        "UPDATE service_keys SET rights = '{knowledge}'",
    ],
)
async def test_the_application_can_neither_change_what_was_decided_nor_give_a_key_a_right(
    database: Database, statement: str
) -> None:
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with database.transaction() as connection:
            await connection.execute(statement.encode())


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", f"{GAPS}?limit=0", None, 422),
        ("GET", f"{GAPS}?limit=many", None, 422),
        ("GET", f"{GAPS}?offset=-1", None, 422),
        ("GET", f"{GAPS}/999", None, 404),
        ("GET", f"{GAPS}/one", None, 404),
        ("GET", f"{GAPS}/{'9' * 30}", None, 404),
        ("GET", f"{GAPS}/{'9' * 18}", None, 404),
        ("GET", f"{GAPS}/-1", None, 404),
        ("PUT", f"{GAPS}/1/draft", {}, 409),
        ("PUT", f"{GAPS}/1/draft", {"text": "x" * 50_000}, 422),
        ("PUT", f"{GAPS}/1/draft", {"text": 1}, 422),
        ("PUT", f"{GAPS}/1/draft", {"body": REPLY}, 422),
        ("PUT", f"{GAPS}/999/draft", {"text": REPLY}, 404),
        ("POST", f"{GAPS}/1/approve", {}, 409),
        ("POST", f"{GAPS}/1/approve", {"visibility": "all"}, 422),
        ("POST", f"{GAPS}/1/approve", {"url": "javascript:alert(1)"}, 422),
        ("POST", f"{GAPS}/1/dismiss", {}, 422),
        ("POST", f"{GAPS}/1/dismiss", {"reason": ""}, 422),
        ("POST", f"{GAPS}/1/dismiss", {"reason": "x" * 501}, 422),
    ],
)
async def test_what_cannot_be_is_refused_as_a_problem(
    backend: httpx.AsyncClient, owner: AsyncConnection[Any], method: str, path: str, body: Any, status: int
) -> None:
    await Chat(owner).turn(QUESTION)
    await backend.get(GAPS)
    refused = await backend.request(method, path, json=body) if body is not None else await backend.get(path)
    assert refused.status_code == status
    assert refused.headers["content-type"] == "application/problem+json"
    assert "javascript" not in refused.text


async def test_a_draft_with_personal_data_is_flagged_and_not_published(
    backend: httpx.AsyncClient, owner: AsyncConnection[Any]
) -> None:
    await Chat(owner).turn(QUESTION)
    await backend.get(GAPS)
    drafted = await backend.put(f"{GAPS}/1/draft", json={"text": f"{REPLY} Ask anna@berg.example."})
    assert drafted.json()["draft"]["warnings"] == ["an e-mail address"]
    refused = await backend.post(f"{GAPS}/1/approve", json={})
    assert (refused.status_code, refused.json()["code"]) == (409, "gap_conflict")
    assert "berg" not in refused.text
    assert (await backend.post(f"{GAPS}/1/approve", json={"anyway": True})).status_code == 200


async def test_the_document_of_the_interface_names_them(backend: httpx.AsyncClient) -> None:
    document = (await backend.get("/openapi.json")).json()
    for method, path in ENDPOINTS:
        operation = document["paths"][path.replace("/1", "/{number}")][method.lower()]
        assert operation["description"]
        assert (method == "GET" or path.endswith("/sync")) != ("requestBody" in operation)


# ------------------------------------------------------------------ what it holds, and a sync
async def test_a_page_that_was_written_is_found_after_a_sync_that_was_asked_for(
    app: FastAPI, backend: httpx.AsyncClient, tmp_path: Any
) -> None:
    (tmp_path / "help" / "tents.md").write_text(f"# Do you rent out tents?\n\n{REPLY}")
    assert (await backend.get("/support/knowledge")).json()["sources"] == []
    answers = [await backend.post("/support/knowledge/sync") for _ in range(3)]
    assert [(a.status_code, a.json()) for a in answers] == [(202, {"status": "queued"})] * 3
    async with asyncio.timeout(40):
        while not (holds := (await backend.get("/support/knowledge")).json())["sources"]:
            await asyncio.sleep(0.2)
    (source,) = holds["sources"]
    assert (source["source"], source["articles"], source["passages"], source["locales"]) == (
        "help-center", 1, 1, {"en": 1},
    )  # fmt: skip
    assert holds["model"] == "all-minilm-l6-v2-int8"
    assert (await say(backend, QUESTION))["outcome"] == "answered"


async def test_a_process_without_jobs_says_that_it_syncs_nothing(database: Database, tmp_path: Any) -> None:
    settings = make_settings(tmp_path, database_url=database.conninfo)
    application = create_app(
        Frontdesk("Testshop"), settings, models=[("scripted", ScriptedModel(answer))], jobs=False
    )
    async with (
        application.router.lifespan_context(application),
        make_client(application, **bearer(SERVICE_KEY)) as client,
    ):
        answer_ = await client.post("/support/knowledge/sync")
    assert (answer_.status_code, answer_.json()["code"]) == (503, "no_jobs")
