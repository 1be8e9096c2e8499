"""Tools that read the shop's own database, for ``pip install 'frontdesk[sql]'``: see docs/sql.md."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from frontdesk.errors import SettingsError
from frontdesk.tools import Tool
from frontdesk.tools.sql.declared import Table, Through

if TYPE_CHECKING:
    from frontdesk.tools.sql.rows import Rows

__all__ = ["Table", "Through", "from_sql", "installed", "opened"]

INSTALL = "tools over a database need a package: pip install 'frontdesk[sql]'"


def installed() -> None:
    """Raise SettingsError, with what to install, where SQLAlchemy is missing."""
    try:
        import sqlalchemy  # noqa: F401, PLC0415  # pyright: ignore[reportUnusedImport]
    except ImportError:
        raise SettingsError(INSTALL) from None


def from_sql(url: str, tables: Sequence[Table]) -> list[Tool]:
    """Tools that read ``tables`` in the database at ``url``: for each, one row by its key, and a list.

    The database is looked at now: it must be there, and its role must not be able to write. Raises SettingsError or
    DeclarationError with what to write instead.
    """
    installed()
    from frontdesk.tools.sql.live import tools_of  # noqa: PLC0415  (needs the extra)

    return [tool for rows in opened(url, *tables) for tool in tools_of(rows)]


def opened(url: str, *tables: Table) -> tuple[Rows, ...]:
    """The rows of each of ``tables``, to write tools over by hand: ``rows.one(customer, key)``, ``rows.many(customer)``.

    The same is looked at, and the same raised, as in ``from_sql``.
    """
    installed()
    from frontdesk.tools.sql.rows import opened as open_  # noqa: PLC0415  (needs the extra)

    return open_(url, *tables)
