"""Small questions about the parts of a message."""

from __future__ import annotations

import re
from collections.abc import Iterable

from frontdesk.models.local.context import points_back
from frontdesk.models.local.features import QUESTION, WANTS_CHANGE, without_courtesy
from frontdesk.models.local.fill import SEARCH, Part
from frontdesk.models.local.text import content_words


def is_question(text: str) -> bool:
    """Whether the text asks, or tells to do, something."""
    core = without_courtesy(text)
    return bool(QUESTION.search(core) or WANTS_CHANGE.search(core))


def same(one: Part, other: Part) -> bool:
    """Whether two parts come to the same call or question."""
    return (one.kind, one.tool, one.then, one.ask) == (other.kind, other.tool, other.then, other.ask) and (
        one.arguments == other.arguments or (one.kind == SEARCH and not _apart(one, other))
    )


def without(ids: Iterable[str], query: str) -> str:
    """ "cancel order 456" → "cancel order": articles know no order numbers."""
    for token in ids:
        query = re.sub(rf"(?: (?:number|no|nr|id))? ?#?\b{re.escape(token.lower())}\b", "", query)
    return " ".join(query.split())


def one_thing(parts: list[Part]) -> bool:
    """Several clauses of one question: all go to the help center, and none asks for something else."""
    return all(part.kind == SEARCH for part in parts) and not any(map(_apart, parts, parts[1:]))


_ASKS = re.compile(r"^(?:and |also )*(?:how|what|when|which|where|who|do|does|can|could|is|are|may)\b")


def _apart(one: Part, other: Part) -> bool:
    """Two changes, or two full questions that share no word of meaning and do not point at each other."""
    texts = [without_courtesy(part.text) for part in (one, other)]
    if all(part.change or WANTS_CHANGE.search(text) for part, text in zip((one, other), texts, strict=True)):
        return one.arguments != other.arguments
    full = all(_ASKS.match(text) and 4 <= len(text.split()) <= 12 for text in texts)
    back = any(points_back(text) for text in texts)
    return full and not back and not content_words(texts[0]) & content_words(texts[1])
