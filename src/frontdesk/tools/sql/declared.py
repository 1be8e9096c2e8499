"""What a shop declares of a table: whose each row is, and which columns a customer may see."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from frontdesk.errors import DeclarationError
from frontdesk.tools.names import snake

MOST_ROWS = 100


@dataclass(frozen=True)
class Through:
    """An owner that stands in another table: ``Through("order_id", "orders.id", "customer_id")``.

    ``column`` of this table holds the value of ``target`` (table.column, unique there); ``owner`` is the column of
    that table which holds the customer's id, or again a Through.
    """

    column: str
    target: str
    owner: str | Through

    def __post_init__(self) -> None:
        """Refuse a target without its table."""
        if "." not in self.target:
            raise DeclarationError(
                f'Through({self.column!r}, …): write its target as "table.column", not {self.target!r}'
            )

    @property
    def table(self) -> str:
        """The table that ``target`` is in, with its schema where one is written."""
        return self.target.rpartition(".")[0]

    @property
    def key(self) -> str:
        """The column that ``target`` is."""
        return self.target.rpartition(".")[2]


@dataclass(frozen=True)
class Table:
    """A table whose rows each belong to one customer; nothing that is not named here is read.

    name        as the database has it, ``orders`` or ``sales.orders``
    owner       the column that holds the customer's id, or Through(…) where that stands in another table
    columns     the columns a customer may see: a list of names, or a TypedDict that names them
    key         the column by which a customer names a row; "" : rows can only be listed
    filters     columns by which the list can be narrowed: equal to, and for dates from … until
    newest      the column that a list is ordered by, latest first
    rows        the most rows a list holds, up to 100
    title       what one row is called, ``order``; by default, from the table's name
    permission  what a customer needs; by default ``orders:read``
    """

    name: str
    owner: str | Through
    columns: Sequence[str] | type
    key: str = ""
    filters: Sequence[str] = ()
    newest: str = ""
    rows: int = 20
    title: str = ""
    permission: str = ""

    def __post_init__(self) -> None:
        """Refuse what would fail in front of a customer, or show everything."""
        if isinstance(self.columns, str) or not self.shown or "*" in self.shown:
            raise DeclarationError(
                f'{self.name}: name the columns a customer may see, columns=["id", "status"]'
            )
        if not self.owner:
            raise DeclarationError(
                f'{self.name}: say whose a row is, owner="customer_id"; a table without owners is not for a customer'
            )
        if not 1 <= self.rows <= MOST_ROWS:
            raise DeclarationError(f"{self.name}: rows= is between 1 and {MOST_ROWS}")

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of ``columns``."""
        if isinstance(self.columns, type):
            return tuple(getattr(self.columns, "__annotations__", {}))
        return tuple(self.columns)

    @property
    def singular(self) -> str:
        """What one row is called in a tool's name: ``order_item``."""
        return snake(self.title) if self.title else singular(snake(self.name.rpartition(".")[2]))

    @property
    def plural(self) -> str:
        """What several are called: ``order_items``."""
        return plural(self.singular)

    @property
    def own_row(self) -> bool:
        """Whether this is the table of the customers themselves: one row, which needs no naming."""
        return bool(self.key) and self.owner == self.key

    @property
    def needs(self) -> str:
        """The permission its tools ask for."""
        return self.permission or f"{re.sub('[^a-z_]', '', self.plural).strip('_') or 'rows'}:read"


def singular(name: str) -> str:
    """One of them: order_items → order_item, categories → category, addresses → address."""
    for ending, instead in (("ies", "y"), ("sses", "ss"), ("xes", "x"), ("uses", "us"), ("ches", "ch")):
        if name.endswith(ending) and len(name) > len(ending) + 1:
            return name.removesuffix(ending) + instead
    return name[:-1] if name.endswith("s") and not name.endswith(("ss", "us")) and len(name) > 3 else name


def plural(name: str) -> str:
    """Several of them."""
    if name.endswith("y") and name[-2:-1] not in "aeiou":
        return f"{name[:-1]}ies"
    return f"{name}es" if name.endswith(("s", "x", "ch", "sh")) else f"{name}s"
