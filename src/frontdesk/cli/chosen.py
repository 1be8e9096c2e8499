"""Which knowledge base a command is about, and the database it is on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from frontdesk.bootstrap import load_desk
from frontdesk.cli.opened import with_database
from frontdesk.errors import SettingsError
from frontdesk.knowledge.base import KnowledgeBase
from frontdesk.knowledge.declared import Knowledge, declared

Result = TypeVar("Result")
Command = TypeVar("Command", bound=Callable[..., Any])


def desk_option(command: Command) -> Command:
    """``--desk``, as each command has it."""
    about = "module:name of the desk; by default support:desk in ./support.py, else ./knowledge.toml"
    return click.option("--desk", "desk", default="", metavar="MODULE:NAME", help=about)(command)


def knowledge_of(desk: str = "") -> Knowledge | None:
    """What the desk called ``desk`` declares; without a name, what stands here; None where nothing does."""
    if desk:
        found = load_desk(desk).help_center
        if found is None:
            raise SettingsError('this desk has no help center: write Frontdesk(…, knowledge="help-center/")')
        return found
    # What serves is what is synced: the file beside it counts where no desk names another.
    served = load_desk("support:desk").help_center if Path("support.py").exists() else None
    return served or (declared("knowledge.toml") if Path("knowledge.toml").exists() else None)


def with_base(
    work: Callable[[KnowledgeBase], Awaitable[Result]], knowledge: Knowledge | None = None
) -> Result:
    """What ``work`` comes to on the database, migrated first; without ``knowledge``, as it stands there."""
    return with_database(lambda database: work(KnowledgeBase(database, knowledge or Knowledge())))
