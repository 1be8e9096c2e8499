from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from pydantic import SecretStr

from frontdesk.models.openai import OpenAIChat
from tests.models.openai_endpoint import Endpoint, running

KEY = "sk-very-secret-key"


@pytest.fixture(autouse=True)
def no_keys_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        "OPENAI_API_KEY",
        "OPENAI_BASE_URL",
        "ANTHROPIC_API_KEY",
        "LANGSMITH_TRACING",
        "LANGCHAIN_TRACING_V2",
    ):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
async def endpoint() -> AsyncIterator[Endpoint]:
    async with running() as endpoint:
        yield endpoint


@pytest.fixture
async def model(endpoint: Endpoint) -> AsyncIterator[OpenAIChat]:
    model = OpenAIChat(model="gpt-4o-mini", base_url=endpoint.url, api_key=SecretStr(KEY), timeout=3)
    yield model
    await model.aclose()
