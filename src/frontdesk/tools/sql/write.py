"""Proposals as Python that a developer reads, keeps and changes: a module of tools and a test for each."""

from __future__ import annotations

import keyword
import re
from collections.abc import Mapping, Sequence

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from frontdesk.tools.names import snake
from frontdesk.tools.sql.declared import Table, Through
from frontdesk.tools.sql.live import Words
from frontdesk.tools.sql.propose import Proposal, Proposals
from frontdesk.tools.sql.reflect import Column, Shape

TYPES = {"text": "str", "integer": "int", "number": "float", "boolean": "bool", "uuid": "str", "date": "str",
         "time": "str"}  # fmt: skip
SQLITE = {"integer": "INTEGER", "number": "NUMERIC", "boolean": "BOOLEAN", "date": "DATE"}


def module(proposals: Proposals, shapes: Mapping[str, Shape], variable: str) -> str:
    """The module of tools. ``variable`` is the environment's that holds the database's address."""
    return _template("tools.py.jinja").render(tables=_written(proposals, shapes), variable=variable)


def tests(proposals: Proposals, shapes: Mapping[str, Shape], variable: str, name: str) -> str:
    """The tests of the module called ``name``, over an SQLite file of two customers that they make themselves."""
    written = _written(proposals, shapes)
    return _template("test_tools.py.jinja").render(
        tables=written, variable=variable, module=name, schema=_schema(proposals.tables, shapes)
    )


def report(proposals: Proposals) -> str:
    """What was decided, and why, as text."""
    lines = [f"Customers: {proposals.customers or 'no table found; name it with --customers TABLE'}", ""]
    for proposal in proposals.tables:
        table, words = proposal.table, Words(proposal.table)
        names = [words.one] if table.own_row else [*([words.one] if table.key else []), words.many]
        lines += [
            f"{table.name}  →  {', '.join(names)}  ({table.needs})",
            f"  owner    {owner_said(table.owner)}: {proposal.why}",
        ]
        lines.append(f"  shown    {', '.join(table.shown)}")
        lines += [f"  filters  {', '.join(table.filters)}"] if table.filters else []
        lines += [f"  hidden   {name}: {reason}" for name, reason in proposal.hidden.items()]
        lines += [f"  note     {remark}" for remark in proposal.remarks]
        lines.append("")
    if proposals.left_out:
        lines.append("Left out:")
        lines += [f"  {name}: {reason}" for name, reason in proposals.left_out.items()]
    return "\n".join(lines)


def owner_said(owner: str | Through) -> str:
    """``customer_id``, or ``order_id → orders.customer_id``."""
    return owner if isinstance(owner, str) else f"{owner.column} → {owner.table}.{owner_said(owner.owner)}"


def _template(name: str) -> Template:
    environment = Environment(
        loader=PackageLoader("frontdesk.tools.sql"), undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True, autoescape=False,  # noqa: S701  (Python, not HTML)
    )  # fmt: skip
    environment.filters["py"] = _literal
    return environment.get_template(name)


def _literal(value: object) -> str:
    """A value as Python writes it, with double quotes."""
    if isinstance(value, str):
        return '"' + repr("'" + value)[2:-1].replace('"', '\\"') + '"'
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_literal, value))}]"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, Through):
        return f"Through({_literal(value.column)}, {_literal(value.target)}, {_literal(value.owner)})"
    return repr(value)


def _written(proposals: Proposals, shapes: Mapping[str, Shape]) -> list[dict[str, object]]:
    """What the templates are filled with, table by table."""
    made: list[dict[str, object]] = []
    for proposal in proposals.tables:
        table, shape, words = proposal.table, shapes[proposal.table.name], Words(proposal.table)
        fields = [(name, TYPES.get(shape.columns[name].kind, "str")) for name in table.shown]
        made.append({
            "table": table, "words": words, "why": proposal.why, "hidden": proposal.hidden, "fields": fields,
            "plain": all(name.isidentifier() and not keyword.iskeyword(name) for name, _ in fields),
            "type": "".join(part.capitalize() for part in table.singular.split("_")) + "Row",
            "rows": table.plural, "filters": _filters(table, shape),
            "says": says(table, shape, each=False), "says_many": says(table, shape, each=True),
            "own": _row(table, shape, 1), "other": _row(table, shape, 2), "absent": _row(table, shape, 999),
            "counted": bool(table.key) and shape.columns[table.key].kind != "text",
            "owner_kind": _owner(table, shapes).kind,
        })  # fmt: skip
    return made


