"""A TCP proxy on loopback that can be told to misbehave.

``mode``, at once and for open connections too:
pass        all goes through
black hole  connections are taken, and nothing comes through, in either direction, nor does an end
slow        each piece waits ``seconds``
reset       connections are cut hard, new ones too
half        the first ``most`` bytes of an answer come through, then it is cut hard
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from pathlib import Path


class Proxy:
    """Stands between whoever connects to ``port`` and ``target``: (host, port), or the path of a socket."""

    def __init__(self, target: tuple[str, int] | Path) -> None:
        self._target = target
        self.port = 0
        self.mode = "pass"
        self.seconds = 0.5
        self.most = 200
        self._open: set[asyncio.StreamWriter] = set()
        self._moved = asyncio.Event()

    def turn(self, mode: str) -> None:
        """Change the mode, for connections that are open as well."""
        self.mode = mode
        self._moved.set()
        self._moved = asyncio.Event()
        if mode == "reset":
            for writer in list(self._open):
                _reset(writer)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        self._open.add(writer)
        behind = None
        try:
            if self.mode == "reset":
                return
            await self._out_of_the_hole()
            if isinstance(self._target, Path):
                far, behind = await asyncio.open_unix_connection(str(self._target))
            else:
                far, behind = await asyncio.open_connection(*self._target)
            ways = {
                asyncio.ensure_future(self._carry(reader, behind, answers=False)),
                asyncio.ensure_future(self._carry(far, writer, answers=True)),
            }
            _, rest = await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in rest:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
        except (
            OSError,
            asyncio.CancelledError,
        ):  # cut, or the loop ends; asyncio's streams would complain of it
            pass
        finally:
            self._open.discard(writer)
            for end in filter(None, (writer, behind)):
                _reset(end) if self.mode in ("reset", "half") else end.close()

    async def _carry(
        self, source: asyncio.StreamReader, sink: asyncio.StreamWriter, *, answers: bool
    ) -> None:
        carried = 0
        with suppress(OSError):
            while data := await source.read(65536):
                await self._out_of_the_hole()
                if self.mode == "slow":
                    await asyncio.sleep(self.seconds)
                if self.mode == "half" and answers:
                    data = data[: max(0, self.most - carried)]
                    carried += len(data)
                sink.write(data)
                await sink.drain()
                if self.mode == "half" and answers and carried >= self.most:
                    return
            await self._out_of_the_hole()  # an end does not come through either

    async def _out_of_the_hole(self) -> None:
        while self.mode == "black hole":
            await self._moved.wait()


def _reset(writer: asyncio.StreamWriter) -> None:
    """Close so that the other end sees a reset."""
    with suppress(OSError, RuntimeError, AttributeError):
        writer.get_extra_info("socket").setsockopt(
            socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)
        )
    writer.transport.abort()


@asynccontextmanager
async def proxy(target: tuple[str, int] | Path) -> AsyncGenerator[Proxy]:
    """A proxy on a free port of loopback."""
    made = Proxy(target)
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0, backlog=512)
    made.port = server.sockets[0].getsockname()[1]
    try:
        yield made
    finally:
        made.turn("reset")
        server.close()
