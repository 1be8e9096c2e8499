import asyncio
import json
from collections.abc import AsyncGenerator
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.errors import InvalidBody, MalformedBody
from frontdesk.web import body
from tests.web.service import CHAT, SERVICE_KEY, bearer, fuzzed, fuzzed_over_http

JSON = {"Content-Type": "application/json"}
UUID = "7c9e6679-7425-40de-944b-e07fc1f90ae7"


def chat(**fields: Any) -> bytes:
    return json.dumps({"user_id": "u123"} | CHAT | fields).encode()


async def post(client: httpx.AsyncClient, content: Any, **headers: str) -> httpx.Response:
    return await client.post("/support/chat", content=content, headers=bearer(SERVICE_KEY) | JSON | headers)


GOOD: dict[str, bytes] = {
    "plain": chat(),
    "all fields": chat(conversation_id=UUID, client_message_id="m" * 128),
    "nulls for what is optional": chat(conversation_id=None, client_message_id=None),
    "8,000 characters": chat(message="x" * 8000),
    "8,000 characters of four bytes": json.dumps(
        {"user_id": "u1", "message": "🐕" * 8000}, ensure_ascii=False
    ).encode(),
    "a whole surrogate pair": chat(message="🐕"),
    "only a question mark": chat(message="?"),
    "every character of an id": chat(user_id="aZ9._:@|-"),
    "an id of 128": chat(user_id="u" * 128),
    "white space around": b"\n " + chat() + b"\n",
}

BAD: dict[str, tuple[bytes, int, str]] = {
    "nothing": (b"", 400, "malformed_body"),
    "half an object": (chat()[:-1], 400, "malformed_body"),
    "two values": (chat() + b"{}", 400, "malformed_body"),
    "a comma too many": (b'{"message":"x",}', 400, "malformed_body"),
    "single quotes": (b"{'message':'x'}", 400, "malformed_body"),
    "invalid UTF-8": (b'{"message":"\xff"}', 400, "malformed_body"),
    "a surrogate in UTF-8": (b'{"message":"\xed\xa0\x80"}', 400, "malformed_body"),
    "UTF-16": (chat().decode().encode("utf-16"), 400, "malformed_body"),
    "a byte order mark": (b"\xef\xbb\xbf" + chat(), 400, "malformed_body"),
    "a raw NUL": (b'{"message":"a\0b"}', 400, "malformed_body"),
    "a raw line break": (b'{"message":"a\nb"}', 400, "malformed_body"),
    "nesting of 30,000 lists": (b"[" * 30_000 + b"]" * 30_000, 400, "malformed_body"),
    "nesting of 10,000 objects": (b'{"a":' * 10_000 + b"1" + b"}" * 10_000, 400, "malformed_body"),
    "a key twice": (b'{"message":"x","message":"y"}', 400, "malformed_body"),
    "a key twice, once escaped": (b'{"message":"x","\\u006dessage":"y"}', 400, "malformed_body"),
    "a key twice, deep inside": (b'{"message":[{"a":1,"a":2}]}', 400, "malformed_body"),
    "nesting of 100,000": (b"[" * 100_000, 413, "body_too_large"),
    "65 KB": (chat(message="x" * 65_536), 413, "body_too_large"),
    "NaN": (b'{"message":NaN}', 422, "invalid_body"),
    "Infinity": (b'{"message":-Infinity}', 422, "invalid_body"),
    "1e999": (b'{"message":1e999}', 422, "invalid_body"),
    "5,000 digits": (b'{"message":' + b"9" * 5000 + b"}", 422, "invalid_body"),
    "a lone surrogate": (b'{"user_id":"u1","message":"\\ud800"}', 422, "invalid_body"),
    "a low surrogate first": (b'{"user_id":"u1","message":"\\udc00\\ud800"}', 422, "invalid_body"),
    "an escaped NUL": (b'{"user_id":"u1","message":"a\\u0000b"}', 422, "invalid_body"),
    "a lone surrogate in a key": (b'{"\\udfff":"x"}', 422, "invalid_body"),
    "a NUL in a list": (b'{"message":["\\u0000"]}', 422, "invalid_body"),
    "a list": (b"[]", 422, "invalid_body"),
    "a text": (b'"hello"', 422, "invalid_body"),
    "null": (b"null", 422, "invalid_body"),
    "an unknown field": (chat(customer="u999"), 422, "invalid_body"),
    "no message": (b'{"user_id":"u1"}', 422, "invalid_body"),
    "message null": (chat(message=None), 422, "invalid_body"),
    "message a number": (chat(message=1), 422, "invalid_body"),
    "message a list": (chat(message=["x"]), 422, "invalid_body"),
    "message empty": (chat(message=""), 422, "invalid_body"),
    "message blank": (chat(message=" \t\r\n\u00a0\u3000"), 422, "invalid_body"),
    "message unseen": (chat(message="\u200b\u2060\ufeff"), 422, "invalid_body"),
    "message of 8,001 characters": (chat(message="x" * 8001), 422, "invalid_body"),
    "user_id a number": (chat(user_id=1), 422, "invalid_body"),
    "user_id empty": (chat(user_id=""), 422, "invalid_body"),
    "user_id with a space": (chat(user_id="u 1"), 422, "invalid_body"),
    "user_id with a line break": (chat(user_id="u1\n"), 422, "invalid_body"),
    "user_id too long": (chat(user_id="u" * 129), 422, "invalid_body"),
    "user_id of a visitor": (chat(user_id=f"anon:{UUID}"), 422, "invalid_body"),
    "user_id of a visitor, in capitals": (chat(user_id="Anon:1"), 422, "invalid_body"),
    "conversation_id not a UUID": (chat(conversation_id="1"), 422, "invalid_body"),
    "conversation_id in braces": (chat(conversation_id="{" + UUID + "}"), 422, "invalid_body"),
    "conversation_id a number": (chat(conversation_id=1), 422, "invalid_body"),
    "client_message_id empty": (chat(client_message_id=""), 422, "invalid_body"),
    "client_message_id too long": (chat(client_message_id="m" * 129), 422, "invalid_body"),
    "client_message_id a number": (chat(client_message_id=1), 422, "invalid_body"),
}


