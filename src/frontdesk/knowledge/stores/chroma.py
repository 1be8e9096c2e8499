"""Chroma's filters, for ``langchain_chroma.Chroma``: ``pip install 'frontdesk[chroma]'``."""

from __future__ import annotations

from typing import Any

from frontdesk.domain import Json
from frontdesk.knowledge.stores.metadata import day
from frontdesk.store.knowledge_search import Wanted


def where(wanted: Wanted) -> Json:
    """Passages that ``wanted`` describes."""
    today = day(wanted.today)
    clauses: list[Json] = [
        {"visibility": {"$in": list(wanted.visibility)}},
        {"from_day": {"$lte": today}},
        {"until_day": {"$gte": today}},
    ]
    if wanted.language is not None:
        clauses.append({"language": wanted.language})
    if wanted.products:
        own = [{"products": {"$contains": product}} for product in wanted.products]
        clauses.append({"$or": [{"any_product": True}, *own]})
    return {"$and": clauses}


def metadata(fields: Json) -> dict[str, Any]:
    """Chroma holds no empty list."""
    return {name: value for name, value in fields.items() if value != []}
