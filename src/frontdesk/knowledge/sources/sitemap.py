"""Reading sitemaps: what sitemaps.org describes, within its own limits."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import iterparse

MAX_BYTES = 50_000_000  # of one sitemap, unpacked: the limit of the format itself
MAX_ELEMENTS = 2_000_000

_DAY = re.compile(r"\A\d{4}-\d{2}-\d{2}")


class NoSitemap(ValueError):
    """Why this is no sitemap, as the end of a sentence."""


@dataclass(slots=True)
class Listed:
    """What one sitemap names: (address, day of the last change or "") of pages, and addresses of sitemaps."""

    pages: list[tuple[str, str]] = field(default_factory=list[tuple[str, str]])
    sitemaps: list[str] = field(default_factory=list[str])


def parse(data: bytes) -> Listed:
    """The sitemap in ``data``: XML or a list of lines, gzipped or not. Raises NoSitemap."""
    data = _unpacked(data).removeprefix(b"\xef\xbb\xbf").lstrip()
    if data.startswith((b"http://", b"https://")):
        return Listed(pages=[(line.decode("utf-8", "replace").strip(), "") for line in data.splitlines()])
    try:
        return _xml(data)
    except (ParseError, DefusedXmlException, LookupError, ValueError) as error:
        if isinstance(error, NoSitemap):
            raise
        raise NoSitemap("is not well-formed XML") from None


def _unpacked(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    unpacker = zlib.decompressobj(wbits=31)
    try:
        whole = unpacker.decompress(data, MAX_BYTES + 1)
    except zlib.error:
        raise NoSitemap("is damaged: it cannot be unpacked") from None
    if len(whole) > MAX_BYTES:
        raise NoSitemap(f"is larger than {MAX_BYTES // 1_000_000} MB")
    return whole


def _xml(data: bytes) -> Listed:
    listed = Listed()
    depth = 0
    root: Element | None = None
    for number, (event, element) in enumerate(_events(data)):
        if number > MAX_ELEMENTS * 2:
            raise NoSitemap("has too many elements")
        if root is None:
            root = element
            if _name(root) not in {"urlset", "sitemapindex"}:
                raise NoSitemap("is another kind of file")
        depth += 1 if event == "start" else -1
        if event == "end" and depth == 1:
            _take(element, listed)
            root.clear()
    return listed


def _events(data: bytes) -> Iterator[tuple[str, Element]]:
    # No document type at all: neither entities that grow nor files from elsewhere.
    events = iterparse(io.BytesIO(data), events=("start", "end"), forbid_dtd=True)
    return cast("Iterator[tuple[str, Element]]", events)


def _take(element: Element, listed: Listed) -> None:
    # Direct children of the sitemap's own namespace: <image:loc> is no page.
    space = element.tag.removesuffix(_name(element))
    words: dict[str, Any] = {child.tag.removeprefix(space): child.text or "" for child in element}
    address = words.get("loc", "").strip()
    if not address:
        return
    if _name(element) == "sitemap":
        listed.sitemaps.append(address)
    elif _name(element) == "url":
        day = _DAY.match(words.get("lastmod", "").strip())
        listed.pages.append((address, day[0] if day else ""))


def _name(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]
