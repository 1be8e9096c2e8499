"""``frontdesk tools from-…``: tools written from what a shop already has."""

from __future__ import annotations

import click

from frontdesk.cli import Lazy


class _Sources(Lazy):
    at = {  # noqa: RUF012  (as in Lazy)
        "from-openapi": "frontdesk.cli.tools_openapi:from_openapi",
        "from-sql": "frontdesk.cli.tools_sql:from_sql",
    }
    about = {  # noqa: RUF012
        "from-openapi": "Tools over a backend that has an OpenAPI document: frontdesk tools from-openapi SPEC",
        "from-sql": "Read-only tools over the tables of a database: frontdesk tools from-sql URL",
    }


@click.group(cls=_Sources)
def tools() -> None:
    """Tools written from what a shop already has."""
