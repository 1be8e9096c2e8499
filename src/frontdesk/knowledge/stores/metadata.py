"""What stands beside a passage in a vector store, and who may read it.

Stores compare numbers and words, not dates and locales: ``from_day`` and ``until_day`` are numbers such as
20260615, ``language`` is the locale's. Any other document is judged by its plain fields, and what cannot be
understood is shown to nobody.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, cast
from urllib.parse import quote

import orjson

from frontdesk.domain import Json
from frontdesk.knowledge.article import Article
from frontdesk.knowledge.chunk import JOIN, Chunk, sentences
from frontdesk.store.knowledge import base
from frontdesk.store.knowledge_search import Wanted

Metadata = Mapping[str, Any]
FIRST_DAY, LAST_DAY = 0, 99_999_999


def of(article: Article, chunk: Chunk, article_id: str) -> Json:
    """What is written beside a passage."""
    return {
        "article_id": article_id,
        "title": article.title,
        "url": article.url,
        "heading": chunk.heading,
        "anchor": chunk.anchor,
        "locale": article.locale,
        "language": base(article.locale),
        "visibility": article.visibility,
        "products": list(article.products),
        "any_product": not article.products,
        "updated": article.updated.isoformat() if article.updated else "",
        "valid_from": article.valid_from.isoformat() if article.valid_from else "",
        "valid_until": article.valid_until.isoformat() if article.valid_until else "",
        "from_day": day(article.valid_from) if article.valid_from else FIRST_DAY,
        "until_day": day(article.valid_until) if article.valid_until else LAST_DAY,
        "sentences": orjson.dumps(chunk.sentences).decode(),
    }


def content(article: Article, chunk: Chunk) -> str:
    """What a store embeds: the passage behind its title and headings."""
    return f"{_where(article.title, chunk.heading)}\n\n{chunk.text}"


def text_of(page_content: str, metadata: Metadata) -> str:
    """The passage alone."""
    return page_content.removeprefix(f"{_where(word(metadata, 'title'), word(metadata, 'heading'))}\n\n")


def sentences_of(text: str, metadata: Metadata) -> tuple[str, ...]:
    """The passage's sentences, as they were cut when it was written, else as they are cut now."""
    try:
        known: object = orjson.loads(word(metadata, "sentences"))
    except orjson.JSONDecodeError:
        known = None
    if isinstance(known, list):
        return tuple(str(sentence) for sentence in cast("list[object]", known))
    return tuple(sentences(text))


def address(metadata: Metadata) -> str:
    """Where the passage is published, with its anchor; or ""."""
    url, anchor = word(metadata, "url"), word(metadata, "anchor")
    return f"{url}#{quote(anchor)}" if url and anchor else url


def allowed(metadata: Metadata, wanted: Wanted) -> bool:
    """Whether a passage may be shown; what is missing or malformed is not."""
    if metadata.get("visibility") not in wanted.visibility:
        return False
    if wanted.language is not None and base(word(metadata, "locale")) != wanted.language:
        return False
    try:
        first, last = date_of(metadata.get("valid_from")), date_of(metadata.get("valid_until"))
    except ValueError:
        return False
    if (first and first > wanted.today) or (last and last < wanted.today):
        return False
    products = products_of(metadata.get("products"))
    return not products or not wanted.products or not products.isdisjoint(wanted.products)


def products_of(value: object) -> set[str]:
    """Products as a list, or as words between commas."""
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, list | tuple):
        return set()
    return {product for each in cast("list[object]", value) if (product := str(each).strip())}


def date_of(value: object) -> date | None:
    """A date, or None where there is none. Raises ValueError for what is neither."""
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    return date.fromisoformat(str(value)[:10]) if value else None


def day(of_year: date) -> int:
    """20260615 for the 15th of June 2026."""
    return of_year.year * 10_000 + of_year.month * 100 + of_year.day


def word(metadata: Metadata, name: str) -> str:
    """A field as text; "" where it is missing."""
    value = metadata.get(name)
    return value if isinstance(value, str) else ""


def _where(title: str, heading: str) -> str:
    return JOIN.join(part for part in (title, heading) if part)
