"""From a tool's result to a sentence: its ``says=`` template, or its own fields; never a word that is not in it."""

from __future__ import annotations

import re
from typing import Any

from frontdesk.models.local import parameters as kinds
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
# What one field of a thing answers, for ``[?…]`` groups; stricter than TOPICS, because nothing else is said then.
ONLY: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "items",
        re.compile(
            r"\bwhat (?:all |else |exactly )?(?:is|was|are|were) (?:all |actually |else )?in (?:it|that|this|there|my|the (?:order|parcel|box|package)|order|parcel|#?\d)"
            r"|\b(?:which|what) (?:items?|products?|things?|articles?) (?:are|were|is|did|does|do)\b|\bcontents? of\b"
            r"|\bwhat (?:does|did) .{1,25} contain\b|\bwhat (?:\w+ )?did i (?:order|buy|get) (?:in|with|on) "
        ),
    ),
    (
        "placed",
        re.compile(
            r"\b(?:when|(?:on )?(?:what|which) (?:day|date)) (?:exactly )?(?:was|were|did|have|had) .{0,25}\b(?:placed?|ordered|bought|purchased?)\b"
            r"|\b(?:when|(?:on )?(?:what|which) (?:day|date)) (?:exactly )?did (?:i|we) (?:order|buy|place)\b"
            r"|\b(?:order|purchase) date\b|\bdate of (?:the |my )?(?:order|purchase)\b"
        ),
    ),
    (
        "carrier",
        re.compile(
            r"\bwho (?:is|was|will be) (?:carrying|delivering|bringing|shipping|transporting)\b|\bwho (?:carries|delivers|brings|ships|has) (?:it|that|this|my|order|#?\d)"
            r"|(?:\bwhich|\bwhat|\bwho is the|^the|^and the) (?:carrier|courier|delivery (?:company|service)|shipping company|parcel service)\b|\bwho is it (?:coming|shipped|sent) with\b"
        ),
    ),
    (
        "address",
        re.compile(
            r"\b(?:which|what|whose) (?:is the )?(?:delivery |shipping )?address\b|\bwhere (?:is|was|will|are) .{1,30}\b(?:going|sent|being sent|shipped|delivered|go)(?: to)?[ ?]*$"
            r"|\bto (?:which|what) (?:address|city|place)\b|\b(?:delivery|shipping) address (?:of|for)\b"
        ),
    ),
    (
        "return_until",
        re.compile(
            r"\b(?:until when|till when|by when|how long|when .{0,20}(?:latest|last (?:day|date))|last (?:day|date)|what is the (?:deadline|last day)|up to when) .{0,30}\b(?:return|send .{1,12} back|bring .{1,12} back)\b"
            r"|\breturn (?:deadline|window|period)\b|\breturn .{1,20} (?:until when|by when)\b"
        ),
    ),
    (
        "total",
        re.compile(
            r"\bhow much (?:is|was|did|does|were)\b|\bwhat (?:did|does) .{1,20} cost\b|\b(?:the |what is the |what was the )?(?:total|price|amount) (?:of|for)\b|\b(?:what is|what was|and) the (?:total|price)\b"
        ),
    ),
)
_WHOLE = re.compile(
    r"\bstatus\b|\bwhen (?:will|does|is|should|can) .*(?:arriv|come|deliver|here|expect|get|land)|\btrack|\beta\b"
    r"|\bwhere (?:is|are)\b(?!.*\b(?:going|sent|shipped|delivered|go)(?: to)?[ ?]*$)|\b(?:has|have|is|was) .{1,25}\b(?:shipped|arrived|late|delayed|delivered)\b"
)
_DATE = re.compile(r"^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d.*)?$")
_HIDDEN = re.compile(r"(^|_)(url|link)$")


def topics(text: str) -> tuple[str, ...]:
    """What the customer asked for in particular: ``when`` for a template's ``[@when …]``, ``?items`` for ``[?items …]``."""
    only = asked_only(text)
    found = [name for name, pattern in TOPICS if pattern.search(text)]
    if {"placed", "return_until"} & set(only) and not _WHOLE.search(text):
        found = [name for name in found if name != "when"]
    loose = [f"?{name}" for name in found if name not in dict(ONLY)]
    strict = [f"?{name}" for name in only]
    whole = [says.ALL] if _WHOLE.search(text) else []
    return (*found, *strict, *loose, *whole)


def asked_only(text: str) -> tuple[str, ...]:
    """The single fields that a question is about."""
    return tuple(name for name, pattern in ONLY if pattern.search(text))


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
        if {topic, f"?{topic}"} & {*asked} and isinstance(result, dict) and field in result
    ]
    return [f"There is no {field.replace('_', ' ')} for it yet." for field in empty if not result[field]]


# What code has decided, in its own words: a rule, a limit, an amount that is missing.
SAID_BY_CODE = ("refused", "limit_reached", "no_amount", "other_currency")


def failure(call: Call, entry: Entry | None) -> str:
    """An error in words. A foreign id and an absent one read alike: only what the customer typed is in it."""
    if call.error == "not_found":
        return not_found(call, entry)
    if call.error == "invalid_arguments":
        return "I couldn't look that up with what I have. Could you check the details and send them again?"
    if call.error == "permission_denied":
        return "I'm not able to look that up here. Would you like me to pass it to a colleague?"
    if call.error in SAID_BY_CODE and call.message:
        return f"{_not_done(call, entry)}{call.message}"
    return "I can't reach the system I need for this right now. Would you like me to open a ticket for a colleague?"


def _not_done(call: Call, entry: Entry | None) -> str:
    """ "I can't cancel order 123. ", before a rule's reason, which need not say what it is against; else ""."""
    parameter = entry.id_parameter if entry and entry.grant.changes else None
    given = str(call.arguments.get(parameter.name) or "") if parameter else ""
    asks = call.message.endswith("?") or call.message.startswith("Say the ")
    if not entry or not parameter or not given or given in call.message or call.error != "refused" or asks:
        return ""
    verb, _, rest = entry.name.partition("_")
    part = any(p.kind == kinds.MONEY and call.arguments.get(p.name) for p in entry.parameters)
    doing = verb if rest.replace("_", " ") == parameter.thing and not part else "do that for"
    return f"I can't {doing} {parameter.thing} {given}. "


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
