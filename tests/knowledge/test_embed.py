"""The embedding model: its file is checked, its vectors are unit vectors, it loads only when needed."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from frontdesk.errors import EmbeddingModelDamaged
from frontdesk.knowledge.embed import MODEL_FILE, Embedder, Embeddings


def test_vectors_are_unit_vectors_near_their_paraphrase() -> None:
    vectors = Embedder.default().encode(
        ["How do I return an item?", "send something back", "a poem on autumn"]
    )
    assert vectors.shape == (3, 384)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2


def test_no_texts_give_no_vectors() -> None:
    assert Embedder.default().encode([]).shape == (0, 384)


def test_a_vector_does_not_depend_on_its_neighbours() -> None:
    alone = Embedder().encode(["refund"])
    among = Embedder().encode(["a much longer text about parcels and customs " * 20, "refund", ""])
    assert np.array_equal(alone[0], among[1])


async def test_questions_and_passages_are_encoded_alike() -> None:
    embeddings: Embeddings = Embedder.default()
    question = await embeddings.aencode(["refund"], query=True)
    assert np.array_equal(question, await embeddings.aencode(["refund"]))
    assert question.shape == (1, embeddings.dimension)


async def test_encoding_leaves_the_event_loop_free() -> None:
    embedder = Embedder.default()
    ticks = 0
    work = asyncio.ensure_future(embedder.aencode([f"parcel {n} " * 150 for n in range(8)]))
    while not work.done():
        await asyncio.sleep(0.001)
        ticks += 1
    assert (await work).shape == (8, 384)
    assert ticks > 3


def test_a_damaged_model_is_refused(tmp_path: Path) -> None:
    copy = tmp_path / "model.onnx"
    copy.write_bytes(MODEL_FILE.read_bytes()[:-1] + b"\x00\x00")
    with pytest.raises(EmbeddingModelDamaged):
        Embedder(copy).encode(["hello"])


def test_importing_knowledge_loads_neither_onnxruntime_nor_numpy() -> None:
    code = (
        "import sys, frontdesk.knowledge.embed, frontdesk.knowledge.answer, frontdesk.knowledge.sync\n"
        "import frontdesk.knowledge.retrieve\n"
        "assert not {'onnxruntime', 'numpy'} & set(sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
