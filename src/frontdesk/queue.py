"""How many turns may wait: as many as can be answered before whoever wrote has gone."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import contextmanager

from frontdesk.errors import QueueFull
from frontdesk.settings import Settings

__all__ = ["FEW", "TurnQueue"]

FEW = 50  # so few are never too many, however slow it is here
FIRST_RATE = 250.0  # turns a second, until it is known
SHARE = 0.5  # of the newest second in what is known
LOOK_SECONDS = 0.05  # between two looks at what turns wait for
MOSTLY = 0.8  # of the looks in a second
LASTING = 3  # seconds of overload behind each other, before any is refused for it: a burst is worked off


class TurnQueue:
    """Counts the turns of one process, and learns how many a second it ends while they wait for each other.

    ``congested`` tells whether they do at this moment; turns that wait for a slow model do not.
    """

    def __init__(
        self,
        settings: Settings,
        congested: Callable[[], bool],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settings = settings
        self._congested = congested
        self._clock = clock
        self.waiting = 0  # accepted here and not yet answered
        self.arriving = 0  # being stored
        self._rate = FIRST_RATE
        self._overloaded = 0  # seconds behind each other in which turns waited for each other
        self._ended = self._looks = self._seen = 0
        self._since = self._next = clock()

    def admit(self) -> None:
        """Raise QueueFull where one more message would wait too long, or there are too many."""
        self._look()
        waiting = self.waiting + self.arriving
        if waiting >= self._settings.queue_limit or (
            self._overloaded >= LASTING and waiting >= max(FEW, self._rate * self._settings.queue_seconds)
        ):
            raise QueueFull

    @contextmanager
    def arrival(self) -> Generator[None]:
        """While a message is being stored."""
        self.arriving += 1
        try:
            yield
        finally:
            self.arriving -= 1

    def ended(self) -> None:
        """A turn was answered."""
        self.waiting -= 1
        self._ended += 1
        self._look()

    def _look(self) -> None:
        now = self._clock()
        if now >= self._next:  # asked of the pool, which counts a lot for it
            self._looks += 1
            self._seen += self._congested()
            self._next = now + LOOK_SECONDS
        seconds = now - self._since
        if seconds < 1.0:
            return
        self._overloaded = self._overloaded + 1 if self._seen >= MOSTLY * self._looks else 0
        if self._overloaded:  # else the rate is that of who writes, or of the model
            self._rate += SHARE * (self._ended / seconds - self._rate)
        self._ended = self._looks = self._seen = 0
        self._since = now
