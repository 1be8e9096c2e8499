"""Reading pages of the web by their addresses: what all sources of the web share."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from yarl import URL

from frontdesk.errors import DeclarationError, SourceUnavailable, UrlNotAllowed
from frontdesk.knowledge.article import DOCX, HTML, MARKDOWN, MDX, PDF, TEXT, Item, Raw, Unreadable
from frontdesk.knowledge.fetch import MAX_BYTES, Fetched, Fetcher, PageNotFetched
from frontdesk.knowledge.sources import folder
from frontdesk.knowledge.sources.base import Options
from frontdesk.knowledge.sources.patterns import matches

AT_ONCE = 4
PAUSE = 1.0  # seconds before the one further try
LONGEST_PAUSE = 10
SILENT = 8  # pages in a row that do not come: the whole host does not answer
FAULTY = 20  # pages in a row at which the host fails: it is the host, not the pages
TURNED_AWAY = 5  # pages, and not one that could be read

MEDIA = {
    **{
        "text/html": HTML,
        "application/xhtml+xml": HTML,
        "text/markdown": MARKDOWN,
        "text/x-markdown": MARKDOWN,
    },
    **{"text/mdx": MDX, PDF: PDF, DOCX: DOCX},
}
UNCLEAR = {"", "text/plain", "application/octet-stream", "binary/octet-stream"}  # the address's ending tells

_SIGN_IN = re.compile(r"/(?:log[-_]?in|sign[-_]?in|sso|oauth2?|auth)(?:/|\.\w+)?\Z", re.IGNORECASE)


@dataclass(slots=True)
class Run:
    """What one listing found, and how its pages have come since."""

    dates: dict[str, str] = field(default_factory=dict[str, str])
    refused: dict[str, str] = field(default_factory=dict[str, str])
    at_once: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    ends: dict[str, str] = field(default_factory=dict[str, str])
    read: int = 0
    silent: int = 0
    turned_away: int = 0


@dataclass(frozen=True, eq=False)
class Pages(Options):
    """Pages by their addresses, on the hosts of these addresses and on ``hosts``.

    HTML, Markdown, PDF, DOCX and plain text, by the type the host names. A page that does not come for now
    stays as it is stored. One that is gone, asks to sign in or leads elsewhere is reported and no longer
    quoted. ``include`` and ``exclude`` are patterns of an address's path: ``/hc/en/**``. ``selector`` is the
    CSS selector of the part of a page that is the article.

    ``headers`` go to the source's own origin, over https only; set ``visibility`` when they open what is not
    public. ``allow`` names hosts that may be read though they are not public, such as ``wiki.internal`` or
    ``127.0.0.1:8099``; it comes from the developer's file and never from a request.
    """

    hosts: Sequence[str] = field(default=(), kw_only=True)
    include: Sequence[str] = field(default=(), kw_only=True)
    exclude: Sequence[str] = field(default=(), kw_only=True)
    selector: str = field(default="", kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict[str, str], kw_only=True, repr=False)
    allow: Sequence[str] = field(default=(), kw_only=True)
    _fetcher: Fetcher = field(init=False, repr=False, kw_only=True)
    _own_hosts: frozenset[str] = field(init=False, repr=False, kw_only=True)
    _origin: str = field(init=False, repr=False, kw_only=True)
    _run: Run = field(default_factory=Run, init=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        try:
            self._set("_fetcher", Fetcher(allow=self.allow))
        except UrlNotAllowed as error:
            raise DeclarationError(error.detail) from None
        self._set("_own_hosts", self._hosts())
        origins = {_origin(address) for address in self._addresses()}
        self._set("_origin", min(origins))
        if self.headers and len(origins) != 1:
            raise DeclarationError("headers need addresses of one host: write a source for each host")
        bare = {origin.removeprefix("http://") for origin in origins if origin.startswith("http:")}
        if self.headers and not bare <= set(self.allow):
            raise DeclarationError("headers are sent over https only")

    async def read(self, item: Item) -> Raw | Unreadable:
        """One page, or why it cannot be had. Raises SourceUnavailable when the host gives none at all."""
        run = self._run
        if item.path in run.refused:
            return Unreadable(item.path, run.refused[item.path])
        async with run.at_once:
            try:
                found = await self._get(item.path, {*MEDIA, *UNCLEAR}, MAX_BYTES)
            except UrlNotAllowed as error:
                return Unreadable(item.path, error.detail)
            except PageNotFetched as error:
                return self._failed(run, item.path, error)
        run.silent = 0
        return self._page(run, item.path, found)

    async def aclose(self) -> None:
        """Close the connections."""
        self._set("_run", Run())
        await self._fetcher.aclose()

    def _addresses(self) -> Iterable[str]:
        """The addresses that the developer wrote."""
        raise NotImplementedError

    def _hosts(self) -> frozenset[str]:
        """Hosts whose pages belong to the source; a host with and without ``www.`` is one."""
        hosts = {*map(host, self._addresses()), *(name.lower() for name in self.hosts)}
        return (
            frozenset(hosts)
            | {name.removeprefix("www.") for name in hosts}
            | {f"www.{name}" for name in hosts}
        )

    def _start(self) -> Run:
        self._set("_run", Run())
        return self._run

    async def _get(self, url: str, accept: Iterable[str], max_bytes: int) -> Fetched:
        """One page, tried once more when it did not come. Raises UrlNotAllowed and PageNotFetched."""
        headers = self.headers if self.headers and _origin(url) == self._origin else {}
        accept = set(accept)
        try:
            return await self._fetcher.fetch(url, accept=accept, headers=headers, max_bytes=max_bytes)
        except PageNotFetched as error:
            wait = PAUSE if error.retry_after is None else error.retry_after
            if not error.temporary or wait > LONGEST_PAUSE:
                raise
            await asyncio.sleep(wait)
        return await self._fetcher.fetch(url, accept=accept, headers=headers, max_bytes=max_bytes)

    def _failed(self, run: Run, path: str, error: PageNotFetched) -> Unreadable:
        if error.answered in {401, 403}:
            return self._turned_away(run, path, "asks to sign in, or is not for us")
        if error.temporary:
            run.silent += 1
            if run.silent >= (SILENT if error.answered in {0, 429, 503} else FAULTY):
                raise SourceUnavailable(
                    f"The host of {self.name} does not answer; nothing of it was removed."
                )
        return Unreadable(path, "is gone" if error.gone else error.detail, kept=error.temporary)

    def _turned_away(self, run: Run, path: str, reason: str) -> Unreadable:
        """A page that is not for everybody any more is not quoted; a host that opens none is another matter."""
        run.turned_away += 1
        if run.turned_away >= TURNED_AWAY and not run.read:
            raise SourceUnavailable(
                f"No page of {self.name} can be read: each {reason}; nothing of it was removed."
            )
        return Unreadable(path, reason)

    def _page(self, run: Run, path: str, found: Fetched) -> Raw | Unreadable:
        end = URL(found.url)
        if found.url != str(URL(path).with_fragment(None)):
            if end.raw_host not in self._own_hosts:
                return self._turned_away(run, path, "leads to another host (name it in hosts if it is yours)")
            if _SIGN_IN.search(end.path):
                return self._turned_away(run, path, "asks to sign in")
            if found.url in run.dates or run.ends.setdefault(found.url, path) != path:
                return Unreadable(path, "leads to a page that is read already")
        media = MEDIA.get(found.media) or folder.media(end.path)
        if media is None and found.media != "text/plain":
            return Unreadable(path, "is of a type that cannot be read")
        run.read += 1
        given = self._given(updated=run.dates.get(path), selector=self.selector)
        return Raw(path, _utf8(found), media or TEXT, found.url, given)

    def _wanted(self, url: str) -> bool:
        return (not self.include or matches(URL(url).path, self.include)) and not self._excluded(url)

    def _excluded(self, url: str) -> bool:
        return matches(URL(url).path, self.exclude)


def host(address: str) -> str:
    """The host of a whole web address, as it is connected to; "" where it is none."""
    try:
        url = URL(address)
        return (url.raw_host or "") if url.scheme in {"http", "https"} and len(address) <= 2048 else ""
    except ValueError:
        return ""


def _origin(address: str) -> str:
    return str(URL(address).origin())


def _utf8(page: Fetched) -> bytes:
    """The page's bytes; where its host names the encoding of text, in UTF-8 with its mark, which says so."""
    if not page.charset or not (page.media.startswith("text/") or page.media.endswith("xml")):
        return page.data
    try:
        return b"\xef\xbb\xbf" + page.data.decode(page.charset).removeprefix("\ufeff").encode()
    except (LookupError, UnicodeError):
        return page.data
