"""Names of tools, arguments and permissions, from what a document calls its operations."""

from __future__ import annotations

import hashlib
import keyword
import re

from pydantic import BaseModel

from frontdesk.tools import INJECTED
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.operations import Operation

__all__ = ["argument", "noun", "permission", "tool_name"]

LONGEST = 64
TAKEN = frozenset({"search_knowledge", "list_actions", "open_ticket", "hand_over"})
_PARAMETER = re.compile(r"\{[^}]*\}")
_VERB = {"get": "read", "post": "create", "put": "update", "patch": "update", "delete": "delete"}


def tool_name(operation: Operation, taken: set[str]) -> str:
    """A valid, unique identifier of at most 64 characters; ``taken`` grows by it."""
    said = operation.id
    tail = re.sub(r"\W", "_", operation.path) + "_" + operation.method
    if said.endswith(tail):  # FastAPI's own: the function's name, the path, the method
        said = said[: -len(tail)]
    name = "_".join(words_of(said)) or "_".join([operation.method, *words_of(operation.path)])
    if not name[0].isalpha() or keyword.iskeyword(name):
        name = f"{operation.method}_{name}"
    if len(name) > LONGEST:
        name = f"{name[: LONGEST - 9]}_{hashlib.sha256(name.encode()).hexdigest()[:8]}"
    unique, n = name, 1
    while unique in taken or unique in TAKEN:
        n += 1
        unique = f"{name[: LONGEST - len(str(n)) - 1]}_{n}"
    taken.add(unique)
    return unique


def argument(name: str, where: str, taken: set[str]) -> str:
    """What a parameter is called in Python; ``taken`` grows by it. Two of one name are told apart by their place."""
    made = "_".join(words_of(name)) or "value"
    if not made[0].isalpha():
        made = f"p_{made}"
    if keyword.iskeyword(made) or made in INJECTED or hasattr(BaseModel, made):
        made += "_"
    unique = made if made not in taken else f"{made.rstrip('_')}_{where}"
    n = 1
    while unique in taken:
        n += 1
        unique = f"{made.rstrip('_')}_{where}_{n}"
    taken.add(unique)
    return unique


def noun(path: str) -> str:
    """What a path is about: its last fixed part, ``orders`` of ``/v1/orders/{id}``."""
    parts = [p for p in path.split("/") if p and not _PARAMETER.search(p)]
    found = "_".join(words_of(parts[-1])) if parts else ""
    return re.sub(r"[^a-z_]", "", found).strip("_") or "records"


def permission(operation: Operation) -> str:
    """``orders:read``; of a change ``orders:cancel`` where the path ends in a verb, else what the method does."""
    parts = [p for p in operation.path.split("/") if p]
    things = [p for p in parts if not _PARAMETER.search(p)]
    if operation.method == "post" and len(things) > 1 and len(parts) > 1 and _PARAMETER.search(parts[-2]):
        return f"{noun('/'.join(things[:-1]))}:{noun(things[-1])}"
    return f"{noun(operation.path)}:{_VERB.get(operation.method, 'use')}"
