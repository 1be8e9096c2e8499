"""One lasting session with an MCP server, on a thread and an event loop of its own; opened again when it breaks."""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from contextlib import suppress
from datetime import timedelta
from functools import cache
from typing import Any, TypeVar

import structlog
from langchain_mcp_adapters.sessions import Connection, create_session
from mcp import ClientSession
from mcp.types import CallToolResult, PaginatedRequestParams
from mcp.types import Tool as McpTool

from frontdesk.domain import Json
from frontdesk.errors import ToolUnavailable
from frontdesk.tools.mcp import Server

log = structlog.get_logger("frontdesk.mcp")
Result = TypeVar("Result")
START_SECONDS, CALL_SECONDS = 15.0, 9.0  # a call ends before FRONTDESK_TOOL_TIMEOUT's 10 s
MOST_TOOLS = 1000


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """The loop of all sessions: they outlive the loops that tools are declared in and called from."""
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, name="mcp", daemon=True).start()
    return loop


def at_once(work: Coroutine[Any, Any, Result]) -> Future[Result]:
    """``work`` on the sessions' loop."""
    return asyncio.run_coroutine_threadsafe(work, _loop())


class Session:
    """A session with ``server``. Its methods run on the sessions' loop."""

    def __init__(self, server: Server, check: Callable[[list[McpTool]], None]) -> None:
        """``check`` is shown the tools each time a session is opened; what it raises, the call raises."""
        self._server = server
        self._check = check
        self._session: ClientSession | None = None
        self._ended: asyncio.Event | None = None
        self._task: asyncio.Task[None] | None = None
        self._lock = asyncio.Lock()
        atexit.register(self.close)

    async def call(self, name: str, arguments: Json, *, again: bool) -> CallToolResult:
        """Call a tool. A session that broke is opened again; the call is repeated only if ``again``, a read.

        Raises ToolUnavailable.
        """
        for last in (False, True) if again else (True,):
            session = await self.open()
            try:
                return await self._in_time(
                    session.call_tool(name, arguments, read_timeout_seconds=timedelta(seconds=CALL_SECONDS))
                )
            except Exception as error:  # noqa: BLE001  whatever breaks in a server or on the way to it
                log.warning(
                    "MCP call failed", server=self._server.name, tool=name, error=type(error).__name__
                )
                await self._leave()
                if last or isinstance(error, TimeoutError):
                    raise ToolUnavailable from None
        raise ToolUnavailable

    async def open(self) -> ClientSession:
        """The session, opened if it is not. Raises ToolUnavailable, or what ``check`` raises."""
        async with self._lock:
            if self._session is None:
                opened: asyncio.Future[ClientSession] = asyncio.get_running_loop().create_future()
                self._ended = asyncio.Event()
                self._task = asyncio.create_task(self._live(opened, self._ended))
                try:
                    async with asyncio.timeout(START_SECONDS):
                        session = await asyncio.shield(opened)
                        self._check(await _tools(session))
                except TimeoutError:
                    await self._leave()
                    raise ToolUnavailable from None
                except BaseException:
                    await self._leave()
                    raise
                self._session = session
            return self._session

    async def _live(self, opened: asyncio.Future[ClientSession], ended: asyncio.Event) -> None:
        """Hold a session until it is to end: one task enters and leaves it, as anyio wants it."""
        try:
            async with create_session(_connection(self._server)) as session:
                await session.initialize()
                if not opened.done():
                    opened.set_result(session)
                await ended.wait()
        except Exception as error:  # noqa: BLE001  a server that is not there fails in many ways
            if not opened.done():
                log.warning("MCP server not reached", server=self._server.name, error=type(error).__name__)
                opened.set_exception(ToolUnavailable())

    async def _in_time(self, work: Awaitable[Result]) -> Result:
        async with asyncio.timeout(CALL_SECONDS):
            return await work

    async def _leave(self) -> None:
        self._session = None
        if self._ended:
            self._ended.set()
        if self._task:
            with suppress(BaseException):
                await asyncio.wait_for(self._task, 2)

    def close(self) -> None:
        """End the session, and a server that was started for it."""
        with suppress(Exception):
            at_once(self._leave()).result(3)


async def _tools(session: ClientSession) -> list[McpTool]:
    """All tools of the server, page by page."""
    found: list[McpTool] = []
    cursor: str | None = None
    while len(found) < MOST_TOOLS:
        page = await session.list_tools(params=PaginatedRequestParams(cursor=cursor))
        found += page.tools
        cursor = page.nextCursor
        if not cursor:
            break
    return found


def _connection(server: Server) -> Connection:
    if server.url:
        return {"transport": "streamable_http", "url": server.url, "headers": dict(server.headers)}
    command, *arguments = server.command
    return {"transport": "stdio", "command": command, "args": arguments, "env": dict(server.env) or None}
