"""R1, the kill loop: no accepted message lost, one reply a message, one effect an action, whatever is killed when."""

from __future__ import annotations

import asyncio
import random
import sqlite3
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psycopg

from frontdesk.testing import temporary_url
from tests.process import Server

POINTS = (
    "accepted", "model", "before finish", "after finish", "claimed", "before the effect", "after the effect",
    "before settling",
)  # fmt: skip
DONE = ("executed", "failed")


async def kill_loop(turns: int, seed: int, shown: Callable[[str], None]) -> tuple[dict[str, int], list[str]]:
    """(counts, problems). Each customer asks for a refund and confirms it, and tries again until told the end."""
    rng = random.Random(seed)
    url, backend = temporary_url(), Path(tempfile.mkdtemp()) / "backend.sqlite"
    waiting: dict[int, dict[str, Any]] = {n: {} for n in range(turns)}
    kills: dict[str, int] = dict.fromkeys(POINTS, 0)
    while waiting:
        where = min(POINTS, key=lambda name: (kills[name], rng.random()))
        quiet = sum(kills.values()) >= 3 * len(POINTS) * 4 and len(waiting) < 4
        crash = "none:0" if quiet else f"{where}:{rng.randint(1, max(2, min(len(waiting), 12)))}"
        environment = {"CRASH": crash, "CHAOS_BACKEND": str(backend), "FRONTDESK_TOOL_TIMEOUT": "1",
                       "FRONTDESK_SECRET": "s" * 32, "FRONTDESK_QUEUE_LIMIT": "5000"}  # fmt: skip
        with Server(url, "chaos.served", **environment) as server:
            async with server.client() as client:
                batch = list(waiting)[:40]
                await asyncio.gather(*(_go_on(client, n, waiting) for n in batch))
            if server.process.poll() is not None:
                kills[where] += 1
        shown(f"R1: {turns - len(waiting)} of {turns} turns, {sum(kills.values())} kills")
    problems = _reconcile(url, backend, turns)
    return {"turns": turns, "kills": sum(kills.values()), **kills}, problems


async def _go_on(client: httpx.AsyncClient, n: int, waiting: dict[int, dict[str, Any]]) -> None:
    """What customer ``n`` does next, as long as the server lives."""
    user, state = f"c{n}", waiting[n]
    try:
        for _ in range(40):
            if "action" not in state:
                body = {
                    "user_id": user,
                    "message": f'[["refund_order", {{"order_id": "o{n}"}}]]',
                    "client_message_id": "m",
                }
                answer = await client.post("/support/chat", json=body)
                if answer.status_code == 200:
                    actions = answer.json()["actions"]
                    state["action"] = actions[0] if actions else None
            elif (
                state["action"] is None
            ):  # the turn was given to a person after its process had died too often
                del waiting[n]
                return
            else:
                place = f"/support/actions/{state['action']['id']}"
                found = (await client.get(place, params={"user_id": user})).json()["action"]
                if found["status"] in DONE:
                    del waiting[n]
                    return
                if found["status"] == "proposed":
                    token = {"user_id": user, "confirm_token": found["confirm_token"]}
                    await client.post(f"{place}/confirm", json=token)
            await asyncio.sleep(0.1)
    except httpx.HTTPError:
        return


def _reconcile(url: str, backend: Path, turns: int) -> list[str]:
    with psycopg.connect(url, options="-c search_path=frontdesk,public") as owner:

        def one(query: str) -> Any:
            return owner.execute(query.encode()).fetchall()  # fmt: skip

        stored = one("SELECT count(*) FROM turns")[0][0]
        open_ = one("SELECT count(*) FROM turns WHERE status <> 'done'")[0][0]
        replies = one(
            "SELECT count(*) FROM turns t WHERE (SELECT count(*) FROM messages m WHERE m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1) <> 1"
        )[0][0]
        executed = {str(row[0]) for row in one("SELECT id FROM actions WHERE status = 'executed'")}
        ledger = {str(row[0]) for row in one("SELECT id FROM effects WHERE outcome = 'done'")}
        others = one("SELECT status, count(*) FROM actions WHERE status <> 'executed' GROUP BY 1")
    with sqlite3.connect(backend) as kept:
        real = {row[0] for row in kept.execute("SELECT id FROM effects WHERE times = 1")}
    wrong = {
        f"{turns - stored} accepted messages lost": stored != turns,
        f"{open_} turns not answered": open_ != 0,
        f"{replies} messages without exactly one reply": replies != 0,
        "the ledger and the backend differ": ledger != real,
        "the actions and the ledger differ": executed != ledger,
        f"actions that did not come to an end: {others}": bool(others),
    }
    return [sentence for sentence, so in wrong.items() if so]
