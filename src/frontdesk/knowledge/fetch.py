"""The only thing in Frontdesk that opens a web address which somebody typed.

Whoever types an address chooses what this server connects to. So: only public addresses, checked when the name
is looked up and connected to as checked; each redirect is followed by hand and checked like the first address;
nothing of this server's own surroundings (proxies, cookies, passwords) goes along; time and size are bounded.
"""

from __future__ import annotations

import asyncio
import socket
import weakref
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from frontdesk.errors import FrontdeskError, UrlNotAllowed
from frontdesk.knowledge.addresses import Allowed, check, check_address

Lookup = Callable[[str, int], Awaitable[Sequence[str]]]
SECONDS = 20.0  # for one fetch with all its redirects
MAX_BYTES = 10_000_000  # of one page, after decompression
REDIRECTS = 5
USER_AGENT = "Mozilla/5.0 (compatible; Frontdesk/0.1; knowledge base sync)"
MOVED = {301, 302, 303, 307, 308}
LATER = {408, 425, 429}


class PageNotFetched(FrontdeskError):
    """The page could not be fetched.

    ``answered`` is the HTTP status that came, or 0 where none did. ``temporary``: a later try may succeed.
    """

    code, status = "page_not_fetched", 502

    def __init__(
        self,
        detail: str = "",
        *,
        answered: int = 0,
        temporary: bool = False,
        retry_after: int | None = None,
    ) -> None:
        self.answered, self.temporary = answered, temporary
        super().__init__(detail, retry_after=retry_after)

    @property
    def gone(self) -> bool:
        """Whether the server says that there is no such page any more."""
        return self.answered in {404, 410}


class PageTooLarge(PageNotFetched):
    """The page is larger than what may be fetched."""

    code, status = "page_too_large", 413


@dataclass(frozen=True, slots=True)
class Fetched:
    """A page as it came. ``url`` is where it was found in the end; ``media`` its type, without parameters."""

    url: str
    data: bytes
    media: str
    charset: str


