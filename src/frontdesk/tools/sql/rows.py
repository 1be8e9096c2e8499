"""The statements: whose row it is stands in each of them, put there by code.

What a model says reaches a statement as a bound value of a column that the shop has named, never as a name.
"""

from __future__ import annotations

import atexit
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import DataError, NoSuchTableError, SQLAlchemyError

from frontdesk.domain import Customer
from frontdesk.errors import DeclarationError, SettingsError, ToolNotFound, ToolUnavailable
from frontdesk.tools.sql.connect import engine_of, reading, why
from frontdesk.tools.sql.declared import Table, Through
from frontdesk.tools.sql.role import must_only_read
from frontdesk.tools.sql.values import day, fitted, is_customer, is_date, owns, plain

OWNER = "frontdesk_owner"  # the label under which a row says whose it is


class Rows:
    """The rows of one table that belong to a customer. Made by ``opened``."""

    def __init__(self, table: Table, engine: sa.Engine, connection: sa.Connection) -> None:
        """Reads what the table looks like. Raises DeclarationError for a column that is not there."""
        self.table = table
        self._engine = engine
        self._source = reflected(connection, table.name)
        self._from, self._owner = _owned(connection, table, self._source)
        wanted = [*table.shown, *table.filters, *filter(None, (table.key, table.newest))]
        self._columns = {name: column(self._source, name) for name in wanted}
        if table.key and not table.own_row:
            must_be_unique(connection, table.name, table.key)

    def kind(self, name: str) -> sa.types.TypeEngine[Any]:
        """The type of one of the columns that the table names."""
        return self._columns[name].type

    def one(self, customer: Customer, key: str = "") -> Any:
        """The customer's row that ``key`` names, or, in the table of customers, their own.

        Raises ToolNotFound alike for what is not there and for what is somebody else's; ToolUnavailable.
        """
        statement = self.owned(customer)
        if not self.table.own_row:
            value = fitted(key, self.kind(self.table.key))
            if value is None:
                raise ToolNotFound
            statement = statement.where(self._columns[self.table.key] == value)
        found = self._read(statement.limit(1), customer)
        if not found:
            raise ToolNotFound
        return found[0]

    def many(self, customer: Customer, **filters: Any) -> Any:
        """{the table's plural: the customer's rows, latest first; "more": whether there are others}.

        ``filters`` are the table's: ``status="shipped"``; for a date ``placed_on_from`` and ``placed_on_until``, both
        included. None is no filter. Raises ToolUnavailable.
        """
        statement = self.owned(customer)
        for name in self.table.filters:
            statement = self._narrow(statement, name, filters)
        order = self.table.newest or self.table.key
        if order:
            statement = statement.order_by(self._columns[order].desc())
        found = self._read(statement.limit(self.table.rows + 1), customer)
        return {self.table.plural: found[: self.table.rows], "more": len(found) > self.table.rows}

    def owned(self, customer: Customer) -> sa.Select[Any]:
        """The statement for all rows of ``customer``: one that no id can widen."""
        value = fitted(customer.id, self._owner.type)
        shown = [self._shown(name) for name in self.table.shown]
        statement = sa.select(*shown, _raw(self._owner, self._engine).label(OWNER)).select_from(self._from)
        return statement.where(sa.false() if value is None else self._owner == value)

    def _shown(self, name: str) -> sa.Label[Any]:
        return _raw(self._columns[name], self._engine).label(name)

    def _narrow(self, statement: sa.Select[Any], name: str, filters: Mapping[str, Any]) -> sa.Select[Any]:
        source, kind = self._columns[name], self.kind(name)
        if not is_date(kind):
            wanted = filters.get(name)
            if wanted is None:
                return statement
            value = fitted(str(wanted), kind)
            return statement.where(sa.false() if value is None else source == value)
        # SQLite keeps dates as text, in whatever form the shop has written them.
        text = self._engine.dialect.name == "sqlite"
        left: Any = sa.func.date(sa.type_coerce(source, sa.String())) if text else source
        first: date | None = filters.get(f"{name}_from")
        last: date | None = filters.get(f"{name}_until")
        if first is not None:
            statement = statement.where(left >= (first.isoformat() if text else day(first, kind)))
        if last is not None:
            statement = statement.where(
                left <= last.isoformat() if text else left < day(last, kind, after=True)
            )
        return statement

    def _read(self, statement: sa.Select[Any], customer: Customer) -> list[dict[str, Any]]:
        try:
            with reading(self._engine) as connection:
                found = connection.execute(statement).mappings().all()
        except DataError:  # no value of this column
            return []
        except SQLAlchemyError:
            raise ToolUnavailable from None
        padded = isinstance(self._owner.type, sa.CHAR)
        return [
            {name: plain(row[name]) for name in self.table.shown}
            for row in found
            if is_customer(
                row[OWNER].rstrip() if padded and isinstance(row[OWNER], str) else row[OWNER], customer.id
            )
        ]

    def prove(self, connection: sa.Connection) -> None:
        """Run the statement for nobody. Raises SettingsError where the role may not read what it names."""
        try:
            connection.execute(self.owned(Customer("0")).limit(0))
        except SQLAlchemyError as error:
            raise SettingsError(
                f"{self.table.name}: the role of this database may not read it: {why(error)}"
            ) from None


