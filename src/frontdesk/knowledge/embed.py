"""What embeds texts, and the one that needs no download: all-MiniLM-L6-v2 in int8, run by onnxruntime."""

from __future__ import annotations

import asyncio
import hashlib
import threading
from collections import OrderedDict
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from frontdesk.errors import EmbeddingModelDamaged
from frontdesk.knowledge.wordpiece import ASSETS, WordPiece, standard

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

MODEL_FILE = ASSETS / "all-minilm-l6-v2-int8.onnx"
MODEL_SHA256 = "cf19b0207b3a925afa505aa0f22012512b1790e3a634aede6ab8d8dc92a3b2e9"
THREADS = 2
CACHED = 4096  # vectors, 1.5 KB each at 384 numbers
CACHED_LENGTH = 400  # characters; longer texts are chunks, which are embedded once


class Embeddings(Protocol):
    """Whatever turns texts into vectors; knowledge/embeddings.py finds one by its name."""

    @property
    def name(self) -> str:
        """What stands on every row: the same name always means the same space, so vectors may be compared."""
        ...

    @property
    def dimension(self) -> int:
        """How many numbers a vector has, 1 to 4000."""
        ...

    async def aencode(self, texts: Sequence[str], *, query: bool = False) -> Vectors:
        """Unit vectors as float32 of shape (len(texts), dimension). ``query``: these are questions, not passages.

        Takes any text. Raises EmbeddingsUnavailable when the model cannot be asked now.
        """
        ...


class Recent:
    """The vectors of the texts that were embedded last. Any thread may ask."""

    def __init__(self, most: int = CACHED) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._known: OrderedDict[str, Vectors] = OrderedDict()

    def get(self, text: str) -> Vectors | None:
        """The vector of ``text``, or None where it has to be made."""
        with self._lock:
            known = self._known.get(text)
            if known is not None:
                self._known.move_to_end(text)
            return known

    def put(self, text: str, vector: Vectors) -> None:
        """Keep the vector of ``text``; a long text's is not kept."""
        if len(text) > CACHED_LENGTH:
            return
        with self._lock:
            self._known[text] = vector
            if len(self._known) > self._most:
                self._known.popitem(last=False)


def clean(text: str) -> str:
    """What every model and every store takes: no NUL, no half of a surrogate pair."""
    return text.replace("\x00", " ").encode("utf-8", "ignore").decode()


class Embedder:
    """Texts to unit vectors of 384 numbers. The model is loaded when the first text comes.

    Texts are encoded one at a time: activations are quantised per batch, so that a text's vector would
    depend on its neighbours, and on one thread a batch is no faster (see docs/knowledge.md).
    """

    name = "all-minilm-l6-v2-int8"
    dimension = 384
    _shared: ClassVar[Embedder | None] = None

    def __init__(self, model: Path = MODEL_FILE, *, threads: int = THREADS, kept: int = CACHED) -> None:
        self._model = model
        self._threads = threads
        self._recent = Recent(kept)

    @classmethod
    def default(cls) -> Embedder:
        """The one instance of this process."""
        if cls._shared is None:
            cls._shared = cls()
        return cls._shared

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors as float32 of shape (len(texts), 384). Blocks; 4 ms for a question, 35 for a chunk.

        Raises EmbeddingModelDamaged when the model's file is not the one that was built.
        """
        import numpy as np  # noqa: PLC0415  a process that never embeds never loads it

        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        for row, text in enumerate(texts):
            vectors[row] = self._vector(text)
        return vectors

    async def aencode(
        self,
        texts: Sequence[str],
        *,
        query: bool = False,  # noqa: ARG002  questions and passages are encoded alike
    ) -> Vectors:
        """As ``encode``, off the event loop."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, self.encode, list(texts))

    def warm(self) -> None:
        """Load the model now, so that the first question does not wait for it."""
        self.encode(["warm"])

    def _vector(self, text: str) -> Vectors:
        vector = self._recent.get(text)
        if vector is None:
            vector = self._run(text)
            self._recent.put(text, vector)
        return vector

    def _run(self, text: str) -> Vectors:
        import numpy as np  # noqa: PLC0415

        tokenizer, session = self._loaded
        ids = np.array([tokenizer.encode(text)], dtype=np.int64)
        feed = {"input_ids": ids, "attention_mask": np.ones_like(ids), "token_type_ids": np.zeros_like(ids)}
        tokens = session.run(None, feed)[0][0]
        mean = tokens.mean(axis=0)
        return (mean / max(float(np.linalg.norm(mean)), 1e-12)).astype(np.float32)

    @property
    def _loaded(self) -> tuple[WordPiece, Any]:
        with self._load_lock:
            return self._parts

    @cached_property
    def _load_lock(self) -> threading.Lock:
        return threading.Lock()

    @cached_property
    def _parts(self) -> tuple[WordPiece, Any]:
        return standard(), _session(self._model)

    @cached_property
    def _pool(self) -> ThreadPoolExecutor:
        return ThreadPoolExecutor(self._threads, thread_name_prefix="embed")


def _session(model: Path) -> Any:
    import onnxruntime  # noqa: PLC0415  40 MB that a process without knowledge does without

    data = model.read_bytes()
    if hashlib.sha256(data).hexdigest() != MODEL_SHA256:
        raise EmbeddingModelDamaged
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Spinning threads steal the core that the database needs.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
