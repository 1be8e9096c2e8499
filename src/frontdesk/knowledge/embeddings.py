"""Embeddings by name: the built-in model, the multilingual one, or any that LangChain knows.

A model elsewhere may be slow, refuse, or answer nonsense. What it raises never leaves here: there is one error,
EmbeddingsUnavailable, and a search then goes on by words alone.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import asynccontextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from frontdesk.errors import EmbeddingsUnavailable, SettingsError
from frontdesk.knowledge.embed import Embedder, Embeddings, Recent, clean
from frontdesk.knowledge.multilingual import Multilingual

if TYPE_CHECKING:
    from langchain_core.embeddings import Embeddings as LangChainModel

    from frontdesk.knowledge.embed import Vectors

MAX_DIMENSION = 4000  # what pgvector can index
BATCH = 64  # texts of one call
BATCH_CHARACTERS = 100_000  # of one call: providers bound its tokens
LONGEST = 6000  # characters of one text: providers take 8,000 tokens
QUERY_SECONDS = 5.0  # a customer waits
PASSAGES_SECONDS = 60.0
PAUSE = 1.0  # seconds before passages are tried again, then twice as long
TRIES = 4
REST = 5.0  # seconds after a failure in which no question waits for the model
QUERIES_KEPT = 1024
PROBE = "dimension"

OPENAI = "https://api.openai.com"


class Provider(NamedTuple):
    """What a provider of LangChain's needs: an extra or a package, and the variable its key stands in."""

    install: str
    key: str = ""


PROVIDERS = {
    "openai": Provider("frontdesk[openai-sdk]", "OPENAI_API_KEY"),
    "azure_openai": Provider("frontdesk[openai-sdk]", "AZURE_OPENAI_API_KEY"),
    "ollama": Provider("frontdesk[ollama]"),
    "cohere": Provider("langchain-cohere", "COHERE_API_KEY"),
    "mistralai": Provider("langchain-mistralai", "MISTRAL_API_KEY"),
    "google_genai": Provider("langchain-google-genai", "GOOGLE_API_KEY"),
    "google_vertexai": Provider("langchain-google-vertexai"),
    "bedrock": Provider("langchain-aws"),
    "azure_ai": Provider("langchain-azure-ai"),
    "huggingface": Provider("langchain-huggingface"),
}


def resolve(chosen: str | Embeddings | LangChainModel = "", *, name: str = "") -> Embeddings:
    """The embeddings called ``chosen``, without asking the network.

    "" or "local" is the built-in model; "multilingual" the one of the extra; "openai:text-embedding-3-small"
    and the like what LangChain's init_embeddings takes, with its key from the environment. An object is one of
    LangChain's embeddings, stored under ``name`` or else by its class and model; or satisfies Embeddings itself.

    Raises SettingsError with what to install or which variable to set.
    """
    if isinstance(chosen, str):
        return _named(chosen.strip())
    if hasattr(chosen, "aencode"):
        return cast("Embeddings", chosen)
    if not hasattr(chosen, "embed_documents") or not hasattr(chosen, "embed_query"):
        raise SettingsError("embeddings: write a name, or hand over one of LangChain's Embeddings")
    return FromLangChain(cast("LangChainModel", chosen), name=name)


@cache
def _named(name: str) -> Embeddings:
    if name in {"", "local", Embedder.name}:
        return Embedder.default()
    if name in {"multilingual", Multilingual.name}:
        return Multilingual.default()
    provider, separator, model = (part.strip() for part in name.partition(":"))
    known = PROVIDERS.get(provider.lower())
    if not separator or not model or known is None:
        raise SettingsError(
            f"there are no embeddings called {name!r}: write local, multilingual, openai:text-embedding-3-small, "
            f"or another model of {', '.join(PROVIDERS)}"
        )
    return FromLangChain(_langchain(provider.lower(), model, known), name=f"{provider.lower()}:{model}")


