"""Each client through ``resolve``, as a desk gets it, against an endpoint that speaks its protocol."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import pytest
from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk.models import resolve
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
def client(name: str, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> Callable[..., BaseChatModel]:
    """Makes the model; ``address`` in the place of the endpoint's."""

    def make(address: str = "", **settings: object) -> BaseChatModel:
        _, variable, path = CLIENTS[name]
        monkeypatch.setenv("OPENAI_API_KEY", "sk-very-secret-key")
        monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-very-secret-key")
        monkeypatch.setenv(variable, (address or endpoint.address) + path)
        return resolve(name, Settings(**settings), local=lambda: pytest.fail("not asked for"))  # pyright: ignore

    return make
