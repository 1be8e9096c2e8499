"""The figures of benchmarks/knowledge.py: recall, rank, separation, milliseconds; and lines that show it works."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import numpy as np

_STARTED = time.monotonic()


def recall(ranks: Sequence[int], within: int) -> float:
    """Share of ``ranks`` (1 the best, 0 not found) that are at most ``within``, in percent."""
    return 100 * sum(0 < rank <= within for rank in ranks) / max(len(ranks), 1)


def mrr(ranks: Sequence[int], within: int = 10) -> float:
    """Mean of 1 / rank, a rank over ``within`` counting nothing."""
    return sum(1 / rank for rank in ranks if 0 < rank <= within) / max(len(ranks), 1)


def auroc(right: Sequence[float], wrong: Sequence[float]) -> float | None:
    """How often a question with an answer scores above one without; equal ones count half."""
    if not right or not wrong:
        return None
    ordered = np.sort(np.asarray(wrong))
    below = np.searchsorted(ordered, right, side="left")
    upto = np.searchsorted(ordered, right, side="right")
    return float((below + upto).mean() / 2 / len(ordered))


def milliseconds(seconds: Sequence[float]) -> tuple[float, float]:
    """p50 and p95 in milliseconds."""
    p50, p95 = np.percentile(np.asarray(seconds) * 1000, [50, 95])
    return float(p50), float(p95)


def progress(line: str) -> None:
    """A line for who is waiting; the results themselves go to stdout."""
    print(f"[{time.monotonic() - _STARTED:5.0f} s] {line}", file=sys.stderr, flush=True)
