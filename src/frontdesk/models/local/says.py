"""``says=``: a small template language that phrases a tool's result and cannot say what is not in it.

``{a.b}`` is a value, ``{f|date}`` 10 January 2025, ``{f|money:currency}`` 84.90 EUR, ``{f|words}``
out_for_delivery → out for delivery, ``{items|join:name}`` a list in words. ``[…]`` is dropped when a value in it
is missing or empty; ``[@when …]`` is moved to the front when the customer asked for that, ``[?items …]`` is said
only when they did, and then instead of the rest.
``{each orders}- {id}{else}None yet.{/each}`` repeats for each entry. ``{{`` and ``[[`` are the characters themselves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

_MONTHS = "January February March April May June July August September October November December"
MONTHS = _MONTHS.split()
TOKEN = re.compile(
    r"(?P<escape>\{\{|\}\}|\[\[|\]\])|\{each (?P<each>[\w.]+)\}|(?P<otherwise>\{else\})|(?P<end>\{/each\})"
    r"|\{(?P<path>[\w.]+)(?:\|(?P<filter>\w+)(?::(?P<argument>[\w.]+))?)?\}|\[@(?P<topic>\w+) |\[\?(?P<only>\w+) |(?P<open>\[)|(?P<close>\])"
)
ALL = "all"  # as a topic: what was asked for comes first, and the rest is wanted too
EMPTY: tuple[Any, ...] = (None, "", [], {})


class TemplateError(ValueError):
    """A ``says`` template cannot be read; the message says where."""


@dataclass(slots=True)
class Value:
    """``{path|filter:argument}``."""

    path: str
    filter: str
    argument: str


@dataclass(slots=True)
class Group:
    """``[@topic …]``, ``[?topic …]`` (``only``), or ``[…]`` with no topic."""

    topic: str
    only: bool = False
    parts: list[Any] = field(default_factory=list[Any])


@dataclass(slots=True)
class Each:
    """``{each path}…{else}…{/each}``."""

    path: str
    parts: list[Any] = field(default_factory=list[Any])
    otherwise: list[Any] = field(default_factory=list[Any])


class _Missing(Exception):
    """A value that the result does not have."""


def render(template: str | Callable[[Any], str], result: Any, topics: Sequence[str] = ()) -> str:
    """Say the result. ``topics`` are what the customer asked for, ``("when", "?items")``: their groups come first.

    What ``[?…]`` groups were asked for is the whole answer. Returns "" when a value outside brackets is missing: the caller then phrases the result generically.
    Raises TemplateError for a template that cannot be read.
    """
    if callable(template):
        return str(template(result))
    parts = parse(template)
    groups = [part for part in parts if isinstance(part, Group) and part.topic]
    asked = [part for part in groups if part.only and f"?{part.topic}" in topics]
    first = [part for part in groups if part.topic in topics and not part.only]
    rest = [part for part in parts if not any(part is g and (g.only or g.topic in topics) for g in groups)]
    only = [_say([part], result).strip() for part in asked]
    if any(only) and ALL not in topics:
        return " ".join(filter(None, only))
    first = asked + first
    try:
        text = " ".join(
            filter(None, [*(_say([part], result).strip() for part in first), _say(rest, result).strip()])
        )
    except _Missing:
        return ""
    text = re.sub(r"\n{2,}(?=- )", "\n", re.sub(r" +\n", "\n", text))
    return re.sub(r"[ \t]{2,}", " ", text).strip()


def answers_only(template: str | Callable[[Any], str]) -> frozenset[str]:
    """The topics of a template's ``[?…]`` groups: questions that have a short answer of their own."""
    found = () if callable(template) or not template else parse(template)
    return frozenset(part.topic for part in found if isinstance(part, Group) and part.only)


@lru_cache(maxsize=256)
def parse(template: str) -> list[Any]:
    """The template's parts: text, Value, Group and Each. Raises TemplateError."""
    root = Group("")
    stack: list[Group | Each] = [root]
    targets: list[list[Any]] = [root.parts]
    at = 0
    for match in TOKEN.finditer(template):
        targets[-1].append(template[at : match.start()])
        at = match.end()
        _take(match, stack, targets)
    targets[-1].append(template[at:])
    if len(stack) > 1:
        raise TemplateError(f"this says= opens a bracket or {{each}} that it never closes: {template[:60]!r}")
    return root.parts


