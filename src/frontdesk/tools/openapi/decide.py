"""What becomes of each operation: a tool that reads, a change that is off until it is enabled, or left out, and why."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

from frontdesk.errors import DeclarationError
from frontdesk.tools.openapi import naming
from frontdesk.tools.openapi.identity import Identity, find, is_person, owner_of
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import Operation, Parameter, operations, speaks_json
from frontdesk.tools.openapi.schema import Shown, members, shown, words_of

__all__ = ["Decision", "decide"]

Status = Literal["read", "change", "left out"]
STAFF = frozenset({"admin", "admins", "internal", "staff", "backoffice", "superuser", "management"})
CHANGING = frozenset(
    [
        "cancel",
        "delete",
        "remove",
        "send",
        "create",
        "update",
        "reset",
        "activate",
        "deactivate",
        "confirm",
        "approve",
        "logout",
        "login",
        "unsubscribe",
        "subscribe",
        "trigger",
        "execute",
        "revoke",
        "enable",
        "disable",
        "refund",
        "pay",
        "set",
        "add",
    ]
)
WIDENING = frozenset(
    [
        "filter",
        "filters",
        "where",
        "expand",
        "include",
        "includes",
        "embed",
        "fields",
        "select",
        "all",
        "scope",
        "raw",
        "debug",
        "admin",
        "query",
        "q",
        "search",
        "populate",
        "with",
        "deleted",
        "join",
        "lookup",
    ]
)
HEADERS = frozenset(
    {"accept", "content-type", "authorization", "user-agent", "accept-language", "idempotency-key"}
)
_BRACES = re.compile(r"\{([^{}]+)\}")


@dataclass(slots=True)
class Decision:
    """One operation, and what was decided of it.

    customer   the parameter that code fills with the customer's id
    proof      "path", "query", "field" (of the answer, at ``owner``) or "parent" (``parent`` is read first)
    arguments  (name in Python, parameter) of what the model may fill in
    reason     why it is left out, or what there is to know
    """

    operation: Operation
    name: str
    permission: str = ""
    status: Status = "left out"
    customer: Parameter | None = None
    proof: str = ""
    owner: tuple[str, ...] = ()
    parent: Decision | None = None
    arguments: list[tuple[str, Parameter]] = field(default_factory=list[tuple[str, Parameter]])
    shown: Shown = field(default_factory=Shown)
    reason: str = ""


class _LeftOut(Exception):
    """Why an operation becomes no tool."""


def decide(document: Document, customer: Sequence[str] = ()) -> list[Decision]:
    """A decision for every operation, in the document's order. ``customer``: what the customer's id is called."""
    every = operations(document)
    identity = find(every, customer)
    taken: set[str] = set()
    made = [Decision(o, naming.tool_name(o, taken), naming.permission(o)) for o in every]
    # Reads that prove themselves come first: what lies under them is proved by them.
    later = [decision for decision in made if not _settle(document, decision, identity, {})]
    parents = {d.operation.path: d for d in made if d.status == "read" and d.proof == "field"}
    for decision in later:
        _settle(document, decision, identity, parents)
    return made


def _settle(document: Document, made: Decision, identity: Identity, parents: dict[str, Decision]) -> bool:
    try:
        made.status, made.reason = _judge(document, made, identity, parents), ""
    except _LeftOut as why:
        made.status, made.reason = "left out", str(why)
    except DeclarationError as error:
        made.status, made.reason = "left out", error.detail
    except RecursionError:
        made.status, made.reason = "left out", "it is nested too deeply"
    if made.status == "change":
        made.reason = "changes data: off until a confirmation is declared for it"
    return made.status != "left out"


def _judge(document: Document, made: Decision, identity: Identity, parents: dict[str, Decision]) -> Status:
    operation = made.operation
    _refuse_outright(operation)
    _prove(document, made, identity, parents)
    _arguments(made, identity)
    if not operation.reads:
        return "change"
    if CHANGING & {*words_of(operation.id)[:1], *words_of(operation.path)[-1:]}:
        return "change"  # a GET, but named like what changes something
    if not speaks_json(operation.media):
        raise _LeftOut("its answer is not described as JSON")
    made.shown = shown(document, operation.answer, identity.named)
    if made.shown.empty:
        raise _LeftOut("its answer names no field that may be seen")
    return "read"


def _refuse_outright(operation: Operation) -> None:
    if operation.problem:
        raise _LeftOut(operation.problem)
    if operation.method in ("head", "options", "trace", "query"):
        raise _LeftOut(f"{operation.method.upper()} is no call for a tool")
    if operation.deprecated:
        raise _LeftOut("it is deprecated")
    if operation.internal or STAFF & {w for t in (operation.path, *operation.tags) for w in words_of(t)}:
        raise _LeftOut("it is for staff")
    if operation.server:
        raise _LeftOut("it has a server of its own, to which the credential must not go")
    if operation.body_media.startswith("multipart/"):
        raise _LeftOut("it sends files or a form in parts")
    cookie = next((p.name for p in operation.parameters if p.where == "cookie" and p.required), "")
    if cookie:
        raise _LeftOut(f"it needs the cookie {cookie!r}")
    header = next((p for p in operation.parameters if p.where == "header" and p.required), None)
    if header and header.name.lower() not in HEADERS:
        raise _LeftOut(f"it needs the header {header.name!r}")
    named = {p.name for p in operation.parameters if p.where == "path"}
    if missing := [name for name in _BRACES.findall(operation.path) if name not in named]:
        raise _LeftOut(f"its path needs {missing[0]!r}, which is not described")


def _prove(document: Document, made: Decision, identity: Identity, parents: dict[str, Decision]) -> None:
    """How it is known that this is the customer's own. Raises _LeftOut where it is not."""
    operation = made.operation
    in_path = _BRACES.findall(operation.path)
    made.owner = owner_of(document, operation.answer, identity) if operation.answer is not None else ()
    bound = identity.in_path(operation.path)
    if bound:
        if in_path[0] != bound:
            raise _LeftOut(f"{in_path[0]!r} comes before the customer in its path, and is not proved")
        made.customer, made.proof = _parameter(operation, bound, "path"), "path"
        return
    queried = next((p for p in operation.parameters if p.where == "query" and identity.named(p.name)), None)
    if queried and not in_path:
        made.customer, made.proof = queried, "query"
        return
    parent = next((parents[p] for p in _above(operation) if p in parents), None)
    if parent is not None:
        made.customer, made.proof, made.parent = queried, "parent", parent
        return
    if operation.reads and in_path and made.owner:
        made.customer, made.proof = queried, "field"
        return
    if in_path:
        raise _LeftOut(f"nothing proves whose {in_path[0]!r} it is")
    if operation.answer is not None and members(document, operation.answer)[0] == "list":
        raise _LeftOut("it lists everybody's: no parameter is the customer")
    raise _LeftOut("no parameter and no field of its answer is the customer")


