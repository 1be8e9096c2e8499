"""Whether the role that reads for customers could write; asked when a desk starts."""

from __future__ import annotations

import re
from collections.abc import Sequence

import sqlalchemy as sa

from frontdesk.errors import SettingsError
from frontdesk.tools.sql.declared import Table, Through

POSTGRESQL = """
SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'f') AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
  AND (has_table_privilege(c.oid, 'INSERT, UPDATE, DELETE, TRUNCATE')
       OR has_any_column_privilege(c.oid, 'INSERT, UPDATE'))
ORDER BY 1 LIMIT 3
"""
READS = {"USAGE", "SELECT", "SHOW VIEW", "SHOW DATABASES", "PROCESS", "REPLICATION CLIENT", "BINLOG MONITOR"}
READER = "frontdesk_reader"


def must_only_read(connection: sa.Connection, tables: Sequence[Table]) -> None:
    """Raise SettingsError, with the statements that make a role which only reads, where this one may write.

    An SQLite file has no roles: it is opened read-only.
    """
    if connection.dialect.name == "sqlite":
        return
    if writable := may_write(connection):
        raise SettingsError(
            f"the role of this database may write ({', '.join(writable)}): use one that only reads. "
            f"Let its owner run: {'; '.join(grants(connection, tables))}"
        )


def may_write(connection: sa.Connection) -> list[str]:
    """Some of what the role may change; empty: nothing."""
    if connection.dialect.name == "sqlite":
        return []
    if connection.dialect.name == "postgresql":
        return list(connection.execute(sa.text(POSTGRESQL)).scalars())
    found: list[str] = []
    for line in connection.execute(sa.text("SHOW GRANTS")).scalars():
        match = re.match(r"GRANT (.+?) ON (\S+) TO ", str(line))
        rights = re.sub(r"\([^)]*\)", "", match[1]).split(",") if match else [str(line)]
        # A role that is granted says nothing of what it may do: what cannot be told is refused.
        found += [f"{right.strip()} on {match[2]}" if match else right.strip() for right in rights
                  if right.strip() not in READS and not str(line).startswith("SET DEFAULT ROLE")]  # fmt: skip
    return found[:3]


def grants(connection: sa.Connection, tables: Sequence[Table]) -> list[str]:
    """The statements that make a role which reads what ``tables`` name, and nothing else."""
    quote = connection.dialect.identifier_preparer.quote
    database = quote(connection.engine.url.database or "shop")
    columns: dict[str, list[str]] = {}
    for table in tables:
        own = columns.setdefault(table.name, [])
        own += [*table.shown, *table.filters, *filter(None, (table.key, table.newest))]
        name, owner = table.name, table.owner
        while isinstance(owner, Through):
            columns[name].append(owner.column)
            columns.setdefault(owner.table, []).append(owner.key)
            name, owner = owner.table, owner.owner
        columns[name].append(owner)
    if connection.dialect.name != "postgresql":
        return [f"CREATE USER '{READER}'@'%' IDENTIFIED BY '…'"] + [
            f"GRANT SELECT ON {database}.{quote(name)} TO '{READER}'@'%'" for name in columns
        ]
    schemas = sorted({name.rpartition(".")[0] or "public" for name in columns})
    return [
        f"CREATE ROLE {READER} LOGIN PASSWORD '…'",
        f"GRANT CONNECT ON DATABASE {database} TO {READER}",
        *(f"GRANT USAGE ON SCHEMA {quote(schema)} TO {READER}" for schema in schemas),
        *(
            f"GRANT SELECT ({', '.join(map(quote, dict.fromkeys(names)))}) ON {'.'.join(map(quote, name.split('.')))} TO {READER}"
            for name, names in columns.items()
        ),
    ]
