"""The cascade on the example shop: fit the local model's confidence, choose the threshold, report on the secret sets.

``python -m evals.cascade`` (about five minutes) asks all sets in one process with the local model, writes
src/frontdesk/models/local/sure.json, and prints what each threshold comes to. ``seen``, ``a`` and ``b`` are asked
with a router that has not learned from them: the shipped one has, and would be surer there than it may be.
Of ``unseen`` and ``blind`` only the score is printed.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from evals.run import FOLDER, SECRET, SETS, STATUS, judge
from evals.train_router import FILES, fit, matrix, rows
from frontdesk.bootstrap import Service, load_desk, service
from frontdesk.cli.demo import _shop
from frontdesk.cli.serve import prepare
from frontdesk.domain import Principal
from frontdesk.evaluation.calibrate import Row, Tried, choose, row
from frontdesk.models.cascade import AT
from frontdesk.models.local import LocalModel, router
from frontdesk.models.local.respond import Reply, Step
from frontdesk.models.local.sure import WEIGHTS, Grounds, grounds
from frontdesk.settings import load
from frontdesk.store.conversations import begin
from frontdesk.telemetry import configure
from tests.demo import SHOP_TOKEN
from tests.process import free_port

READABLE = [name for name in SETS if name not in SECRET]
PRECISION = 0.98
PENALTY = 0.5
FOLDS, ROUNDS = 10, 6


@dataclass
class Answered:
    """One line of a set: what the reply rested on, and whether it was right."""

    numbers: dict[str, float]
    right: bool
    doubted: bool = False


class Noting(LocalModel):
    """The local model, which keeps what its last reply rested on."""

    noted: list[Grounds] = []  # noqa: RUF012  (pydantic copies it)

    def _result(self, dialogue: Any, tools: Any) -> Any:
        catalog, encoder = self._catalog(tools), self._encoder()
        step = Step(dialogue, catalog, encoder).take()
        if isinstance(step, Reply):
            self.noted.append(grounds(step, dialogue, catalog, encoder))
        return super()._result(dialogue, tools)


async def ask(running: Service, shop: httpx.AsyncClient, model: Noting, name: str) -> list[Answered]:
    """Every line of a set, one after the other."""
    found: list[Answered] = []
    for text in (FOLDER / SETS[name]).read_text().splitlines():
        line = json.loads(text)
        who = Principal("customer", line["customer"])
        conversation = await begin(running.database, who, "api")
        answer, turn = None, None
        for message in [*line["history"], line["message"]]:
            model.noted.clear()
            turn = (await running.support.receive(who, message, conversation_id=conversation)).turn_id
            answer = await running.support.wait(who, turn, 60)
        assert answer
        assert turn
        stored = await running.support.find(who, turn)
        tools = [step["tool"] for step in stored.record.get("steps", [])]
        status = ""
        if line["order_id"] and line["intent"] == "order_status":
            raw = (await shop.get(f"/orders/{line['order_id']}")).json()["status"]
            status = STATUS.get(raw, raw)
        noted = model.noted[-1] if model.noted else None  # None: a turn that was given up
        right = not judge(line, answer, tools, status)
        found.append(Answered(noted.numbers() if noted else {}, right, bool(noted and noted.doubted)))
    return found


def others(name: str) -> tuple[Any, Any]:
    """The router's weights, learned from every set but this one."""
    made = [matrix(rows(path)) for other, path in FILES.items() if other != name]
    return fit(np.concatenate([x for x, _ in made]), np.concatenate([y for _, y in made]))


