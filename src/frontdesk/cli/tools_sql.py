"""``frontdesk tools from-sql URL``: tools over the tables of a database, written down."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from frontdesk.cli.written import plain_lines, write
from frontdesk.errors import SettingsError, ToolUnavailable
from frontdesk.tools.sql import installed

if TYPE_CHECKING:
    from frontdesk.tools.sql.reflect import Shape


@click.command("from-sql")
@click.argument("url")
@click.option("--dry-run", is_flag=True, help="only the table of what would be written, and why")
@click.option("--out", type=click.Path(path_type=Path), default=Path("shop_tools.py"), show_default=True,
              help="the module to write; its tests stand beside it in test_….py")  # fmt: skip
@click.option(
    "--customers",
    default="",
    metavar="TABLE",
    help="the table of your customers, where its name does not say so",
)
@click.option(
    "--owner",
    "owners",
    multiple=True,
    metavar="TABLE=COLUMN",
    help="whose a row is, where that cannot be told",
)
@click.option("--force", is_flag=True, help="write over what was edited since")
@click.option("--schema", default="", help="the schema to look at, where it is not the usual one")
def from_sql(
    url: str, dry_run: bool, out: Path, customers: str, owners: tuple[str, ...], schema: str, *, force: bool
) -> None:
    """Propose tools over the database at URL (postgresql://, mysql://, sqlite:///), and write them as Python with tests.

    Nothing is changed in the database, and no row is read. What cannot be told is left out and listed.
    """
    installed()
    from frontdesk.tools.sql.connect import engine_of, reading  # noqa: PLC0415  (needs the extra)
    from frontdesk.tools.sql.propose import propose  # noqa: PLC0415
    from frontdesk.tools.sql.reflect import shapes  # noqa: PLC0415
    from frontdesk.tools.sql.role import grants, may_write  # noqa: PLC0415
    from frontdesk.tools.sql.write import module, report, tests, variable_of  # noqa: PLC0415

    said = dict(pair.split("=", 1) for pair in owners if "=" in pair)
    if len(said) < len(owners):
        raise SettingsError("write --owner TABLE=COLUMN, --owner orders=buyer_id")
    if not dry_run and not out.stem.isidentifier():
        raise SettingsError(f"{out.name} is no name of a Python module: write --out shop_tools.py")
    engine = engine_of(url)
    try:
        with reading(engine) as connection:
            found = shapes(connection, schema or None)
            check(found, customers, said)
            made = propose(found, customers, said)
            writable = may_write(connection)
            statements = grants(connection, [proposal.table for proposal in made.tables])
    except ToolUnavailable:
        raise SettingsError("the database does not answer, or refuses: check its address") from None
    finally:
        engine.dispose()
    click.echo(plain_lines(report(made)))
    if writable:
        click.echo("\nThis role may write, so the tools would not start with it. One that only reads:")
        click.echo(plain_lines("\n".join(f"  {statement};" for statement in statements)))
    if dry_run or not made.tables:
        return
    variable = variable_of(out.stem)
    beside = out.with_name(f"test_{out.name}")
    click.echo()
    texts = {out: module(made, found, variable), beside: tests(made, found, variable, out.stem)}
    write(texts, force=force)
    click.echo(f"Read them, set {variable}, and add them to the desk:")
    click.echo(f"  from {out.stem} import TOOLS\n  desk = Frontdesk(…, tools=[*TOOLS])")


def check(known: Mapping[str, Shape], customers: str, owners: dict[str, str]) -> None:
    """Raise SettingsError for a table or a column that is not there."""
    for table in [*owners, *filter(None, [customers])]:
        if table not in known:
            raise SettingsError(f"there is no table {table!r}; there are {', '.join(known) or 'none'}")
    if customers and not known[customers].key:
        raise SettingsError(f"{customers} has no primary key of one column, so it names no customer")
    for table, column in owners.items():
        if column not in known[table].columns or not known[table].columns[column].owns:
            raise SettingsError(f"{table}.{column} is no column that can hold a customer's id")
