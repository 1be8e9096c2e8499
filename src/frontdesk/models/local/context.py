"""What "it", "the other one" and "the second one" mean: ids from facts, earlier calls and listed results."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from frontdesk.models.local.catalog import Catalog, Entry
from frontdesk.models.local.dialogue import Call, Dialogue
from frontdesk.models.local.features import ANAPHOR, FRAGMENT, without_courtesy
from frontdesk.models.local.parameters import Parameter
from frontdesk.models.local.slots import identifiers
from frontdesk.models.local.text import content_words, plain

_ORDINALS = {
    "first": 0,
    "1st": 0,
    "second": 1,
    "2nd": 1,
    "third": 2,
    "3rd": 2,
    "fourth": 3,
    "4th": 3,
    "fifth": 4,
    "5th": 4,
}
_ORDINAL = re.compile(
    rf"\b(?:the |my |number )?({'|'.join(_ORDINALS)})(?: (?:one|order|parcel|of (?:them|those|these)|in the list|appointment|booking|item))?\b"
)
_MENTIONED = re.compile(r"\b(?:i|we) (?:just |had |have )?(?:mention\w*|said|named|asked|gave|told|wrote)\b")
_LAST = re.compile(
    r"\b(?:the |my )?(?:last|latest|newest|most recent) (?:one|order|parcel|purchase|of them)\b|\bthe (?:last|latest|newest)\b$"
)
_OTHER = re.compile(r"\b(?:the |my )?other (?:one|order|parcel|package)\b|\bthe other\b")
_OWNED = re.compile(
    r"\b(?:my|an?|any|all) (?:\w+ )?(?:orders?|parcels?|packages?|delivery|shipment|purchase|stuff)\b|\bmy stuff\b|\bstuff i\b"
)
WHICH_ONE = "Which one do you mean?"
_NO_NAMES = {"order", "parcel", "deliver", "ship", "track", "statu", "arriv", "packag", "nam", "quant"}
_DATES = (
    "placed_on",
    "ordered_on",
    "created_at",
    "created_on",
    "created",
    "date",
    "ordered_at",
    "placed_at",
    "purchased_on",
)


def points_back(text: str) -> bool:
    """Whether the text speaks of something named before: "is it late?", "and the tracking number?"."""
    low = plain(text)
    core = without_courtesy(low)
    if FRAGMENT.match(low.strip(" .!")) or FRAGMENT.match(core):
        return True
    return bool(ANAPHOR.search(core) or ANAPHOR.search(low)) and not owned(core)


def owned(text: str) -> bool:
    """ "My order": one of the customer's things, not the one just spoken of."""
    return bool(_OWNED.search(plain(text)))


def known_ids(parameter: Parameter, dialogue: Dialogue) -> list[str]:
    """Ids of this kind that were seen, newest first: arguments, results, facts."""
    found: list[str] = []
    if _orderly(parameter):
        found += [str(dialogue.facts[k]) for k in ("order_id",) if dialogue.facts.get(k)]
        found += [str(o) for o in reversed(dialogue.facts.get("order_ids") or ())]
    for call in dialogue.results():
        found += [str(v) for k, v in call.arguments.items() if k == parameter.name]
        found += list(ids_in(call.result, parameter.name))
    return list(dict.fromkeys(found))


def current_id(parameter: Parameter, dialogue: Dialogue) -> str:
    """The one last spoken of, or ""."""
    for turn in reversed(dialogue.past):
        said = identifiers(turn.message, parameter, known_ids(parameter, dialogue))
        if said:
            return said[-1]
        called = [str(c.arguments[parameter.name]) for c in turn.calls if c.arguments.get(parameter.name)]
        if called:
            return called[-1]
    return str(dialogue.facts.get("order_id") or "") if _orderly(parameter) else ""


def chosen_id(text: str, parameter: Parameter, dialogue: Dialogue) -> str:
    """ "The second one", "the last one", "the other one" as an id of what was last listed; "" if none is meant."""
    low = plain(text)
    listed = last_listed(parameter, dialogue)
    placed = _by_place(low, parameter, dialogue, listed)
    if placed or not dialogue.last.reply.rstrip().endswith(WHICH_ONE):
        return placed
    for call in dialogue.results():
        found = named_rows(low, rows(call))
        if found:
            return row_id(found[0], parameter.name)
    return ""


def _by_place(low: str, parameter: Parameter, dialogue: Dialogue, listed: list[str]) -> str:
    ordinal = _ORDINAL.search(low)
    if ordinal and _MENTIONED.search(low):
        listed = _mentioned(parameter, dialogue)
    if ordinal and _ORDINALS[ordinal[1]] < len(listed):
        return listed[_ORDINALS[ordinal[1]]]
    if _LAST.search(low) and listed:
        return listed[-1] if re.search(r"\blast one|last of", low) else ""
    if _OTHER.search(low):
        current = current_id(parameter, dialogue)
        others = [
            i for i in (listed if 1 < len(listed) <= 2 else known_ids(parameter, dialogue)) if i != current
        ]
        return others[0] if others else ""
    return ""


def _mentioned(parameter: Parameter, dialogue: Dialogue) -> list[str]:
    """The ids the customer named in this conversation, in their order."""
    facts = [str(o) for o in dialogue.facts.get("order_ids") or ()] if _orderly(parameter) else []
    said = [i for turn in dialogue.past for i in identifiers(turn.message, parameter, facts)]
    return list(dict.fromkeys([*facts, *said]))


