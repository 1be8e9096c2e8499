"""R5: whoever watches hangs up in mid-stream: the turn is recorded whole, and can be read on by the event's id.

Each stream is dropped after its first, second or third event, while the tool is at work; the reader comes back, to
the same process or to the other one, with the id of the last event, while the turn runs or when it is done. What was
seen before and after, put together, must be the events of the whole turn, each once.
"""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp

from chaos.backend import backend
from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.servers import rows, servers

Seen = tuple[str, str, Any]  # id, type, data
STREAM = {"accept": "text/event-stream"}
AT_ONCE = 20
KINDS = ["accepted", "step", "step", "text", "done"]


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """Two processes on one database; a look-up takes 0.15 s."""
    async with backend() as shop, servers(2, CHAOS_BACKEND=shop.url) as (url, _, clients):
        shop.seconds = 0.15

        async def portion(first: int, many: int) -> Tally:
            tally = Tally()
            gate = asyncio.Semaphore(AT_ONCE)

            async def one(n: int) -> None:
                async with gate:
                    await _hang_up(clients, n, tally, random.Random(f"{seed} {n}"))
                    shown(f"R5: {first + tally.counts['hang-ups']} hang-ups: {tally.words()}")

            await asyncio.gather(*(one(n) for n in range(first, first + many)))
            await _whole(url, first, many, tally)
            return tally

        yield portion


async def _hang_up(clients: list[aiohttp.ClientSession], n: int, tally: Tally, rng: random.Random) -> None:
    body = {"user_id": f"c{n}", "message": f'[["get_order", {{"order_id": "o{n}"}}]]'}
    mine, other = rng.sample(clients, 2)
    most = rng.randint(1, 3)
    seen: list[Seen] = []
    async with mine.post("/support/chat", json=body, headers=STREAM) as answer:
        async for event in _events(answer):
            seen.append(event)
            if len(seen) == most:
                break
        answer.close()  # hard, not to the end
    tally.counts["hang-ups"] += 1
    turn = seen[0][0].split(":")[0]
    if rng.random() < 0.5:
        await asyncio.sleep(0.4)  # long enough for the turn to be done
    rest = await _read_on(other if rng.random() < 0.5 else mine, turn, n, seen[-1][0])
    whole = await _read_on(other, turn, n, "")
    tally.counts["read on"] += bool(rest)
    tally.expect([*seen, *rest] == whole, f"c{n}: after {most} events the rest does not make the whole")
    tally.expect(
        [kind for _, kind, _ in whole] == KINDS, f"c{n}: the events were {[kind for _, kind, _ in whole]}"
    )


async def _read_on(client: aiohttp.ClientSession, turn: str, n: int, last: str) -> list[Seen]:
    headers = {**STREAM, **({"last-event-id": last} if last else {})}
    async with client.get(f"/support/turns/{turn}", params={"user_id": f"c{n}"}, headers=headers) as answer:
        return [event async for event in _events(answer)]


async def _events(answer: aiohttp.ClientResponse) -> AsyncIterator[Seen]:
    identity = kind = ""
    async for raw in answer.content:
        line = raw.decode().rstrip("\n")
        if line.startswith("id: "):
            identity = line[4:]
        elif line.startswith("event: "):
            kind = line[7:]
        elif line.startswith("data: "):
            yield identity, kind, json.loads(line[6:])


async def _whole(url: str, first: int, many: int, tally: Tally) -> None:
    """Each turn is done, with its step and its reply."""
    query = """
    SELECT t.principal, t.status, jsonb_array_length(t.record -> 'steps') AS steps, count(m.body) AS replies
    FROM turns t LEFT JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1
    WHERE t.principal = ANY (%s) GROUP BY 1, 2, 3
    """
    found = await rows(url, query, [[f"customer:c{n}" for n in range(first, first + many)]])
    tally.expect(len(found) == many, f"{many - len(found)} turns lost or doubled")
    for row in found:
        whole = (row["status"], row["steps"], row["replies"]) == ("done", 1, 1)
        tally.counts["recorded whole"] += whole
        tally.expect(
            whole, f"{row['principal']}: {row['status']}, {row['steps']} steps, {row['replies']} replies"
        )


EXPERIMENT = Experiment(
    "R5",
    "500 hang-ups mid-stream: 500 turns recorded whole, each resumable by event id",
    "hang-ups",
    500,
    100,
    opened,
)
