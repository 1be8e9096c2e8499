"""All that a fault may strike: a PostgreSQL of its own, a Redis, a model and a backend behind proxies, two processes.

PostgreSQL keeps its promises here (fsync, synchronous commits): it is shut down in mid-work.
"""

from __future__ import annotations

import asyncio
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncGenerator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import psutil
from psycopg import conninfo

from chaos.backend import Backend, backend
from chaos.model import Model, model
from chaos.proxy import Proxy, proxy
from chaos.servers import SECRET, client_of
from frontdesk.database import embedded, migrate
from tests.process import Server
from tests.redis import RedisServer, executable

MODEL_SECONDS, TOOL_SECONDS = 2.0, 2.0
DISK = "320m"


class Postgres:
    """A server of our own. ``direct`` goes past the proxy; ``socket`` is where the proxy goes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._server = embedded.start(folder / "postgres")
        self.direct = embedded.database(self._server, "frontdesk")
        migrate(self.direct)
        self.socket = Path(str(conninfo.conninfo_to_dict(self.direct)["host"])) / ".s.PGSQL.5432"

    def crash(self) -> None:
        """Stop at once, as in a power cut: what is not in the log is gone."""
        process = psutil.Process(self._server.get_pid())
        process.send_signal(signal.SIGQUIT)
        process.wait(20)

    def start(self) -> None:
        """Start, where it has stopped."""
        embedded.revive(self._server)

    def stop(self) -> None:
        """Stop for good."""
        self._server.cleanup()


@dataclass
class Site:
    """Everything. ``ballast`` fills the disk that the database is on, where it has one of its own."""

    postgres: Postgres
    to_postgres: Proxy
    model: Model
    to_model: Proxy
    backend: Backend
    to_backend: Proxy
    redis: RedisServer | None
    to_redis: Proxy
    environment: dict[str, str] = field(default_factory=dict[str, str])
    servers: list[Server] = field(default_factory=list[Server])
    clients: list[aiohttp.ClientSession] = field(default_factory=list[aiohttp.ClientSession])

    @property
    def url(self) -> str:
        """Where the servers find the database: behind the proxy."""
        return f"postgresql://postgres@127.0.0.1:{self.to_postgres.port}/frontdesk"

    async def another(self) -> Server:
        """One more server process."""
        return await asyncio.to_thread(Server, self.url, "chaos.served", **self.environment)


def own_disk() -> Path | None:
    """A folder on a small disk of its own; None where none may be mounted."""
    folder = Path(tempfile.mkdtemp(prefix="frontdesk-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "none", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True, timeout=10)
    except (OSError, subprocess.SubprocessError):
        folder.rmdir()
        return None
    return folder


@asynccontextmanager
async def site(folder: Path | None = None, number: int = 2) -> AsyncGenerator[Site]:
    """A site, its database in ``folder``, which is the site's own from then on."""
    mounted = folder is not None
    folder = folder or Path(tempfile.mkdtemp(prefix="frontdesk-site-"))
    try:
        async with AsyncExitStack() as stack:
            postgres = Postgres(folder)
            stack.callback(postgres.stop)
            to_postgres = await stack.enter_async_context(proxy(postgres.socket))
            scripted = await stack.enter_async_context(model())
            to_model = await stack.enter_async_context(proxy(("127.0.0.1", scripted.port)))
            shop = await stack.enter_async_context(backend())
            to_backend = await stack.enter_async_context(proxy(("127.0.0.1", urlsplit(shop.url).port or 0)))
            redis = RedisServer() if executable() else None
            if redis:
                stack.callback(redis.stop)
                redis.start()
            to_redis = await stack.enter_async_context(proxy(("127.0.0.1", redis.port if redis else 1)))
            made = Site(postgres, to_postgres, scripted, to_model, shop, to_backend, redis, to_redis)
            made.environment = {
                "FRONTDESK_MODEL": "openai:stub",
                "FRONTDESK_OPENAI_BASE_URL": f"http://127.0.0.1:{to_model.port}/v1",
                "OPENAI_API_KEY": "none",
                "FRONTDESK_MODEL_TIMEOUT": str(MODEL_SECONDS),
                "FRONTDESK_TOOL_TIMEOUT": str(TOOL_SECONDS),
                "FRONTDESK_SECRET": SECRET,
                "CHAOS_BACKEND": f"http://127.0.0.1:{to_backend.port}",
            }
            if redis:
                made.environment |= {
                    "FRONTDESK_REDIS_URL": f"redis://127.0.0.1:{to_redis.port}/0",
                    "FRONTDESK_HOT_WINDOW": "redis",
                }
            for _ in range(number):
                server = await made.another()
                made.servers.append(stack.enter_context(server))
                made.clients.append(await stack.enter_async_context(client_of(server.url)))
            yield made
    finally:
        _forget(folder, mounted=mounted)


def _forget(folder: Path, *, mounted: bool) -> None:
    if mounted:
        subprocess.run(["umount", "-l", str(folder)], check=False, capture_output=True, timeout=10)
    shutil.rmtree(folder, ignore_errors=True)
