"""``python -m benchmarks.replicas``: turns a second with 1, 2 and 3 server processes on this machine, and what is full first.

One PostgreSQL (durable, embedded), 64 customers at once spread over the processes, two model calls and one tool a
turn; the model's stub and the customers are this process. Beside the rate stands what a turn costs each part, which
another program on the machine does not change: CPU of the servers, of PostgreSQL and of this process; bytes of
write-ahead log, commits, rows and bytes of tables. ``others`` is what other programs took of the cores meanwhile.
SECONDS (10) is the length of a burst, ROUNDS (3) how often the three take turns; the fastest burst of each is shown.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import psutil
import psycopg

from benchmarks.alone import ACCOUNTS, Stub, free_port, order, write_orders
from benchmarks.workplace import KEY, REPOSITORY, Unavailable, say
from frontdesk.database import embedded

PROCESSES, AT_ONCE = (1, 2, 3), 64
SECONDS, ROUNDS = float(os.environ.get("SECONDS", "10")), int(os.environ.get("ROUNDS", "3"))
COUNTED = """
SELECT pg_current_wal_insert_lsn() - '0/0'::pg_lsn AS wal, xact_commit AS commits,
  pg_database_size(current_database()) AS bytes,
  (SELECT sum(n_tup_ins) FROM pg_stat_user_tables) AS inserted,
  (SELECT sum(n_tup_upd) FROM pg_stat_user_tables) AS updated
