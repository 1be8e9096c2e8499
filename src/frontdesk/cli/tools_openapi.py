"""``frontdesk tools from-openapi``: what would become of each operation of a backend's OpenAPI document."""

from __future__ import annotations

from collections import Counter

import click

from frontdesk.cli.shown import plain
from frontdesk.tools.openapi.decide import Decision, decide
from frontdesk.tools.openapi.load import load
from frontdesk.tools.openapi.operations import server


@click.command("from-openapi")
@click.argument("spec")
@click.option(
    "--customer", multiple=True, help="what the customer's id is called, user_id; may be given again"
)
@click.option("--dry-run", is_flag=True, help="print the table and write nothing (all that it does for now)")
def from_openapi(spec: str, customer: tuple[str, ...], dry_run: bool) -> None:  # noqa: ARG001
    """The operations of SPEC (a file or URL) and what was decided of each, and why."""
    document = load(spec)
    made = decide(document, customer)
    for decision in made:
        click.echo(plain("  ".join(_row(decision))))
    counted = Counter(decision.status for decision in made)
    click.echo(
        f"\nOpenAPI {document.version}, {server(document) or 'no server named'}: {len(made)} operations: "
        f"{counted['read']} read, {counted['change']} change data (off), {counted['left out']} left out"
    )


def _row(made: Decision) -> list[str]:
    operation = made.operation
    row = [f"{made.status:8}", f"{operation.method.upper()} {operation.path}", made.name]
    if made.status == "left out":
        return [*row, made.reason]
    bound = f"{made.customer.name} is the customer" if made.customer else ""
    proof = {"field": f"proved by {'.'.join(made.owner)} of the answer"}.get(
        made.proof, f"proved by the {made.proof}"
    )
    if made.parent:
        proof = f"proved by {made.parent.name}"
    hidden = f"hidden: {', '.join(made.shown.dropped)}" if made.shown.dropped else ""
    money = f"money: {', '.join(made.shown.money)}" if made.shown.money else ""
    return [*row, made.permission, *(part for part in (bound, proof, hidden, money, made.reason) if part)]
