"""``frontdesk tools from-…``: tools written from what a shop already has."""

from __future__ import annotations

import click

from frontdesk.cli import Lazy


class _Sources(Lazy):
    at = {"from-sql": "frontdesk.cli.tools_sql:from_sql"}  # noqa: RUF012  (as in Lazy)
    about = {"from-sql": "Read-only tools over the tables of a database: frontdesk tools from-sql URL"}  # noqa: RUF012


@click.group(cls=_Sources)
def tools() -> None:
    """Tools written from what a shop already has."""