def _langchain(provider: str, model: str, known: Provider) -> LangChainModel:
    # Providers cost a second and more to import: only the one that was asked for, and only then.
    from langchain.embeddings import init_embeddings  # noqa: PLC0415

    options = _openai_options() if provider == "openai" else {}
    if known.key and not os.environ.get(known.key) and "api_key" not in options:
        raise SettingsError(f"the embeddings {provider}:{model} need a key: set {known.key}")
    try:
        return init_embeddings(model, provider=provider, **options)
    except ImportError:
        raise SettingsError(
            f"the embeddings {provider}:{model} need a package: pip install '{known.install}'"
        ) from None
    except Exception:  # noqa: BLE001  each provider complains in its own words, some of which hold the key
        advice = f"check {known.key} and the model's name" if known.key else "check the model's name"
        raise SettingsError(f"the embeddings {provider}:{model} cannot be used: {advice}") from None


def _openai_options() -> dict[str, Any]:
    """No count of tokens, for which a vocabulary would be downloaded; retries are counted here, not there."""
    options: dict[str, Any] = {"check_embedding_ctx_length": False, "max_retries": 0}
    base_url = os.environ.get("OPENAI_BASE_URL") or OPENAI
    if not base_url.startswith(("http://", "https://")):
        raise SettingsError("OPENAI_BASE_URL: write an address such as http://127.0.0.1:11434/v1")
    if not base_url.startswith(OPENAI) and not os.environ.get("OPENAI_API_KEY"):
        options["api_key"] = "none"  # a server of one's own asks for none, but the package does
    return options


