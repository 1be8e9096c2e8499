"""Messages and clauses that are half of something: of the turn before them, or of the clause beside them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from frontdesk.models.local.catalog import Catalog
from frontdesk.models.local.context import points_back
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.features import AT_A_LOSS, features, without_courtesy
from frontdesk.models.local.fill import ASK, CALL, CHOOSE, SEARCH, Part
from frontdesk.models.local.text import clauses, content_words
from frontdesk.models.local.wishes import denied
from frontdesk.models.local.words import STOPWORDS

SHORT = 9  # words of a message that may be half of something
_THAT = re.compile(r"\b(?:that|this|those)\b")
_PRO = re.compile(r"\b(?:it|they|them|that|this|one|ones)\b")
_WANTING = frozenset(["wish", "care", "mean", "really", "never", "ever", "thing"])
_ONCE = re.compile(r"\b(?:once|as soon as|after) (?:it|they|that|this)\b")
_OWN = re.compile(r"\b(?:my|mine|our)\b")
_NEXT = re.compile(r"\bwhat (?:are|would be|were) (?:my|the|our) (?:\w+ )?(?:choices|options|rights)\b")
_ANY_FIELD = frozenset(content_words("number name id date status order"))


def asks_on(text: str) -> bool:
    """ "What does that cost me?" after an answer of the help center is about what it said."""
    short = len(text.split()) <= SHORT
    return short and bool(_THAT.search(text)) and not _OWN.search(text) and not features(text).order_word


def same_again(text: str, dialogue: Dialogue, catalog: Catalog) -> list[Part]:
    """ "And the phone number?": the look-up before, where its result has a field of that name."""
    call = _read_before(dialogue, catalog)
    if not call or len(text.split()) > SHORT:
        return []
    asked = content_words(text) - _ANY_FIELD
    fields = content_words(" ".join(_fields(call.result)).replace("_", " "))
    return [Part(CALL, text, call.tool, call.arguments)] if asked and asked <= fields else []


def in_view(query: str, dialogue: Dialogue, catalog: Catalog) -> str:
    """ "What are my options?" after an order that is lost asks what to do about a lost order."""
    call = _read_before(dialogue, catalog)
    status = call.result.get("status") if call and isinstance(call.result, dict) else None
    if call and _ONCE.search(query) and points_back(query):
        # "When do I get the money once it is with you?", after the returns: what "it" is, by the tool's own name.
        return f"{call.tool.split('_', 1)[-1].replace('_', ' ')}, {query}"
    if not call or not isinstance(status, str) or not (AT_A_LOSS.search(query) or _NEXT.search(query)):
        return query
    parameter = catalog.entries[call.tool].id_parameter
    return f"{parameter.thing if parameter else ''} {status.replace('_', ' ')}, {query}".strip()


def together(parts: Sequence[Part]) -> list[Part]:
    """Clauses that lean on a question to the help center before them are asked with it."""
    kept: list[Part] = []
    for part in parts:
        before = kept[-1] if kept and kept[-1].kind == SEARCH else None
        if before and part.kind in (ASK, CHOOSE) and points_back(part.text):
            kept[-1] = _with(before, before, part.text)
        elif before and part.kind == SEARCH and not part.change and len(content_words(part.text)) <= 1:
            kept.append(_with(part, before, str(part.arguments["query"])))
        else:
            kept.append(part)
    return kept


def with_denied(query: str, text: str) -> str:
    """ "I want no refund yet, just explain how it would be paid" asks about a refund: what "it" is stands before."""
    if not _PRO.search(query):
        return query
    left_out = [
        clause for clause in clauses(text) if clause not in query and denied(without_courtesy(clause))
    ]
    words = [word for clause in left_out for word in re.findall(r"[a-z-]{3,}", clause)]
    things = dict.fromkeys(w for w in words if w not in STOPWORDS and w not in query and w not in _WANTING)
    return f"{' '.join(things)}, {query}" if things else query


def _with(part: Part, before: Part, text: str) -> Part:
    return replace(part, arguments={"query": f"{before.arguments['query']} {text}"[:500]})


def _read_before(dialogue: Dialogue, catalog: Catalog) -> Call | None:
    """The last turn's only look-up that brought something."""
    calls = [call for call in dialogue.last.calls if not call.error]
    entry = catalog.entries.get(calls[0].tool) if len(calls) == 1 else None
    return calls[0] if entry and not entry.grant.changes else None


def _fields(result: Any) -> set[str]:
    """The names of all fields that have a value."""
    if isinstance(result, dict):
        return {str(k) for k, v in result.items() if v}.union(*map(_fields, result.values()))
    return set().union(*map(_fields, result)) if isinstance(result, list) else set()
