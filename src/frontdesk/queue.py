"""How many turns may wait: as many as can be answered before whoever wrote has gone."""

from __future__ import annotations

import time
from collections.abc import Callable

from frontdesk.errors import QueueFull
from frontdesk.settings import Settings

__all__ = ["TurnQueue"]

FEW = 200  # so few are never too many, however slow it is here
FIRST_RATE = 250.0  # turns a second, until it is known
SHARE = 0.3  # of the newest second in what is known


class TurnQueue:
    """Counts the turns of one process, and learns how many a second it ends while many wait.

    ``congested`` tells whether turns wait for each other here; those that wait for a slow model do not.
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
        self._ended = 0
        self._since = clock()

    def admit(self) -> None:
        """Raise QueueFull where one more message would wait too long, or there are too many."""
        waiting = self.waiting + self.arriving
        if waiting >= self._settings.queue_limit or (
            waiting >= max(FEW, self._rate * self._settings.queue_seconds) and self._congested()
        ):
            raise QueueFull

    def ended(self) -> None:
        """A turn was answered."""
        self.waiting -= 1
        self._ended += 1
        self._learn()

    def _learn(self) -> None:
        seconds = self._clock() - self._since
        if seconds < 1.0:
            return
        if self.waiting + self.arriving >= FEW:  # with fewer, the rate is that of who writes
            self._rate += SHARE * (self._ended / seconds - self._rate)
        self._ended, self._since = 0, self._clock()