class FromLangChain:
    """Any of LangChain's embeddings: bounded, checked, its errors translated.

    Questions are remembered, and none waits for a model that failed a moment ago. Passages are patient: they go
    in batches, and what may work a moment later is tried again.
    """

    def __init__(self, model: LangChainModel, *, name: str = "") -> None:
        self._model = model
        self.name = " ".join(name.split())[:200] or _name_of(model)
        self._dimension = 0  # until the first answer
        self._recent = Recent(QUERIES_KEPT)
        self._rests_until = 0.0

    @property
    def dimension(self) -> int:
        """How many numbers a vector has. Where nobody knows yet, the model is asked once, which blocks.

        Raises EmbeddingsUnavailable when the model cannot be asked, SettingsError when it is over 4000.
        """
        if not self._dimension:
            try:
                vector = self._model.embed_query(PROBE)
            except Exception as error:  # noqa: BLE001  each provider has errors of its own
                raise self._unavailable(error) from None
            self._checked([vector], 1)
        return self._dimension

    async def aencode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Unit vectors as float32 of shape (len(texts), dimension).

        Raises EmbeddingsUnavailable when the model cannot be asked or answers nonsense, SettingsError when its
        vectors are longer than 4000 numbers.
        """
        import numpy as np  # noqa: PLC0415  a process that never embeds never loads it

        texts = [_sent(text) for text in texts]
        if not texts:
            return np.empty((0, self._dimension), dtype=np.float32)
        if query:
            return np.stack([await self._question(text) for text in texts])
        return np.concatenate([await self._passages(batch) for batch in _batches(texts)])

    async def _question(self, text: str) -> Vectors:
        known = self._recent.get(text)
        if known is not None:
            return known
        if time.monotonic() < self._rests_until:
            raise EmbeddingsUnavailable
        try:
            async with self._translated(QUERY_SECONDS):
                answer = await self._model.aembed_query(text)
            vector = self._checked([answer], 1)[0]
        except EmbeddingsUnavailable:
            self._rests_until = time.monotonic() + REST
            raise
        self._recent.put(text, vector)
        return vector

    async def _passages(self, texts: list[str]) -> Vectors:
        for tried in range(TRIES):
            try:
                async with self._translated(PASSAGES_SECONDS):
                    answer = await self._model.aembed_documents(texts)
            except _Passing:
                if tried == TRIES - 1:
                    raise
                await asyncio.sleep(PAUSE * 2**tried)
            else:
                return self._checked(answer, len(texts))
        raise EmbeddingsUnavailable

    @asynccontextmanager
    async def _translated(self, seconds: float) -> AsyncGenerator[None]:
        try:
            async with asyncio.timeout(seconds):
                yield
        except Exception as error:  # noqa: BLE001  each provider has errors of its own
            raise self._unavailable(error) from None

    def _unavailable(self, error: Exception) -> EmbeddingsUnavailable:
        """What the provider's error comes to. Its words are left out: they may hold the key or the text."""
        status = _status(error)
        if status in {401, 403, 404}:
            return EmbeddingsUnavailable(
                f"the embeddings {self.name} turned Frontdesk away (HTTP {status}): check the model's name, "
                "its key and its address"
            )
        if status is not None and 400 <= status < 500 and status not in {408, 409, 429}:
            return EmbeddingsUnavailable(f"the embeddings {self.name} did not take the texts (HTTP {status})")
        why = (
            f"HTTP {status}"
            if status and status >= 400
            else "timeout"
            if isinstance(error, TimeoutError)
            else "no answer"
        )
        return _Passing(f"the embeddings {self.name} do not answer as they should ({why})")

    def _checked(self, answer: object, count: int) -> Vectors:
        """``answer`` as unit vectors. Raises EmbeddingsUnavailable for what is none."""
        import numpy as np  # noqa: PLC0415

        nonsense = EmbeddingsUnavailable(f"the embeddings {self.name} gave no vectors that can be searched")
        try:
            vectors = np.asarray(answer, dtype=np.float32)
        except (TypeError, ValueError, OverflowError):
            raise nonsense from None
        if vectors.ndim != 2 or len(vectors) != count or not vectors.size:
            raise nonsense
        if vectors.shape[1] > MAX_DIMENSION:
            raise SettingsError(
                f"the embeddings {self.name} give vectors of {vectors.shape[1]} numbers: "
                f"choose a model of at most {MAX_DIMENSION}, or set its dimensions"
            )
        lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
        if not np.isfinite(lengths).all() or (lengths < 1e-9).any():
            raise nonsense
        if self._dimension not in {0, vectors.shape[1]}:
            raise EmbeddingsUnavailable(
                f"the embeddings {self.name} gave vectors of {vectors.shape[1]} numbers, not {self._dimension}"
            )
        self._dimension = int(vectors.shape[1])
        return (vectors / lengths).astype(np.float32)


class _Passing(EmbeddingsUnavailable):
    """The model does not answer as it should; the same call may work a moment later."""


def _name_of(model: object) -> str:
    """``openai:text-embedding-3-small`` for OpenAIEmbeddings(model="text-embedding-3-small")."""
    kind = type(model).__name__.removesuffix("Embeddings").lower() or "embeddings"
    named = (getattr(model, attribute, None) for attribute in ("model", "model_name", "model_id"))
    own = next((value for value in named if isinstance(value, str) and value), "")
    shortened = getattr(model, "dimensions", None)
    size = f":{shortened}" if own and isinstance(shortened, int) else ""
    return " ".join(f"{kind}:{own}{size}".rstrip(":").split())[:200]


def _status(error: Exception) -> int | None:
    for place in (error, getattr(error, "response", None)):
        status = getattr(place, "status_code", None)
        if isinstance(status, int):
            return status
    return None


def _sent(text: str) -> str:
    """What every provider takes: not empty, and not longer than its limit."""
    text = clean(text[:LONGEST])
    return text if text.strip() else "."


def _batches(texts: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for text in texts:
        if batch and (len(batch) == BATCH or sum(map(len, batch)) + len(text) > BATCH_CHARACTERS):
            yield batch
            batch = []
        batch.append(text)
    if batch:
        yield batch
