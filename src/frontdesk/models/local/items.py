"""Which of several things are meant: an order of a list, the items in one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import SequenceMatcher
from typing import Any

from frontdesk.domain import Outcome
from frontdesk.models.local import context
from frontdesk.models.local.parameters import Parameter
from frontdesk.models.local.smalltalk import Reply
from frontdesk.models.local.text import content_words
from frontdesk.models.local.wishes import denied

_ALL = re.compile(r"\b(?:all|everything|both|whole|entire|complete|alles|tout|todo)\b")


def choice(rows: Sequence[dict[str, Any]], parameter: Parameter) -> Reply:
    """The question which of a list is meant, with up to three buttons."""
    thing = parameter.thing
    shown = list(rows[:5])
    lines = "\n".join(
        f"- {thing.capitalize()} {context.row_id(row, parameter.name)}{_about(row)}" for row in shown
    )
    buttons = tuple(f"{thing.capitalize()} {context.row_id(row, parameter.name)}" for row in shown[:3])
    return Reply(f"You have more than one {thing}:\n{lines}\n\n{context.WHICH_ONE}", Outcome.ASKED, buttons)


def _about(row: dict[str, Any]) -> str:
    said = [str(row[key]).replace("_", " ") for key in ("status", "summary") if row.get(key)]
    return f": {', '.join(said)}" if said else ""


_BESIDES = re.compile(r"\bbesides? (?:the |my )?[\w-]+")
_ALL_OF = re.compile(
    r"\b(?:all|both|everything)\b(?: \w+)? (?:things|items|pieces|of (?:it|them|the|this|that|my)|of #?\d|in #?\d|from #?\d)"
)
_NOT_ITEMS = frozenset(
    content_words(
        "order item return refund back want send money start please lines thing pair set size big small wrong"
    )
)


def named_items(text: str, rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows whose names a text uses; all of them where it says so or there is but one."""
    parts = [part for part in re.split(r"[,.;!]| but ", _BESIDES.sub(" ", text)) if not denied(part.strip())]
    spoken = " ".join(parts) or text
    if _ALL_OF.search(spoken):
        return list(rows)
    words = set(re.findall(r"[a-zà-ÿ-]{3,}", spoken))
    stems = content_words(spoken) - _NOT_ITEMS
    scores = [(row, _overlap(str(row.get("name") or row.get("text") or ""), stems, words)) for row in rows]
    named = [row for row, score in scores if score]
    if named:
        return named
    if len(rows) == 1 or _ALL.search(spoken):
        return list(rows)
    return []


def _overlap(name: str, stems: set[str], words: set[str]) -> int:
    own = content_words(name)
    slips = sum(
        any(len(word) > 4 and SequenceMatcher(None, word, part).ratio() >= 0.84 for word in words)
        for part in re.findall(r"[a-z]{5,}", name.lower())
    )
    return len(own & stems) or slips
