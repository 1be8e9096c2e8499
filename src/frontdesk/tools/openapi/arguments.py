"""What a model may fill in of an operation; what could name somebody else, or what is the shop's to set, it may not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.declared import OF_FIELDS
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import Operation, Parameter, example_of
from frontdesk.tools.openapi.schema import members, python, required

__all__ = ["LeftOut", "annotation", "choices", "expanded", "fields_of"]

DEEPEST = 2  # objects in objects in a body
MOST_CHOICES = 50


class LeftOut(Exception):
    """Why an operation becomes no tool."""


def expanded(document: Document, operation: Operation) -> Iterator[Parameter]:
    """The operation's parameters; an object in the query as the parameters that it is written as."""
    for parameter in operation.parameters:
        kind, inner = members(document, parameter.schema)
        deep = parameter.style == "deepObject"
        if parameter.where != "query" or kind != "object" or not (deep or parameter.explode):
            yield parameter
            continue
        needed = required(document, parameter.schema) if parameter.required else set[str]()
        for name, node in inner.items():
            schema = cast("Json", document.resolve(node))
            written = f"{parameter.name}[{name}]" if deep else str(name)
            said = str(schema.get("description") or "")
            yield replace(
                parameter, name=written, required=name in needed, schema=schema, style="", description=said
            )


def fields_of(
    document: Document, schema: Any, *, needed: bool, inside: tuple[str, ...] = ()
) -> Iterator[Parameter]:
    """The fields of a body, those of objects in it as well. Raises LeftOut for one that it needs and cannot be said."""
    kind, properties = members(document, schema)
    if kind != "object":
        if needed:
            raise LeftOut(f"it needs {'.'.join(inside) or 'a body'}, which is no object with known fields")
        return
    names = required(document, schema) if needed else set[str]()
    for name, node in properties.items():
        must, here = name in names, (*inside, str(name))
        said = _sayable(document, node, here, needed=must)
        if said is None:
            continue
        about = str(said.get("description") or "")
        below, inner = members(document, node)
        if below == "object" and len(inside) < DEEPEST:
            yield from fields_of(document, node, needed=must, inside=here)
            continue
        if below == "list":
            of, item = members(document, inner)
            below, inner = ("plain", {"type": "array", "items": item}) if of == "plain" else (of, {})
        if below == "plain":
            default = str(said.get(OF_FIELDS) or "")
            made = Parameter(str(name), "body", must, cast("Json", inner), about, inside=here)
            yield replace(made, example=example_of(said), default=default)
        elif must:
            raise LeftOut(f"it needs {'.'.join(here)!r}, which is no plain value and no list of such")


def _sayable(document: Document, node: Any, inside: tuple[str, ...], *, needed: bool) -> Json | None:
    """A field's schema; None for what only the backend sets, and for a file that may be left away."""
    said = document.resolve(node)
    if not isinstance(said, dict) or said.get("readOnly"):
        return None
    if not _is_file(document, cast("Json", said)):
        return cast("Json", said)
    if needed:
        raise LeftOut(f"it needs {'.'.join(inside)!r}, which is a file")
    return None


def _is_file(document: Document, node: Json) -> bool:
    """Whether a field of a form holds a file, or several."""
    items = document.resolve(node["items"]) if "items" in node else None
    if isinstance(items, dict):
        return _is_file(document, cast("Json", items))
    return node.get("format") == "binary" or node.get("type") == "file" or "contentMediaType" in node


def is_plain(document: Document, parameter: Parameter) -> bool:
    """Whether a value, or a list of values that a query can hold, says all of it."""
    kind, inner = members(document, parameter.schema)
    if kind == "list":
        return parameter.where == "query" and members(document, inner)[0] == "plain"
    return kind != "object" and parameter.style not in ("deepObject", "matrix", "label")


def choices(schema: Json) -> tuple[Any, ...]:
    """The values that an enum allows, where they are all text or all whole numbers; () where they are not."""
    listed: Any = schema.get("enum")
    values = [v for v in cast("list[Any]", listed) if v is not None] if isinstance(listed, list) else []
    one_kind = all(isinstance(v, str) for v in values) or all(type(v) is int for v in values)
    return tuple(dict.fromkeys(values)) if one_kind and len(values) <= MOST_CHOICES else ()


def annotation(document: Document, schema: Json) -> tuple[str, tuple[Any, ...], bool]:
    """(type in Python, the values it may have or (), whether it is a list of such)."""
    kind, inner = members(document, schema)
    if kind == "list":
        below, item = members(document, inner)
        return (python(item) if below == "plain" else "str"), choices(cast("Json", item or {})), True
    if kind != "plain":
        return "str", (), False
    name = python(inner)
    return ("str" if name == "Any" else name), choices(inner), False


def words(parameter: Parameter) -> list[str]:
    """The words of its name, those of the objects it lies in first."""
    return [word for part in parameter.inside or (parameter.name,) for word in words_of(part)]
