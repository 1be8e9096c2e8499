"""The learned router: how likely each kind of wish is, for messages to any shop."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from frontdesk.models.local.catalog import Encoder
from frontdesk.models.local.traits import Said, traits

WEIGHTS = Path(__file__).parent / "router.npz"
CHANGE_WISH, TICKET, SMALL_TALK, MEMORY, OFF_TOPIC = "change", "ticket", "small_talk", "memory", "off_topic"
CLASSES = (
    "order_status",
    "list_orders",
    "profile",
    "payments",
    "refunds",
    "returns",
    "knowledge",
    "hand_over",
    CHANGE_WISH,
    TICKET,
    SMALL_TALK,
    MEMORY,
    OFF_TOPIC,
)


@cache
def _weights() -> tuple[Any, Any]:
    import numpy as np  # noqa: PLC0415  loaded with the embedding model, not before

    with np.load(WEIGHTS) as stored:
        return stored["weights"].astype(np.float32), stored["bias"].astype(np.float32)


def likely(said: Said, encoder: Encoder) -> dict[str, float]:
    """A probability for each of CLASSES, together 1."""
    import numpy as np  # noqa: PLC0415  loaded with the embedding model, not before

    weights, bias = _weights()
    scores = traits(said, encoder) @ weights + bias
    raised = np.exp(scores - scores.max())
    return dict(zip(CLASSES, (raised / raised.sum()).tolist(), strict=True))
