import time
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from tests.web.service import (
    ALLOWED,
    CHAT,
    FOREIGN,
    SECRET,
    SERVICE_KEY,
    bearer,
    make_client,
    token,
)

CORS = "access-control-allow-origin"
NAMED = CHAT | {"user_id": "u123"}


async def chat(client: httpx.AsyncClient, body: Any = CHAT, **headers: str) -> httpx.Response:
    return await client.post("/support/chat", json=body, headers=headers)


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_no_credential_is_refused(client: httpx.AsyncClient) -> None:
    for body in (CHAT, NAMED):
        refused(await chat(client, body), 401, "missing_credentials")


async def test_a_browser_with_a_user_id_alone_is_refused(client: httpx.AsyncClient) -> None:
    answer = await chat(client, NAMED, Origin=ALLOWED, **{"Sec-Fetch-Site": "cross-site"})
    refused(answer, 401, "missing_credentials")
    assert answer.headers["www-authenticate"] == 'Bearer realm="frontdesk"'


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic dTpw", "Token x", SERVICE_KEY])
async def test_another_scheme_is_no_credential(client: httpx.AsyncClient, value: str) -> None:
    refused(await chat(client, NAMED, Authorization=value), 401, "missing_credentials")


@pytest.mark.parametrize(
    "value", ["x", "sk_", "sk_shop1_wrong", "ws_wrong", "eyJ", "a b c", "ü" * 10, "." * 9000]
)
async def test_an_unknown_credential_is_refused(client: httpx.AsyncClient, value: str) -> None:
    headers = [
        (b"authorization", b"Bearer " + value.encode("latin-1")),
        (b"content-type", b"application/json"),
    ]
    answer = await client.post("/support/chat", json=NAMED, headers=headers)
    refused(answer, 401, "invalid_token")


async def test_two_authorization_headers_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("Authorization", f"Bearer {SERVICE_KEY}"), ("Authorization", f"Bearer {token()}")]
    refused(await client.post("/support/chat", json=NAMED, headers=headers), 401, "invalid_token")


async def test_a_service_key_speaks_for_the_customer_it_names(client: httpx.AsyncClient) -> None:
    answer = await chat(client, NAMED, **bearer(SERVICE_KEY))
    assert answer.json() == {"principal": "customer:u123", "permissions": None}
    assert (await chat(client, NAMED, Authorization=f"bearer  {SERVICE_KEY}")).status_code == 200


async def test_a_service_key_needs_a_user_id(client: httpx.AsyncClient) -> None:
    answer = await chat(client, CHAT, **bearer(SERVICE_KEY))
    refused(answer, 422, "invalid_body")
    assert "user_id" in answer.json()["detail"]


