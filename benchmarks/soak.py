"""``python -m benchmarks.soak [MINUTES]``: the example shop's desk at half of what it can, for 30 minutes; does anything grow?

One server process, embedded PostgreSQL, a model's stub. A mix of look-ups, questions to the help center, confirmed
changes of an address, streams, conversations read back and handovers, at an even pace. RATE (requests a second) takes the
place of half the capacity that is measured first. Every 30 s (or a fortieth of a shorter run) the server and its database
are looked at. The result goes to ``benchmarks/results/soak.md`` and ``soak.svg``; of a run under ten minutes, to OUT or a
temporary folder.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import aiohttp
import psycopg

from benchmarks.soak_model import stub
from benchmarks.soak_page import chart, page
from benchmarks.soak_samples import ROWS, Meter
from benchmarks.workplace import REPOSITORY, say
from frontdesk.database import embedded
from tests.demo import Demo

RESULTS = REPOSITORY / "benchmarks" / "results"
EVERY, SAMPLES, LONG = 30.0, 40, 10.0  # seconds; samples of a short run; minutes from which a result is kept
AT_ONCE, CALIBRATING = 16, 15.0  # customers and seconds for the capacity
A_DAY = 5  # changes of an address that the shop lets one customer make in a day
MOST_OPEN = 400  # requests; more than that is no half load any more
QUESTIONS = (
    "How long do I have to send something back?",
    "What does shipping cost?",
    "Do you ship to Norway?",
    "How do I wash a sleeping bag?",
    "When do I get my money back?",
)
MIX = (
    *(
        "look-up",
        "question",
        "look-up",
        "streamed look-up",
        "look-up",
        "action",
        "look-up",
        "question",
        "read",
    ),
    *(
        "streamed look-up",
        "look-up",
        "question",
        "look-up",
        "streamed question",
        "look-up",
        "streamed look-up",
    ),
    *("question", "look-up", "handoff", "streamed look-up"),
)
ORDERS = "SELECT user_id, id, status FROM orders ORDER BY md5(id)"


class Load:
    """Sends the mix. ``turns`` and ``waits`` (ms) are emptied by whoever samples; ``counts`` are of the whole run."""

    def __init__(self, client: aiohttp.ClientSession, orders: Sequence[tuple[str, str, str]]) -> None:
        self._client = client
        self._orders = itertools.cycle([(user, order) for user, order, _ in orders])
        open_ = {user: order for user, order, at in orders if at in ("placed", "processing")}
        self._open = itertools.cycle(open_.items())
        self._actions = A_DAY * len(open_)  # more the shop refuses
        self._began, self._seconds = time.monotonic(), 0.0
        self._kinds: Iterator[str] = itertools.cycle(MIX)
        self._questions, self._houses = itertools.cycle(QUESTIONS), itertools.count(1)
        self._talks: dict[str, str] = {}
        self.turns: list[float] = []
        self.waits: list[float] = []
        self.counts: Counter[str] = Counter()

    def begin(self, seconds: float) -> None:
        """Forget what was, and spread the actions that are left over the ``seconds`` to come."""
        self._actions -= self.counts["action"]
        self._began, self._seconds = time.monotonic(), seconds
        self.turns.clear()
        self.counts.clear()

    def _kind(self) -> str:
        kind = next(self._kinds)
        share = (time.monotonic() - self._began) / self._seconds if self._seconds else 0.1
        return "look-up" if kind == "action" and self.counts["action"] >= share * self._actions else kind

    async def one(self) -> None:
        """The next of the mix."""
        kind = self._kind()
        user, order = next(self._open if kind == "action" else self._orders)
        self.counts[kind] += 1
        try:
            if kind == "read":
                await self._read(user)
            elif kind == "handoff":
                await self._sent("POST", "/support/handoff", user)
            elif kind == "action":
                await self._act(user, order)
            else:
                words = next(self._questions) if "question" in kind else f"Where is my order {order}?"
                await self._say(user, words, streamed=kind.startswith("streamed"))
        except (aiohttp.ClientError, TimeoutError) as error:
            self.counts[f"failed: {type(error).__name__}"] += 1

    async def _say(self, user: str, message: str, *, streamed: bool = False) -> dict[str, Any]:
        began = time.perf_counter()
        headers = {"accept": "text/event-stream"} if streamed else {}
        body = {"user_id": user, "message": message}
        async with self._client.post("/support/chat", json=body, headers=headers) as answer:
            text = await answer.read()
            if answer.status != 200:
                self.counts[f"answered {answer.status}"] += 1
                return {}
            self.turns.append(1000 * (time.perf_counter() - began))
            if streamed:
                self.counts["streams cut"] += b"event: done" not in text
                return {}
            said: dict[str, Any] = await answer.json()
        self._talks[user] = said["conversation_id"]
        self.counts["degraded"] += said["degraded"]
        return said

    async def _act(self, user: str, order: str) -> None:
        said = await self._say(
            user, f"Send order {order} to Mill Lane {next(self._houses)}, 1015 CJ Amsterdam"
        )
        for action in said.get("actions", ()):
            done = await self._sent(
                "POST",
                f"/support/actions/{action['id']}/confirm",
                user,
                confirm_token=action["confirm_token"],
            )
            self.counts[f"actions {done['action']['status']}" if "action" in done else "actions refused"] += 1

    async def _read(self, user: str) -> None:
        if talk := self._talks.get(user):
            await self._sent("GET", f"/support/conversations/{talk}?user_id={user}", user)

    async def _sent(self, method: str, path: str, user: str, **body: str) -> dict[str, Any]:
        sent = {"json": {"user_id": user, **body}} if method == "POST" else {}
        async with self._client.request(method, path, **sent) as answer:
            if answer.status not in (200, 201):
                self.counts[f"answered {answer.status}"] += 1
            return await answer.json()

    async def wait(self) -> None:
        """How long the server's event loop lets the least question of all wait, four times a second."""
        while True:
            began = time.perf_counter()
            async with self._client.get("/healthz") as answer:
                await answer.read()
            self.waits.append(1000 * (time.perf_counter() - began))
            await asyncio.sleep(0.25)


