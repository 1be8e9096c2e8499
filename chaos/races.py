"""R2 and R3: messages that come at once in one conversation, and clicks at once on one button, on two processes."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from chaos.backend import Backend, backend
from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.servers import post, rows, servers

AT_ONCE = 10  # messages of a conversation, clicks on a button
BUTTONS = 8  # that are clicked at the same time

TRANSCRIPT = """
SELECT t.principal, t.id::text, t.seq, t.status, t.accepted_at, t.done_at, m.body, r.body AS reply
FROM turns t
JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 0
LEFT JOIN messages r ON r.conversation_id = t.conversation_id AND r.turn_seq = t.seq AND r.n = 1
WHERE t.principal = ANY (%s) ORDER BY t.principal, t.conversation_id, t.seq
"""


# ---------------------------------------------------------------------- R2
@asynccontextmanager
async def messages(seed: int, shown: Shown) -> AsyncGenerator[Portion]:
    """Each conversation gets ten messages at once, half of them by each process; all conversations at once."""
    async with servers(2) as (url, _, clients):

        async def portion(first: int, many: int) -> Tally:
            rng = random.Random(f"{seed} {first}")
            sent = [(c, n) for c in range(first, first + many) for n in range(AT_ONCE)]
            rng.shuffle(sent)  # as they come: the two processes and the conversations mixed
            told: dict[str, str] = {}
            statuses: Counter[int] = Counter()

            async def send(c: int, n: int) -> None:
                body = {"user_id": f"c{c}", "message": f"note {n} of {c}"}
                status, answer = await post(clients[rng.randrange(2)], "/support/chat", **body)
                statuses[status] += 1
                if status == 200:
                    told[json.loads(answer)["turn_id"]] = json.loads(answer)["reply"]
                shown(f"R2: {statuses.total()} of {len(sent)} messages answered")

            await asyncio.gather(*(send(*one) for one in sent))
            return await _in_order(url, first, many, told, statuses)

        yield portion


async def _in_order(url: str, first: int, many: int, told: dict[str, str], statuses: Counter[int]) -> Tally:
    """Every message stored once, answered by its own reply, one after the other in the order of acceptance."""
    names = [f"customer:c{c}" for c in range(first, first + many)]
    found = await rows(url, TRANSCRIPT, [names])
    tally = Tally(Counter({"messages stored": len(found)}))
    tally.counts["answered"] = sum(row["status"] == "done" and row["reply"] is not None for row in found)
    tally.expect(statuses == {200: many * AT_ONCE}, f"statuses {dict(statuses)}")
    stored = Counter((row["principal"], row["body"]) for row in found)
    wanted = {
        (f"customer:c{c}", f"note {n} of {c}"): 1 for c in range(first, first + many) for n in range(AT_ONCE)
    }
    tally.expect(stored == wanted, "what is stored is not what was sent")
    for row in found:
        own = row["reply"] == f"You said: {row['body']}" and told.get(row["id"]) == row["reply"]
        tally.expect(own, f"{row['principal']}, turn {row['seq']}: the reply is another message's")
    for name in names:
        of_one = [row for row in found if row["principal"] == name]
        numbers = [row["seq"] for row in of_one]
        tally.expect(numbers == list(range(1, AT_ONCE + 1)), f"{name}: the turns are {numbers}")
        ends = [row["done_at"] for row in of_one]
        in_order = None not in ends and ends == sorted(ends)
        tally.counts["conversations in order"] += in_order
        tally.expect(in_order, f"{name}: answered out of order")
    return tally


# ---------------------------------------------------------------------- R3
@asynccontextmanager
async def clicks(_: int, shown: Shown) -> AsyncGenerator[Portion]:
    """Each action's button is pressed ten times at once, five times at each process."""
    async with backend() as shop, servers(2, CHAOS_BACKEND=shop.url) as (url, _, clients):

        async def portion(first: int, many: int) -> Tally:
            tally = Tally(Counter({"effects": 0, "200": 0, "409": 0}))
            gate = asyncio.Semaphore(BUTTONS)

            async def one(n: int) -> None:
                async with gate:
                    await _press(clients, n, tally)
                    tally.counts["actions"] += 1
                    shown(f"R3: {first + tally.counts['actions']} actions, {tally.words()}")

            await asyncio.gather(*(one(n) for n in range(first, first + many)))
            await _once(url, shop, range(first, first + many), tally)
            return tally

        yield portion


async def _press(clients: list[aiohttp.ClientSession], n: int, tally: Tally) -> None:
    message = f'[["refund_order", {{"order_id": "o{n}"}}]]'
    status, answer = await post(clients[n % 2], "/support/chat", user_id=f"c{n}", message=message)
    proposed = json.loads(answer).get("actions") if status == 200 else None
    if not proposed:
        tally.problems.append(f"c{n}: nothing was proposed, status {status}")
        return
    place = f"/support/actions/{proposed[0]['id']}/confirm"
    body = {"user_id": f"c{n}", "confirm_token": proposed[0]["confirm_token"]}
    answers = await asyncio.gather(*(post(clients[k % 2], place, **body) for k in range(AT_ONCE)))
    statuses = Counter(str(status) for status, _ in answers)
    tally.counts.update(statuses)
    tally.expect(statuses == {"200": 1, "409": AT_ONCE - 1}, f"c{n}: {dict(statuses)}")
    codes = {json.loads(text)["code"] for status, text in answers if status == 409}
    tally.expect(codes <= {"action_decided"}, f"c{n}: 409 for {codes}")


async def _once(url: str, shop: Backend, numbers: range, tally: Tally) -> None:
    """The backend has refunded each order once, and the ledger says so."""
    for n in numbers:
        happened = shop.happened["refund", f"o{n}"]
        tally.counts["effects"] += happened
        tally.expect(happened == 1, f"o{n}: refunded {happened} times")
    query = "SELECT count(*) AS n FROM effects e JOIN actions a ON a.id = e.id AND a.status = 'executed'"
    names = [f"customer:c{n}" for n in numbers]
    found = await rows(url, f"{query} WHERE e.outcome = 'done' AND e.principal = ANY (%s)", [names])
    tally.expect(found[0]["n"] == len(numbers), f"{found[0]['n']} of {len(numbers)} effects in the ledger")


MESSAGES = Experiment(
    "R2",
    "100 conversations × 10 simultaneous messages on two server processes: 1,000 stored, each answered, in order",
    "conversations",
    100,
    100,
    messages,
)
CLICKS = Experiment(
    "R3", "1,000 actions × 10 clicks at once: 1,000 effects, 9,000 × 409", "actions", 1000, 100, clicks
)
