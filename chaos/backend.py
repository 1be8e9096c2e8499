"""A shop's backend, outside of every process that is killed. It counts what really happened.

It knows Idempotency-Key as a good backend does: the first request of a key has the effect, later ones get its answer
again. What it cannot know is that two keys were meant to be one effect; ``happened`` counts by order, so that shows.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

from tests.process import free_port


@dataclass
class Backend:
    """``happened``: (what, order) → how often; ``keys``: what each key did; ``asked``: how often it was sent."""

    happened: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    keys: dict[str, tuple[str, str]] = field(default_factory=dict[str, tuple[str, str]])
    asked: Counter[str] = field(default_factory=Counter[str])
    seconds: float = 0.0  # what each request takes
    deaf: bool = False  # effects happen and their answers are lost, by turns by a cut and by silence
    url: str = ""

    async def look(self, request: web.Request) -> web.Response:
        """An order. Order o17 belongs to customer c17."""
        await asyncio.sleep(self.seconds)
        order = request.match_info["order"]
        refunded = self.happened["refund", order] > 0
        return web.json_response(
            {"order_id": order, "owner": f"c{order[1:]}", "status": "shipped", "refunded": refunded}
        )

    async def do(self, request: web.Request) -> web.Response:
        """An effect on an order, once for each key."""
        await asyncio.sleep(self.seconds)
        key, did = (
            request.headers["idempotency-key"],
            (request.match_info["what"], request.match_info["order"]),
        )
        self.asked[key] += 1
        if key not in self.keys:
            self.keys[key] = did
            self.happened[did] += 1
        if self.keys[key] != did:
            return web.json_response({"error": "this key was another request's"}, status=422)
        if self.deaf and self.asked[key] % 2:
            assert request.transport
            request.transport.close()
        elif self.deaf:
            await asyncio.sleep(120)
        return web.json_response({"order_id": did[1], "effect": key})


@asynccontextmanager
async def backend() -> AsyncGenerator[Backend]:
    """The backend on a free port of loopback."""
    shop = Backend()
    app = web.Application()
    app.router.add_get("/orders/{order}", shop.look)
    app.router.add_post("/orders/{order}/{what}", shop.do)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, backlog=1024).start()
    shop.url = f"http://127.0.0.1:{port}"
    try:
        yield shop
    finally:
        await runner.cleanup()
