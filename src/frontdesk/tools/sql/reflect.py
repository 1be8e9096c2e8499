"""What a database looks like, as plain words: read once, then nothing but these is needed to propose tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import sqlalchemy as sa

from frontdesk.tools.sql.rows import unique
from frontdesk.tools.sql.values import is_date, owns

Kind = Literal["text", "integer", "number", "boolean", "date", "time", "uuid", "binary", "json", "other"]


@dataclass(frozen=True)
class Column:
    """A column: its kind, whether it can hold a customer's id, the values of an enumeration."""

    name: str
    kind: Kind
    owns: bool = False
    values: tuple[str, ...] = ()


@dataclass(frozen=True)
class Shape:
    """A table. ``points`` are its single-column foreign keys: column → (table, column)."""

    name: str
    columns: dict[str, Column]
    key: str
    points: dict[str, tuple[str, str]]
    unique: frozenset[str]
    indexes: tuple[tuple[str, ...], ...]

    def indexed(self, column: str, owner: str) -> bool:
        """Whether ``column`` can be searched for without reading all rows: alone, or behind the owner."""
        return any(
            index[:1] == (column,) or (index[:1] == (owner,) and column in index) for index in self.indexes
        )


def shapes(connection: sa.Connection, schema: str | None = None) -> dict[str, Shape]:
    """All tables of ``schema``, by the name under which they are declared."""
    inspector = sa.inspect(connection)
    return {
        shape.name: shape
        for name in sorted(inspector.get_table_names(schema=schema))
        for shape in [_shape(inspector, name, schema)]
    }


def _shape(inspector: sa.Inspector, name: str, schema: str | None) -> Shape:
    columns = {
        found["name"]: Column(
            found["name"], kind_of(found["type"]), owns(found["type"]), values_of(found["type"])
        )
        for found in inspector.get_columns(name, schema=schema)
    }
    key = inspector.get_pk_constraint(name, schema=schema)["constrained_columns"]
    points = {
        found["constrained_columns"][0]: (
            f"{found['referred_schema']}.{found['referred_table']}" if found["referred_schema"] else found["referred_table"],
            found["referred_columns"][0],
        )
        for found in inspector.get_foreign_keys(name, schema=schema)
        if len(found["constrained_columns"]) == 1 and found["referred_columns"]
    }  # fmt: skip
    alone = unique(inspector, name, schema)
    indexes = [
        tuple(c for c in found["column_names"] if c) for found in inspector.get_indexes(name, schema=schema)
    ]
    return Shape(
        f"{schema}.{name}" if schema else name,
        columns,
        key[0] if len(key) == 1 else "",
        points,
        frozenset(columns[0] for columns in alone if len(columns) == 1),
        (tuple(key), *map(tuple, alone), *indexes),
    )


def values_of(kind: sa.types.TypeEngine[Any]) -> tuple[str, ...]:
    """The values of an enumeration."""
    return tuple(kind.enums) if isinstance(kind, sa.Enum) else ()


def kind_of(kind: sa.types.TypeEngine[Any]) -> Kind:
    """A column's type in a word."""
    names: list[tuple[Any, Kind]] = [
        (sa.Boolean, "boolean"),
        (sa.Integer, "integer"),
        (sa.Numeric, "number"),
        (sa.Float, "number"),  # REAL and DOUBLE PRECISION are no Numeric since SQLAlchemy 2.1
        (sa.Uuid, "uuid"),
        (sa.JSON, "json"),
        (sa.LargeBinary, "binary"),
        (sa.String, "text"),
        (sa.Time, "time"),
    ]
    if is_date(kind):
        return "date"
    for cls, word in names:
        if isinstance(kind, cls):
            return word
    return "other"
