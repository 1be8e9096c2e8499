"""Pages of the web: those a sitemap lists, or those somebody listed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from yarl import URL

from frontdesk.errors import DeclarationError, SourceUnavailable, UrlNotAllowed
from frontdesk.knowledge.article import Item
from frontdesk.knowledge.fetch import PageNotFetched
from frontdesk.knowledge.sources import sitemap
from frontdesk.knowledge.sources.pages import Pages, Run, host

MAX_PAGES = 50_000
MAX_SITEMAPS = 500
LEVELS = 3
REPORTED = 20  # refused addresses of a sitemap that are reported one by one


class SourceNotAllowed(UrlNotAllowed, SourceUnavailable):
    """The source's own address may not be fetched: only public web addresses are; nothing was removed."""


@dataclass(frozen=True, eq=False)
class Sitemap(Pages):
    """The pages that the sitemap at ``address`` lists, and the sitemaps that it lists, three levels deep.

    Only pages on the sitemap's own host are read, and on ``hosts``; others are reported. ``exclude`` holds for
    the sitemaps that it lists too. A page's path is its address.
    """

    address: str

    def __post_init__(self) -> None:
        if not host(self.address):
            raise DeclarationError("address of a sitemap is a whole web address")
        super().__post_init__()
        self._set("name", self.name or "sitemap")

    async def items(self) -> Sequence[Item]:
        """Every page listed now. Raises SourceUnavailable when any sitemap cannot be read."""
        run = self._start()
        try:
            pages = await self._collect(run)
        except UrlNotAllowed:
            raise SourceNotAllowed from None
        except PageNotFetched as error:
            raise SourceUnavailable(f"A sitemap of {self.name} cannot be read. {error.detail}") from None
        except sitemap.NoSitemap as error:
            raise SourceUnavailable(f"A sitemap of {self.name} {error}; nothing was removed.") from None
        if not pages:
            # Rather a fault, or a pattern that fits nothing, than the end of the help center.
            sentence = f"The sitemap of {self.name} lists no page to read on its host; nothing was removed."
            raise SourceUnavailable(sentence)
        run.dates.update(pages)
        return [Item(path) for path in (*pages, *run.refused)]

    def _addresses(self) -> Iterable[str]:
        return [self.address]

    async def _collect(self, run: Run) -> dict[str, str]:
        """Address → day of the last change, of every page; what is refused goes into ``run``."""
        pages: dict[str, str] = {}
        refused: dict[str, str] = {}
        level = [self.address]
        seen: set[str] = set()
        for _ in range(LEVELS):
            following: list[str] = []
            for address in level:
                if address in seen:
                    continue
                seen.add(address)
                if len(seen) > MAX_SITEMAPS:
                    raise sitemap.NoSitemap(f"names more than {MAX_SITEMAPS} sitemaps")
                fetched = await self._get(address, (), sitemap.MAX_BYTES)
                listed = await asyncio.to_thread(sitemap.parse, fetched.data)
                pages |= self._sorted_out(listed.pages, refused, self._wanted)
                deeper = [(found, "") for found in listed.sitemaps]
                following += self._sorted_out(deeper, refused, lambda url: not self._excluded(url))
                if len(pages) > MAX_PAGES:
                    raise sitemap.NoSitemap(f"lists more than {MAX_PAGES} pages: choose some by include")
            level = following
        refused.update(dict.fromkeys(level, f"is a sitemap more than {LEVELS} levels deep"))
        self._refuse(run, refused)
        return pages

    def _sorted_out(
        self, found: Iterable[tuple[str, str]], refused: dict[str, str], wanted: Callable[[str], bool]
    ) -> dict[str, str]:
        """Those of ``found`` that are ``wanted``; those that may not be read go into ``refused``."""
        hosts = self._own_hosts
        kept: dict[str, str] = {}
        for text, day in found:
            place = host(text)
            if not place:
                refused[text[:500]] = "is not a whole web address"
            elif place not in hosts:
                refused[text[:500]] = "is on another host"
            elif wanted(text):
                kept[str(URL(text).with_fragment(None))] = day
        return kept

    def _refuse(self, run: Run, refused: dict[str, str]) -> None:
        first = list(refused.items())[:REPORTED]
        run.refused.update(first)
        if len(refused) > REPORTED:
            run.refused[self.address] = f"names {len(refused) - REPORTED} more addresses that are not read"


@dataclass(frozen=True, eq=False)
class Urls(Pages):
    """The pages at ``urls``. A page's path is its address."""

    urls: Sequence[str]

    def __post_init__(self) -> None:
        urls = (self.urls,) if isinstance(self.urls, str) else tuple(self.urls)
        self._set("urls", urls)
        if not urls or len(urls) > MAX_PAGES or not all(map(host, urls)):
            raise DeclarationError("urls is a list of whole web addresses")
        super().__post_init__()
        self._set("name", self.name or "urls")

    async def items(self) -> Sequence[Item]:
        """The pages as listed."""
        wanted = [str(URL(url).with_fragment(None)) for url in self.urls if self._wanted(url)]
        self._start().dates.update(dict.fromkeys(wanted, ""))
        return [Item(url) for url in dict.fromkeys(wanted)]

    def _addresses(self) -> Iterable[str]:
        return self.urls
