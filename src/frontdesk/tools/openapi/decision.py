"""What was decided of an operation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from frontdesk.domain import Json
from frontdesk.tools.openapi.operations import Operation, Parameter
from frontdesk.tools.openapi.schema import Shown

__all__ = ["Before", "Decision", "Status", "braces"]

Status = Literal["read", "change", "enabled", "left out"]
_BRACES = re.compile(r"\{([^{}]+)\}")


def braces(path: str) -> list[str]:
    """The names of a path's parameters, in their order."""
    return _BRACES.findall(path)


@dataclass(frozen=True, slots=True)
class Before:
    """A read that must prove something first; ``arguments`` says which of ours fills in which of its own.

    ``parts`` are arguments that must be ids of its parts, each with what it is one of: {"line_id": "line"}.
    """

    read: Decision
    arguments: dict[str, str]
    parts: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Decision:
    """One operation, and what was decided of it.

    status     "change": off; "enabled": the developer has said that a confirmed call may change this
    customer   the parameter of path or query that code fills with the customer's id
    bound      fields of the body that are filled with it as well
    proof      "path", "query", "body", "field" (of the answer, at ``owner``), "parent" (``parent`` is read first)
               or "token" (the backend checks, by the customer's own token)
    before     all that is read first
    arguments  (name in Python, parameter) of what the model may fill in
    amount     the argument that holds money, in the currency of the record that is read first
    standing   where in that record stands what an argument takes the place of, {"street": "shipping_address.street"}
    again      to take it back, arguments that are what another one was: {"current_email": "email"}
    words      what the document says in x-frontdesk
    reason     why it is left out, or what there is to know
    """

    operation: Operation
    name: str
    permission: str = ""
    status: Status = "left out"
    customer: Parameter | None = None
    bound: list[Parameter] = field(default_factory=list[Parameter])
    proof: str = ""
    owner: tuple[str, ...] = ()
    before: list[Before] = field(default_factory=list[Before])
    arguments: list[tuple[str, Parameter]] = field(default_factory=list[tuple[str, Parameter]])
    amount: str = ""
    standing: dict[str, str] = field(default_factory=dict[str, str])
    again: dict[str, str] = field(default_factory=dict[str, str])
    words: Json = field(default_factory=dict[str, Any])
    shown: Shown = field(default_factory=Shown)
    reason: str = ""

    @property
    def parent(self) -> Decision | None:
        """The read that proves whose this is."""
        return self.before[0].read if self.proof == "parent" and self.before else None

    @property
    def subject(self) -> Decision | None:
        """The read of the record that a change is about: its rules and its preview rest on it."""
        return self.before[0].read if self.before and not self.operation.reads else None

    @property
    def repeatable(self) -> bool:
        """Whether the backend says that it answers a repeated Idempotency-Key as it did before."""
        return any(p.name.lower() == "idempotency-key" for p in self.operation.parameters)