async def collect(names: Sequence[str]) -> dict[str, list[Answered]]:
    """All sets, asked of the example shop's desk."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FRONTDESK_DATA_DIR"] = str(Path(folder) / "data")
        settings, port, model = load(), free_port(), Noting()
        address = f"http://127.0.0.1:{port}"
        with _shop(settings, port):
            desk = load_desk("examples.ourshop.support:desk")
            await prepare(desk, settings)
            async with (
                service(desk, settings, models=[("local", model)]) as running,
                httpx.AsyncClient(base_url=address, headers=SHOP_TOKEN, trust_env=False) as shop,
            ):
                shipped, found = router._weights(), {}
                for name in names:
                    weights = others(name) if name in FILES else shipped
                    router._weights = lambda weights=weights: weights
                    found[name] = await ask(running, shop, model, name)
                return found


# ------------------------------------------------------------------ the regression
def solve(x: Any, y: Any, penalty: Any) -> Any:
    """Logistic regression by Newton's method, (d,) weights."""
    w = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-x @ w))
        w += np.linalg.solve((x * (p * (1 - p))[:, None]).T @ x + penalty, x.T @ (y - p) - penalty @ w)
    return w


def design(found: Sequence[Answered]) -> tuple[list[str], Any, Any, Any]:
    """(names, (n, d) numbers, (n,) right or not, the penalty: none on the constant)."""
    names = sorted({name for one in found for name in one.numbers})
    x = np.array([[one.numbers.get(name, 0.0) for name in names] for one in found])
    penalty = np.diag([1e-3 if name == "constant" else PENALTY for name in names])
    return names, x, np.array([float(one.right) for one in found]), penalty


def crossed(x: Any, y: Any, penalty: Any, trusted: Any, seed: int) -> list[Tried]:
    """Each line with the confidence of weights that were not fitted on it."""
    fold = np.random.RandomState(seed).permutation(len(y)) % FOLDS
    sure = np.zeros(len(y))
    for k in range(FOLDS):
        sure[fold == k] = 1 / (1 + np.exp(-x[fold == k] @ solve(x[fold != k], y[fold != k], penalty)))
    return [Tried(float(p), bool(right)) for p, right in zip(sure * trusted, y, strict=True)]


def said(name: str, found: Row) -> str:
    """One line of the table."""
    low, high = found.interval
    return (
        f"{name:28} {found.at:.3f}  {found.answered:4} of {found.turns:4} alone ({found.coverage:.1%}),"
        f" {found.right} right: {found.precision:.1%} ({low:.1%} to {high:.1%})"
    )


def main(file: Path | None) -> None:
    """Collect, or read what was collected into ``file``; fit; report."""
    configure("error", "json")
    if file and file.exists():
        stored = json.loads(file.read_text())
        sets = {name: [Answered(**one) for one in found] for name, found in stored.items()}
    else:
        sets = asyncio.run(collect(list(SETS)))
        if file:
            file.write_text(json.dumps({name: [vars(one) for one in found] for name, found in sets.items()}))
    readable = [one for name in READABLE for one in sets[name] if one.numbers]
    names, x, y, penalty = design(readable)
    weights = dict(zip(names, solve(x, y, penalty).round(3).tolist(), strict=True))
    WEIGHTS.write_text(json.dumps(weights, indent=1, sort_keys=True) + "\n")
    trusted = np.array([not one.doubted for one in readable])
    tries = [crossed(x, y, penalty, trusted, seed) for seed in range(ROUNDS)]
    chosen = [found.at for one in tries if (found := choose(one, PRECISION))]
    print(
        f"thresholds at {PRECISION:.0%} in {ROUNDS} rounds of {FOLDS} folds: {sorted(chosen)}; in the code: {AT}"
    )
    for at in sorted({0.0, 0.8, 0.9, 0.95, AT, *chosen}):
        print(said("not fitted on these lines", row(tries[0], at)))
    for name, found in sets.items():
        tried = [Tried(sure(one, weights), one.right) for one in found]
        for at in (0.0, AT):
            print(said(name + (" (fitted on)" if name in READABLE else ""), row(tried, at)))


def sure(one: Answered, weights: dict[str, float]) -> float:
    score = sum(weights.get(name, 0.0) * number for name, number in one.numbers.items())
    return float(1 / (1 + np.exp(-score))) if one.numbers and not one.doubted else 0.0


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
