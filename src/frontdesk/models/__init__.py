"""Chat models: by name, in a chain with fallbacks, the local one last."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from langchain_core.language_models.chat_models import BaseChatModel

from frontdesk.errors import SettingsError
from frontdesk.models.chain import Completion, ModelChain
from frontdesk.settings import Settings

__all__ = ["CASCADE", "Completion", "ModelChain", "cascaded", "resolve"]


class Provider(NamedTuple):
    """What a provider of LangChain's needs: an extra or a package, and the variable its key stands in.

    ``limits``: whether its client takes ``timeout`` and ``max_retries``. The chain tries again itself: a client
    waits for as long as a rate limit says, which is longer than a customer does.
    """

    install: str
    key: str = ""
    limits: bool = False


PROVIDERS = {
    "anthropic": Provider("frontdesk[anthropic]", "ANTHROPIC_API_KEY", limits=True),
    "ollama": Provider("frontdesk[ollama]"),
    "openai-sdk": Provider("frontdesk[openai-sdk]", "OPENAI_API_KEY", limits=True),
    "google_genai": Provider("langchain-google-genai", "GOOGLE_API_KEY"),
    "mistralai": Provider("langchain-mistralai", "MISTRAL_API_KEY"),
    "groq": Provider("langchain-groq", "GROQ_API_KEY"),
}
OPENAI_NAMES = ("gpt-", "chatgpt-", "o1", "o3", "o4")
CASCADE = "cascade:"
WRITE_CASCADE = (
    "FRONTDESK_MODEL: write cascade:local,NAME with the model for the rest, cascade:local,openai:gpt-4o-mini"
)


def cascaded(name: str) -> list[str]:
    """The models after the local one in ``cascade:local,openai:gpt-4o-mini``; [] where the name is no cascade.

    Raises SettingsError with what to write instead.
    """
    if not name.startswith(CASCADE):
        return []
    first, *rest = (part.strip() for part in name.removeprefix(CASCADE).split(","))
    if first != "local" or not rest or not all(rest) or "local" in rest:
        raise SettingsError(WRITE_CASCADE)
    return rest


def resolve(name: str, settings: Settings, *, local: Callable[[], BaseChatModel]) -> BaseChatModel:
    """The chat model called ``name``, without asking the network.

    "local" is what ``local`` returns; "openai:NAME" (or a bare OpenAI name) is any OpenAI-compatible endpoint,
    without the openai SDK; "openai-sdk:NAME" is langchain-openai; all else is what LangChain's init_chat_model
    takes, "anthropic:NAME" for example.

    Raises SettingsError with what to install or which variable to set.
    """
    if name == "local":
        return local()
    if name.startswith(CASCADE):  # among the fallbacks, or within another
        raise SettingsError(WRITE_CASCADE)
    provider, separator, model = name.partition(":")
    if not separator and name.startswith(OPENAI_NAMES):
        provider, model = "openai", name
    if provider == "openai":
        return _openai(model, settings)
    return _langchain(name, provider, model, settings.model_timeout)


def _openai(model: str, settings: Settings) -> BaseChatModel:
    # aiohttp takes a third of a second to import: a desk with the local model does without it.
    from frontdesk.models.openai import OPENAI, OpenAIChat  # noqa: PLC0415

    if not model:
        raise SettingsError("FRONTDESK_MODEL: write the model's name after the colon, openai:gpt-4o-mini")
    base_url = settings.openai_base_url or os.environ.get("OPENAI_BASE_URL") or OPENAI
    parts = urlsplit(base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingsError("OPENAI_BASE_URL: write an address such as http://127.0.0.1:11434/v1")
    if base_url == OPENAI and not os.environ.get("OPENAI_API_KEY"):
        raise SettingsError(f"openai:{model} needs a key: set OPENAI_API_KEY, or FRONTDESK_MODEL=local")
    return OpenAIChat(model=model, base_url=base_url, timeout=settings.model_timeout)


def _langchain(name: str, provider: str, model: str, seconds: float) -> BaseChatModel:
    # Providers cost a second and more to import: only the one that was asked for, and only then.
    from langchain.chat_models import init_chat_model  # noqa: PLC0415

    known = PROVIDERS.get(provider)
    if known and not model:
        raise SettingsError(f"FRONTDESK_MODEL: write the model's name after the colon, {provider}:NAME")
    limits: dict[str, Any] = {"timeout": seconds, "max_retries": 0} if known and known.limits else {}
    try:
        if provider == "openai-sdk":
            chosen: object = init_chat_model(model, model_provider="openai", **limits)
        else:
            chosen = init_chat_model(name, **limits)
    except ImportError:
        install = known.install if known else f"langchain-{provider.replace('_', '-')}"
        raise SettingsError(f"the model {name!r} needs a package: pip install '{install}'") from None
    except Exception:  # noqa: BLE001 — each provider complains in its own words, some of which hold the key
        raise SettingsError(f"the model {name!r} cannot be used: {_advice(known)}") from None
    if known and known.key and not os.environ.get(known.key):
        raise SettingsError(f"the model {name!r} cannot be used: {_advice(known)}")
    if not isinstance(chosen, BaseChatModel):  # without a name, LangChain returns a model yet to be chosen
        raise SettingsError(f"the model {name!r} cannot be used: {_advice(known)}")
    return chosen


def _advice(known: Provider | None) -> str:
    if known and known.key and not os.environ.get(known.key):
        return f"set {known.key}, or FRONTDESK_MODEL=local"
    return "write local, openai:NAME, anthropic:NAME, ollama:NAME, or what LangChain's init_chat_model takes"
