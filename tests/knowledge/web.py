"""A web server on loopback that remembers every connection that was opened to it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web

Answer = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Site:
    """``pages`` is path → what is answered; ``seen`` every request, ``connections`` every opened socket."""

    host: str = "127.0.0.1"
    port: int = 0
    pages: dict[str, web.Response | Answer] = field(default_factory=dict)
    seen: list[web.BaseRequest] = field(default_factory=list)
    connections: int = 0

    @property
    def place(self) -> str:
        return f"{self.host}:{self.port}"

    def url(self, path: str = "/") -> str:
        return f"http://{self.place}{path}"

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        self.seen.append(request)
        page = self.pages.get(request.path_qs)
        if page is None:
            return web.Response(status=404)
        if isinstance(page, web.Response):
            return web.Response(status=page.status, headers=page.headers, body=page.body)
        return await page(request)  # type: ignore[arg-type]


class _Counting(web.Server):
    site: Site

    def __call__(self):
        self.site.connections += 1
        return super().__call__()


@asynccontextmanager
async def serve(host: str = "127.0.0.1", port: int = 0) -> AsyncGenerator[Site]:
    site = Site(host)
    server = _Counting(site.answer)
    server.site = site
    runner = web.ServerRunner(server, shutdown_timeout=0.1)
    await runner.setup()
    listener = web.TCPSite(runner, host, port)
    await listener.start()
    site.port = runner.addresses[0][1]
    try:
        yield site
    finally:
        await runner.cleanup()


def page(body: str | bytes, media: str = "text/html; charset=utf-8", status: int = 200, **headers: str):
    data = body.encode() if isinstance(body, str) else body
    return web.Response(status=status, body=data, headers={"Content-Type": media, **headers})


def redirect(to: str, status: int = 302):
    return web.Response(status=status, headers={"Location": to})
