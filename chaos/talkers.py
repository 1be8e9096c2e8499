"""Customers of a cluster: each has one conversation and goes on in it, like a sane client, whatever happens.

A message is sent again under its id until it is answered. Every other answer is read as a stream; one that is cut is
read on from its last event. The third message is a refund, which is confirmed.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from chaos.backend import Backend
from chaos.journal import Tally
from chaos.servers import rows

RATE = 25.0  # messages a second that all of them together send at most
REFUND = 2  # the number of the message that asks for one
PATIENCE = 120.0
LIMIT = aiohttp.ClientTimeout(total=30)

STORED = """
SELECT t.client_message_id AS id, count(DISTINCT t.id) AS turns, bool_and(t.status = 'done') AS done,
  count(m.body) AS replies, max(m.body) AS reply
FROM turns t LEFT JOIN messages m ON m.conversation_id = t.conversation_id AND m.turn_seq = t.seq AND m.n = 1
WHERE t.principal = ANY (%s) GROUP BY 1
"""


@dataclass
class Talker:
    """Customer c17, who owns order o17. ``told``: the reply to each message, by its id."""

    n: int
    sent: list[str] = field(default_factory=list[str])
    told: dict[str, str] = field(default_factory=dict[str, str])
    refund: str = ""  # how it ended, as far as was said
    answered: float = 0.0  # when the newest answered message was begun

    @property
    def id(self) -> str:
        return f"c{self.n}"


class Talkers:
    """All of them. ``phase`` is what happens to the cluster meanwhile: answers are counted under it."""

    def __init__(self, client: aiohttp.ClientSession, backend: Backend, database: str, many: int) -> None:
        self._client = client
        self._backend = backend
        self._database = database
        self._pause = many / RATE
        self._all = [Talker(n) for n in range(1, many + 1)]
        self._over = asyncio.Event()
        self.tally = Tally()
        self.phase = "calm"

    @asynccontextmanager
    async def talking(self) -> AsyncGenerator[None]:
        """All talk while the context lasts; at its end each is waited for until it has its answer."""
        tasks = [asyncio.create_task(self._talk(talker)) for talker in self._all]
        try:
            yield
        finally:
            self._over.set()
            _, late = await asyncio.wait(tasks, timeout=60)
            for task in late:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            self.tally.expect(not late, f"{len(late)} customers had no answer 60 s after the end")
            self.tally.problems += [repr(end) for end in ended if isinstance(end, Exception)]

    async def all_answered(self, when: str) -> None:
        """Until each has been answered a message begun after this; notes how long it took."""
        began = time.monotonic()
        while late := [talker for talker in self._all if talker.answered <= began]:
            if time.monotonic() - began > PATIENCE:
                self.tally.problems.append(f"{when}: {len(late)} not answered within {PATIENCE:.0f} s")
                return
            await asyncio.sleep(0.05)
        self.tally.slowest(f"all answered {when}", time.monotonic() - began)

    async def _talk(self, talker: Talker) -> None:
        while not self._over.is_set():
            number = len(talker.sent)
            identity = f"{talker.id}-{number}"
            talker.sent.append(identity)
            began = time.monotonic()
            words = f"Refund order {talker.n}" if number == REFUND else f"Where is my order {talker.n}?"
            body = {"user_id": talker.id, "message": words, "client_message_id": identity}
            streams = number % 2 == 1
            answer = await (self._watched(body) if streams else self._asked("/support/chat", body))
            talker.told[identity] = answer["reply"]
            if number == REFUND and answer["actions"]:
                await self._confirm(talker, answer["actions"][0])
            talker.answered = began
            await asyncio.sleep(self._pause)

    async def _confirm(self, talker: Talker, action: dict[str, Any]) -> None:
        token = {"user_id": talker.id, "confirm_token": action["confirm_token"]}
        answer = await self._asked(f"/support/actions/{action['id']}/confirm", token)
        talker.refund = answer["action"]["status"] if "action" in answer else answer["code"]

    async def _asked(self, path: str, body: dict[str, str]) -> dict[str, Any]:
        """The answer of a request that is sent until there is one."""
        while True:
            try:
                async with self._client.post(path, json=body, timeout=LIMIT) as answer:
                    await self._count(answer)
                    if answer.status in (200, 409, 410):
                        return await answer.json()
            except (aiohttp.ClientError, TimeoutError, ConnectionError):
                self.tally.counts[f"cut off, {self.phase}"] += 1
            await asyncio.sleep(0.25)

    async def _watched(self, body: dict[str, str]) -> dict[str, Any]:
        """The answer of a message whose turn is watched, and read on where the stream was cut."""
        turn, last, text = "", 0, ""
        while True:
            try:
                async for identity, kind, data in self._events(body, turn, last):
                    turn, _, number = identity.partition(":")
                    self.tally.expect(int(number) > last, f"{body['client_message_id']}: an event came twice")
                    last = int(number)
                    text += data["text"] if kind == "text" else ""
                    if kind == "done":
                        self.tally.counts["streams"] += 1
                        self.tally.expect(text == data["reply"], f"{turn}: streamed {text!r}, not the reply")
                        return data
            except (aiohttp.ClientError, TimeoutError, ConnectionError):
                self.tally.counts[f"cut off, {self.phase}"] += 1
            self.tally.counts["streams read on"] += bool(turn)
            await asyncio.sleep(0.25)

    async def _events(
        self, body: dict[str, str], turn: str, last: int
    ) -> AsyncGenerator[tuple[str, str, dict[str, Any]]]:
        headers = {"accept": "text/event-stream", **({"last-event-id": f"{turn}:{last}"} if turn else {})}
        if turn:
            params = {"user_id": body["user_id"]}
            sent = self._client.get(f"/support/turns/{turn}", params=params, headers=headers, timeout=LIMIT)
        else:
            sent = self._client.post("/support/chat", json=body, headers=headers, timeout=LIMIT)
        async with sent as answer:
            await self._count(answer)
            if answer.status != 200:
                return
            identity = kind = ""
            async for raw in answer.content:
                line = raw.decode().rstrip("\n")
                name, _, value = line.partition(": ")
                if name == "id":
                    identity = value
                elif name == "event":
                    kind = value
                elif name == "data":
                    yield identity, kind, json.loads(value)

    async def _count(self, answer: aiohttp.ClientResponse) -> None:
        """Note what came, under its code; wait as long as it says."""
        status = answer.status
        if status != 200:
            code = f" {(await answer.json())['code']}" if status > 202 else ""
            self.tally.counts[f"{status}{code}, {self.phase}"] += 1
        self.tally.expect(status in (200, 202, 409, 502, 503, 504), f"status {status}, {self.phase}")
        if status >= 502:
            self.tally.expect("retry-after" in answer.headers, f"{status} without Retry-After")
            await asyncio.sleep(float(answer.headers.get("retry-after", 1)))

    async def reconcile(self) -> None:
        """Nothing lost, nothing doubled, nothing told that is not stored."""
        tally = self.tally
        names = [f"customer:{talker.id}" for talker in self._all]
        stored = {row["id"]: row for row in await rows(self._database, STORED, [names])}
        sent = [identity for talker in self._all for identity in talker.sent]
        tally.counts["conversations"] = len(self._all)
        tally.counts["messages"] = len(sent)
        tally.counts["replies"] = sum(row["replies"] for row in stored.values())
        tally.expect(set(stored) == set(sent), f"{len(set(stored) ^ set(sent))} messages lost or not sent")
        for talker in self._all:
            for identity in talker.sent:
                row = stored.get(identity, {"turns": 0, "done": False, "replies": 0, "reply": ""})
                once = (row["turns"], row["done"], row["replies"]) == (1, True, 1)
                tally.expect(once, f"{identity}: {row['turns']} turns, {row['replies']} replies")
                tally.expect(row["reply"] == talker.told.get(identity), f"{identity}: told another reply")
            happened = self._backend.happened["refund", f"o{talker.n}"]
            tally.counts["refunds"] += happened
            done = talker.refund in ("executed", "executing", "confirmed", "action_decided")
            tally.expect(happened <= 1, f"{talker.id}: refunded {happened} times")
            tally.expect(not (done and not happened), f"{talker.id}: told of a refund that never was")
