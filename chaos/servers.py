"""Two server processes on one database, and clients that keep no more connections than the machine has to give."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import ExitStack, asynccontextmanager
from typing import Any

import aiohttp

from frontdesk.database import as_owner
from frontdesk.testing import temporary_url
from tests.process import AUTH, Server

SECRET = "s" * 32


@asynccontextmanager
async def servers(
    number: int, url: str = "", **environment: str
) -> AsyncGenerator[tuple[str, list[Server], list[aiohttp.ClientSession]]]:
    """(database, servers, a client of each)."""
    settings = {
        "FRONTDESK_SECRET": SECRET,
        "FRONTDESK_QUEUE_LIMIT": "20000",
        "CHAOS_BACKEND": "",
        **environment,
    }
    url = url or temporary_url()
    with ExitStack() as stack:
        started = await asyncio.gather(
            *(asyncio.to_thread(Server, url, "chaos.served", **settings) for _ in range(number))
        )
        for server in started:
            stack.enter_context(server)
        clients = [client_of(server.url) for server in started]
        try:
            yield url, list(started), clients
        finally:
            for client in clients:
                await client.close()


def client_of(address: str, connections: int = 0) -> aiohttp.ClientSession:
    """A client of one server; 0: as many connections as it takes."""
    return aiohttp.ClientSession(
        address,
        headers=AUTH,
        connector=aiohttp.TCPConnector(limit=connections),
        timeout=aiohttp.ClientTimeout(total=120),
    )


async def post(client: aiohttp.ClientSession, path: str, **body: Any) -> tuple[int, bytes]:
    """(status, body) of one request."""
    async with client.post(path, json=body) as answer:
        return answer.status, await answer.read()


async def rows(url: str, query: str, values: Sequence[Any] = ()) -> list[dict[str, Any]]:
    """What the database holds, as its owner sees it."""

    def read() -> list[dict[str, Any]]:
        with as_owner(url) as connection:
            return connection.execute(query.encode(), values or None).fetchall()

    return await asyncio.to_thread(read)
