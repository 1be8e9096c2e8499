"""Qdrant's filters, for ``langchain_qdrant.QdrantVectorStore``: ``pip install 'frontdesk[qdrant]'``."""

from __future__ import annotations

from typing import Any

from frontdesk.domain import Json
from frontdesk.knowledge.stores.metadata import day
from frontdesk.store.knowledge_search import Wanted


def where(wanted: Wanted) -> Any:
    """Passages that ``wanted`` describes."""
    from qdrant_client import models  # noqa: PLC0415  an extra

    def field(name: str, **condition: Any) -> Any:
        return models.FieldCondition(key=f"metadata.{name}", **condition)

    today = day(wanted.today)
    must = [
        field("visibility", match=models.MatchAny(any=list(wanted.visibility))),
        field("from_day", range=models.Range(lte=today)),
        field("until_day", range=models.Range(gte=today)),
    ]
    if wanted.language is not None:
        must.append(field("language", match=models.MatchValue(value=wanted.language)))
    if wanted.products:
        own = field("products", match=models.MatchAny(any=list(wanted.products)))
        none = field("any_product", match=models.MatchValue(value=True))
        must.append(models.Filter(should=[none, own]))
    return models.Filter(must=must)


def metadata(fields: Json) -> Json:
    """Qdrant holds all that JSON does."""
    return fields
