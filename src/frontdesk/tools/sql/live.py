"""Tools over rows, made while a desk starts. `frontdesk tools from-sql` writes the same ones down as code."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import sqlalchemy as sa

from frontdesk.domain import Customer
from frontdesk.tools import Tool, tool
from frontdesk.tools.names import snake
from frontdesk.tools.sql.declared import Table
from frontdesk.tools.sql.rows import Rows
from frontdesk.tools.sql.values import is_date


@dataclass(frozen=True)
class Words:
    """How the tools of a table are named and spoken of, live and in written code alike."""

    table: Table

    @property
    def one(self) -> str:
        """The name of the tool that reads one row."""
        return "get_my_profile" if self.table.own_row else f"get_{self.table.singular}"

    @property
    def many(self) -> str:
        """The name of the tool that lists."""
        return f"list_{self.table.plural}"

    @property
    def argument(self) -> str:
        """What the key is called: ``order_id`` for the column ``id``."""
        key = snake(self.table.key)
        return (
            key
            if key != "id" and self.table.singular.split("_")[-1] in key
            else f"{self.table.singular}_{key}"
        )

    @property
    def thing(self) -> str:
        """``order item``."""
        return self.table.singular.replace("_", " ")

    @property
    def things(self) -> str:
        """``order items``."""
        return self.table.plural.replace("_", " ")

    @property
    def listed(self) -> str:
        """The columns, for a sentence."""
        return ", ".join(name.replace("_", " ") for name in self.table.shown)


def tools_of(rows: Rows) -> list[Tool]:
    """The tools over ``rows``: one row by its key, and a list; of the customers' own table, their row alone."""
    table, words = rows.table, Words(rows.table)
    made: list[Tool] = []
    if table.own_row:
        made.append(
            _declared(words.one, f"What is on file about the customer: {words.listed}.", words, rows.one, ())
        )
        return made
    if table.key:
        said = f"One of the customer's own {words.things}: {words.listed}."
        argument = _argument(words.argument, str)
        made.append(_declared(words.one, said, words, rows.one, (argument,), positional=words.argument))
    said = f"The customer's own {words.things}, latest first: {words.listed}."
    made.append(_declared(words.many, said, words, rows.many, arguments(rows)))
    return made


def arguments(rows: Rows) -> tuple[inspect.Parameter, ...]:
    """What a list can be narrowed by."""
    found: list[inspect.Parameter] = []
    for name in rows.table.filters:
        kind = rows.kind(name)
        if is_date(kind):
            found += [
                _argument(f"{name}_from", date | None, None),
                _argument(f"{name}_until", date | None, None),
            ]
        else:
            found.append(_argument(name, hint(kind) | None, None))
    return tuple(found)


def hint(kind: sa.types.TypeEngine[Any]) -> Any:
    """What a model may fill in for a column of this type."""
    if isinstance(kind, sa.Enum) and kind.enums:
        return Literal[tuple(kind.enums)]  # pyright: ignore[reportInvalidTypeForm]
    return bool if isinstance(kind, sa.Boolean) else str


def _argument(name: str, annotation: Any, default: Any = inspect.Parameter.empty) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _declared(
    name: str,
    said: str,
    words: Words,
    read: Any,
    takes: Sequence[inspect.Parameter],
    *,
    positional: str = "",
) -> Tool:
    """A tool called ``name`` that hands ``read`` the customer and what a model has filled in."""

    def call(customer: Customer, **given: Any) -> Any:
        return read(customer, given[positional]) if positional else read(customer, **given)

    parameters = [_argument("customer", Customer), *takes]
    call.__doc__ = said
    call.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    call.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    asks = {positional: f"Which {words.thing} do you mean?"} if positional else {}
    step = f"Looking up {words.thing} {{{positional}}}" if positional else f"Looking up your {words.things}"
    return tool(name=name, permission=words.table.needs, asks=asks, step=step)(call)
