"""Approved articles: as the knowledge base takes them, as a source to be synced, and as files to be taken over."""

from __future__ import annotations

import asyncio
import os
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from frontdesk.database import Database
from frontdesk.errors import GapConflict
from frontdesk.knowledge.article import MARKDOWN, Article, Item, Raw, Unreadable
from frontdesk.knowledge.gaps import gap
from frontdesk.knowledge.sync import DRAFTS
from frontdesk.store import gaps as store
from frontdesk.store.gaps import GapArticle


def slug_of(title: str) -> str:
    """``Do you rent out tents?`` → ``do-you-rent-out-tents``."""
    text = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", text).strip("-")[:80].rstrip("-")


def article_of(row: GapArticle) -> Article:
    """A gap's article as the knowledge base takes it."""
    return Article(
        path=f"{row.path}.md",
        slug=row.path,
        title=row.title,
        body=row.body,
        locale=row.locale,
        visibility=row.visibility,
        updated=row.updated,
        url=row.url,
    )


def markdown(article: GapArticle) -> str:
    """A gap's article as a file: front matter and Markdown."""
    front = {
        "title": article.title,
        "locale": article.locale,
        "visibility": article.visibility,
        "updated": article.updated,
    }
    head = yaml.safe_dump(front, allow_unicode=True, sort_keys=False, width=10_000)
    return f"---\n{head}---\n\n{article.body}\n"


async def export(database: Database, number: int, folder: Path) -> Path:
    """Write a published gap's article into ``folder`` as Markdown, for the shop's own repository.

    Once that folder is synced, the article there takes the place of the one here. Raises GapConflict where there is
    another file of that name, or nothing published.
    """
    found = await gap(database, number)
    rows = [row for row in await store.articles(database, DRAFTS, found.path) if found.path]
    if not found.live or not rows:
        raise GapConflict(f"gap {number} has no published article of its own to export")
    text = markdown(rows[0])
    path = await asyncio.to_thread(_write, folder, f"{rows[0].path}.md", text)
    await store.mark_exported(database, number)
    return path


def _write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    title = text.split("\n", 2)[1]  # of the front matter: what was exported here before has the same
    if path.exists() and title not in path.read_text(encoding="utf-8", errors="replace").split("\n")[:20]:
        raise GapConflict(f"there is another file of that name: {path}")
    fresh = path.with_name(f".{name}.{os.getpid()}")
    fresh.write_text(text, encoding="utf-8")
    fresh.replace(path)
    return path


@dataclass(frozen=True, slots=True)
class Drafts:
    """The approved articles as a source: what a sync embeds again for another model, or removes."""

    database: Database
    name: str = DRAFTS
    url: str = ""

    async def items(self) -> Sequence[Item]:
        """Every article that was approved and has not been taken over by another source."""
        return [Item(f"{row.path}.md") for row in await store.articles(self.database, self.name)]

    async def read(self, item: Item) -> Raw | Unreadable:
        """One article, as ``approve`` published it."""
        rows = await store.articles(self.database, self.name, item.path.removesuffix(".md"))
        if not rows:
            return Unreadable(item.path, "was withdrawn")
        return Raw(item.path, markdown(rows[0]).encode(), MARKDOWN, rows[0].url)

    async def aclose(self) -> None:
        """Nothing to let go of."""