FROM pg_stat_database WHERE datname = current_database()
"""


@dataclass(frozen=True)
class Burst:
    """One measurement; milliseconds, bytes and numbers are those of one turn."""

    processes: int
    rate: float
    p50: float
    p95: float
    servers: float
    postgres: float
    client: float
    others: float  # cores
    counted: dict[str, float]


class Meter:
    """CPU seconds by part, and PostgreSQL's counters, from its making to ``read``."""

    def __init__(self, servers: Sequence[psutil.Process], postmaster: psutil.Process, url: str) -> None:
        self._parts = {"servers": list(servers), "postgres": [postmaster], "client": [psutil.Process()]}
        self._url = url
        self._began = self._now()

    def _now(self) -> dict[str, float]:
        machine = psutil.cpu_times()
        taken = {name: sum(map(_tree, processes)) for name, processes in self._parts.items()}
        return {
            **taken,
            "machine": machine.user + machine.nice + machine.system,
            "clock": time.monotonic(),
            **{f"db {name}": float(value) for name, value in counters(self._url).items()},
        }

    def read(self, processes: int, took: list[float]) -> Burst:
        """What the turns whose milliseconds are given have cost."""
        spent = {name: value - self._began[name] for name, value in self._now().items()}
        own = sum(spent[name] for name in self._parts)
        turns = len(took)
        counted = {n.removeprefix("db "): v / turns for n, v in spent.items() if n.startswith("db ")}
        cpu = {name: 1000 * spent[name] / turns for name in self._parts}
        others = (spent["machine"] - own) / spent["clock"]
        ranked = sorted(took)
        rate = turns / SECONDS
        return Burst(
            processes,
            rate,
            ranked[turns // 2],
            ranked[turns * 95 // 100],
            **cpu,
            others=others,
            counted=counted,
        )


def _tree(process: psutil.Process) -> float:
    total = 0.0
    for each in [process, *process.children(recursive=True)] if "postgres" in process.name() else [process]:
        times = each.cpu_times()
        total += times.user + times.system
    return total


def counters(url: str) -> dict[str, Any]:
    """PostgreSQL's own counters; its backends report theirs with up to a second's delay."""
    with psycopg.connect(url, row_factory=psycopg.rows.dict_row) as connection:
        return connection.execute(COUNTED).fetchone() or {}


async def turn(client: aiohttp.ClientSession, account: int, k: int, run: str) -> float:
    """Milliseconds of one turn; ten make a conversation. Raises Unavailable for a wrong answer."""
    wanted = order(account + ACCOUNTS * (k % 10))
    body = {"user_id": f"user-{account:04d}|{run}-{k // 10}", "message": f"Where is my order {wanted[0]}?"}
    began = time.perf_counter()
    async with client.post("/support/chat", json=body) as response:
        text = await response.text()
    if response.status != 200 or wanted[2] not in text:
        raise Unavailable(f"a wrong answer ({response.status}): {text[:200]}")
    return (time.perf_counter() - began) * 1000


async def load(clients: Sequence[aiohttp.ClientSession], run: str, seconds: float) -> list[float]:
    """Milliseconds of the turns that 64 customers had in ``seconds``."""
    took: list[float] = []
    end = time.monotonic() + seconds

    async def customer(n: int) -> None:
        k = 0
        while time.monotonic() < end:
            took.append(await turn(clients[n % len(clients)], n, k, run))
            k += 1

    await asyncio.gather(*map(customer, range(AT_ONCE)))
    return took


@asynccontextmanager
async def served(number: int, url: str, stub: int, folder: Path) -> Any:
    """(processes, a client of each): Frontdesk ``number`` times on one database."""
    async with AsyncExitStack() as stack:
        processes: list[psutil.Process] = []
        clients: list[aiohttp.ClientSession] = []
        for _ in range(number):
            port = free_port()
            process = await stack.enter_async_context(_process(url, stub, port, folder))
            client = aiohttp.ClientSession(
                f"http://127.0.0.1:{port}",
                headers={"authorization": f"Bearer {KEY}"},
                connector=aiohttp.TCPConnector(limit=0),
            )
            processes.append(psutil.Process(process.pid))
            clients.append(await stack.enter_async_context(client))
        for client in clients:
            await _up(client)
        yield processes, clients


@asynccontextmanager
async def _process(url: str, stub: int, port: int, folder: Path) -> Any:
    env = {k: v for k, v in os.environ.items() if not k.startswith("FRONTDESK_")} | {
        "BENCH_ORDERS": str(folder / "orders.csv"),
        "FRONTDESK_MODEL": "openai:stub",
        "OPENAI_BASE_URL": f"http://127.0.0.1:{stub}/v1",
        "OPENAI_API_KEY": "sk-stub",
        "FRONTDESK_SERVICE_KEYS": KEY,
        "FRONTDESK_DATABASE_URL": url,
        "FRONTDESK_PORT": str(port),
        "FRONTDESK_LOG_FORMAT": "json",
    }
    command = [sys.executable, "-m", "frontdesk", "serve", "benchmarks.desk:desk"]
    with (folder / f"{port}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, cwd=REPOSITORY, env=env, stdout=log, stderr=log
        )
        try:
            yield process
        finally:
            process.terminate()
            await asyncio.wait_for(process.wait(), 20)


async def _up(client: aiohttp.ClientSession) -> None:
    for _ in range(1800):
        try:
            async with client.get("/readyz") as answer:
                if answer.status == 200:
                    return
        except aiohttp.ClientConnectionError:
            pass
        await asyncio.sleep(0.05)
    raise Unavailable("Frontdesk did not come up within 90 s")


async def measure(url: str, postmaster: psutil.Process, folder: Path) -> list[Burst]:
    """Bursts with each number of processes, by turns."""
    stub = free_port()
    bursts: list[Burst] = []
    async with await asyncio.get_running_loop().create_server(Stub, "127.0.0.1", stub):
        for number in PROCESSES:
            async with served(number, url, stub, folder) as (processes, clients):
                await load(clients, f"warm{number}", 2.0)
                for round_ in range(ROUNDS):
                    meter = Meter(processes, postmaster, url)
                    took = await load(clients, f"{number}-{round_}", SECONDS)
                    bursts.append(meter.read(number, took))
                    say(f"{bursts[-1]}")
    return bursts


def table(bursts: Sequence[Burst]) -> list[str]:
    """The fastest burst of each number of processes."""
    lines = [
        "| processes | turns/s | p50 ms | p95 ms | CPU ms a turn: servers | PostgreSQL | customers and stub | others, cores |",
        "| ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
    ]
    best = [max((b for b in bursts if b.processes == n), key=lambda b: b.rate) for n in PROCESSES]
    lines += [
        f"| {b.processes} | {b.rate:.0f} | {b.p50:.0f} | {b.p95:.0f} | {b.servers:.1f} | {b.postgres:.1f} | {b.client:.1f} | {b.others:.1f} |"
        for b in best
    ]
    whole = {name: sum(b.counted[name] for b in bursts) / len(bursts) for name in bursts[0].counted}
    lines.append(
        f"\nA turn: {whole['wal'] / 1000:.1f} kB of write-ahead log, {whole['commits']:.1f} commits, "
        f"{whole['inserted']:.1f} rows inserted, {whole['updated']:.1f} updated, {whole['bytes'] / 1000:.1f} kB of database."
    )
    return lines


def main() -> None:
    """Measure and print the table."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-replicas-"))
    server = embedded.start(folder / "postgres")
    try:
        write_orders(folder / "orders.csv")
        url = embedded.database(server, "frontdesk")
        bursts = asyncio.run(measure(url, psutil.Process(server.get_pid()), folder))
        sys.stdout.write("\n".join(table(bursts)) + "\n")
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
