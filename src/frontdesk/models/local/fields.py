"""Whether a ``says`` template names only fields that its tool returns, as far as the return type tells them.

A ``TypedDict``, a dataclass or a pydantic model names its fields; ``dict[str, Any]`` names none, and anything may
stand in it.
"""

from __future__ import annotations

import types
from collections.abc import Iterator, Sequence
from dataclasses import fields as dataclass_fields
from dataclasses import is_dataclass
from typing import Annotated, Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from pydantic import BaseModel

from frontdesk.models.local.says import Each, Group, TemplateError, Value, parse


def check_fields(template: str, function: Any) -> None:
    """Raise TemplateError for the first field of ``template`` that what ``function`` returns does not have."""
    try:
        returned: Any = get_type_hints(function).get("return", Any)
    except (NameError, TypeError):
        return  # a name that only a type checker can see
    _check(parse(template), returned)


def _check(parts: Sequence[Any], scope: Any) -> None:
    for part in parts:
        if isinstance(part, Value):
            found = _at(scope, part.path)
            if part.argument and part.filter == "join":
                _at(_entry(found), part.argument)
            elif part.argument:
                _at(scope, part.argument)
        elif isinstance(part, Group):
            _check(part.parts, scope)
        elif isinstance(part, Each):
            _check(part.parts, _entry(_at(scope, part.path)))
            _check(part.otherwise, scope)


def _at(scope: Any, path: str) -> Any:
    """The type at ``a.b``; Any where a type on the way names no fields."""
    for name in () if path == "this" else path.split("."):
        if name.isdigit():
            scope = _entry(scope)
            continue
        known = _fields(scope)
        if known is None:
            return Any
        if name not in known:
            raise TemplateError(
                f"this says= names {path!r}, but the result has no {name!r}; it has {', '.join(known)}"
            )
        scope = known[name]
    return scope


def _fields(kind: Any) -> dict[str, Any] | None:
    """The fields of a type with their types; of several, those of all of them together; None for any field."""
    found: dict[str, Any] = {}
    for one in _members(kind):
        if isinstance(one, type) and issubclass(one, BaseModel):
            found |= {name: field.annotation for name, field in one.model_fields.items()}
        elif is_typeddict(one):
            found |= get_type_hints(one)
        elif is_dataclass(one):
            hints = get_type_hints(one)
            found |= {field.name: hints[field.name] for field in dataclass_fields(one)}
        else:
            return None
    return found or None


def _members(kind: Any) -> Iterator[Any]:
    """The types that a union is of, None left out; else the type itself."""
    if get_origin(kind) is Annotated:
        kind = get_args(kind)[0]
    if get_origin(kind) in (Union, types.UnionType):
        for one in get_args(kind):
            yield from _members(one)
    elif kind is not type(None):
        yield kind


def _entry(kind: Any) -> Any:
    """The type of a list's entries; Any where it is not told."""
    for one in _members(kind):
        if get_origin(one) in (list, tuple, Sequence):
            return get_args(one)[0]
    return Any
