from __future__ import annotations

import sys

import pytest
from langchain.chat_models import base
from langchain_openai import ChatOpenAI

from frontdesk.errors import SettingsError
from frontdesk.models import resolve
from frontdesk.models.openai import OPENAI, OpenAIChat
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import Settings

LOCAL = ScriptedModel([])


def chosen(name: str, **settings: object) -> object:
    return resolve(name, Settings(**settings), local=lambda: LOCAL)  # pyright: ignore


def test_local_is_the_model_that_was_given() -> None:
    assert chosen("local") is LOCAL


@pytest.mark.parametrize("name", ["openai:gpt-4o-mini", "gpt-4o-mini"])
def test_openai_names_need_no_sdk(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    model = chosen(name, model_timeout=7)
    assert isinstance(model, OpenAIChat)
    assert (model.model, model.base_url, model.timeout) == ("gpt-4o-mini", OPENAI, 7)
    assert "sk-secret" not in repr(model)


def test_address_comes_from_the_setting_then_from_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/v1")
    first, second = chosen("openai:m"), chosen("openai:m", openai_base_url="http://127.0.0.1:2/v1")
    assert isinstance(first, OpenAIChat)
    assert isinstance(second, OpenAIChat)
    assert (first.base_url, second.base_url) == ("http://127.0.0.1:1/v1", "http://127.0.0.1:2/v1")


def test_openai_without_a_key_says_which_variable_to_set() -> None:
    with pytest.raises(SettingsError, match="set OPENAI_API_KEY, or FRONTDESK_MODEL=local"):
        chosen("openai:gpt-4o-mini")


@pytest.mark.parametrize("address", ["127.0.0.1:8000", "ftp://x/v1", "http://"])
def test_address_that_is_none_is_refused_at_start(address: str) -> None:
    with pytest.raises(SettingsError, match="write an address"):
        chosen("openai:m", openai_base_url=address)


def test_empty_name_is_refused_at_start() -> None:
    with pytest.raises(SettingsError, match="after the colon"):
        chosen("openai:")


@pytest.mark.parametrize(
    ("name", "module", "install"),
    [
        ("anthropic:claude-haiku-4-5", "langchain_anthropic", "frontdesk[anthropic]"),
        ("ollama:qwen3", "langchain_ollama", "frontdesk[ollama]"),
        ("openai-sdk:gpt-4o-mini", "langchain_openai", "frontdesk[openai-sdk]"),
        ("xai:grok", "langchain_xai", "langchain-xai"),
    ],
)
def test_missing_package_says_what_to_install(
    name: str, module: str, install: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    base._get_chat_model_creator.cache_clear()  # what another test has loaded
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.setitem(sys.modules, f"{module}.chat_models", None)
    with pytest.raises(SettingsError) as caught:
        chosen(name)
    assert f"pip install '{install}'" in caught.value.detail


def test_missing_key_of_another_provider_says_which_variable_to_set() -> None:
    with pytest.raises(SettingsError, match="set OPENAI_API_KEY"):
        chosen("openai-sdk:gpt-4o-mini")


def test_sdk_is_there_for_those_who_ask_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    assert isinstance(chosen("openai-sdk:gpt-4o-mini"), ChatOpenAI)


@pytest.mark.parametrize("name", ["", "nonsense", "nobody:model"])
def test_unknown_name_says_what_can_be_written(name: str) -> None:
    with pytest.raises(SettingsError, match="openai:NAME"):
        chosen(name)
