"""Frontdesk alone, where the shared bench is not there: a small stub and a small client of our own.

The numbers are rougher than bench.py's (stub and client are Python and share a core), so no goal is judged.
"""

from __future__ import annotations

import asyncio
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import aiohttp
import orjson
import psutil

from benchmarks import postgres
from benchmarks.workplace import KEY, REPOSITORY, WORK, Unavailable, say

ORDER = re.compile(r"ORD-\d{5}")
STATUSES = ("processing", "shipped", "delivered", "cancelled", "returned")
ACCOUNTS, ORDERS, SECONDS = 1000, 10_000, 4.0


def order(i: int) -> tuple[str, str, str, str, str]:
    """The same orders as the shared bench's: id, account, status, date, total."""
    total = f"{(i * 37 % 20000) / 100:.2f}"
    return f"ORD-{i:05d}", f"user-{i % ACCOUNTS:04d}", STATUSES[i * 7 % 5], f"2026-12-{1 + i % 28:02d}", total


def write_orders(path: Path) -> None:
    """The orders as the CSV file that the desk reads."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [",".join(order(i)) for i in range(ORDERS)]
    path.write_text("\n".join(["order_id,user_id,status,eta,total", *rows, ""]), encoding="utf-8")


class Stub(asyncio.Protocol):
    """A chat model: an order in the last message leads to a look-up, its result to a sentence."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport
        self._data = b""

    def data_received(self, data: bytes) -> None:
        self._data += data
        head, found, rest = self._data.partition(b"\r\n\r\n")
        length = re.search(rb"content-length: *(\d+)", head, re.IGNORECASE)
        if not found or not length or len(rest) < int(length[1]):
            return
        size = int(length[1])
        body, self._data = rest[:size], rest[size:]
        answer = orjson.dumps(
            {"model": "stub", "choices": [{"index": 0, "message": reply(orjson.loads(body))}]}
        )
        assert isinstance(self._transport, asyncio.WriteTransport)
        self._transport.write(
            b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
            % (len(answer), answer)
        )  # fmt: skip


def reply(request: dict[str, list[dict[str, str]]]) -> dict[str, object]:
    """What the stub says to a request, as the shared bench's does."""
    last = request["messages"][-1]
    if last["role"] == "tool":
        return {"role": "assistant", "content": f"Here is what I found: {last['content']}"}
    found = ORDER.search(last["content"])
    if not found:
        return {"role": "assistant", "content": "Could you tell me your order number?"}
    call = {"name": "get_order_status", "arguments": orjson.dumps({"order_id": found[0]}).decode()}
    return {
        "role": "assistant",
        "content": None,
        "tool_calls": [{"id": "call_1", "type": "function", "function": call}],
    }


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def served(database_url: str, stub: int, port: int) -> Generator[psutil.Process]:
    """Frontdesk on core 0, until the context ends."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")} | {
        "BENCH_ORDERS": str(WORK / "data" / "orders.csv"),
        "FRONTDESK_MODEL": "openai:stub",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{stub}/v1",
        "OPENAI_API_KEY": "sk-stub",
        "FRONTDESK_SERVICE_KEYS": KEY,
        "FRONTDESK_DATABASE_URL": database_url,
        "FRONTDESK_PORT": str(port),
        "FRONTDESK_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "frontdesk", "serve", "benchmarks.desk:desk"]
    with (WORK / "frontdesk.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=REPOSITORY, env=env, stdout=log, stderr=log)
        try:
            watched = psutil.Process(process.pid)
            watched.cpu_affinity([0])
            yield watched
        finally:
            process.terminate()
            process.wait(15)


class Client:
    """Asks as many customers as it is told to, one after the other each."""

    def __init__(self, session: aiohttp.ClientSession, port: int) -> None:
        self._session = session
        self._url = f"http://127.0.0.1:{port}/support/chat"

    async def ask(self, worker: int, k: int) -> float:
        """Milliseconds of one turn. Raises Unavailable for a wrong answer."""
        account = worker % ACCOUNTS
        wanted = order(account + ACCOUNTS * (k % 10))
        body = {"user_id": f"user-{account:04d}|{k // 10}", "message": f"Where is my order {wanted[0]}?"}
        began = time.perf_counter()
        async with self._session.post(self._url, json=body) as response:
            text = await response.text()
        if response.status != 200 or wanted[2] not in text:
            raise Unavailable(f"a wrong answer ({response.status}): {text[:200]}")
        return (time.perf_counter() - began) * 1000

    async def load(self, at_once: int) -> tuple[list[float], float]:
        """(milliseconds of each turn, seconds) with ``at_once`` customers."""
        took: list[float] = []
        began = time.perf_counter()

        async def worker(w: int) -> None:
            k = at_once * 1000  # customers of this burst's own
            while time.perf_counter() - began < SECONDS:
                took.append(await self.ask(w, k))
                k += 1

        await asyncio.gather(*(worker(w) for w in range(at_once)))
        return took, time.perf_counter() - began

    async def first(self) -> None:
        """Wait until the service answers, at most 30 s."""
        for _ in range(600):
            try:
                await self.ask(0, 0)
            except aiohttp.ClientConnectionError:
                await asyncio.sleep(0.05)
            else:
                return
        raise Unavailable(f"Frontdesk did not come up; see {WORK / 'frontdesk.log'}")


async def _measure(database_url: str) -> list[str]:
    stub_port, port = free_port(), free_port()
    stub = await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", stub_port)
    lines: list[str] = []
    began = time.perf_counter()
    connector = aiohttp.TCPConnector(limit=0)
    async with stub, aiohttp.ClientSession(headers={"authorization": f"Bearer {KEY}"}, connector=connector) as session:  # fmt: skip
        with served(database_url, stub_port, port) as process:
            client = Client(session, port)
            await client.first()
            lines.append(f"First answer after {time.perf_counter() - began:.1f} s, database up.\n")
            lines += ["| at once | turns/s | CPU ms a turn | p50 ms |", "| ---: | ---: | ---: | ---: |"]
            for at_once in (1, 16, 64):
                before = process.cpu_times()
                took, seconds = await client.load(at_once)
                after = process.cpu_times()
                cpu = (after.user + after.system - before.user - before.system) / len(took) * 1000
                say(f"{at_once} at once: {len(took) / seconds:.0f} turns/s")
                lines.append(
                    f"| {at_once} | {len(took) / seconds:.0f} | {cpu:.1f} | {statistics.median(took):.0f} |"
                )
    return lines


def run() -> str:
    """Measure; returns the report."""
    write_orders(WORK / "data" / "orders.csv")
    psutil.Process().cpu_affinity([1 % (os.cpu_count() or 1)])
    with postgres.frontdesk_server() as (url, _):
        lines = asyncio.run(_measure(url))
    return "\n".join(["# Frontdesk alone", "", "Without the shared bench there are no peers to compare with.", "", *lines])  # fmt: skip
