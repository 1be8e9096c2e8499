"""R4: the same client_message_id again and again: one row each, the same answer each time.

Each id is sent three times: twice at the same moment, once to each of two processes, and once more to one of them
when it has been answered. Four ids share a customer. With another message each thirtieth id is refused: 422.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.servers import post, rows, servers

STORED = """
SELECT t.client_message_id AS id, count(DISTINCT t.id) AS turns, count(m.body) FILTER (WHERE m.n = 0) AS messages,
  count(m.body) FILTER (WHERE m.n = 1) AS replies
FROM turns t LEFT JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq
WHERE t.client_message_id = ANY (%s) GROUP BY 1
"""
AT_ONCE = 24


@asynccontextmanager
async def opened(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """Two processes on one database."""
    async with servers(2) as (url, _, clients):

        async def portion(first: int, many: int) -> Tally:
            tally = Tally()
            gate = asyncio.Semaphore(AT_ONCE)

            async def one(n: int) -> None:
                async with gate:
                    await _repeat(clients, n, tally, random.Random(f"{seed} {n}"))
                    shown(f"R4: {first + tally.counts['ids']} ids: {tally.words()}")

            await asyncio.gather(*(one(n) for n in range(first, first + many)))
            await _one_row(url, [f"m{n}" for n in range(first, first + many)], tally)
            return tally

        yield portion


async def _repeat(clients: list[aiohttp.ClientSession], n: int, tally: Tally, rng: random.Random) -> None:
    body = {"user_id": f"c{n // 4}", "message": f"note {n}", "client_message_id": f"m{n}"}
    answers = await asyncio.gather(*(_answered(client, tally, body) for client in clients))
    answers.append(await _answered(rng.choice(clients), tally, body))
    tally.counts["ids"] += 1
    tally.counts["requests"] += len(answers)
    tally.expect(len(set(answers)) == 1, f"m{n}: {len(set(answers))} different answers")
    tally.expect(f'"reply":"You said: note {n}"'.encode() in answers[0], f"m{n}: another message's answer")
    if n % 30 == 0:
        status, _ = await post(rng.choice(clients), "/support/chat", **{**body, "message": "something else"})
        tally.counts["refused with another message"] += 1
        tally.expect(status == 422, f"m{n}: another message under the same id was answered with {status}")


async def _answered(client: aiohttp.ClientSession, tally: Tally, body: dict[str, str]) -> bytes:
    """Ask until there is an answer: 202 means that it is being worked at, 503 that there is too much at once."""
    statuses: Counter[int] = Counter()
    while statuses.total() < 200:
        status, answer = await post(client, "/support/chat", **body)
        if status == 200:
            return answer
        statuses[status] += 1
        tally.counts["503"] += status == 503
        tally.expect(status in (202, 503), f"{body['client_message_id']}: status {status}")
        await asyncio.sleep(1.0 if status == 503 else 0.05)
    return b"never answered"


async def _one_row(url: str, ids: list[str], tally: Tally) -> None:
    found = await rows(url, STORED, [ids])
    tally.expect(len(found) == len(ids), f"{len(ids) - len(found)} messages lost")
    for row in found:
        once = (row["turns"], row["messages"], row["replies"]) == (1, 1, 1)
        tally.counts["rows"] += row["turns"]
        tally.expect(
            once, f"{row['id']}: {row['turns']} turns, {row['messages']} messages, {row['replies']} replies"
        )


EXPERIMENT = Experiment(
    "R4",
    "10,000 repeated client_message_id: one row each, the same answer each time",
    "ids",
    10_000,
    1000,
    opened,
)
