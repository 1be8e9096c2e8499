"""Small questions about the parts of a message."""

from __future__ import annotations

import re
from collections.abc import Iterable

from frontdesk.models.local.features import QUESTION, without_courtesy
from frontdesk.models.local.fill import SEARCH, Part


def is_question(text: str) -> bool:
    """Whether the text asks, or tells to do, something."""
    return bool(QUESTION.search(without_courtesy(text)))


def same(one: Part, other: Part) -> bool:
    """Whether two parts come to the same call or question."""
    return (one.kind, one.tool, one.then, one.ask) == (other.kind, other.tool, other.then, other.ask) and (
        one.arguments == other.arguments or one.kind == SEARCH
    )


def without(ids: Iterable[str], query: str) -> str:
    """ "cancel order 456" → "cancel order": articles know no order numbers."""
    for token in ids:
        query = re.sub(rf"(?: (?:number|no|nr|id))? ?#?\b{re.escape(token.lower())}\b", "", query)
    return " ".join(query.split())


def one_thing(parts: list[Part]) -> bool:
    """Several clauses of one question: all go to the help center."""
    return all(part.kind == SEARCH for part in parts)