def without_place(text: str, thing: str) -> str:
    """The text with "the second one" as "my order", for the embedding."""
    return _OTHER.sub(f"my {thing}", _LAST.sub(f"my {thing}", _ORDINAL.sub(f"my {thing}", text)))


def wants_latest(text: str) -> bool:
    """ "Where is my latest order?"."""
    return bool(_LAST.search(plain(text)))


def latest(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row with the newest date, where rows have dates."""
    dated = [(str(row[key]), row) for row in rows for key in _DATES if row.get(key)]
    return max(dated, key=lambda pair: pair[0])[1] if dated else None


def last_listed(parameter: Parameter, dialogue: Dialogue) -> list[str]:
    """The ids of the last list a tool returned, in its order; those of the last turn where it told of several."""
    told = [str(c.arguments[parameter.name]) for c in dialogue.last.calls if c.arguments.get(parameter.name)]
    if len(set(told)) > 1:
        return list(dict.fromkeys(told))
    for call in dialogue.results():
        listed = (
            rows(call) if parameter.name not in call.arguments else []
        )  # what is in one is no list of them
        found = [row_id(row, parameter.name) for row in listed]
        if len(listed) > 1 and all(found):
            told = next((turn.reply for turn in reversed(dialogue.past) if call in turn.calls), "")
            # "The last one" of a list that told of the open ones only is the last of those.
            shown = [i for i in found if re.search(rf"(?<!\w){re.escape(i)}(?!\w)", told)]
            return shown if len(shown) > 1 else found
    return []


def rows(call: Call) -> list[dict[str, Any]]:
    """The list of records in a result: the result itself, or its only list of records."""
    result: Any = call.result
    if isinstance(result, dict):
        lists = [v for v in result.values() if isinstance(v, list) and all(isinstance(r, dict) for r in v)]
        result = lists[0] if len(lists) == 1 and call.tool != "search_knowledge" else []
    return [row for row in result if isinstance(row, dict)] if isinstance(result, list) else []


def parts(call: Call, name: str) -> list[dict[str, Any]]:
    """The records in a result that an argument called ``name`` has the ids of: for ``line_ids`` its ``lines``."""
    result: Any = call.result
    own = result.get(re.sub(r"_ids?$", "s", name)) if isinstance(result, dict) else None
    return [row for row in own if isinstance(row, dict)] if isinstance(own, list) else rows(call)


def row_id(row: dict[str, Any], name: str) -> str:
    """The row's id for an argument called ``name``: under that name, or under "id"."""
    found = row.get(name) or row.get("id")
    return str(found) if isinstance(found, str | int) else ""


def named_rows(text: str, listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The one row whose own words ("the blue jacket", "the DHL one") the customer used; [] when none or several."""
    stems = content_words(text) - _NO_NAMES
    shared = [
        len(
            stems
            & content_words(re.sub(r"[^A-Za-z ]+", " ", str([v for k, v in row.items() if k != "status"])))
        )
        for row in listed
    ]
    most = max(shared, default=0)
    return [listed[shared.index(most)]] if most and shared.count(most) == 1 else []


CLOSED = frozenset(
    {
        "delivered",
        "cancelled",
        "canceled",
        "returned",
        "refunded",
        "completed",
        "closed",
        "lost",
        "ended",
        "expired",
        "past",
        "finished",
        "stayed",
        "over",
    }
)


def open_rows(listed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The rows that are not over and done with."""
    return [
        row for row in listed if not CLOSED & set(re.findall("[a-z]+", str(row.get("status") or "").lower()))
    ]


def meant_row(text: str, listed: list[dict[str, Any]]) -> dict[str, Any] | None:
    """The row that a message means: the latest, the only one, the one it names, the only open one."""
    if wants_latest(text):
        newest = latest(listed)
        return newest or (listed[0] if len(listed) == 1 else None)
    if len(listed) == 1:
        return listed[0]
    open_ = open_rows(listed)
    left = named_rows(text, listed) or (open_ if len(open_) == 1 else [])
    return left[0] if left else None


def ids_in(value: Any, name: str) -> Iterator[str]:
    """Every value under the key ``name`` anywhere in a result."""
    if isinstance(value, dict):
        if isinstance(value.get(name), str | int):
            yield str(value[name])
        for inner in value.values():
            yield from ids_in(inner, name)
    elif isinstance(value, list):
        for inner in value:
            yield from ids_in(inner, name)


def lister(entry: Entry, catalog: Catalog) -> Entry | None:
    """A bound tool that lists what ``entry`` wants an id of, without arguments."""
    parameter = entry.id_parameter
    if not parameter:
        return None
    if _orderly(parameter) and "list_orders" in catalog.roles:
        return catalog.roles["list_orders"]
    thing = parameter.name.removesuffix("_id")
    for other in catalog.own():
        free = not any(p.required for p in other.parameters) and not other.grant.changes
        if (
            free
            and other.name != entry.name
            and re.search(rf"\b(?:list|my|all)_?.*{re.escape(thing)}s?\b|{re.escape(thing)}s$", other.name)
        ):
            return other
    return None


def listers(catalog: Catalog) -> set[str]:
    """Tools that list things: what is chosen from a list is looked at anew."""
    return {found.name for entry in catalog.own() if (found := lister(entry, catalog))}


def _orderly(parameter: Parameter) -> bool:
    return parameter.name in ("order_id", "order", "order_number", "order_no")
