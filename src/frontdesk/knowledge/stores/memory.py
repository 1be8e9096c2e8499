"""Filters of ``langchain_core.vectorstores.InMemoryVectorStore``: a function of the document."""

from __future__ import annotations

from collections.abc import Callable

from langchain_core.documents import Document

from frontdesk.domain import Json
from frontdesk.knowledge.stores.metadata import allowed
from frontdesk.store.knowledge_search import Wanted


def where(wanted: Wanted) -> Callable[[Document], bool]:
    """Passages that ``wanted`` describes."""
    return lambda document: allowed(document.metadata, wanted)


def metadata(fields: Json) -> Json:
    """It holds anything."""
    return fields