async def capacity(load: Load) -> float:
    """Requests of the mix a second with AT_ONCE customers who wait for each answer."""
    end = time.monotonic() + CALIBRATING

    async def customer() -> int:
        done = 0
        while time.monotonic() < end:
            await load.one()
            done += 1
        return done

    return sum(await asyncio.gather(*(customer() for _ in range(AT_ONCE)))) / CALIBRATING


async def soak(load: Load, meter: Meter, rate: float, seconds: float) -> None:
    """Send at an even pace, and sample."""
    every = min(EVERY, seconds / SAMPLES)
    began = time.monotonic()
    waiting = asyncio.create_task(load.wait())
    sampling = asyncio.create_task(_repeat(every, lambda: _sample(load, meter)))
    tasks: set[asyncio.Task[None]] = set()
    for number in itertools.count():
        due = began + number / rate
        if due > began + seconds:
            break
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        if len(tasks) >= MOST_OPEN:
            load.counts["not sent: too many open"] += 1
            continue
        task = asyncio.create_task(load.one())
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*tasks)
    for task in (waiting, sampling):
        task.cancel()
    await asyncio.gather(waiting, sampling, return_exceptions=True)


async def _repeat(every: float, work: Callable[[], Awaitable[None]]) -> None:
    """Do ``work`` after each ``every`` seconds, however long it took itself."""
    began = time.monotonic()
    for number in itertools.count(1):
        await asyncio.sleep(max(0.0, began + number * every - time.monotonic()))
        await work()


async def _sample(load: Load, meter: Meter) -> None:
    turns, waits = load.turns[:], load.waits[:]
    load.turns.clear()
    load.waits.clear()
    values = await asyncio.to_thread(meter.take, turns, waits)
    shown = "  ".join(
        f"{row.name} {value:.1f}" for row, value in zip(ROWS, values, strict=True) if row.unit in ("MB", "ms")
    )
    say(f"{meter.minutes[-1]:5.1f} min  {len(turns)} turns  {shown}")


async def main(minutes: float) -> int:
    """Run, and write the result down. 1 where something grows or was answered wrongly."""
    kept = minutes >= LONG
    with tempfile.TemporaryDirectory(prefix="frontdesk-soak-") as folder:
        async with stub() as model:
            demo = await asyncio.to_thread(
                Demo, Path(folder) / "data", FRONTDESK_MODEL="openai:stub", FRONTDESK_OPENAI_BASE_URL=model,
                OPENAI_API_KEY="stub", FRONTDESK_LOG_LEVEL="error",
            )  # fmt: skip
            try:
                server = embedded.start(Path(folder) / "data" / "postgres")
                with psycopg.connect(embedded.database(server, "ourshop")) as shop:
                    orders = shop.execute(ORDERS).fetchall()
                    say(f"{len(orders)} orders of {len({order[0] for order in orders})} customers")
                timeout, key = aiohttp.ClientTimeout(total=60), {"authorization": f"Bearer {demo.key}"}
                async with aiohttp.ClientSession(
                    f"http://127.0.0.1:{demo.port}", headers=key, timeout=timeout,
                    connector=aiohttp.TCPConnector(limit=0),
                ) as client:  # fmt: skip
                    load = Load(client, [(str(user), str(order), str(at)) for user, order, at in orders])
                    rate = float(os.environ.get("RATE", "0"))
                    about = f"{rate:.1f} requests a second, as given."
                    if not rate:
                        most = await capacity(load)
                        rate = most / 2
                        about = f"{rate:.1f} requests a second, half of the {most:.1f} that {AT_ONCE} customers at once got."
                    say(about)
                    load.begin(60 * minutes)
                    meter = Meter(demo.process.pid, embedded.database(server, "frontdesk"))
                    await soak(load, meter, rate, 60 * minutes)
            finally:
                await asyncio.to_thread(demo.stop)
    counted = ", ".join(f"{number} × {what}" for what, number in sorted(load.counts.items()) if number)
    verdicts = meter.verdicts()
    text = page(
        meter, verdicts, [about, f"In {minutes:g} min: {counted}."], f"python -m benchmarks.soak {minutes:g}"
    )
    out = RESULTS if kept else Path(os.environ.get("OUT") or tempfile.mkdtemp(prefix="frontdesk-soak-"))
    out.mkdir(parents=True, exist_ok=True)
    (out / "soak.md").write_text(text, encoding="utf-8")
    (out / "soak.svg").write_text(chart(meter), encoding="utf-8")
    print(text)
    say(f"written to {out}")
    wrong = [
        what
        for what, n in load.counts.items()
        if n and what.startswith(("failed", "answered", "not sent", "streams cut"))
    ]
    return 1 if wrong or not all(verdict.flat for verdict in verdicts) else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main(float(sys.argv[1]) if len(sys.argv) > 1 else 30.0)))
