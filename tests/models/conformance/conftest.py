"""Each client through ``resolve``, as a desk gets it, against an endpoint that speaks its protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from langchain_anthropic import ChatAnthropic
from langchain_anthropic import _client_utils as anthropic_utils
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_openai import ChatOpenAI
from langchain_openai.chat_models import _client_utils

from frontdesk.models import resolve
from frontdesk.models.openai import OpenAIChat
from frontdesk.settings import Settings
from tests.models.conformance.endpoint import Endpoint, running

CLIENTS = {
    "openai:stub-1": ("openai", "OPENAI_BASE_URL", "/v1"),
    "openai-sdk:stub-1": ("openai", "OPENAI_BASE_URL", "/v1"),
    "anthropic:stub-1": ("anthropic", "ANTHROPIC_BASE_URL", ""),
    "ollama:stub-1": ("ollama", "OLLAMA_HOST", ""),
}


@pytest.fixture(params=list(CLIENTS))
def name(request: pytest.FixtureRequest) -> str:
    """The name a developer writes into FRONTDESK_MODEL."""
    return request.param


@pytest.fixture
async def endpoint(name: str) -> AsyncIterator[Endpoint]:
    async with running(CLIENTS[name][0]) as endpoint:
        yield endpoint


@pytest.fixture
async def client(
    name: str, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Callable[..., BaseChatModel]]:
    """Makes the model; ``address`` in the place of the endpoint's."""
    made: list[BaseChatModel] = []

    def make(address: str = "", **settings: object) -> BaseChatModel:
        _, variable, path = CLIENTS[name]
        monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-key")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret-key")
        monkeypatch.setenv(variable, (address or endpoint.address) + path)
        made.append(resolve(name, Settings(**settings), local=lambda: pytest.fail("not asked for")))  # pyright: ignore
        return made[-1]

    yield make
    for model in made:
        await close(model)


async def close(model: Any) -> None:
    """Close the connections: the clients keep them for as long as the process lives."""
    if isinstance(model, OpenAIChat):
        await model.aclose()
    elif isinstance(model, ChatOpenAI):
        await model.root_async_client.close()
        _client_utils._cached_async_httpx_client.cache_clear()  # they share one, whatever the address
    elif isinstance(model, ChatAnthropic):
        await model._async_client.close()
        anthropic_utils._get_default_async_httpx_client.cache_clear()  # a later port may be this one's again
    else:
        await model._async_client._client.aclose()
