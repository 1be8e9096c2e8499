"""``frontdesk eval record CONVERSATION``: a real conversation as a scenario, without its customer's data."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import click

from frontdesk.bootstrap import database_urls
from frontdesk.errors import SettingsError
from frontdesk.evaluation.record import scenario_of
from frontdesk.settings import load
from frontdesk.store.recorded import recorded


@click.command("record")
@click.argument("conversation", type=click.UUID)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), help="the file to write; else it is printed"
)
@click.option("--keep-ids", is_flag=True, help="keep the customer's id and those of orders and the like")
def eval_record(conversation: UUID, out: Path | None, keep_ids: bool) -> None:
    """Write CONVERSATION as a scenario: what happened is what is expected, personal data is exchanged.

    `frontdesk conversations list` names conversations. A person must look over the file before it is kept.
    """
    text = scenario_of(recorded(database_urls(load())[1], conversation), keep_ids=keep_ids)
    if out is None:
        click.echo(text, nl=False)
        return
    if out.exists():
        raise SettingsError(f"{out} is there already: name another file, or remove it")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(text, encoding="utf-8")
    click.echo(f"Written: {out}. Look it over: its head says what to check.", err=True)
