"""Graded as tau-bench does: the end state of the database, what the customer had to be told, and pass^k."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Sequence
from math import comb

from evals.tau_retail.data import Json

State = dict[tuple[str, str], Json]


def state_hash(changed: State) -> str:
    """12 hex digits of what differs from the published records: equal where the whole databases are equal."""
    rows = sorted([*key, record] for key, record in changed.items())
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()[:12]


def told(outputs: Iterable[str], shown: Iterable[str]) -> dict[str, bool]:
    """Which of the required outputs stand in something the customer was shown; commas do not count, as in tau-bench."""
    texts = [text.lower().replace(",", "") for text in shown]
    return {output: any(output.lower() in text for text in texts) for output in outputs}


def pass_hat(results: Sequence[Sequence[bool]], k: int) -> float:
    """pass^k: the chance that k trials of a task, drawn without putting back, all pass; the mean of all tasks.

    Each of ``results`` holds one task's trials, k of them or more.
    """
    return sum(comb(sum(trials), k) / comb(len(trials), k) for trials in results) / len(results)
