"""Trains the local model's router: ``python -m evals.train_router`` (seconds; the same data give the same weights).

First what is learned from one author's messages is tried on the other's; the weights that are shipped
(src/frontdesk/models/local/router.npz) are then learned from everything.
"""

from __future__ import annotations

import json
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from frontdesk.knowledge.embed import Embedder
from frontdesk.models.local.features import features
from frontdesk.models.local.router import CLASSES, WEIGHTS
from frontdesk.models.local.text import in_english
from frontdesk.models.local.traits import Said, traits

FOLDER = Path(__file__).parent
INTENTS = {
    "order_status": "order_status",
    "ask_which": "order_status",
    "foreign_order": "order_status",
    "unknown_order": "order_status",
    "list_orders": "list_orders",
    "payment_status": "payments",
    "refund_status": "refunds",
    "return_status": "returns",
    "profile": "profile",
    "knowledge": "knowledge",
    "unanswerable": "knowledge",
    "off_topic": "off_topic",
    "change_request": "change",
    "handoff": "hand_over",
    "ticket": "ticket",
    "smalltalk": "small_talk",
    "memory": "memory",
}
KINDS = {
    "S": "order_status", "A": "order_status", "S+S": "order_status", "L": "list_orders", "P": "profile",
    "M": "payments", "MA": "payments", "R": "refunds", "T": "returns", "H": "hand_over", "O": "ticket",
    "OA": "ticket", "C": "small_talk", "U": "memory",
}  # fmt: skip
_ID = re.compile(r"(?<![\w.,€$£])#?(\d{3,4})(?![\w]|[.,]\d)")
ROUNDS = 200
PENALTY = 0.00005


def rows(name: str) -> list[tuple[Said, str]]:
    """(message, class) of a file."""
    found: list[tuple[Said, str]] = []
    for row in _read(FOLDER / name):
        label = INTENTS.get(row.get("intent", "")) or KINDS.get(row.get("kind", "")) or _help(row)
        if label:
            text = in_english(row["message"])
            found.append(
                (Said(text, dict.fromkeys(_ID.findall(text), "order"), tuple(row["history"])), label)
            )
    return found


def _read(path: Path) -> Iterator[dict[str, Any]]:
    """The lines of a .jsonl, or of a .txt with "== intent" above its messages."""
    intent = ""
    for line in path.read_text().splitlines():
        if path.suffix == ".jsonl":
            yield json.loads(line)
        elif line.startswith("== "):
            intent = line[3:].strip()
        elif line and not line.startswith("#"):
            *before, message = line.split(" >> ")
            yield {"intent": intent, "message": message, "history": before[0].split(" | ") if before else []}


def _help(row: dict[str, Any]) -> str:
    if row.get("kind") != "K":
        return ""
    shown = features(row["message"].lower())
    return "change" if shown.change and not shown.policy else "knowledge"


def matrix(data: list[tuple[Said, str]]) -> tuple[Any, Any]:
    """(n, d) traits and (n,) class numbers."""
    encoder = Embedder.default()
    vectors = np.stack([traits(said, encoder) for said, _ in data])
    return vectors, np.asarray([CLASSES.index(label) for _, label in data])


def fit(x: Any, y: Any) -> tuple[Any, Any]:
    """Softmax regression with an L2 penalty by Adam over all rows at once: (d, classes) weights and the bias."""
    counts = np.bincount(y, minlength=len(CLASSES))
    share = (counts.max() / np.maximum(counts, 1)) ** 0.4
    each = share[y] / share[y].mean()
    target = np.eye(len(CLASSES))[y]
    x, target, each = x.astype(np.float32), target.astype(np.float32), each.astype(np.float32)
    w = np.zeros((x.shape[1], len(CLASSES)), dtype=np.float32)
    b = np.zeros(len(CLASSES), dtype=np.float32)
    m, v, mb, vb = np.zeros_like(w), np.zeros_like(w), np.zeros_like(b), np.zeros_like(b)
    for step in range(1, ROUNDS + 1):
        error = (softmax(x @ w + b) - target) * each[:, None] / len(y)
        g, gb = x.T @ error + PENALTY * w, error.sum(0)
        rate = 0.05 * (1 - 0.9 * step / ROUNDS)
        m, v = 0.9 * m + 0.1 * g, 0.99 * v + 0.01 * g * g
        mb, vb = 0.9 * mb + 0.1 * gb, 0.99 * vb + 0.01 * gb * gb
        w -= rate * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-6)
        b -= rate * (mb / (1 - 0.9**step)) / (np.sqrt(vb / (1 - 0.99**step)) + 1e-6)
    return w, b


def softmax(scores: Any) -> Any:
    """Rows as probabilities."""
    raised = np.exp(scores - scores.max(1, keepdims=True))
    return raised / raised.sum(1, keepdims=True)


def test(name: str, model: tuple[Any, Any], x: Any, y: Any, data: list[tuple[Said, str]], show: bool) -> None:
    """Print accuracy, by class and the confusions."""
    chosen = softmax(x @ model[0] + model[1]).argmax(1)
    print(f"{name}: {(chosen == y).mean():.1%} of {len(y)}")
    each = {c: f"{(chosen[y == i] == i).sum()}/{(y == i).sum()}" for i, c in enumerate(CLASSES)}
    print("  ", each)
    wrong = Counter((CLASSES[t], CLASSES[p]) for t, p in zip(y, chosen, strict=True) if t != p)
    print("  ", ", ".join(f"{t}→{p} {n}" for (t, p), n in wrong.most_common(14)))
    for (said, label), p in zip(data, chosen, strict=True) if show else ():
        if CLASSES[p] != label:
            print(f"     {label} → {CLASSES[p]}: {list(said.before)} {said.text}")


def main() -> None:
    """Across authors, then everything."""
    show = "-v" in sys.argv
    sets = {name: rows(path) for name, path in FILES.items() if (FOLDER / path).exists()}
    made = {name: matrix(data) for name, data in sets.items()}

    def together(*names: str) -> tuple[Any, Any]:
        kept = [made[n] for n in names if n in made]
        return np.concatenate([x for x, _ in kept]), np.concatenate([y for _, y in kept])

    rest = [name for name in made if name not in ("a", "b")]
    for train, other in (("a", "b"), ("b", "a")):
        model = fit(*together(train, *rest))
        test(f"{train} → {other}", model, *made[other], sets[other], show)
    w, b = fit(*together(*made))
    test("all → seen", (w, b), *made["seen"], sets["seen"], show)
    np.savez_compressed(WEIGHTS, weights=w.astype(np.float16), bias=b.astype(np.float16))
    print(f"{WEIGHTS.name}: {WEIGHTS.stat().st_size} bytes")


FILES = {
    "a": "utterances/a.jsonl",
    "b": "utterances/b.jsonl",
    "seen": "paraphrases/seen.jsonl",
    "dev": "local_questions/dev.jsonl",
    "voices": "local_questions/voices.txt",
}

if __name__ == "__main__":
    main()