def _above(operation: Operation) -> list[str]:
    """The paths that this one lies under, nearest first; a change lies under its own path as well."""
    parts = operation.path.split("/")
    paths = ["/".join(parts[:n]) for n in range(len(parts) - 1, 1, -1)]
    return paths if operation.reads else [operation.path, *paths]


def _arguments(made: Decision, identity: Identity) -> None:
    """What the model may fill in. Raises _LeftOut for what could name somebody else and cannot be left away."""
    taken: set[str] = set()
    made.arguments = []
    for parameter in made.operation.parameters:
        if parameter is made.customer or parameter.where in ("header", "cookie"):
            continue
        words = set(words_of(parameter.name))
        risky = identity.named(parameter.name) or is_person(parameter)
        if parameter.where == "query" and (words & WIDENING or risky):
            if parameter.required:
                raise _LeftOut(f"it needs {parameter.name!r}, which may name what is not the customer's")
            continue
        if risky:
            raise _LeftOut(f"{parameter.name!r} in its path may be another person")
        if parameter.where == "path" and parameter.style not in ("", "simple"):
            raise _LeftOut(f"{parameter.name!r} is written into its path in a way that is not supported")
        if parameter.where == "query" and not _plain(parameter):
            if parameter.required:
                raise _LeftOut(f"it needs {parameter.name!r}, which is no plain value")
            continue
        made.arguments.append((naming.argument(parameter.name, parameter.where, taken), parameter))


def _plain(parameter: Parameter) -> bool:
    kinds = parameter.schema.get("type", "string")
    listed = [kinds] if isinstance(kinds, str) else kinds
    return not {"object", "array"} & set(listed) and not {"oneOf", "anyOf", "allOf"} & parameter.schema.keys()


def _parameter(operation: Operation, name: str, where: str) -> Parameter:
    return next(p for p in operation.parameters if (p.name, p.where) == (name, where))
