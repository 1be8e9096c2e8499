"""Sources that are one file or a few, read as a whole at each listing."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from frontdesk.knowledge.article import Item, Raw, Unreadable
from frontdesk.knowledge.sources.base import Options


@dataclass(frozen=True, eq=False)
class Loaded(Options):
    """Pages out of ``file``."""

    file: str | Path
    _pages: dict[str, Raw | Unreadable] = field(
        default_factory=dict[str, Raw | Unreadable], init=False, repr=False, kw_only=True
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("file", Path(self.file))
        self._set("name", self.name or type(self).__name__.lower())

    async def items(self) -> Sequence[Item]:
        """Every page, and one for each entry that is none. Raises SourceUnavailable."""
        pages = await asyncio.to_thread(self._load)
        self._set("_pages", dict(pages))
        return [Item(path) for path in pages]

    async def read(self, item: Item) -> Raw | Unreadable:
        """One page, or what is wrong with it."""
        if not self._pages:
            await self.items()
        return self._pages.get(item.path) or Unreadable(item.path, "is not in the file any more")

    async def aclose(self) -> None:
        """Let go of the pages."""
        self._set("_pages", {})

    def _load(self) -> Mapping[str, Raw | Unreadable]:
        raise NotImplementedError
