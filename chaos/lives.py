"""A server that dies again and again: ``python -m chaos.lives``, a process that forks one child for each life.

The parent has imported everything, built the application and holds the listening socket, so that a life begins in a
few hundredths of a second, and a message that is sent while nobody lives waits for the next. Told on stdin, one JSON
a line: {"point": …, "batch": […], "kills": …, "seed": …}; {} is a life without a strike. Answers "born PID" and
"died STATUS".
"""

from __future__ import annotations

import asyncio
import ctypes
import gc
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import uvicorn
import uvloop

from chaos.desk import desk
from chaos.points import TOOL_SECONDS, Points, Strike, hurry
from frontdesk.models.scripted import ScriptedModel
from frontdesk.settings import load
from frontdesk.telemetry import configure
from frontdesk.web.app import create_app
from tests.actions.shop import obey
from tests.process import AUTH, KEY, ROOT, free_port

LEASE = 0.4  # seconds; what settings allow is made for production


class Lives:
    """The server as the experiment sees it: an address, and one life after the other."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, kills: Path) -> None:
        self._process = process
        self._kills = kills
        self.url = f"http://127.0.0.1:{port}"
        self.headers = AUTH
        self._pid = 0

    async def begin(self, point: str = "", batch: list[str] | None = None, seed: int = 0) -> None:
        """Let it live, until its batch stands at ``point``; without one, until ``end``."""
        wanted = {"point": point, "batch": batch, "kills": str(self._kills), "seed": seed} if point else {}
        assert self._process.stdin
        self._process.stdin.write(json.dumps(wanted).encode() + b"\n")
        self._pid = int((await self._line()).split()[1])

    async def over(self, seconds: float = 30.0) -> list[str]:
        """Wait until it has been killed; returns the customers whose turns were at the point."""
        lines = self._lines()
        try:
            await asyncio.wait_for(self._line(), seconds)
        except TimeoutError:  # nobody of the batch comes by the point any more
            await self.end()
        return [who for line in self._lines()[len(lines) :] for who in json.loads(line)["whose"]]

    async def end(self) -> None:
        """Kill it wherever it is."""
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        await self._line()

    def _lines(self) -> list[str]:
        return self._kills.read_text().splitlines() if self._kills.exists() else []

    async def _line(self) -> str:
        assert self._process.stdout
        line = await self._process.stdout.readline()
        assert line, "the parent of the lives has ended"
        return line.decode()


@asynccontextmanager
async def lives(database_url: str, backend_url: str, folder: Path) -> AsyncGenerator[Lives]:
    """A server on a database, nobody alive yet."""
    port = free_port()
    environment = {
        **{key: value for key, value in os.environ.items() if not key.startswith("FRONTDESK_")},
        "FRONTDESK_DATABASE_URL": database_url,
        "FRONTDESK_SERVICE_KEYS": KEY,
        "FRONTDESK_SECRET": "s" * 32,
        "FRONTDESK_LOG_LEVEL": "error",
        "FRONTDESK_TOOL_TIMEOUT": str(TOOL_SECONDS),
        "CHAOS_BACKEND": backend_url,
        "CHAOS_PORT": str(port),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "chaos.lives", cwd=ROOT, env=environment,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        yield Lives(process, port, folder / f"kills-{port}.jsonl")
    finally:
        with suppress(ProcessLookupError):
            process.kill()  # the child that lives dies with it
        await process.wait()


def _dies_with_its_parent() -> None:
    with suppress(OSError, AttributeError):
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG; Linux


def _live(app: Any, listening: socket.socket) -> None:
    config = uvicorn.Config(app, log_level="critical", access_log=False, loop="none")
    server = uvicorn.Server(config)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(server.serve(sockets=[listening]))


def main() -> None:
    """Fork a child for each line, and say when it was born and when it died."""
    _dies_with_its_parent()
    told = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)  # whatever else is printed must not stand between the answers
    points = Points()
    points.install()
    hurry(0.1)
    settings = load().model_copy(update={"lease_seconds": LEASE})
    configure("error", "text")
    app = create_app(desk(), settings, models=[("scripted", ScriptedModel(obey))], jobs=False)
    listening = socket.create_server(("127.0.0.1", int(os.environ["CHAOS_PORT"])), backlog=1024)
    gc.freeze()
    for line in sys.stdin:
        wanted = json.loads(line)
        pid = os.fork()
        if not pid:
            _dies_with_its_parent()
            if wanted:
                points.strike = Strike(
                    wanted["point"], wanted["batch"], Path(wanted["kills"]), wanted["seed"]
                )
            _live(app, listening)
            os._exit(0)
        told.write(f"born {pid}\n")
        told.write(f"died {os.waitpid(pid, 0)[1]}\n")


if __name__ == "__main__":
    main()
