"""Three server processes behind HAProxy on loopback: one is killed, the others are restarted, then PostgreSQL falls.

Two hundred conversations go on meanwhile (chaos/talkers.py), through the HAProxy configuration that deploy/ ships. In
the end each message is one turn with one reply, which is the reply that its customer was told; a refund that was asked
for happened once; each stream that was cut was read on to its end; and what was due by the clock was done once.
"""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import tempfile
import time
from collections.abc import AsyncGenerator, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from chaos.backend import Backend, backend
from chaos.journal import Experiment, Portion, Shown, Tally
from chaos.model import model
from chaos.servers import SECRET, client_of, rows
from chaos.site import Postgres
from chaos.talkers import Talkers
from tests.process import ROOT, Server, free_port

CONFIGURATION = ROOT / "deploy" / "haproxy.cfg"
MODEL_SECONDS = 0.5  # of each call
AWAY = 2.0  # seconds that PostgreSQL is down
DUE = 2  # times of the clock that a full run waits for

JOBS = """
SELECT j.task_name AS task, j.args ->> 'timestamp' AS due, count(DISTINCT j.id) AS jobs,
  bool_and(j.status = 'succeeded') AS done, count(e.id) AS starts
FROM procrastinate_jobs j LEFT JOIN procrastinate_events e ON e.job_id = j.id AND e.type = 'started'
GROUP BY 1, 2
"""


@dataclass
class Cluster:
    """What a run strikes. ``servers`` change: who was killed is started again at the same port."""

    postgres: Postgres
    backend: Backend
    environment: dict[str, str]
    servers: list[Server]
    client: aiohttp.ClientSession

    async def started(self, port: int) -> Server:
        """A server process at ``port``."""
        return await asyncio.to_thread(
            Server, self.postgres.direct, "chaos.served", port=port, **self.environment
        )

    async def again(self, which: int) -> None:
        """Start a server that has ended, at its old port."""
        self.servers[which] = await self.started(self.servers[which].port)

    def end(self) -> None:
        """End all servers."""
        for server in self.servers:
            server.__exit__()


def configured(folder: Path, port: int, servers: list[int]) -> Path:
    """deploy/haproxy.cfg with these ports in the place of its own."""
    text = CONFIGURATION.read_text(encoding="utf-8").replace("bind :80\n", f"bind 127.0.0.1:{port}\n")
    before, _, _ = text.partition("    server desk1")
    lines = [f"    server desk{n} 127.0.0.1:{at}\n" for n, at in enumerate(servers, 1)]
    file = folder / "haproxy.cfg"
    file.write_text(before + "".join(lines), encoding="utf-8")
    return file


@contextmanager
def proxying(folder: Path, port: int, servers: list[int]) -> Generator[None]:
    """HAProxy at ``port`` in front of the ports of ``servers``."""
    file = configured(folder, port, servers)
    with (folder / "haproxy.log").open("w") as log:
        proxy = subprocess.Popen(["haproxy", "-db", "-f", str(file)], stdout=log, stderr=log)
        try:
            yield
        finally:
            proxy.terminate()
            proxy.wait(10)


async def up(client: aiohttp.ClientSession) -> None:
    """Wait until the proxy has found a server."""
    for _ in range(600):
        with suppress(aiohttp.ClientError, ConnectionError):
            async with client.get("/readyz") as answer:
                if answer.status == 200:
                    return
        await asyncio.sleep(0.05)
    raise AssertionError("HAProxy did not come up")