@pytest.mark.parametrize("name", GOOD)
async def test_a_good_body_is_taken(client: httpx.AsyncClient, name: str) -> None:
    assert (await post(client, GOOD[name])).status_code == 200


@pytest.mark.parametrize("name", BAD)
async def test_a_bad_body_is_refused(client: httpx.AsyncClient, name: str) -> None:
    content, status, code = BAD[name]
    answer = await post(client, content)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        (chat(message=["canary"]), "message"),
        (chat(user_id="canary !"), "user_id"),
        (chat(conversation_id="canary"), "conversation_id"),
        (chat(client_message_id=["canary"]), "client_message_id"),
        (chat(canary="canary"), "it takes user_id, message, conversation_id, client_message_id"),
        (b'{"canary"}', ""),
    ],
)
async def test_a_refusal_names_the_field_and_not_what_stood_in_it(
    client: httpx.AsyncClient, content: bytes, field: str
) -> None:
    answer = await post(client, content)
    assert field in answer.json()["detail"]
    assert b"canary" not in answer.content


@pytest.mark.parametrize(
    "content_type",
    ["text/plain", "application/jsonx", "application/problem+json", "application/json; charset=utf-16", ""],
)
async def test_another_content_type_is_refused(client: httpx.AsyncClient, content_type: str) -> None:
    answer = await post(client, chat(), **{"Content-Type": content_type})
    assert (answer.status_code, answer.json()["code"]) == (415, "not_json")


async def test_json_in_utf_8_may_say_so(client: httpx.AsyncClient) -> None:
    answer = await post(client, chat(), **{"Content-Type": "Application/JSON; charset=UTF-8"})
    assert answer.status_code == 200


async def test_a_compressed_body_is_refused(client: httpx.AsyncClient) -> None:
    assert (await post(client, chat(), **{"Content-Encoding": "gzip"})).status_code == 415


async def test_a_chunked_body_is_counted_while_it_comes(client: httpx.AsyncClient) -> None:
    sent = 0

    async def endless() -> AsyncGenerator[bytes]:
        nonlocal sent
        for _ in range(10_000):
            sent += 1
            yield b" " * 1024

    answer = await post(client, endless())
    assert answer.status_code == 413
    assert "content-length" not in answer.request.headers


async def test_an_announced_length_is_refused_before_the_body_comes(client: httpx.AsyncClient) -> None:
    for length in ("65537", "9" * 30):
        answer = await post(client, b"", **{"Content-Length": length})
        assert answer.status_code == 413


async def test_a_body_that_does_not_end_is_given_up(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(body, "SECONDS", 0.05)

    async def slow() -> AsyncGenerator[bytes]:
        yield b"{"
        await asyncio.sleep(5)

    answer = await post(client, slow())
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed_body")


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5
)
FIELDS = st.sampled_from(["user_id", "message", "conversation_id", "client_message_id", "x"])
BODIES = st.one_of(
    st.binary(max_size=200),
    st.text(max_size=200).map(lambda text: text.encode("utf-8", "surrogatepass")),
    VALUES.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(FIELDS, VALUES).map(lambda value: json.dumps(value).encode()),
    st.dictionaries(FIELDS, st.text(st.characters(), max_size=20)).map(
        lambda value: json.dumps({"user_id": "u1", "message": "x"} | value).encode()
    ),
)


@given(content=BODIES)
@fuzzed_over_http
async def test_no_fuzzed_body_is_a_server_error(client: httpx.AsyncClient, content: bytes) -> None:
    assert (await post(client, content)).status_code in {200, 400, 413, 422}


@given(content=st.binary() | st.text(alphabet='[]{}",:\\u0dnaN1e-', max_size=60).map(str.encode))
@fuzzed
async def test_what_is_parsed_can_be_stored(content: bytes) -> None:
    try:
        value = body.parse(content)
    except (MalformedBody, InvalidBody):
        return
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    text.encode("utf-8")
