"""Rates, by customer and by address: moving windows in this process's memory.

They bind browsers (customers' tokens and sessions). A trusted backend is not limited here.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections import OrderedDict, deque

from limits import RateLimitItem, RateLimitItemPerHour, RateLimitItemPerMinute
from limits.storage import MovingWindowSupport, Storage
from limits.strategies import MovingWindowRateLimiter

from frontdesk.errors import RateLimited
from frontdesk.settings import Settings

__all__ = ["Limiter", "MemoryWindows", "address_of"]

MAILS_HOUR = 3  # that one customer may ask for
Check = tuple[RateLimitItem, str]


class MemoryWindows(Storage, MovingWindowSupport):
    """Moving windows in memory, bounded in number: the ones not used for longest are dropped.

    The storage that ships with ``limits`` starts a thread to tidy up and never forgets a key.
    """

    STORAGE_SCHEME = None  # not made from a URL

    def __init__(self, most: int = 100_000) -> None:
        super().__init__()
        self._most = most
        self._windows: OrderedDict[str, deque[float]] = OrderedDict()

    @property
    def base_exceptions(self) -> type[Exception]:
        """What may go wrong here: nothing of its own."""
        return ValueError

    def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        """Take ``amount`` of ``limit`` entries in the last ``expiry`` seconds; False if too few are left."""
        window = self._window(key, expiry)
        if len(window) + amount > limit:
            return False
        window.extend([time.time()] * amount)
        self._windows[key] = window
        self._windows.move_to_end(key)
        while len(self._windows) > self._most:
            self._windows.popitem(last=False)
        return True

    def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:  # noqa: ARG002 - the interface's
        """(time of the oldest entry, number of entries) in the last ``expiry`` seconds."""
        window = self._window(key, expiry)
        return (window[0], len(window)) if window else (time.time(), 0)

    def _window(self, key: str, expiry: int) -> deque[float]:
        window = self._windows.get(key) or deque[float]()
        since = time.time() - expiry
        while window and window[0] <= since:
            window.popleft()
        if not window:
            self._windows.pop(key, None)
        return window

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        """Not offered: fixed windows let twice the rate through."""
        raise NotImplementedError

    def get(self, key: str) -> int:
        """How many entries ``key`` holds."""
        return len(self._windows.get(key, ()))

    def get_expiry(self, key: str) -> float:
        """When the oldest entry was made; the window's length is the caller's."""
        return next(iter(self._windows.get(key, ())), time.time())

    def check(self) -> bool:
        """Memory is always there."""
        return True

    def reset(self) -> int | None:
        """Forget everything."""
        count = len(self._windows)
        self._windows.clear()
        return count

    def clear(self, key: str) -> None:
        """Forget one key."""
        self._windows.pop(key, None)


class Limiter:
    """The rates of one service. ``windows`` may be shared storage of the ``limits`` package."""

    def __init__(self, settings: Settings, windows: MemoryWindows | None = None) -> None:
        self._limiter = MovingWindowRateLimiter(windows or MemoryWindows())
        self._customer = (
            RateLimitItemPerMinute(settings.rate_customer_minute, namespace="customer"),
            RateLimitItemPerHour(settings.rate_customer_hour, namespace="customer"),
        )
        self._address = RateLimitItemPerMinute(settings.rate_address_minute, namespace="address")
        self._mail = RateLimitItemPerHour(MAILS_HOUR, namespace="mail")
        self._visitors = RateLimitItemPerHour(settings.rate_visitors_hour, namespace="visitors")

    def message(self, principal_key: str, address: str) -> None:
        """Count a message of ``customer:u123`` from ``address``. Raises RateLimited, counting nothing."""
        self._take([*((item, principal_key) for item in self._customer), (self._address, address)])

    def session(self, address: str) -> None:
        """Count a customer's new session as a message from ``address``. Raises RateLimited."""
        self._take([(self._address, address)])

    def visitor(self, address: str) -> None:
        """Count a new anonymous visitor from ``address``. Raises RateLimited."""
        self._take([(self._visitors, address)])

    def mail(self, principal_key: str) -> None:
        """Count a mail that a principal asks for. Raises RateLimited."""
        self._take([(self._mail, principal_key)])

    def _take(self, checks: list[Check]) -> None:
        full = [check for check in checks if not self._limiter.test(check[0], check[1])]
        if full:  # the true wait: when the oldest entry of the slowest full window leaves it
            resets = [self._limiter.get_window_stats(item, name).reset_time for item, name in full]
            raise RateLimited(retry_after=max(1, math.ceil(max(resets) - time.time())))
        for item, name in checks:
            self._limiter.hit(item, name)


def address_of(host: str | None) -> str:
    """What an address is counted by: IPv4 whole, IPv6 by its /64, since a household holds a /64."""
    try:
        address = ipaddress.ip_address((host or "").partition("%")[0])
    except ValueError:
        return "local"
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped:
            return str(address.ipv4_mapped)
        return str(ipaddress.IPv6Network((address, 64), strict=False))
    return str(address)