def _filters(table: Table, shape: Shape) -> list[tuple[str, str]]:
    """(argument, type) of each by which a list is narrowed."""
    found: list[tuple[str, str]] = []
    for name in table.filters:
        column = shape.columns[name]
        if column.kind == "date":
            found += [(f"{name}_from", "date"), (f"{name}_until", "date")]
        elif column.values:
            found.append((name, f"Literal[{', '.join(map(_literal, column.values))}]"))
        else:
            found.append((name, "bool" if column.kind == "boolean" else "str"))
    return found


def says(table: Table, shape: Shape, *, each: bool) -> str:
    """How the local model words a row, or each row of a list: what is empty is left out."""
    key = table.key if table.key in table.shown else ""
    thing = table.singular.replace("_", " ").capitalize()
    named = (
        f"{thing} {{{key}}}"
        if key and not table.own_row
        else f"Your {thing.lower()}"
        if not table.own_row
        else ""
    )
    parts: list[str] = []
    for name in table.shown:
        if (name == key and not table.own_row) or not name.isidentifier() or _unsaid(name, table, shape):
            continue
        shown = (
            f"{name}|date"
            if shape.columns[name].kind == "date"
            else f"{name}|words"
            if "status" in name
            else name
        )
        label = re.sub(r"_id$", "", name, flags=re.IGNORECASE).replace("_", " ")
        parts.append(f"[ · {label}: {{{shown}}}]")
    if not each:
        return f"{named or 'This is what we have on your account:'}{''.join(parts)}"
    things = table.plural.replace("_", " ")
    return f"{{each {table.plural}}}- {named}{''.join(parts)}\n{{else}}There are no {things} on your account.{{/each}}"


def _unsaid(name: str, table: Table, shape: Shape) -> bool:
    """Whether a column is an id that says nothing to a customer: of their order it does, of a product it does not."""
    through = isinstance(table.owner, Through) and name == table.owner.column
    return name.lower().endswith("_id") and not through and (name in shape.points or name == shape.key)


# ------------------------------------------------------------------ the database of the tests
def _row(table: Table, shape: Shape, number: int) -> str:
    return _value(shape.columns[table.key], number, "anna") if table.key else ""


def _owner(table: Table, shapes: Mapping[str, Shape]) -> Column:
    """The column that holds the customer's id."""
    name, owner = table.name, table.owner
    while isinstance(owner, Through):
        name, owner = owner.table, owner.owner
    return shapes[name].columns[owner]


def _value(column: Column, number: int, text: str) -> str:
    """A value for ``column`` as text; the keys of two rows differ."""
    if column.kind == "uuid":
        return f"00000000-0000-4000-8000-{number:012d}"
    if column.kind in ("integer", "number"):
        return str(number)
    return f"{text}-{number}" if column.kind == "text" else text


def _schema(proposals: Sequence[Proposal], shapes: Mapping[str, Shape]) -> list[str]:
    """Statements for an SQLite file with the columns that the tools name, and a row of each of two customers."""
    used: dict[str, list[str]] = {}
    for proposal in proposals:
        table, owner = proposal.table, proposal.table.owner
        own = used.setdefault(table.name, [])
        own += [*table.shown, *filter(None, (table.key,))]
        name = table.name
        while isinstance(owner, Through):
            used[name].append(owner.column)
            used.setdefault(owner.table, []).append(owner.key)
            name, owner = owner.table, owner.owner
        used[name].append(owner)
    statements: list[str] = []
    for name, columns in used.items():
        shape, names = shapes[name], list(dict.fromkeys(columns))
        bare = _quoted(name.rpartition(".")[2])
        typed = ", ".join(
            f"{_quoted(column)} {SQLITE.get(shape.columns[column].kind, 'TEXT')}{' UNIQUE' if column in shape.unique or column == shape.key else ''}"
            for column in names
        )  # fmt: skip
        statements.append(f"CREATE TABLE {bare} ({typed})")
        owners = {p.table.owner for p in proposals if p.table.name == name and isinstance(p.table.owner, str)}
        for number in (1, 2):
            values = ", ".join(_cell(shape.columns[column], number, column in owners) for column in names)
            statements.append(f"INSERT INTO {bare} VALUES ({values})")  # noqa: S608  (names of a schema, in a test)
    return statements


def _cell(column: Column, number: int, owner: bool) -> str:
    """A row's value: its owner is customer ``number``; keys and what points to them are ``number`` as well."""
    if column.kind == "date":
        return f"'2025-01-{number:02d}'"
    if column.kind == "boolean":
        return "1"
    if column.values and not owner:
        return f"'{column.values[0]}'"
    return "'" + _value(column, number, "anna") + "'"


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def variable_of(name: str) -> str:
    """The environment's variable for a module of tools: SHOP_DATABASE_URL for shop_tools."""
    return f"{snake(name).removesuffix('_tools').upper()}_DATABASE_URL"
