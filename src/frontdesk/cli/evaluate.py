"""``frontdesk eval FOLDER``, and the commands beside it."""

from __future__ import annotations

import click

from frontdesk.cli import Lazy

__all__ = ["evaluate"]


class Group(Lazy):
    """``frontdesk eval FOLDER`` is ``frontdesk eval run FOLDER``: what is no command's name is a folder."""

    at = {  # noqa: RUF012  (as its parent has it)
        "run": "frontdesk.cli.evaluate_run:evaluate_run",
        "record": "frontdesk.cli.eval_record:eval_record",
        "replay": "frontdesk.cli.eval_replay:eval_replay",
        "calibrate": "frontdesk.cli.eval_calibrate:eval_calibrate",
    }
    about = {  # noqa: RUF012
        "run": "Run the scenarios of a folder; the word may be left out",
        "record": "Write a recorded conversation as a scenario, personal data exchanged",
        "replay": "Run recorded conversations again, results from the record, and show what changes",
        "calibrate": "From which confidence a cascade lets the local model answer alone",
    }

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``run`` before what was written where it names no command."""
        if args and args[0] not in self.at and args[0] not in ctx.help_option_names:
            args = ["run", *args]
        return super().parse_args(ctx, args)


@click.group("eval", cls=Group)
def evaluate() -> None:
    """Run scenarios against a desk: frontdesk eval FOLDER [OPTIONS]; `frontdesk eval run --help` has the options."""
