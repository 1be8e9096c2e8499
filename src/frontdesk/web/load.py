"""What one process takes on at a time: requests, streams, files. What is too much is refused before it costs anything."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Generator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from frontdesk.errors import Draining, QueueFull, RateLimited, TooManyStreams
from frontdesk.settings import Settings
from frontdesk.web import problems
from frontdesk.web.body import LIMIT

if TYPE_CHECKING:
    from frontdesk.bootstrap import Service

__all__ = ["Doorkeeper", "StreamPlace", "Streamed", "Streams", "Uploads", "streams_of"]

ALWAYS = frozenset({"/healthz", "/readyz"})
FOR_STAFF = 200  # places that customers do not take
PLACE = "frontdesk.place"
UPLOADS_EACH = 2  # files of one customer at once: nobody's slow line holds all places
BODY_SECONDS = 2.0


class Places:
    """So many at once, no more."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.taken = 0

    @contextmanager
    def one(self, extra: int = 0) -> Generator[_Place]:
        """Take a place until the context ends, or until it is left. Raises QueueFull."""
        if self.taken >= self.most + extra:
            raise QueueFull
        place = _Place(self)
        try:
            yield place
        finally:
            place.leave()


class _Place:
    def __init__(self, places: Places) -> None:
        self._places: Places | None = places
        places.taken += 1

    def leave(self) -> None:
        """Make room; once is enough."""
        if self._places:
            self._places.taken -= 1
            self._places = None


class Uploads:
    """The files that one process takes in: so many in all, and a few of one customer."""

    def __init__(self, most: int) -> None:
        self._all = Places(most)
        self._open = Counter[str]()

    @contextmanager
    def one(self, who: str) -> Generator[None]:
        """A place for a file of ``customer:u123`` until the context ends. Raises QueueFull, RateLimited."""
        if self._open[who] >= UPLOADS_EACH:
            raise RateLimited("Send the next file when those on their way have arrived.", retry_after=5)
        with self._all.one(), _counted(self._open, who):
            yield


@contextmanager
def _counted(opened: Counter[str], who: str) -> Generator[None]:
    opened[who] += 1
    try:
        yield
    finally:
        opened[who] -= 1
        if not opened[who]:
            del opened[who]


class Doorkeeper:
    """ASGI middleware: 503 with Retry-After where too many requests are open, or too many turns wait."""

    def __init__(self, app: ASGIApp, *, settings: Settings) -> None:
        self.app = app
        self._requests = Places(settings.request_limit)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let the request in, or answer it here, unread."""
        if scope["type"] != "http" or scope["path"] in ALWAYS:
            await self.app(scope, receive, send)
            return
        staff = scope["path"].startswith("/console")
        try:
            with self._requests.one(FOR_STAFF if staff else 0) as place:
                if scope["path"] == "/support/chat" and scope["method"] == "POST":
                    _room(scope)
                scope[PLACE] = place
                await self.app(scope, receive, send)
        except (QueueFull, Draining) as error:
            await _pass_over(receive)
            await problems.response(error)(scope, receive, send)


async def _pass_over(receive: Receive) -> None:
    """Let a body of usual size come in: who is answered while still sending takes it for a broken connection."""
    size = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(BODY_SECONDS):
            while size <= LIMIT:
                message = await receive()
                size += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def _room(scope: Scope) -> None:
    """Refuse a message that would be refused later on; not who goes on reading a stream of one that was taken."""
    service: Service | None = getattr(scope["app"].state, "service", None)
    if service is not None and not any(name == b"last-event-id" for name, _ in scope["headers"]):
        service.support.admit()


class Streams:
    """The event streams of one process: so many in all, and so many of one customer or member of staff."""

    def __init__(self, settings: Settings) -> None:
        self._most, self._most_each = settings.stream_limit, settings.stream_limit_customer
        self._open = Counter[str]()

    def open(self, request: Request, who: str) -> StreamPlace:
        """A place for a stream of ``customer:u123`` or ``staff:4``, for ``Streamed``. Raises QueueFull, TooManyStreams."""
        if self._open.total() >= self._most + (FOR_STAFF if who.startswith("staff:") else 0):
            raise QueueFull
        if self._open[who] >= self._most_each:
            raise TooManyStreams
        if place := request.scope.get(PLACE):
            place.leave()  # a stream is long; it is no request that waits for its answer
        return StreamPlace(self._open, who)


class StreamPlace:
    """One stream's; ``close`` it when it ends, or when it does not begin."""

    def __init__(self, opened: Counter[str], who: str) -> None:
        self._opened: Counter[str] | None = opened
        self._who = who
        opened[who] += 1

    def close(self) -> None:
        """Make room; once is enough."""
        if self._opened is not None:
            self._opened[self._who] -= 1
            if not self._opened[self._who]:
                del self._opened[self._who]
            self._opened = None

    @contextmanager
    def unless_refused(self) -> Generator[None]:
        """Close it where what is done before the stream raises."""
        try:
            yield
        except BaseException:
            self.close()
            raise


class Streamed(StreamingResponse):
    """An event stream that has a place as long as it lives."""

    def __init__(
        self, place: StreamPlace, content: AsyncIterable[bytes], headers: Mapping[str, str] | None = None
    ) -> None:
        shown = {"cache-control": "no-store", "x-accel-buffering": "no", **(headers or {})}
        super().__init__(content, headers=shown, media_type="text/event-stream")
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream, then make room, however it ended."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.close()


def streams_of(request: Request) -> Streams:
    """The streams of the process that answers this request."""
    return request.app.state.streams
