"""How the built-in local model speaks of a tool, from what the document calls things."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.openapi.schema import is_money
from frontdesk.tools.openapi.words import words_of
from frontdesk.tools.sql.declared import singular

__all__ = ["spoken"]

MOST_FIELDS = 8
DATES = frozenset({"at", "on", "date", "until"})


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
    says = _says(made.shown.shape, thing) if made.status == "read" else ""
    return {**said, **({"says": says} if says else {})}


def _thing(made: Decision) -> str:
    """``order`` of ``/orders/{id}``, ``order items`` of ``/orders/{id}/order-items``."""
    things = noun(made.operation.path).replace("_", " ")
    return singular(things) if made.operation.path.endswith("}") else things


def _examples(made: Decision, thing: str, asks: Mapping[str, str]) -> list[str]:
    """What a customer says who wants this; a number stands for an id."""
    named = next(iter(asks), "").removesuffix("_id").replace("_", " ")
    if made.status != "read":
        words = made.name.replace("_", " ")
        after = "" if not named else " 456" if words.endswith(f" {named}") else f" for {named} 456"
        return [f"{words}{after}", f"please {words}{after}"]
    if not named and made.operation.path.endswith("}"):
        return ["what do you have on file about me", "my account details"]
    if not named:
        return [f"show me my {thing}", f"list my {thing}", f"which {thing} do I have"]
    if thing == named:
        return [f"show me {thing} 456", f"what about my {thing} 456", f"where is {thing} 456"]
    return [f"show me the {thing} of {named} 456", f"{thing} for my {named} 456"]


def _says(shape: Any, thing: str) -> str:
    """A template for a result that is an object: its list, or else its fields; "" for another."""
    if not isinstance(shape, dict):
        return ""
    fields = cast("dict[str, Any]", shape)
    lists = [
        (name, below[0])
        for name, below in fields.items()
        if isinstance(below, list) and isinstance(below[0], dict) and name.isidentifier()
    ]
    if len(lists) == 1 and "id" not in fields:
        name, item = lists[0]
        return f"{{each {name}}}- {_line(item, singular(thing))}\n{{else}}There are no {thing} on your account.{{/each}}"
    return _line(fields, thing)


def _line(fields: Mapping[str, Any], thing: str) -> str:
    """A record in a line; what is empty is left out."""
    key = next((name for name in ("number", "id") if name in fields), "")
    parts = [f"{thing.capitalize()} {{{key}}}" if key else thing.capitalize()]
    plain = [n for n, below in fields.items() if isinstance(below, str) and n.isidentifier() and n != key]
    shown = [name for name in plain if words_of(name)[-1:] not in (["id"], ["url"])][:MOST_FIELDS]
    parts += [f"[ · {' '.join(words_of(name))}: {{{name}{_filter(name, fields)}}}]" for name in shown]
    return "".join(parts)


def _filter(name: str, fields: Mapping[str, Any]) -> str:
    words = words_of(name)
    if is_money(name) and "currency" in fields:
        return "|money:currency"
    if words[-1] in DATES:
        return "|date"
    return "|words" if "status" in words or "state" in words else ""
