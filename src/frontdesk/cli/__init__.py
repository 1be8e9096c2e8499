"""The command line: ``frontdesk serve``, ``chat``, ``check``, ``knowledge sync``, ``conversations show``, ``actions list``, …"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping

import click

from frontdesk.errors import FrontdeskError

# Each command lives in a module of its own, imported when it is asked for: --help costs no second.
COMMANDS = {
    "new": "frontdesk.cli.new:new",
    "serve": "frontdesk.cli.serve:serve",
    "demo": "frontdesk.cli.demo:demo",
    "chat": "frontdesk.cli.chat:chat",
    "check": "frontdesk.cli.check:check",
    "doctor": "frontdesk.cli.doctor:doctor",
    "tools": "frontdesk.cli.tools:tools",
    "knowledge": "frontdesk.cli.knowledge:knowledge",
    "eval": "frontdesk.cli.evaluate:evaluate",
    "conversations": "frontdesk.cli.conversations:conversations",
    "trace": "frontdesk.cli.trace:trace",
    "actions": "frontdesk.cli.actions:actions",
    "report": "frontdesk.cli.report:report",
    "audit": "frontdesk.cli.audit:audit",
    "customer": "frontdesk.cli.customer:customer",
    "retention": "frontdesk.cli.retention:retention",
    "keys": "frontdesk.cli.keys:keys",
    "staff": "frontdesk.cli.staff:staff",
    "helpdesk": "frontdesk.cli.helpdesk:helpdesk",
    "mcp": "frontdesk.cli.mcp:mcp",
}
ABOUT = {
    "new": "Make a desk in a folder of its own: frontdesk new myshop",
    "serve": "Serve a desk: frontdesk serve support:desk",
    "demo": "Start the example shop and its desk (what `make run` does)",
    "chat": "Talk to a running desk in the terminal",
    "check": "What is wrong with a desk: frontdesk check support:desk",
    "doctor": "Whether all that a desk needs is in order, and how to mend what is not",
    "tools": "Tools from what you have: from-openapi SPEC, from-sql URL",
    "knowledge": "The help center: sync, search, gaps, conflicts, calibrate",
    "eval": "Run scenarios against a desk: frontdesk eval FOLDER",
    "conversations": "What was recorded: list, show ID",
    "trace": "Where the time of a turn went: trace TURN, or CONVERSATION",
    "actions": "What customers want changed: list, show ID, approve ID, decline ID",
    "report": "What became of conversations: resolved, handed off, at what cost",
    "audit": "The audit log: verify, anchor",
    "customer": "A customer's data: export ID, erase ID, verify-receipt FILE",
    "retention": "Data that has run out: run, scrub",
    "mcp": "Let another agent ask a desk, over MCP: frontdesk mcp support:desk --customer ID",
    "keys": "Keys of trusted backends: create, list, revoke",
    "staff": "Who may sign in to the console: add, list, disable, password",
    "helpdesk": "Tickets that did not reach the helpdesk: list, retry",
}


class Lazy(click.Group):
    """A group whose commands are imported when they are used: ``at`` says where each is, ``about`` what it does."""

    at: Mapping[str, str] = COMMANDS
    about: Mapping[str, str] = ABOUT

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  (click's signature)
        """All names, in the order people need them."""
        return list(self.at)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """The command, imported now."""
        if cmd_name not in self.at:
            return None
        module, _, name = self.at[cmd_name].partition(":")
        return getattr(importlib.import_module(module), name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.about.items()))


@click.group(cls=Lazy)
@click.version_option(package_name="frontdesk", prog_name="frontdesk", version="0.1.0")
def cli() -> None:
    """Turn the backend you already have into a customer-support agent."""


def main() -> None:
    """Run a command; what went wrong is one sentence on stderr and exit code 1."""
    try:
        cli(prog_name="frontdesk")
    except FrontdeskError as error:
        click.echo(f"frontdesk: {error.detail}", err=True)
        sys.exit(1)
    except OSError as error:
        where = f": {error.filename}" if error.filename else ""
        click.echo(f"frontdesk: {error.strerror or error}{where}", err=True)
        sys.exit(1)