def _take(match: re.Match[str], stack: list[Group | Each], targets: list[list[Any]]) -> None:
    if match["escape"]:
        targets[-1].append(match["escape"][0])
    elif match["path"]:
        targets[-1].append(Value(match["path"], _known(match["filter"] or ""), match["argument"] or ""))
    elif match["each"] or match["topic"] or match["only"] or match["open"]:
        topic = match["topic"] or match["only"] or ""
        opened = Each(match["each"]) if match["each"] else Group(topic, only=bool(match["only"]))
        targets[-1].append(opened)
        stack.append(opened)
        targets.append(opened.parts)
    elif match["otherwise"]:
        if not isinstance(stack[-1], Each):
            raise TemplateError("this says= has an {else} outside {each …}")
        targets[-1] = stack[-1].otherwise
    else:
        _close(stack, targets, each=bool(match["end"]))


def _known(name: str) -> str:
    if name and name not in (*FILTERS, "money", "join"):
        raise TemplateError(
            f"this says= uses the filter {name!r}; there are date, money, words, join and count"
        )
    return name


def _close(stack: list[Group | Each], targets: list[list[Any]], *, each: bool) -> None:
    if len(stack) == 1 or isinstance(stack[-1], Each) != each:
        raise TemplateError("this says= closes what it did not open; write [[ and ]] for plain brackets")
    stack.pop()
    targets.pop()


def _say(parts: Sequence[Any], scope: Any) -> str:
    said: list[str] = []
    for part in parts:
        if isinstance(part, Value):
            said.append(_value(part, scope))
        elif isinstance(part, Group):
            try:
                said.append(_say(part.parts, scope))
            except _Missing:
                continue
        elif isinstance(part, Each):
            said.append(_each(part, scope))
        else:
            said.append(part)
    return "".join(said)


def _each(part: Each, scope: Any) -> str:
    found = look_up(scope, part.path)
    entries: list[Any] = found if isinstance(found, list) else []
    if not entries and not part.otherwise:
        raise _Missing
    if not entries:
        return _say(part.otherwise, scope)
    lines = [_say(part.parts, entry).strip("\n") for entry in entries]
    return "\n" + "\n".join(lines) + "\n"


def _value(part: Value, scope: Any) -> str:
    found = look_up(scope, part.path)
    if found in EMPTY:
        raise _Missing
    if part.filter == "money":
        return money(found, look_up(scope, part.argument) if part.argument else None)
    if part.filter == "join":
        return join([str(look_up(entry, part.argument) if part.argument else entry) for entry in found])
    plain = FILTERS.get(part.filter)
    return plain(found) if plain else scalar(found)


def look_up(scope: Any, path: str) -> Any:
    """The value at ``a.b`` in the result, or None. ``this`` is the result itself."""
    for name in () if path == "this" else path.split("."):
        if isinstance(scope, Mapping):
            scope = scope.get(name)
        elif isinstance(scope, list) and name.isdigit() and int(name) < len(scope):
            scope = scope[int(name)]
        else:
            return None
    return scope


def day(value: Any) -> str:
    """``2025-01-10`` or an ISO time → 10 January 2025; anything else as it is."""
    try:
        found = date.fromisoformat(str(value)[:10])
    except ValueError:
        return str(value)
    return f"{found.day} {MONTHS[found.month - 1]} {found.year}"


def money(value: Any, currency: Any = None) -> str:
    """``84.9`` and ``EUR`` → 84.90 EUR."""
    try:
        amount = f"{Decimal(str(value)):.2f}"
    except InvalidOperation:
        amount = str(value)
    return f"{amount} {currency}" if currency else amount


def words(value: Any) -> str:
    """``out_for_delivery`` → out for delivery."""
    return str(value).replace("_", " ").strip()


def scalar(value: Any) -> str:
    """A single value as a person would write it."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def join(entries: Sequence[str]) -> str:
    """a, b and c."""
    return entries[0] if len(entries) == 1 else ", ".join(entries[:-1]) + " and " + entries[-1]


FILTERS: dict[str, Callable[[Any], str]] = {
    "date": day,
    "words": words,
    "count": lambda value: str(len(value)),
}
