"""How the built-in local model speaks of a tool, from what the document calls things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.openapi.schema import is_money
from frontdesk.tools.sql.declared import singular

__all__ = ["spoken"]

MOST_FIELDS = 16
MOST_OF_CHANGE = 6
MOST_LISTS = 3
DATES = frozenset({"at", "on", "by", "date", "delivery", "since", "until"})
UNSAID = frozenset({"currency", "locale", "metadata"})


def spoken(made: Decision) -> dict[str, Any]:
    """The words of @tool(…) beside its permission: what customers say, what is asked, what is said of a result."""
    asks = {
        name: f"Which {name.removesuffix('_id').replace('_', ' ')} do you mean?"
        for name, parameter in made.arguments
        if parameter.where == "path"
    }
    thing = _thing(made)
    verb = "Looking up" if made.status == "read" else "Preparing"
    said: dict[str, Any] = {"examples": _examples(made, thing, asks)}
    said |= {"asks": asks} if asks else {}
    said["step"] = f"{verb} {thing}"
    says = _says(made.shown.shape, thing) if made.status == "read" else _done(made)
    said |= {"says": says} if says else {}
    own = {
        word: made.words[word]
        for word in ("examples", "asks", "step", "says", "limits")
        if word in made.words
    }
    return {**said, **own, **({"asks": {**asks, **own["asks"]}} if "asks" in own else {})}


def _thing(made: Decision) -> str:
    """``order`` of ``/orders/{id}``, ``order items`` of ``/orders/{id}/order-items``."""
    things = noun(made.operation.path).replace("_", " ")
    return singular(things) if made.operation.path.endswith("}") else things


def _examples(made: Decision, thing: str, asks: Mapping[str, str]) -> list[str]:
    """What a customer says who wants this; a number stands for an id."""
    first = next(iter(asks), "")
    named = first.removesuffix("_id").replace("_", " ")
    number = (dict(made.arguments)[first].example or "456") if first else ""
    if made.status != "read":
        words = made.name.replace("_", " ")
        after = "" if not named else f" {number}" if words.endswith(f" {named}") else f" for {named} {number}"
        return [f"{words}{after}", f"please {words}{after}"]
    if not named and made.operation.path.endswith("}"):
        return ["what do you have on file about me", "my account details"]
    if not named:
        return [f"show me my {thing}", f"list my {thing}", f"which {thing} do I have"]
    if thing == named:
        return [f"show me {thing} {number}", f"what about my {thing} {number}", f"where is {thing} {number}"]
    return [f"show me the {thing} of {named} {number}", f"{thing} for my {named} {number}"]


def _done(made: Decision) -> str:
    """A template for the answer to a change: what was done, and what the answer says of it."""
    fields: Any = made.shown.shape
    title = made.name.replace("_", " ").capitalize()
    return (
        f"{title}: done{_rest(cast('dict[str, Any]', fields), MOST_OF_CHANGE)}."
        if isinstance(fields, dict)
        else ""
    )


def _says(shape: Any, thing: str) -> str:
    """A template for a result that is an object: its list, or else its fields and lists; "" for another."""
    if not isinstance(shape, dict):
        return ""
    fields = cast("dict[str, Any]", shape)
    lists = _lists(fields)
    if len(lists) == 1 and "id" not in fields:
        name, item = next(iter(lists.items()))
        none = f"There are no {thing} on your account."
        return f"{{each {name}}}- {_line(item, singular(thing))}\n{{else}}{none}{{/each}}"
    below = [
        f"[\n{{each {name}}}- {_line(item, singular(_plain(name)))}\n{{/each}}]"
        for name, item in lists.items()
    ]
    return "".join([_line(fields, thing), *below[:MOST_LISTS]])


def _lists(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The lists of records among ``fields``, each with what a record holds."""
    return {
        name: below[0]
        for name, below in fields.items()
        if isinstance(below, list) and isinstance(below[0], dict) and name.isidentifier()
    }


def _line(fields: Mapping[str, Any], thing: str) -> str:
    """A record in a line, its status first; what is empty is left out."""
    key = next((name for name in ("number", "id") if name in fields), "")
    return (f"{thing.capitalize()} {{{key}}}" if key else thing.capitalize()) + _rest(
        fields, MOST_FIELDS, key
    )


def _rest(fields: Mapping[str, Any], most: int, key: str = "id") -> str:
    """The plain fields of a record and of its objects, its status first; what is empty is left out."""
    parts: list[str] = []
    plain = [n for n, below in fields.items() if isinstance(below, str) and n.isidentifier() and n != key]
    shown = [n for n in plain if words_of(n)[-1:] != ["id"] and n not in UNSAID]
    shown.sort(key=lambda name: "status" not in words_of(name))
    parts += [f"[ · {_plain(name)}: {{{name}{_filter(name, fields)}}}]" for name in shown[:most]]
    for name, below in fields.items():
        if isinstance(below, dict) and name.isidentifier():
            inner = [
                n for n, b in cast("dict[str, Any]", below).items() if isinstance(b, str) and n.isidentifier()
            ]
            said = ", ".join(
                f"{{{name}.{n}}}" for n in inner if n not in UNSAID and words_of(n)[-1:] != ["id"]
            )
            parts += [f"[ · {_plain(name)}: {said}]"] if said else []
    return "".join(parts)


def _plain(name: str) -> str:
    return " ".join(words_of(name))


def _filter(name: str, fields: Mapping[str, Any]) -> str:
    words = words_of(name)
    if is_money(name) and "currency" in fields:
        return "|money:currency"
    if words[-1] in DATES:
        return "|date"
    return "|words" if words[-1] in ("status", "state") else ""