class Fetcher:
    """Fetches web pages. ``allow`` names hosts that may be fetched from though they are not public.

    ``allow`` comes from a file that the developer wrote and never from a request. ``lookup`` gives a name's
    addresses; by default the system does.
    """

    def __init__(
        self, *, allow: Iterable[str] = (), seconds: float = SECONDS, lookup: Lookup | None = None
    ) -> None:
        self._allowed = Allowed(allow)
        self._seconds = seconds
        self._lookup = lookup or _look_up
        # A session belongs to the event loop it was made in.
        self._sessions: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = (
            weakref.WeakKeyDictionary()
        )

    async def aclose(self) -> None:
        """Close the connections of the running event loop; a later fetch opens new ones."""
        if session := self._sessions.pop(asyncio.get_running_loop(), None):
            await session.close()

    def check(self, url: str) -> None:
        """Whether ``url`` may be fetched as far as can be told without a connection. Raises UrlNotAllowed."""
        check(url, self._allowed)

    async def fetch(
        self,
        url: str,
        *,
        accept: Collection[str] = (),
        headers: Mapping[str, str] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> Fetched:
        """The page at ``url``, at most ``max_bytes`` long.

        ``accept`` names the media types to take; empty: any. ``headers`` go to the origin of ``url`` and, after
        a redirect, to no other one. Raises UrlNotAllowed and PageNotFetched; neither names an address.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await self._follow(url, accept, headers or {}, max_bytes)
        except TimeoutError:
            raise PageNotFetched(
                f"The page did not come within {self._seconds:g} seconds.", temporary=True
            ) from None
        except aiohttp.ClientConnectorDNSError:
            raise PageNotFetched("The page's host is not known.", temporary=True) from None
        except aiohttp.ClientSSLError:
            raise PageNotFetched("The page's host has no valid certificate.", temporary=True) from None
        except (aiohttp.ClientError, OSError, ValueError):
            # aiohttp's own words name addresses.
            raise PageNotFetched("The page's host could not be reached.", temporary=True) from None

    async def _follow(
        self, text: str, accept: Collection[str], headers: Mapping[str, str], max_bytes: int
    ) -> Fetched:
        url = check(text, self._allowed)
        origin = url.origin()
        for _ in range(REDIRECTS + 1):
            own = headers if url.origin() == origin else {}
            # Redirects are followed by hand, so that each is checked.
            async with self._session().get(url, headers=own, allow_redirects=False) as response:
                if response.status not in MOVED:
                    return await _read(response, url, accept, max_bytes)
                url = self._next(url, response.headers.get("Location", ""))
        raise PageNotFetched(f"The page leads on more than {REDIRECTS} times.")

    def _next(self, url: URL, location: str) -> URL:
        try:
            # A whole address is judged as it came: joining would mend what is wrong with it.
            target = location if URL(location).scheme else str(url.join(URL(location)))
        except ValueError:
            raise UrlNotAllowed("The page leads to something that is not a web address.") from None
        if not location:
            raise PageNotFetched("The page leads nowhere.")
        following = check(target, self._allowed)
        if url.scheme == "https" and following.scheme == "http":
            raise UrlNotAllowed("The page leads from https to http.")
        named = self._allowed.holds
        if named(following.raw_host, following.port) and not named(url.raw_host, url.port):
            # The developer named that host to be read, not for any page of the web to send us there.
            raise UrlNotAllowed
        return following

    def _session(self) -> aiohttp.ClientSession:
        loop = asyncio.get_running_loop()
        session = self._sessions.get(loop)
        if session is None or session.closed:
            session = self._sessions[loop] = aiohttp.ClientSession(
                headers={"User-Agent": USER_AGENT, "Accept-Encoding": "gzip, deflate", "Accept": "*/*"},
                connector=aiohttp.TCPConnector(
                    resolver=_PublicResolver(self._allowed, self._lookup),
                    use_dns_cache=False,
                    limit_per_host=4,
                ),
                timeout=aiohttp.ClientTimeout(total=self._seconds, sock_connect=min(self._seconds, 10)),
                cookie_jar=aiohttp.DummyCookieJar(),
                trust_env=False,
                raise_for_status=False,
            )
        return session


class _PublicResolver(AbstractResolver):
    """Looks names up for aiohttp, which then connects to what it is given and looks up nothing itself."""

    def __init__(self, allowed: Allowed, lookup: Lookup) -> None:
        self._allowed, self._lookup = allowed, lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        """Every address of ``host``. Raises UrlNotAllowed when one of them may not be opened."""
        addresses = await self._lookup(host, port)
        if not addresses:
            raise OSError(None, "no address")
        for address in addresses:
            check_address(address, allowed=self._allowed.holds(host, port))
        found = [_result(host, address, port) for address in dict.fromkeys(addresses)]
        return [place for place in found if family in {socket.AF_UNSPEC, place["family"]}]

    async def close(self) -> None:
        """Nothing is kept."""


def _result(host: str, address: str, port: int) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    return ResolveResult(
        hostname=host, host=address, port=port, family=family, proto=0, flags=socket.AI_NUMERICHOST
    )


async def _look_up(host: str, port: int) -> Sequence[str]:
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(place[0]) for *_, place in found]


async def _read(
    response: aiohttp.ClientResponse, url: URL, accept: Collection[str], max_bytes: int
) -> Fetched:
    if response.status != 200:
        temporary = response.status >= 500 or response.status in LATER
        wait = response.headers.get("Retry-After", "")
        raise PageNotFetched(
            f"The page's host answered {response.status}.",
            answered=response.status,
            temporary=temporary,
            retry_after=int(wait) if wait.isascii() and wait.isdigit() and len(wait) < 7 else None,
        )
    media = response.content_type.lower() if "Content-Type" in response.headers else ""
    if accept and media not in accept:
        raise PageNotFetched("This is not a page: its type is none of those that can be read.", answered=200)
    too_large = f"The page is larger than {max_bytes // 1_000_000} MB."
    if (response.content_length or 0) > max_bytes:
        raise PageTooLarge(too_large, answered=200)
    data = bytearray()
    # What arrives here is decompressed bit by bit: a bomb is stopped once it is over the limit.
    async for part in response.content.iter_any():
        data += part
        if len(data) > max_bytes:
            raise PageTooLarge(too_large, answered=200)
    return Fetched(str(url), bytes(data), media, response.charset or "")
