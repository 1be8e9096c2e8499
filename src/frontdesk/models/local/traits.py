"""A message as numbers for the learned router: two embeddings, flags, hashed words. Training uses the same code."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from frontdesk.models.local.catalog import Encoder, masked
from frontdesk.models.local.context import points_back
from frontdesk.models.local.features import features, wanted, without_courtesy
from frontdesk.models.local.text import clauses, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vector = NDArray[np.float32]

BUCKETS = 4096
_MARK = "thing"  # what every id is to the words
_ASKS = re.compile(
    r"^(?:who|what|when|where|which|why|how|is|are|was|were|do|does|did|has|have|can|could|will|would|should|may|any)\b"
)
FLAGS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("my", r"\bmy\b|\bmine\b|\bour\b"),
        ("i", r"\bi\b|\bwe\b|\bme\b"),
        ("you", r"\byou\b"),
        ("how", r"\bhow (?:do|can|to|does|would|should|long|much|many)\b"),
        ("what", r"\bwhat\b|\bwhich\b"),
        ("when", r"\bwhen\b"),
        ("where", r"\bwhere\b"),
        ("why", r"\bwhy\b"),
        ("can", r"\b(?:can|could|may|am i allowed)\b"),
        ("if", r"\bif\b"),
        ("please", r"\bplease\b|\bkindly\b"),
        ("question", r"\?"),
        ("not", r"\bnot\b|\bnever\b|\bno\b"),
        ("imperative", r"^(?:please |kindly |just |hi |ok )*(?:cancel|change|send|put|take|add|remove|make|swap|delete|update|set|pay|give|show|list|tell|open|raise|stop|wipe|scrap|refund)\b"),
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Said:
    """One message and what came before it. ``things`` names what each id is an id of: ``{"456": "order"}``."""

    text: str
    things: Mapping[str, str]
    before: tuple[str, ...] = ()


def focus(text: str) -> str:
    """The clause that asks: of a story, its last question; else its last wish; else all of it. Plain text."""
    parts = clauses(text)
    asking = [part for part in parts if "?" in part or _ASKS.match(without_courtesy(part))]
    chosen = asking[-1] if asking else text
    return chosen if len(chosen.split()) >= 3 else " ".join(parts[-2:])


def texts(said: Said) -> tuple[str, str]:
    """What is embedded: the whole without courtesies, and its asking clause."""
    whole = plain(said.text)
    return (
        masked(without_courtesy(whole)[:400], said.things),
        masked(without_courtesy(focus(wanted(whole)))[:200], said.things),
    )


def traits(said: Said, encoder: Encoder) -> Vector:
    """The message as one vector."""
    import numpy as np  # noqa: PLC0415  loaded with the embedding model, not before

    vectors = encoder.encode(list(texts(said)))
    words = np.zeros(BUCKETS, dtype=np.float32)
    buckets = list(_buckets(said))
    for bucket in buckets:
        words[bucket] = 1.0
    words /= max(1.0, float(np.linalg.norm(words)))
    return np.concatenate([vectors[0], vectors[1], np.asarray(_flags(said), dtype=np.float32), words])


def _flags(said: Said) -> list[float]:
    low = plain(said.text)
    here = any(token.lower() in low for token in said.things)
    before = plain(said.before[-1]) if said.before else ""
    shown, earlier = asdict_values(low), asdict_values(before)
    marks = [bool(pattern.search(low)) for _, pattern in FLAGS]
    count = len(low.split())
    state = [
        here,
        bool(said.before),
        points_back(low),
        any(c.isdigit() for c in before),
        count <= 3,
        count > 25,
    ]
    return [0.4 * float(value) for value in (*shown, *earlier, *marks, *state)]


def asdict_values(text: str) -> list[bool]:
    """The lexical features in a fixed order."""
    return [bool(value) for value in asdict(features(text)).values()]


def _buckets(said: Said) -> Iterator[int]:
    words = _words(said.text, said.things)
    for one in words:
        yield _bucket(f"w:{one}")
        if len(one) > 4:
            yield from (_bucket(f"c:{one[i : i + 4]}") for i in range(len(one) - 3))
    for one, two in zip(["^", *words], [*words, "$"], strict=True):
        yield _bucket(f"b:{one} {two}")
    for text in said.before[-1:]:
        yield from (_bucket(f"h:{one}") for one in _words(text, {}))


def _words(text: str, things: Mapping[str, str]) -> list[str]:
    tokens = {token.lower() for token in things}
    found: Sequence[str] = re.findall(r"[^\W_]+|\?", plain(text))
    return [_MARK if word in tokens or word.isdigit() else word for word in found]


def _bucket(word: str) -> int:
    return zlib.crc32(word.encode()) % BUCKETS
