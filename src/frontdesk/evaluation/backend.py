"""What a team writes so that each scenario meets its backend in the same state: a class with six methods."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from frontdesk.bootstrap import import_from_here
from frontdesk.errors import DeclarationError
from frontdesk.evaluation.located import read
from frontdesk.evaluation.scenario import CONFIG

__all__ = ["Backend", "Suite", "backend_of", "suite_of"]


@runtime_checkable
class Backend(Protocol):
    """The backend that a desk's tools call, in a state of its own. Each worker process makes one.

    All methods are plain functions; they may block.
    """

    def start(self, folder: Path, worker: int) -> dict[str, str]:
        """Start it for worker number ``worker``, 1 and up, and return the variables of the environment under which
        the desk's tools find it. ``folder`` may hold what is worth keeping between runs; all workers share it.
        """
        ...

    def reset(self) -> None:
        """Bring it to its first state. Called before each scenario, so let it take milliseconds."""
        ...

    def knows(self, customer: str) -> bool:
        """Whether there is such a customer."""
        ...

    def state(self, path: str) -> Any:
        """What it says at ``path``, as JSON has it; None where there is nothing. For ``ends.backend``."""
        ...

    def changes(self) -> list[str]:
        """One entry for each change since the reset: the Idempotency-Key it came with, "" for one without."""
        ...

    def stop(self) -> None:
        """End it; called once, if it has started."""
        ...


@dataclass(frozen=True, slots=True)
class Suite:
    """``eval.yaml``: whose scenarios these are, as module:name; ``backend`` may be empty."""

    desk: str
    backend: str


class NoBackend:
    """For a desk whose tools change nothing that would have to be reset."""

    def start(self, folder: Path, worker: int) -> dict[str, str]:  # noqa: ARG002
        """Nothing to start."""
        return {}

    def reset(self) -> None:
        """Nothing to reset."""

    def knows(self, customer: str) -> bool:  # noqa: ARG002
        """Nobody knows better."""
        return True

    def state(self, path: str) -> Any:  # noqa: ARG002
        """Nothing to be seen."""
        return None

    def changes(self) -> list[str]:
        """Nothing is seen to change."""
        return []

    def stop(self) -> None:
        """Nothing to end."""


def suite_of(folder: Path, desk: str = "") -> Suite:
    """What ``folder``'s eval.yaml says; ``desk`` goes before it. Raises SettingsError."""
    path = folder / CONFIG
    if not path.exists():
        if not desk:
            raise DeclarationError(
                f"whose scenarios are these? Write desk: module:name in {path}, or give --desk"
            )
        return Suite(desk, "")
    table = read(path, str(path), "desk: module:name and backend: module:name")
    suite = Suite(desk or table.text("desk"), str(table.any("backend", "")))
    table.any("desk")
    table.done()
    return suite


def backend_of(name: str) -> Backend:
    """A new one of the class at ``module:name``. Raises DeclarationError with what is wrong."""
    if not name:
        return NoBackend()
    module_name, _, attribute = name.partition(":")
    import_from_here()
    try:
        module = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name and not module_name.startswith(error.name):
            raise
        raise DeclarationError(
            f"eval.yaml: there is no module {module_name!r}: write backend: module:name"
        ) from None
    made = getattr(module, attribute, None)
    backend = made() if isinstance(made, type) else made
    if not isinstance(backend, Backend):
        raise DeclarationError(
            f"eval.yaml: {name!r} is no backend: write a class with start, reset, knows, state, changes and stop"
        )
    return backend
