"""What traces and metrics cost: one served desk, with them off and on in turns.

``python -m benchmarks.sight [rounds]``. Requests go through the whole application (ASGI, permissions, PostgreSQL,
audit, two model calls and a tool a turn); the model is Frontdesk's own client with the network cut out, and nothing
is spent on HTTP, so the shares are larger than they are behind a server. CPU time of the process, its exporting
thread included, in short bursts that take turns: each is compared with the one of the same round that had all off.
The OTLP receiver is a process of its own.
"""

from __future__ import annotations

import asyncio
import gc
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any

import orjson

from benchmarks import postgres
from benchmarks.loops import ORDER, CutOff, get_order_status
from benchmarks.workplace import KEY, say
from frontdesk import Frontdesk
from frontdesk.settings import Settings
from frontdesk.telemetry import logs, metrics, spans
from frontdesk.telemetry.export import Exporter
from frontdesk.web.app import create_app

TURNS, AT_ONCE = 24, 8  # of a burst: short, since a shared machine's speed changes within seconds
RECEIVER = """
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()
    def log_message(self, *_):
        pass
server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(server.server_address[1], flush=True)
server.serve_forever()
"""


class Desk:
    """The application, asked without a network."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def ask(self, customer: str) -> None:
        body = orjson.dumps({"user_id": customer, "message": f"Where is my order {ORDER['order_id']}?"})
        sent: list[Any] = []
        given = [{"type": "http.request", "body": body, "more_body": False}]
        headers = [
            (b"host", b"desk"),
            (b"content-type", b"application/json"),
            (b"authorization", f"Bearer {KEY}".encode()),
        ]
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
            "path": "/support/chat", "raw_path": b"/support/chat", "query_string": b"", "root_path": "",
            "headers": headers, "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80), "state": {},
        }  # fmt: skip

        async def receive() -> Any:
            if given:
                return given.pop()
            await asyncio.sleep(60)
            return {"type": "http.disconnect"}

        async def send(message: Any) -> None:
            sent.append(message)

        await self._app(scope, receive, send)
        if sent[0]["status"] != 200:
            raise RuntimeError(f"status {sent[0]['status']}: {sent[-1]}")

    async def burst(self, number: int, flush: Callable[[], None]) -> float:
        """CPU milliseconds a turn; what is to be exported is sent within it."""
        began = time.process_time()

        async def customer(n: int) -> None:
            for _ in range(TURNS // AT_ONCE):
                await self.ask(f"c{number}-{n}")

        await asyncio.gather(*(customer(n) for n in range(AT_ONCE)))
        flush()
        return (time.process_time() - began) / TURNS * 1000


class Switches:
    """Traces and metrics, on and off."""

    def __init__(self, port: int) -> None:
        environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{port}",
        }
        self._exporter = Exporter(environment, "bench", "bench")  # not started: each burst sends its own
        metrics.switch_on("bench")
        self._live = {metric: metric._live for metric in metrics.DECLARED}
        self.spans = 0

    def set(self, *, traces: bool, counted: bool) -> None:
        spans.switch(self._take if traces else None, lambda _trace, caller: caller is not False)
        for metric, live in self._live.items():
            metric._live = live if counted else None

    def flush(self) -> None:
        while self._exporter._queue:
            self._exporter._send()

    def _take(self, span: spans.Span) -> None:
        self.spans += 1
        self._exporter.take(span)


async def measure(url: str, rounds: int, port: int) -> None:
    desk = Frontdesk("Bench", tools=[get_order_status])
    settings = Settings(database_url=url, service_keys=(KEY,), log_level="warning")
    app = create_app(
        desk, settings, models=[("openai:stub", CutOff(model="stub", base_url="http://127.0.0.1:1/v1"))]
    )
    switches = Switches(port)
    kinds = {"off": (False, False), "traces": (True, False), "metrics": (False, True), "both": (True, True)}
    found: dict[str, list[float]] = {kind: [] for kind in kinds}
    async with app.router.lifespan_context(app):
        asked = Desk(app)
        gc.collect()
        gc.freeze()
        gc.set_threshold(20_000, 20, 50)  # as `frontdesk serve` does
        for number in range(rounds + 1):
            order = list(kinds.items())
            for kind, (traces, counted) in order[number % 4 :] + order[: number % 4]:
                switches.set(traces=traces, counted=counted)
                cpu = await asked.burst(number * 10 + list(kinds).index(kind), switches.flush)
                if number:  # the first warms up
                    found[kind].append(cpu)
        switches.set(traces=False, counted=False)
    print(f"| {rounds} rounds of {TURNS} turns | CPU ms a turn | least | over off |")
    print("| --- | ---: | ---: | ---: |")
    for kind, values in found.items():
        over = statistics.median(v / off - 1 for v, off in zip(values, found["off"], strict=True))
        print(f"| {kind} | {statistics.median(values):.2f} | {min(values):.2f} | {over:+.1%} |")
    traced = (rounds + 1) * TURNS * 2
    say(f"{switches.spans / traced:.1f} spans a turn")


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    logs.configure("warning", "json")
    for name in [name for name in os.environ if name.startswith(("FRONTDESK_", "OTEL_"))]:
        del os.environ[name]
    receiver = subprocess.Popen([sys.executable, "-c", RECEIVER], stdout=subprocess.PIPE, text=True)
    try:
        assert receiver.stdout is not None
        port = int(receiver.stdout.readline())
        with postgres.frontdesk_server() as (url, _):
            asyncio.run(measure(url, rounds, port))
    finally:
        receiver.terminate()
        receiver.wait(10)


if __name__ == "__main__":
    main()
