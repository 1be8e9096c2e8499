"""Rates, by customer, address, visitor and service key; counted where all replicas count."""

from __future__ import annotations

import asyncio
import ipaddress
import math
from collections import OrderedDict

from frontdesk.database import deadline
from frontdesk.errors import RateLimited
from frontdesk.settings import Settings
from frontdesk.store.rates import Rate, Rates
from frontdesk.telemetry import metrics

__all__ = ["Limiter", "address_of"]

MINUTE, HOUR = 60.0, 3600.0
MAILS_HOUR = 3  # that one customer may ask for
PORTIONS = 200  # a rate above is counted in so many portions, which a process takes at once and uses up alone
MOST_PORTIONED = 10_000  # names whose rest of a portion is remembered


class Limiter:
    """The rates of one service. What is refused is counted nowhere; ``Retry-After`` says when there is room."""

    def __init__(self, settings: Settings, rates: Rates) -> None:
        self._rates = rates
        self._settings = settings
        self._left: OrderedDict[bytes, int] = OrderedDict()
        self._calls: dict[bytes, asyncio.Task[None]] = {}  # that take a portion, by name

    async def message(self, principal_key: str, address: str) -> None:
        """Count a message of ``customer:u123`` from ``address``. Raises RateLimited."""
        settings = self._settings
        await self._take(
            ("customer minute", principal_key, settings.rate_customer_minute, MINUTE),
            ("customer hour", principal_key, settings.rate_customer_hour, HOUR),
            ("address", address, settings.rate_address_minute, MINUTE),
        )

    async def key(self, name: str) -> None:
        """Count a message that the service key ``name`` brings. Raises RateLimited."""
        if most := self._settings.rate_key_minute:
            await self._take(("key", name, most, MINUTE))

    async def session(self, address: str) -> None:
        """Count a customer's new session as a message from ``address``. Raises RateLimited."""
        await self._take(("address", address, self._settings.rate_address_minute, MINUTE))

    async def visitor(self, address: str) -> None:
        """Count a new anonymous visitor from ``address``. Raises RateLimited."""
        await self._take(("visitors", address, self._settings.rate_visitors_hour, HOUR))

    async def mail(self, principal_key: str) -> None:
        """Count a mail that a principal asks for. Raises RateLimited."""
        await self._take(("mail", principal_key, MAILS_HOUR, HOUR))

    async def _take(self, *wanted: tuple[str, str, int, float]) -> None:
        """Count once under each (kind, name, most, seconds)."""
        single: list[Rate] = []
        held: list[bytes] = []
        try:
            for kind, name, most, seconds in wanted:
                portion = math.ceil(most / PORTIONS)
                rate = Rate.of(f"{kind}:{name}", most // portion, seconds)
                if portion == 1:
                    single.append(rate)
                else:
                    await self._hold(rate, portion)
                    held.append(rate.key)
            if single:
                await self._shared(single)
        except BaseException as error:
            for key in held:
                self._add(key, 1)
            if isinstance(error, RateLimited):
                metrics.limited.add(wanted[0][0].partition(" ")[0])
            raise

    async def _hold(self, rate: Rate, portion: int) -> None:
        """One of a portion. Who finds none left waits for the one call that takes the next, and shares what it raises."""
        while self._left.get(rate.key, 0) < 1:
            call = self._calls.get(rate.key)
            if call is None:
                call = self._calls[rate.key] = asyncio.create_task(self._portion(rate, portion))
            await asyncio.shield(call)
        self._add(rate.key, -1)

    async def _portion(self, rate: Rate, portion: int) -> None:
        deadline.leave()  # that of whoever came first is not the others'
        try:
            await self._shared([rate])
            self._add(rate.key, portion)
        finally:
            del self._calls[rate.key]

    async def _shared(self, rates: list[Rate]) -> None:
        if (wait := await self._rates.take(rates)) > 0:
            raise RateLimited(retry_after=max(1, math.ceil(wait)))

    def _add(self, key: bytes, number: int) -> None:
        self._left[key] = self._left.pop(key, 0) + number
        while len(self._left) > MOST_PORTIONED:
            self._left.popitem(last=False)


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