def opened(url: str, *tables: Table) -> tuple[Rows, ...]:
    """The rows of each of ``tables``, in the database at ``url``, which is looked at now.

    Raises SettingsError where it does not answer or its role could write; DeclarationError where a table or a column is
    not there.
    """
    engine = engine_of(url)
    atexit.register(engine.dispose)  # tools live as long as the process, and so do their connections
    try:
        with reading(engine) as connection:
            must_only_read(connection, tables)
            found = tuple(Rows(table, engine, connection) for table in tables)
            for rows in found:
                rows.prove(connection)
            return found
    except ToolUnavailable:
        raise SettingsError("the shop's database does not answer, or refuses: check its address") from None


def reflected(connection: sa.Connection, name: str) -> sa.FromClause:
    """The table ``name`` as it is. Raises DeclarationError where it is not there."""
    schema, _, bare = name.rpartition(".")
    try:
        found = sa.Table(
            bare, sa.MetaData(), schema=schema or None, autoload_with=connection, resolve_fks=False
        )
    except NoSuchTableError:
        raise DeclarationError(
            f"there is no table {name!r} in this database, or its role may not see it"
        ) from None
    return found.alias()


def column(source: sa.FromClause, name: str) -> sa.ColumnElement[Any]:
    """A column of ``source``. Raises DeclarationError where it is not there."""
    if name not in source.c:
        raise DeclarationError(
            f"{source.description}: there is no column {name!r}; it has {', '.join(source.c.keys())}"
        )
    return source.c[name]


def must_be_unique(connection: sa.Connection, name: str, key: str) -> None:
    """Raise DeclarationError where two rows of the table ``name`` may hold the same ``key``."""
    schema, _, bare = name.rpartition(".")
    if [key] not in unique(sa.inspect(connection), bare, schema or None):
        raise DeclarationError(
            f"{name}.{key} is not unique: name the primary key, or a column with a unique index"
        )


def unique(inspector: sa.Inspector, name: str, schema: str | None) -> list[list[str]]:
    """The columns that are unique together."""
    key = inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
    sqlite = {"include_auto_indexes": True} if inspector.dialect.name == "sqlite" else {}  # those of UNIQUE
    constraints = [found["column_names"] for found in inspector.get_unique_constraints(name, schema=schema)]
    indexes = [
        [column for column in found["column_names"] if column]
        for found in inspector.get_indexes(name, schema=schema, **sqlite)
        if found["unique"] and not found.get("dialect_options", {}).get("postgresql_where")
    ]
    return [list(key), *map(list, constraints), *indexes]


def _owned(
    connection: sa.Connection, table: Table, source: sa.FromClause
) -> tuple[sa.FromClause, sa.ColumnElement[Any]]:
    """(what is selected from, the column that holds the customer's id)."""
    joined, here, owner = source, source, table.owner
    while isinstance(owner, Through):
        must_be_unique(connection, owner.table, owner.key)
        there = reflected(connection, owner.table)
        joined = joined.join(there, column(here, owner.column) == column(there, owner.key))
        here, owner = there, owner.owner
    found = column(here, owner)
    if not owns(found.type):
        raise DeclarationError(f"{table.name}: {owner!r} holds no customer's id: its type is {found.type}")
    return joined, found


def _raw(source: sa.ColumnElement[Any], engine: sa.Engine) -> sa.ColumnElement[Any]:
    """The column; in SQLite, whose columns hold anything, as it is stored."""
    return sa.type_coerce(source, sa.types.NullType()) if engine.dialect.name == "sqlite" else source


__all__: Sequence[str] = ["Rows", "opened"]
