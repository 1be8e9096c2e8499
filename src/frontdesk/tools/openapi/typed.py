"""The shapes of answers as TypedDicts: what is named there may be seen, and nothing else."""

from __future__ import annotations

import keyword
from collections.abc import Callable
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.layout import bracketed, literal
from frontdesk.tools.openapi.schema import Shape
from frontdesk.tools.sql.declared import singular

__all__ = ["Types", "camel"]

TAKEN = frozenset({"Any", "Backend", "ClientCredentials", "Customer", "Literal", "Records", "Tool", "TypedDict", "API",
                   "BACKEND", "TOOLS", "True", "False", "None"})  # fmt: skip
BUILTIN = frozenset({"str", "int", "float", "bool", "list", "dict"})


def camel(name: str) -> str:
    """``order_lines`` as ``OrderLines``."""
    made = "".join(word.capitalize() for word in words_of(name))
    return made if made[:1].isalpha() else f"Record{made}"


class Types:
    """TypedDicts by their shape, each once, however many tools show it; and Literals by their values."""

    def __init__(self) -> None:
        self.written: list[str] = []
        self._taken = set(TAKEN)
        self._by_shape: dict[str, str] = {}

    def of(self, shape: Shape, name: str) -> str:
        """The type of an answer of ``shape``: ``Order``, ``list[Order]``, ``str``."""
        if isinstance(shape, list):
            return f"list[{self.of(cast('list[Shape]', shape)[0], singular(name))}]"
        if not isinstance(shape, dict):
            return str(shape or "Any")
        fields = {key: self.of(below, str(key)) for key, below in cast("Json", shape).items()}
        return self._once(repr(list(fields.items())), name, lambda made: _class(made, fields))

    def choice(self, values: tuple[Any, ...], name: str) -> str:
        """The type of one of ``values``, given a name where it is long."""
        listed = [literal(value) for value in values]
        line = f"Literal[{', '.join(listed)}]"
        if len(line) <= 40:
            return line
        return self._once(line, name, lambda made: bracketed(f"{made} = Literal[", listed, "]"))

    def _once(self, shape: str, name: str, write: Callable[[str], str]) -> str:
        if shape not in self._by_shape:
            made = first = camel(name)
            n = 1
            while made in self._taken:
                n += 1
                made = f"{first}{n}"
            self._taken.add(made)
            self._by_shape[shape] = made
            self.written.append(write(made))
        return self._by_shape[shape]


def _class(name: str, fields: dict[str, str]) -> str:
    """A TypedDict; in its other form where a field has a name that a class cannot have."""
    plain = all(
        field.isidentifier()
        and not keyword.iskeyword(field)
        and not field.startswith("__")
        and field not in BUILTIN
        and field not in _names(fields)
        for field in fields
    )
    if plain:
        lines = "".join(f"    {field}: {hint} | None\n" for field, hint in fields.items())
        return f"class {name}(TypedDict, total=False):\n{lines}".rstrip()
    listed = "".join(f"        {literal(field)}: {hint} | None,\n" for field, hint in fields.items())
    return f'{name} = TypedDict(\n    "{name}",\n    {{\n{listed}    }},\n    total=False,\n)'


def _names(fields: dict[str, str]) -> set[str]:
    return {hint.removeprefix("list[").rstrip("]").removeprefix("list[") for hint in fields.values()}