@asynccontextmanager
async def cluster(number: int) -> AsyncGenerator[Cluster]:
    """``number`` servers behind HAProxy, a PostgreSQL of their own that keeps its promises, a model and a shop."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-cluster-"))
    articles = folder / "help-center"
    articles.mkdir()
    (articles / "returns.md").write_text("# Returns\n\nYou can return an item within 30 days.\n")
    try:
        async with AsyncExitStack() as stack:
            postgres = Postgres(folder)
            stack.callback(postgres.stop)
            stub = await stack.enter_async_context(model())
            stub.seconds = MODEL_SECONDS
            shop = await stack.enter_async_context(backend())
            environment = {
                "FRONTDESK_MODEL": "openai:stub",
                "FRONTDESK_OPENAI_BASE_URL": f"http://127.0.0.1:{stub.port}/v1",
                "OPENAI_API_KEY": "none",
                "FRONTDESK_SECRET": SECRET,
                "CHAOS_BACKEND": shop.url,
                "CHAOS_HELP_CENTER": str(articles),
            }
            ports = [free_port() for _ in range(number + 1)]
            made = Cluster(postgres, shop, environment, [], client_of(f"http://127.0.0.1:{ports[-1]}"))
            stack.push_async_callback(made.client.close)
            stack.callback(made.end)
            for port in ports[:-1]:
                made.servers.append(await made.started(port))
            stack.enter_context(proxying(folder, ports[-1], ports[:-1]))
            await up(made.client)
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def strike(made: Cluster, talkers: Talkers, shown: Shown) -> None:
    """All that happens to it, one after the other; after each everybody is answered again."""
    began = time.monotonic()
    await talkers.all_answered("at first")
    shown(f"cluster: all answered after {time.monotonic() - began:.1f} s; one is killed")
    talkers.phase = "one killed"
    await asyncio.to_thread(made.servers[0].kill)
    talkers.tally.counts["processes killed"] += 1
    await talkers.all_answered("with one killed")
    await made.again(0)
    talkers.phase = "rolling restart"
    for which in range(1, len(made.servers)):
        shown(f"cluster: server {which} is restarted: {talkers.tally.words()}")
        code = await asyncio.to_thread(made.servers[which].stop)
        talkers.tally.expect(code in (0, -15), f"a server that was told to stop ended with {code}")
        talkers.tally.counts["processes restarted"] += 1
        await made.again(which)
    await talkers.all_answered("after the rolling restart")
    shown(f"cluster: PostgreSQL falls: {talkers.tally.words()}")
    talkers.phase = "PostgreSQL away"
    await asyncio.to_thread(made.postgres.crash)
    await asyncio.sleep(AWAY)
    await asyncio.to_thread(made.postgres.start)
    await talkers.all_answered("after PostgreSQL's restart")
    talkers.phase = "calm"


async def _jobs(made: Cluster, tally: Tally, due: int) -> None:
    """What was due by the clock was queued once and done once."""
    for _ in range(150 if due else 0):
        found = await rows(made.postgres.direct, JOBS)
        if len({row["due"] for row in found if row["done"]}) >= due:
            break
        await asyncio.sleep(1)
    found = await rows(made.postgres.direct, JOBS)
    tally.counts["jobs of the clock"] = len(found)
    for row in found:
        tally.expect(row["jobs"] == 1, f"{row['task']} was queued {row['jobs']} times for one moment")
        tally.expect(row["starts"] <= 2, f"{row['task']} was begun {row['starts']} times")
        tally.counts["jobs begun again"] += row["starts"] == 2
    tally.expect(len({row["due"] for row in found if row["done"]}) >= due, "nothing was done by the clock")


@asynccontextmanager
async def opened(_seed: int, shown: Shown, number: int = 3) -> AsyncGenerator[Portion]:
    """One cluster, for one run of any number of conversations."""
    async with cluster(number) as made:

        async def portion(_: int, many: int) -> Tally:
            talkers = Talkers(made.client, made.backend, made.postgres.direct, many)
            async with talkers.talking():
                await strike(made, talkers, shown)
            await talkers.reconcile()
            await _jobs(made, talkers.tally, DUE if many >= EXPERIMENT.full else 0)
            return talkers.tally

        yield portion


EXPERIMENT = Experiment(
    "cluster",
    "three processes behind HAProxy: one killed, the others restarted, PostgreSQL crashed: no message lost, none"
    " doubled, each reply once",
    "conversations at once",
    200,
    200,
    opened,
    places=1,
)
