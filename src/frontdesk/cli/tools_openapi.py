"""``frontdesk tools from-openapi``: what becomes of each operation of a backend's OpenAPI document, and its tools."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import click

from frontdesk.cli.shown import plain
from frontdesk.cli.written import write
from frontdesk.errors import DeclarationError
from frontdesk.tools.openapi.access import PREFIX, Access, access_of
from frontdesk.tools.openapi.decide import decide, enable
from frontdesk.tools.openapi.identity import find
from frontdesk.tools.openapi.load import load
from frontdesk.tools.openapi.operations import operations
from frontdesk.tools.openapi.table import markdown, row, summary
from frontdesk.tools.openapi.write import Module
from frontdesk.tools.openapi.write_tests import tests

NAME = "api_tools"


@click.command("from-openapi")
@click.argument("spec")
@click.option(
    "--customer", multiple=True, help="what the customer's id is called, user_id; may be given again"
)
@click.option("--enable", "enabled", multiple=True, metavar="OPERATION",
              help="a change that a customer may confirm, cancel_order; may be given again")  # fmt: skip
@click.option("--token", type=click.Choice(["customer"]),
              help="calls carry the customer's own token, and the backend checks whose a thing is")  # fmt: skip
@click.option("--header", "headers", multiple=True, metavar="'NAME: VALUE'",
              help="sent to fetch the document, 'Authorization: Bearer …'; may be given again; written nowhere")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help=f"the folder for {NAME}.py, its tests and its table")  # fmt: skip
@click.option("--force", is_flag=True, help="write over what was edited since")
@click.option("--dry-run", is_flag=True, help="only the table of what would be written, and why")
def from_openapi(
    spec: str,
    token: str | None,
    customer: tuple[str, ...],
    enabled: tuple[str, ...],
    headers: tuple[str, ...],
    out: Path | None,
    *,
    force: bool,
    dry_run: bool,
) -> None:
    """The operations of SPEC (a file or URL) and what was decided of each, and why; with --out, tools as Python."""
    document = load(spec, _headers(headers))
    made = decide(document, customer, token=token is not None)
    enable(made, enabled)
    access = Access(token=True) if token else access_of(document, made, PREFIX)
    width = shutil.get_terminal_size().columns if sys.stdout.isatty() else 0  # a pipe has one line for each
    for decision in made:
        for line in row(decision, width).splitlines():
            click.echo(plain(line))
    click.echo(f"\n{summary(document, made)}")
    if not token and all(decision.status == "left out" for decision in made):
        click.echo(
            "Nothing becomes a tool: say with --customer what the customer's id is called in this document"
        )
    if access.variables:
        click.echo(f"The credential comes from {', '.join(access.variables)}")
    elif not token:
        click.echo(
            "The document asks for no credential, and none is sent: give Backend(…) headers if yours wants one"
        )
    if dry_run or out is None:
        return
    module = Module(document, made, find(operations(document), customer), access)
    click.echo()
    write(
        {
            out / f"{NAME}.py": module.text(),
            out / f"test_{NAME}.py": tests(document, module, NAME),
            out / f"{NAME}.md": markdown(document, made, access),
        },
        force=force,
    )
    click.echo(
        f"Read them, then add them to the desk:\n  from {NAME} import TOOLS\n  desk = Frontdesk(…, tools=[*TOOLS])\n"
        f"{PREFIX}_URL says where the backend is."
    )


def _headers(said: tuple[str, ...]) -> dict[str, str]:
    """What was written as ``Name: value``. Raises DeclarationError."""
    parts = [header.partition(":") for header in said]
    if any(not name.strip() or not value.strip() for name, _, value in parts):
        raise DeclarationError("write a header as 'Authorization: Bearer …'")
    return {name.strip(): value.strip() for name, _, value in parts}
