"""Collect, fit."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import httpx
import numpy as np

from evals.run import FOLDER, SETS, STATUS, judge
from frontdesk.bootstrap import load_desk, service
from frontdesk.cli.demo import _shop
from frontdesk.cli.serve import prepare
from frontdesk.domain import Principal
from frontdesk.models.local import LocalModel, router
from frontdesk.models.local.respond import Step
from frontdesk.models.local.sure import grounds
from frontdesk.settings import load
from frontdesk.store.conversations import begin
from evals.train_router import FILES, fit, matrix, rows
from frontdesk.telemetry import configure
from tests.demo import SHOP_TOKEN
from tests.process import free_port


class Noting(LocalModel):
    """Notes grounds of each step."""

    def _result(self, dialogue: Any, tools: Any) -> Any:
        catalog = self._catalog(tools)
        step = Step(dialogue, catalog, self._encoder()).take()
        NOTED.append(dataclasses.asdict(grounds(step, dialogue, catalog, self._encoder())))
        return super()._result(dialogue, tools)


NOTED: list[dict[str, Any]] = []



async def ask(running: Any, shop: Any, name: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for text in (FOLDER / SETS[name]).read_text().splitlines():
        line = json.loads(text)
        who = Principal("customer", line["customer"])
        conversation = await begin(running.database, who, "api")
        for message in [*line["history"], line["message"]]:
            NOTED.clear()
            accepted = await running.support.receive(who, message, conversation_id=conversation)
            answer = await running.support.wait(who, accepted.turn_id, 60)
        noted = list(NOTED)
        stored = await running.support.find(who, accepted.turn_id)
        tools = [step["tool"] for step in stored.record.get("steps", [])]
        status = ""
        if line["order_id"] and line["intent"] == "order_status":
            raw = (await shop.get(f"/orders/{line['order_id']}")).json()["status"]
            status = STATUS.get(raw, raw)
        wrong = judge(line, answer, tools, status)
        found.append({"id": line["id"], "intent": line["intent"], "hard": line["hard"], "right": not wrong, "steps": noted})
    return found


def crossed(name: str) -> tuple[Any, Any]:
    """Router weights learned from every set but this one."""
    made = [matrix(rows(path)) for other, path in FILES.items() if other != name]
    return fit(np.concatenate([x for x, _ in made]), np.concatenate([y for _, y in made]))


async def collect(names: list[str], out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        os.environ["FRONTDESK_DATA_DIR"] = str(Path(folder) / "data")
        settings = load()
        port = free_port()
        with _shop(settings, port):
            desk = load_desk("examples.ourshop.support:desk")
            await prepare(desk, settings)
            async with service(desk, settings, models=[("local", Noting())]) as running, httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", headers=SHOP_TOKEN, trust_env=False) as shop:
                own = router._weights()
                for name in names:
                    weights = crossed(name) if name in FILES else own
                    router._weights = lambda weights=weights: weights
                    found = await ask(running, shop, name)
                    (out / f"{name}.json").write_text(json.dumps(found))
                    print(name, sum(r["right"] for r in found), len(found), flush=True)


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    configure("error", "json")
    asyncio.run(collect(sys.argv[2:], Path(sys.argv[1])))
