import json
import logging
from pathlib import Path

import httpx
import psycopg
import pytest
from fastapi import FastAPI
from psycopg_pool import PoolTimeout

from frontdesk import errors
from frontdesk.web import problems
from tests.web.service import make_client


def kinds(of: type[errors.FrontdeskError]) -> list[type[errors.FrontdeskError]]:
    return [of, *(deeper for sub in of.__subclasses__() for deeper in kinds(sub))]


@pytest.mark.parametrize("kind", kinds(errors.FrontdeskError))
def test_every_error_is_a_problem(kind: type[errors.FrontdeskError]) -> None:
    answer = problems.response(kind())
    body = json.loads(bytes(answer.body))
    assert answer.media_type == "application/problem+json"
    assert body["status"] == answer.status_code == kind.status
    assert body["type"] == "about:blank"
    assert body["title"]
    assert body["detail"]
    assert body["code"] == (kind.code if kind.status != 500 else "internal_error")


def test_an_error_nobody_meant_for_a_caller_keeps_its_text_to_itself() -> None:
    answer = problems.response(errors.ModelError("key sk-canary", retry_after=5))
    assert answer.status_code == 500
    assert b"canary" not in bytes(answer.body)


@pytest.mark.parametrize("kind", [k for k in kinds(errors.FrontdeskError) if k.retry_after])
def test_what_may_be_tried_again_says_when(kind: type[errors.FrontdeskError]) -> None:
    assert problems.response(kind(retry_after=7)).headers["retry-after"] == "7"


def test_a_401_says_how_to_authenticate() -> None:
    missing = problems.response(errors.MissingCredentials())
    assert missing.headers["www-authenticate"] == 'Bearer realm="frontdesk"'
    assert "invalid_token" in problems.response(errors.TokenExpired()).headers["www-authenticate"]


async def test_every_404_has_the_same_bytes(client: httpx.AsyncClient) -> None:
    paths = ["/support/conversations/1", "/support/conversations/canary", "/nowhere", "/support/nowhere"]
    answers = [await client.get(path) for path in paths]
    assert {answer.content for answer in answers} == {problems.NOT_FOUND}
    assert len({json.dumps(sorted(answer.headers.items())) for answer in answers}) == 1


async def test_a_wrong_method_is_a_problem(client: httpx.AsyncClient) -> None:
    answer = await client.put("/support/chat")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
    assert answer.headers["allow"] == "POST"


async def test_an_unexpected_error_has_a_reference_and_no_text(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.ERROR):
        answer = await client.get("/broken/badly")
    assert answer.status_code == 500
    assert answer.json()["code"] == "internal_error"
    assert answer.json()["reference"] in caplog.text
    assert "RuntimeError" in caplog.text
    assert "4111" not in caplog.text + answer.text


@pytest.mark.parametrize("error", [psycopg.OperationalError("host=canary"), PoolTimeout("canary")])
async def test_a_database_that_is_gone_is_a_503(error: Exception) -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    async def gone() -> None:
        raise error

    async with make_client(app) as client:
        answer = await client.get("/")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    assert int(answer.headers["retry-after"]) >= 1
    assert "canary" not in answer.text


async def test_a_parameter_of_fastapis_own_is_not_repeated() -> None:
    app = FastAPI()
    problems.install(app)

    @app.get("/")
    async def count(after: int) -> int:
        return after

    async with make_client(app) as client:
        answer = await client.get("/", params={"after": "canary"})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_body")
    assert "canary" not in answer.text


def test_no_error_in_web_is_raised_with_what_was_sent() -> None:
    """A cheap guard: the modules that judge input never format a value into an error."""
    folder = Path(problems.__file__).parent
    for name in ("auth.py", "tokens.py", "sessions.py", "origins.py"):
        text = (folder / name).read_text(encoding="utf-8")
        assert 'InvalidBody(f"' not in text
        assert 'InvalidToken(f"' not in text
