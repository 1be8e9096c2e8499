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
MOST_KILLS = (2, 5)  # while asking, and in all


async def kill_loop(turns: int, seed: int, shown: Callable[[str], None]) -> tuple[dict[str, int], list[str]]:
    """(counts, problems). Each customer asks for a refund and confirms it, and tries again until told the end."""
    rng = random.Random(seed)
    url, backend = temporary_url(), Path(tempfile.mkdtemp()) / "backend.sqlite"
    waiting: dict[int, dict[str, Any]] = {n: {} for n in range(turns)}
    kills: dict[str, int] = dict.fromkeys(POINTS, 0)
    lived: dict[int, int] = dict.fromkeys(waiting, 0)  # how many kills each turn has lived through
    while waiting:
        # Customers at the same stage, those killed least first, so that the point is one they will pass.
        asking = [n for n in waiting if "action" not in waiting[n]]
        batch = sorted(asking or waiting, key=lambda n: lived[n])[:6]
        points = POINTS[:4] if asking else POINTS[4:]
        # Killed at every step of its way, a turn goes to a person by design: enough is enough.
        enough = min(lived[n] for n in batch) >= MOST_KILLS[not asking]
        where = min(points, key=lambda name: (kills[name], rng.random()))
        crash = "none:0" if enough else f"{where}:{rng.randint(1, 2)}"
        environment = {"CRASH": crash, "CHAOS_BACKEND": str(backend), "FRONTDESK_TOOL_TIMEOUT": "1",
                       "FRONTDESK_SECRET": "s" * 32, "FRONTDESK_QUEUE_LIMIT": "5000"}  # fmt: skip
        if await _life(url, environment, batch, waiting, not asking):
            kills[where] += 1
            lived.update({n: lived[n] + 1 for n in batch})
        shown(f"R1: {turns - len(waiting)} of {turns} turns, {sum(kills.values())} kills")
    problems = _reconcile(url, backend, turns)
    thrice = sum(times >= 3 for times in lived.values())
    return {"turns": turns, "kills": sum(kills.values()), "killed 3 times or more": thrice, **kills}, problems


async def _life(
    url: str, environment: dict[str, str], batch: list[int], waiting: dict[int, dict[str, Any]], confirm: bool
) -> bool:
    """A server from its start to its end; whether it was killed, which it may be before it listens."""
    try:
        server = Server(url, "chaos.served", **environment)
    except AssertionError:
        return True
    with server:
        async with server.client() as client:
            died = any(await asyncio.gather(*(_go_on(client, n, waiting, confirm) for n in batch)))
        if died:
            server.process.wait(10)
    return died


async def _go_on(
    client: httpx.AsyncClient, n: int, waiting: dict[int, dict[str, Any]], confirm: bool
) -> bool:
    """What customer ``n`` does next, as long as the server lives; whether it has died meanwhile."""
    state = waiting[n]
    try:
        for _ in range(60):
            if "action" not in state:
                await _ask(client, n, state)
            elif not confirm:
                return False
            elif await _confirm(client, n, state):
                del waiting[n]
                return False
            await asyncio.sleep(0.1)
    except httpx.HTTPError:
        return True
    return False


async def _ask(client: httpx.AsyncClient, n: int, state: dict[str, Any]) -> None:
    message = f'[["refund_order", {{"order_id": "o{n}"}}]]'
    body = {"user_id": f"c{n}", "message": message, "client_message_id": "m"}
    answer = await client.post("/support/chat", json=body)
    if answer.status_code == 200:
        state["action"] = next(iter(answer.json()["actions"]), None)


async def _confirm(client: httpx.AsyncClient, n: int, state: dict[str, Any]) -> bool:
    """Press the button while it is there; whether the end is known."""
    if state["action"] is None:  # the turn was given to a person after its process had died too often
        return True
    place = f"/support/actions/{state['action']['id']}"
    found = (await client.get(place, params={"user_id": f"c{n}"})).json()["action"]
    if found["status"] == "proposed":
        token = {"user_id": f"c{n}", "confirm_token": found["confirm_token"]}
        await client.post(f"{place}/confirm", json=token)
    return found["status"] in DONE


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
