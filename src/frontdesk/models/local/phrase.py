"""From a tool's result to a sentence: its ``says=`` template, or its own fields; never a word that is not in it."""

from __future__ import annotations

import re
from typing import Any

from frontdesk.models.local import says
from frontdesk.models.local.catalog import Entry
from frontdesk.models.local.dialogue import Call

MOST_ROWS = 5
TOPICS: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "when",
        re.compile(
            r"\b(?:when|late|delayed|eta|arriv\w*|expect\w*|what day|this week|how long|by (?:monday|tomorrow|friday))\b"
        ),
    ),
    ("tracking", re.compile(r"\btrack\w*\b")),
    (
        "carrier",
        re.compile(
            r"\b(?:carrier|courier|who is delivering|who delivers|which company|dhl|ups|gls|fedex|post)\b"
        ),
    ),
    ("total", re.compile(r"\b(?:how much|total|cost|amount|price|paid|pay)\b")),
    ("items", re.compile(r"\b(?:items?|what is in|what did i order|contents?|products?)\b")),
    ("address", re.compile(r"\b(?:address|where do i live)\b")),
    ("email", re.compile(r"\be-?mail\b")),
    ("phone", re.compile(r"\b(?:phone|mobile|telephone)\b")),
    ("card", re.compile(r"\b(?:card|method|how did i pay)\b")),
)
_DATE = re.compile(r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$")
_HIDDEN = re.compile(r"(^|_)(url|link)$")


def topics(text: str) -> tuple[str, ...]:
    """What the customer asked for in particular, by the names a template's ``[@…]`` groups use."""
    return tuple(name for name, pattern in TOPICS if pattern.search(text))


def phrase(call: Call, entry: Entry | None, text: str) -> str:
    """The result in words: by the tool's template, else generically."""
    if entry and entry.grant.says:
        asked = topics(text)
        said = says.render(entry.grant.says, call.result, asked)
        if said:
            return " ".join([said, *_not_yet(call.result, asked)])
    return generic(call.result, entry)


def _not_yet(result: Any, asked: tuple[str, ...]) -> list[str]:
    """What the customer asked for and the result has a field for, but no value yet."""
    fields = {"tracking": "tracking_number", "carrier": "carrier"}
    empty = [
        field
        for topic, field in fields.items()
        if topic in asked and isinstance(result, dict) and field in result
    ]
    return [f"There is no {field.replace('_', ' ')} for it yet." for field in empty if not result[field]]


def failure(call: Call, entry: Entry | None) -> str:
    """An error in words. A foreign id and an absent one read alike: only what the customer typed is in it."""
    if call.error == "not_found":
        return not_found(call, entry)
    if call.error == "invalid_arguments":
        return "I couldn't look that up with what I have. Could you check the details and send them again?"
    if call.error == "permission_denied":
        return "I'm not able to look that up here. Would you like me to pass it to a colleague?"
    if call.error == "confirmation_required":
        return "Before I do this, please check the details and confirm."
    return "I can't reach the system I need for this right now. Would you like me to open a ticket for a colleague?"


def not_found(call: Call, entry: Entry | None) -> str:
    """The one text for what does not exist and for what is somebody else's."""
    parameter = entry.id_parameter if entry else None
    given = call.arguments.get(parameter.name) if parameter else None
    if parameter and given:
        thing = parameter.thing
        article = "an" if thing[:1] in "aeiou" else "a"
        return f"I couldn't find {article} {thing} {given} on your account. Please check the number, or I can pass this to a colleague."
    return "I couldn't find anything about that on your account."


def generic(result: Any, entry: Entry | None) -> str:
    """Labels from field names, single values, lists of records up to five."""
    if isinstance(result, list):
        return _records(result, "")
    if not isinstance(result, dict):
        return str(result) if result not in says.EMPTY else "I looked, and there is nothing on record."
    lines = _scalars(result)
    for name, value in result.items():
        if isinstance(value, list):
            lines.append(_records(value, name))
        elif isinstance(value, dict) and _scalars(value):
            lines.append(f"{label(name)}: {'; '.join(_scalars(value))}")
    if not lines:
        return "I looked, and there is nothing on record."
    lead = _lead(entry)
    return f"{lead}\n" + "\n".join(f"- {line}" if "\n" not in line else line for line in lines)


def _lead(entry: Entry | None) -> str:
    return "Here is what I found:" if entry else "Here is what I have:"


def _records(values: list[Any], name: str) -> str:
    thing = label(name).lower() if name else "entries"
    if not values:
        return f"No {thing}" if name else "I looked, and there is nothing on record."
    if not isinstance(values[0], dict):
        return f"{label(name)}: {says.join([str(v) for v in values[:MOST_ROWS]])}"
    lines = [f"- {'; '.join(_scalars(row))}" for row in values[:MOST_ROWS] if isinstance(row, dict)]
    head = f"{label(name)}:" if name else "Here is what I found:"
    more = f"\n(and {len(values) - MOST_ROWS} more)" if len(values) > MOST_ROWS else ""
    return head + "\n" + "\n".join(lines) + more


def _scalars(row: dict[str, Any]) -> list[str]:
    currency = row.get("currency")
    return [
        f"{label(name)}: {_scalar(name, value, currency)}"
        for name, value in row.items()
        if value not in says.EMPTY
        and not isinstance(value, dict | list)
        and not _HIDDEN.search(name)
        and name != "currency"
    ]


def _scalar(name: str, value: Any, currency: Any) -> str:
    if isinstance(value, str) and _DATE.match(value):
        return says.day(value)
    if currency and re.search(r"total|amount|price|cost|paid|refunded|fee", name):
        return says.money(value, currency)
    if isinstance(value, str) and re.fullmatch(r"[a-z]+(?:_[a-z]+)+", value):
        return says.words(value)
    return says.scalar(value)


def label(name: str) -> str:
    """``order_id`` → Order number, ``expected_delivery`` → Expected delivery."""
    spelled = re.sub(r"(^| )id$", r"\1number", name.replace("_", " ")).strip()
    spelled = re.sub(r" (on|at)$", "", spelled)
    return spelled[:1].upper() + spelled[1:]
