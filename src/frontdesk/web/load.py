"""What one process takes on at a time: requests, streams, files. What is too much is refused before it costs anything."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterable, Callable, Generator, Mapping
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from frontdesk.errors import Draining, FrontdeskError, QueueFull, RateLimited, TooManyStreams
from frontdesk.settings import Settings
from frontdesk.web import problems
from frontdesk.web.body import LIMIT

if TYPE_CHECKING:
    from frontdesk.bootstrap import Service

__all__ = ["Doorkeeper", "Place", "Places", "Streamed", "Streams", "streams_of", "uploads"]

ALWAYS = frozenset({"/healthz", "/readyz"})
FOR_STAFF = 200  # places that customers do not take
PLACE = "frontdesk.place"
UPLOADS_EACH = 2  # files of one customer at once: nobody's slow line holds all places
BODY_SECONDS, BODY_LOOKS = 2.0, 4
FILES_ON_THEIR_WAY = "Send the next file when those on their way have arrived."


class Places:
    """So many at once, and so many of each: ``customer:u123``, ``staff:4``. ``crowded`` is what one with too many is told."""

    def __init__(
        self, most: int, each: int = 0, crowded: Callable[[], FrontdeskError] = TooManyStreams
    ) -> None:
        """``each`` 0: as many as there are."""
        self._most, self._each, self._crowded = most, each, crowded
        self._of = Counter[str]()
        self.taken = 0

    def take(self, who: str = "", extra: int = 0) -> Place:
        """A place; leave it, or use it as a context. Raises QueueFull, or what ``crowded`` gives."""
        if self.taken >= self._most + extra:
            raise QueueFull
        if self._each and self._of[who] >= self._each:
            raise self._crowded()
        self._count(who, 1)
        return Place(self, who)

    def _count(self, who: str, by: int) -> None:
        self.taken += by
        if self._each:
            self._of[who] += by
            if not self._of[who]:
                del self._of[who]


class Place:
    """One of them."""

    def __init__(self, places: Places, who: str) -> None:
        self._places: Places | None = places
        self._who = who

    def leave(self) -> None:
        """Make room; once is enough."""
        if self._places:
            self._places._count(self._who, -1)  # pyright: ignore[reportPrivateUsage]
            self._places = None

    def __enter__(self) -> Place:
        return self

    def __exit__(self, *_: object) -> None:
        self.leave()

    @contextmanager
    def unless_refused(self) -> Generator[None]:
        """Leave it where what is done before a stream raises."""
        try:
            yield
        except BaseException:
            self.leave()
            raise


def uploads(settings: Settings) -> Places:
    """For the files that one process takes in."""
    return Places(
        settings.upload_limit, UPLOADS_EACH, partial(RateLimited, FILES_ON_THEIR_WAY, retry_after=5)
    )


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
            with self._requests.take(extra=FOR_STAFF if staff else 0) as place:
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
    for _ in range(BODY_LOOKS):  # where the process lags, the time is over before what has come was read once
        with suppress(TimeoutError):
            async with asyncio.timeout(BODY_SECONDS / BODY_LOOKS):
                while size <= LIMIT:
                    message = await receive()
                    size += len(message.get("body", b""))
                    if not message.get("more_body"):
                        return
                return


def _room(scope: Scope) -> None:
    """Refuse a message that would be refused later on; not who goes on reading a stream of one that was taken."""
    service: Service | None = getattr(scope["app"].state, "service", None)
    if service is not None and not any(name == b"last-event-id" for name, _ in scope["headers"]):
        service.support.admit()


class Streams:
    """The event streams of one process: so many in all, and so many of one customer or member of staff."""

    def __init__(self, settings: Settings) -> None:
        self.places = Places(settings.stream_limit, settings.stream_limit_customer)

    def open(self, request: Request, who: str) -> Place:
        """A place for a stream of ``customer:u123`` or ``staff:4``, for ``Streamed``. Raises QueueFull, TooManyStreams."""
        taken = self.places.take(who, FOR_STAFF if who.startswith("staff:") else 0)
        if place := request.scope.get(PLACE):
            place.leave()  # a stream is long; it is no request that waits for its answer
        return taken


class Streamed(StreamingResponse):
    """An event stream that has a place as long as it lives."""

    def __init__(
        self, place: Place, content: AsyncIterable[bytes], headers: Mapping[str, str] | None = None
    ) -> None:
        shown = {"cache-control": "no-store", "x-accel-buffering": "no", **(headers or {})}
        super().__init__(content, headers=shown, media_type="text/event-stream")
        self._place = place

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Stream, then make room, however it ended."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._place.leave()


def streams_of(request: Request) -> Streams:
    """The streams of the process that answers this request."""
    return request.app.state.streams
