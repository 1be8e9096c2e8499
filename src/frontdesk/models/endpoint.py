"""The HTTP side of a chat model: one POST, its deadline, and what may go wrong with it."""

from __future__ import annotations

import asyncio
import math
import time
import urllib.request
import weakref
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import aiohttp

from frontdesk.errors import ModelError, ModelMisconfigured, ModelRejected, ModelUnavailable
from frontdesk.telemetry import spans

CONNECT_SECONDS = 5.0
PAUSE_SECONDS = 0.1
LONGEST_PAUSE_SECONDS = 2.0
THIS_REQUEST = {400, 413, 422}
LATER = {408, 409, 425, 429}


class Endpoint:
    """An address that takes JSON. ``key`` goes into the Authorization header, where there is one."""

    def __init__(self, url: str, key: str | None) -> None:
        self._url = url
        self._key = key
        # A session belongs to the event loop it was made in.
        self._sessions: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = (
            weakref.WeakKeyDictionary()
        )

    async def aclose(self) -> None:
        """Close the connections of the running event loop; a later call opens new ones."""
        if session := self._sessions.pop(asyncio.get_running_loop(), None):
            await session.close()

    @asynccontextmanager
    async def open(self, body: bytes, deadline: float) -> AsyncGenerator[aiohttp.ClientResponse]:
        """A 200 response. What goes wrong on the way is a ModelError without aiohttp's: those name addresses."""
        left = max(deadline - time.monotonic(), 0.001)
        limit = aiohttp.ClientTimeout(total=left, sock_connect=min(left, CONNECT_SECONDS))
        try:
            async with self._session().post(
                self._url,
                data=body,
                headers=spans.headers(),
                timeout=limit,
                allow_redirects=False,  # the key and the question go to this address and to no other
            ) as response:
                if response.status != 200:
                    raise _refused(response.status, response.headers.get("Retry-After"))
                yield response
        except TimeoutError:
            raise ModelUnavailable(reason="timeout") from None
        except aiohttp.InvalidURL:
            raise ModelMisconfigured(reason="the address is not a URL") from None
        except aiohttp.ClientPayloadError:
            raise ModelUnavailable(reason="reply ended early") from None
        except (aiohttp.ClientError, OSError):
            raise ModelUnavailable(reason="connection failed") from None

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = self._sessions[loop] = self._new_session()
        return session

    def _new_session(self) -> aiohttp.ClientSession:
        headers = {"Content-Type": "application/json", "User-Agent": "frontdesk"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return aiohttp.ClientSession(
            headers=headers,
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=60, ttl_dns_cache=300),
            cookie_jar=aiohttp.DummyCookieJar(),
            # Looking for proxies costs on each request: only where one is set.
            trust_env=bool(urllib.request.getproxies()),
        )


def _refused(status: int, retry_after: str | None) -> ModelError:
    reason = f"HTTP {status}"
    if status in LATER or status >= 500:
        return ModelUnavailable(reason=reason, retry_after=_seconds(retry_after))
    if status in THIS_REQUEST:
        return ModelRejected(reason=reason)
    return ModelMisconfigured(reason=reason)


def _seconds(header: str | None) -> int | None:
    """Retry-After in whole seconds; a date, or what cannot be read, counts as too long to wait."""
    if header is None:
        return None
    try:
        return max(0, math.ceil(float(header)))
    except (ValueError, OverflowError):
        return 60


async def pause(error: ModelUnavailable, deadline: float) -> None:
    """Wait before the second try, or raise ``error`` where there is no time for one."""
    wait = PAUSE_SECONDS if error.retry_after is None else float(error.retry_after)
    if wait > LONGEST_PAUSE_SECONDS or time.monotonic() + wait >= deadline:
        raise error
    await asyncio.sleep(wait)
