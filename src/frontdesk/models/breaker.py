"""A circuit breaker: an endpoint that is down is left alone for a while instead of being waited for."""

from __future__ import annotations

import time
from collections.abc import Callable

FAILURES = 3
REST_SECONDS = 15.0


class Breaker:
    """Opens after three failures in a row; every 15 s one call is let through to see."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures = 0
        self._until = 0.0

    def allows(self) -> bool:
        """Whether to make this call. After a rest, True for one caller, whose call is the trial."""
        if self._failures < FAILURES:
            return True
        now = self._clock()
        if now < self._until:
            return False
        self._until = now + REST_SECONDS
        return True

    def succeeded(self) -> None:
        """The call came back."""
        self._failures = 0

    def failed(self) -> None:
        """The call did not."""
        self._failures += 1
        if self._failures >= FAILURES:
            self._until = self._clock() + REST_SECONDS
