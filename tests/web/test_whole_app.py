"""The same doors, knocked on in the application as it is served."""

from collections.abc import AsyncGenerator
from urllib.parse import quote
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.models.scripted import ScriptedModel
from frontdesk.testing import temporary_url
from frontdesk.web import problems
from frontdesk.web.app import create_app
from tests.desk import follow, make_desk
from tests.web.service import (
    ALLOWED,
    CHAT,
    FOREIGN,
    SERVICE_KEY,
    bearer,
    fuzzed_over_http,
    make_client,
    make_settings,
    token,
)

OPEN = {"/", "/page/{name}", "/healthz", "/readyz", "/openapi.json", "/dev/token", "/metrics"}
OPEN |= {"/widget.js", "/widget/{name}", "/support/widget.json"}
OPEN |= {"/support/helpdesks/{name}/webhook"}  # a helpdesk signs what it says: tests/web/test_helpdesk.py
CONSOLE = "/console"  # staff sign in there: tests/web/console/test_rights.py


@pytest.fixture(scope="module")
async def whole(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[FastAPI]:
    settings = make_settings(tmp_path_factory.mktemp("data"), database_url=temporary_url())
    app = create_app(make_desk(), settings, models=[("scripted", ScriptedModel(follow))])
    async with app.router.lifespan_context(app):
        yield app


@pytest.fixture(scope="module")
async def door(whole: FastAPI) -> AsyncGenerator[httpx.AsyncClient]:
    async with make_client(whole) as client:
        yield client


async def test_metrics_that_are_off_say_to_this_machine_how_to_turn_them_on(door: httpx.AsyncClient) -> None:
    near = await door.get("/metrics")
    assert (near.status_code, "FRONTDESK_METRICS=1" in near.text) == (404, True)
    proxied = await door.get("/metrics", headers={"x-forwarded-for": "192.0.2.1"})
    assert (proxied.status_code, "FRONTDESK" in proxied.text) == (404, False)


async def test_every_route_but_the_named_ones_needs_a_credential(
    whole: FastAPI, door: httpx.AsyncClient
) -> None:
    tried = 0
    for route in iter_route_contexts(whole.routes):
        assert route.path
        if route.path in OPEN:
            continue
        for method in (route.methods or set()) - {"HEAD"}:
            path = route.path.replace("{", "").replace("}", "")
            answer = await door.request(method, path, json=CHAT if path.endswith("chat") else None)
            assert (answer.status_code, answer.json()["code"]) == (401, "missing_credentials"), route.path
            foreign = await door.request(method, path, headers=bearer(token()) | {"Origin": FOREIGN})
            assert foreign.status_code == 403, route.path
            leaked = await door.request(method, f"{path}?access_token={token()}", headers=bearer(token()))
            assert leaked.json()["code"] == "token_in_url", route.path
            tried += 1
    assert tried >= 5


async def test_a_customer_is_answered_by_key_by_token_and_by_session(door: httpx.AsyncClient) -> None:
    session = (await door.post("/support/sessions", headers=bearer(token(sub="u1")))).json()["token"]
    question = {"message": "Where is order 789?"}
    for credential, body in (
        (SERVICE_KEY, question | {"user_id": "u1"}),
        (token(sub="u1"), question),
        (session, question),
    ):
        answer = await door.post("/support/chat", json=body, headers=bearer(credential))
        assert answer.status_code == 200
        assert "shipped" in answer.text


async def test_another_customers_conversation_and_none_have_the_same_bytes(door: httpx.AsyncClient) -> None:
    mine = await door.post("/support/chat", json={"message": "hello"}, headers=bearer(token(sub="u1")))
    found = mine.json()
    other = bearer(token(sub="u2"))
    for kind, name in (("conversations", found["conversation_id"]), ("turns", found["turn_id"])):
        owned = await door.get(f"/support/{kind}/{name}", headers=bearer(token(sub="u1")))
        assert owned.status_code == 200
        answers = [
            await door.get(f"/support/{kind}/{path}", headers=other) for path in (name, uuid4(), "nonsense")
        ]
        assert {answer.content for answer in answers} == {problems.NOT_FOUND}
    taken = CHAT | {"conversation_id": found["conversation_id"]}
    unknown = CHAT | {"conversation_id": str(uuid4())}
    answers = [await door.post("/support/chat", json=body, headers=other) for body in (taken, unknown)]
    assert {(answer.status_code, answer.content) for answer in answers} == {(404, problems.NOT_FOUND)}


async def test_a_visitor_holds_no_orders(door: httpx.AsyncClient) -> None:
    page = {"Origin": ALLOWED}
    visitor = (await door.post("/support/sessions", headers=page)).json()["token"]
    answer = await door.post("/support/chat", json={"message": "order 789"}, headers=bearer(visitor) | page)
    assert answer.status_code == 200
    assert "shipped" not in answer.text
    assert answer.headers["access-control-allow-origin"] == ALLOWED


IDS = st.one_of(
    st.text("0123456789abcdef-:", max_size=45), st.text(st.characters(codec="ascii"), max_size=45)
)


@given(last=IDS.filter(str.isprintable), path=IDS.filter(str.isprintable))
@fuzzed_over_http
async def test_no_fuzzed_event_id_or_path_is_a_server_error(
    door: httpx.AsyncClient, last: str, path: str
) -> None:
    headers = bearer(token(sub="u1")) | {"Accept": "text/event-stream", "Last-Event-ID": last}
    answer = await door.get(f"/support/turns/{quote(path, safe='')}", headers=headers)
    assert answer.status_code < 500
