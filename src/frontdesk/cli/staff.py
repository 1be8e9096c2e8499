"""``frontdesk staff add EMAIL``, ``list``, ``disable``, ``password``, ``unlink``, ``log``: who may sign in to the console."""

from __future__ import annotations

import sys
from typing import cast

import click

from frontdesk.cli.opened import with_database
from frontdesk.cli.shown import shown
from frontdesk.database import Database
from frontdesk.errors import NotFound
from frontdesk.people import Staff, StaffDirectory
from frontdesk.store.staff import Role


@click.group()
def staff() -> None:
    """Who may sign in to the console."""


@staff.command()
@click.argument("email")
@click.option("--name", required=True, help="as customers and colleagues read it")
@click.option("--role", type=click.Choice(["agent", "lead", "admin"]), default="agent", show_default=True)
@click.option(
    "--password-stdin", is_flag=True, help="read the password from stdin; else one is made and printed"
)
def add(email: str, name: str, role: str, password_stdin: bool) -> None:
    """Let EMAIL sign in. The password is shown once."""
    given = _given(password_stdin)
    _, password = with_database(
        lambda database: StaffDirectory(database).add(email, name, cast("Role", role), given)
    )
    click.echo("Added." if given else _told(password))


def _told(password: str) -> str:
    """The password alone where a program reads, with what it is for where a person does."""
    return f"Password: {password}   (shown once; sign in at /console)" if sys.stdout.isatty() else password


@staff.command("list")
def list_() -> None:
    """Everybody, with their role."""
    for person in with_database(lambda database: StaffDirectory(database).everybody()):
        click.echo(
            f"{person.email}  {shown(person.name)}  {person.role}{'  disabled' if person.disabled_at else ''}"
        )


@staff.command()
@click.argument("email")
def disable(email: str) -> None:
    """Keep EMAIL out from now on, and end what they have open."""

    async def work(database: Database) -> None:
        await StaffDirectory(database).disable((await _find(database, email)).id)

    with_database(work)
    click.echo("Disabled.")


@staff.command()
@click.argument("email")
@click.option(
    "--password-stdin", is_flag=True, help="read the password from stdin; else one is made and printed"
)
def password(email: str, password_stdin: bool) -> None:
    """Give EMAIL a new password; what they have open ends."""
    given = _given(password_stdin)

    async def work(database: Database) -> str:
        return await StaffDirectory(database).set_password((await _find(database, email)).id, given)

    made = with_database(work)
    click.echo("Changed." if given else _told(made))


@staff.command()
@click.argument("email")
def unlink(email: str) -> None:
    """Forget who EMAIL is at the identity provider; what they have open ends. Their next sign-in there links anew."""

    async def work(database: Database) -> None:
        await StaffDirectory(database).unlink((await _find(database, email)).id)

    with_database(work)
    click.echo("Unlinked.")


@staff.command()
def log() -> None:
    """Who signed in and how, and what the identity provider changed: the newest 200, newest first."""
    for event in with_database(lambda database: StaffDirectory(database).events()):
        said = "  ".join(f"{name}={shown(value)}" for name, value in event.data.items())
        click.echo(f"{event.at:%Y-%m-%d %H:%M:%S}  {event.email}  {event.event}  {said}".rstrip())


def _given(from_stdin: bool) -> str:
    return sys.stdin.readline().rstrip("\r\n") if from_stdin else ""


async def _find(database: Database, email: str) -> Staff:
    for person in await StaffDirectory(database).everybody():
        if person.email == email.lower():
            return person
    raise NotFound("nobody has this e-mail address: frontdesk staff list names everybody")