@pytest.mark.parametrize(
    "header",
    [
        {"Origin": ALLOWED},
        {"Origin": "http://127.0.0.1:8000"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {"Cookie": "a=b"},
    ],
    ids=str,
)
@pytest.mark.parametrize("key", [SERVICE_KEY, "sk_shop1_wrong"], ids=["good", "wrong"])
async def test_a_service_key_in_a_browser_is_refused(
    client: httpx.AsyncClient, header: dict[str, str], key: str
) -> None:
    answer = await chat(client, NAMED, **bearer(key), **header)
    refused(answer, 403, "service_key_in_browser")
    assert CORS not in answer.headers


async def test_what_nodes_fetch_sends_from_a_server_is_no_browser(client: httpx.AsyncClient) -> None:
    answer = await chat(client, NAMED, **bearer(SERVICE_KEY), **{"Sec-Fetch-Mode": "cors"})
    assert answer.status_code == 200


async def test_a_token_speaks_for_its_customer(client: httpx.AsyncClient) -> None:
    for body in (CHAT, NAMED):
        answer = await chat(client, body, **bearer(token()), Origin=ALLOWED)
        assert answer.json()["principal"] == "customer:u123"
        assert answer.headers[CORS] == ALLOWED


async def test_a_user_id_other_than_the_tokens_is_refused(client: httpx.AsyncClient) -> None:
    for other in ("u999", "U123", "u1234"):
        answer = await chat(client, CHAT | {"user_id": other}, **bearer(token()))
        refused(answer, 403, "user_mismatch")


async def test_an_expired_token_is_refused(client: httpx.AsyncClient) -> None:
    now = int(time.time())
    old = token(iat=now - 700, exp=now - 100)
    refused(await chat(client, CHAT, **bearer(old)), 401, "token_expired")


@pytest.mark.parametrize(
    "query",
    [
        *(
            f"{name}=x"
            for name in ("token", "access_token", "api_key", "key", "jwt", "authorization", "session")
        ),
        "TOKEN=x",
        "token",
        f"a={SERVICE_KEY}",
        "a=ws_x",
        "a=Bearer%20ws_x",
        f"a=1&b={token()}",
        "%74oken=x",
        "a=%73k_x",
    ],
)
async def test_a_token_in_the_url_is_refused(client: httpx.AsyncClient, query: str) -> None:
    for path in ("/support/chat", "/support/sessions"):
        answer = await client.post(
            f"{path}?{query}", json={} if "ses" in path else CHAT, headers=bearer(token())
        )
        refused(answer, 400, "token_in_url")


async def test_other_queries_pass(client: httpx.AsyncClient) -> None:
    answer = await client.post("/support/chat?after=12&q=a+key", json=CHAT, headers=bearer(token()))
    assert answer.status_code == 200


async def test_no_refusal_repeats_the_credential(client: httpx.AsyncClient) -> None:
    for canary in ("sk_canary_canary", "ws_canary", "canary", "eyJcanary.canary.canary"):
        answer = await chat(client, NAMED, **bearer(canary))
        assert "canary" not in answer.text + str(answer.headers)


# ------------------------------------------------------------------ origins
@pytest.mark.parametrize(
    "origin",
    [
        FOREIGN,
        "null",
        "",
        "*",
        "http://shop.example",
        "https://shop.example:444",
        "https://shop.example.evil.example",
        "https://evil.shop.example",
        "https://SHOP.example",
        "https://shop.example/",
        "http://127.0.0.1:8001",
        "http://127.0.0.1",
        "http://127.0.0.1:8000/",
        "http://u@127.0.0.1:8000",
        "file://127.0.0.1:8000",
        "http://[",
        "127.0.0.1:8000",
    ],
)
async def test_another_origin_is_refused_without_cors(client: httpx.AsyncClient, origin: str) -> None:
    preflight = {"Access-Control-Request-Method": "POST"}
    for answer in (
        await chat(client, CHAT, **bearer(token()), Origin=origin),
        await client.post("/support/sessions", headers={"Origin": origin}),
        await client.get("/support/conversations/1", headers={"Origin": origin}),
        await client.options("/support/chat", headers={"Origin": origin} | preflight),
    ):
        refused(answer, 403, "origin_not_allowed")
        assert not [name for name in answer.headers if name.startswith("access-control")]
        assert answer.headers["vary"] == "Origin"


async def test_two_origins_are_refused(client: httpx.AsyncClient) -> None:
    headers = [("Origin", ALLOWED), ("Origin", FOREIGN)]
    refused(await client.post("/support/sessions", headers=headers), 403, "origin_not_allowed")


async def test_a_preflight_of_an_allowed_origin_is_answered(client: httpx.AsyncClient) -> None:
    asks = {"Origin": ALLOWED, "Access-Control-Request-Method": "POST"}
    answer = await client.options("/support/chat", headers=asks)
    assert answer.status_code == 204
    assert answer.headers[CORS] == ALLOWED
    assert answer.headers["access-control-allow-headers"] == "Authorization, Content-Type, Last-Event-ID"
    assert "access-control-allow-credentials" not in answer.headers
    assert answer.headers["vary"] == "Origin"


async def test_errors_can_be_read_by_an_allowed_page(client: httpx.AsyncClient) -> None:
    for answer in (
        await chat(client, CHAT, Origin=ALLOWED),
        await client.get("/broken/badly", headers={"Origin": ALLOWED}),
        await client.get("/nowhere", headers={"Origin": ALLOWED}),
    ):
        assert answer.status_code >= 400
        assert answer.headers[CORS] == ALLOWED


async def test_every_answer_varies_by_origin(client: httpx.AsyncClient) -> None:
    answer = await chat(client, CHAT, **bearer(token()))
    assert answer.headers["vary"] == "Origin"
    assert CORS not in answer.headers


async def test_a_page_of_this_server_is_allowed(client: httpx.AsyncClient) -> None:
    answer = await client.post("/support/sessions", headers={"Origin": "http://127.0.0.1:8000"})
    assert answer.status_code == 201
    assert CORS not in answer.headers


async def test_a_name_that_was_rebound_to_loopback_is_refused(client: httpx.AsyncClient) -> None:
    headers = {"Host": "evil.example:8000", "Origin": "http://evil.example:8000"}
    refused(await client.post("/support/sessions", headers=headers), 403, "origin_not_allowed")


# ------------------------------------------------------------------ the development token
async def test_the_demo_page_can_act_as_a_customer(client: httpx.AsyncClient) -> None:
    answer = await client.post("/dev/token", json={"user_id": "u7"})
    principal = await chat(client, CHAT, **bearer(answer.json()["token"]))
    assert principal.json()["principal"] == "customer:u7"


@pytest.mark.parametrize(
    "headers",
    [
        {"Host": "evil.example"},
        {"Host": "evil.example:8000"},
        {"Host": "127.0.0.1.evil.example"},
        {"Host": "localhost@evil.example"},
        {"Host": ""},
        {"Host": "["},
        {"Origin": ALLOWED},
    ],
    ids=str,
)
async def test_a_development_token_is_for_loopback_only(
    client: httpx.AsyncClient, headers: dict[str, str]
) -> None:
    answer = await client.post("/dev/token", json={"user_id": "u7"}, headers=headers)
    refused(answer, 403, "origin_not_allowed")


async def test_a_development_token_is_not_given_to_another_machine(app: FastAPI) -> None:
    transport = httpx.ASGITransport(app, client=("192.0.2.1", 5000))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8000") as client:
        refused(await client.post("/dev/token", json={"user_id": "u7"}), 403, "origin_not_allowed")


@pytest.mark.parametrize("user_id", ["anon:1", "", "u 7", 7, None])
async def test_a_development_token_is_for_a_customer(client: httpx.AsyncClient, user_id: Any) -> None:
    refused(await client.post("/dev/token", json={"user_id": user_id}), 422, "invalid_body")


async def test_a_token_with_the_development_kid_and_another_key_is_refused(client: httpx.AsyncClient) -> None:
    forged = token(SECRET, kid="dev", iss="frontdesk-development", aud="frontdesk-development")
    refused(await chat(client, CHAT, **bearer(forged)), 401, "invalid_token")


async def test_a_client_that_sends_what_it_pleases_gets_no_server_error(app: FastAPI) -> None:
    async with make_client(app) as client:
        for query in ("%ff=%ff", "=", "&&&", "a" * 5000):
            answer = await client.post(f"/support/chat?{query}", json=CHAT, headers=bearer(token()))
            assert answer.status_code < 500
