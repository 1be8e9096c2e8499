"""The words the knowledge base is built with: a source's items, what they hold as read, and articles."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol, cast, get_args

from frontdesk.domain import Visibility

MARKDOWN = "text/markdown"
MDX = "text/mdx"
HTML = "text/html"
TEXT = "text/plain"
PDF = "application/pdf"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


VISIBILITIES: tuple[Visibility, ...] = get_args(Visibility)  # the widest first


def strictest(*words: str) -> Visibility:
    """The strictest of several visibilities; one that is unknown counts as for staff only."""
    known = cast("list[Visibility]", [word if word in VISIBILITIES else "internal" for word in words])
    return max(known, key=VISIBILITIES.index)


@dataclass(frozen=True, slots=True)
class Item:
    """One page of a source, not read yet. ``path`` is unique in its source and stable from sync to sync."""

    path: str


@dataclass(frozen=True, slots=True)
class Raw:
    """A page as its source gave it: bytes, and what the source knows of it beside them.

    ``media`` is one of the constants above. ``url`` is where the page is published, where the source knows.
    ``given`` may hold title, locale, visibility, updated, products, tags, valid_from and valid_until, as plain
    text or lists of it; what the page says of itself (its front matter) wins, except over ``visibility``: the
    stricter of the two holds.
    ``beside`` holds the pages that this one includes, with theirs, by their paths in the source.
    """

    path: str
    data: bytes
    media: str
    url: str = ""
    given: Mapping[str, Any] = field(default_factory=dict[str, Any])
    beside: Mapping[str, bytes] = field(default_factory=dict[str, bytes])


@dataclass(frozen=True, slots=True)
class Article:
    """One page of the help center, its body as Markdown; a heading may name its anchor as ``{#anchor}``.

    ``slug`` is the path without suffix and locale; ``url`` is where it is published, or "" where nobody said.
    ``warning`` is what the people who wrote it should know, as a sentence.
    """

    path: str
    slug: str
    title: str
    body: str
    locale: str = "en"
    visibility: Visibility = "public"
    updated: date | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    products: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    url: str = ""
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A page that is no article, and why. ``kept``: it only cannot be had for now, and what is stored stays."""

    path: str
    reason: str
    kept: bool = False


class Source(Protocol):
    """Where articles come from."""

    @property
    def name(self) -> str:
        """Unique among the desk's sources; pages are stored under it."""
        ...

    @property
    def url(self) -> str:
        """Template of the published address: ``{slug}``, ``{path}`` and ``{locale}`` are filled in; or ""."""
        ...

    async def items(self) -> Sequence[Item]:
        """Every page there is now. Raises SourceUnavailable, and then nothing of the source is removed."""
        ...

    async def read(self, item: Item) -> Raw | Unreadable:
        """One page, or why it cannot be had. Raises SourceUnavailable when no page can be had any more."""
        ...

    async def aclose(self) -> None:
        """Let go of connections and temporary files."""
        ...
