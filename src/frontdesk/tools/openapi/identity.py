"""Which names in a document hold the customer's id, and which hold somebody else's."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import Operation, Parameter
from frontdesk.tools.openapi.schema import members

__all__ = ["Identity", "find", "named", "owner_of"]

# The first of these that a document speaks of is its customer; in a shop with customers, a user is staff.
WORDS = ("customer", "shopper", "buyer", "subscriber", "patient", "passenger", "guest", "member", "user")
IDS = frozenset({"id", "uuid", "guid", "key", "no", "number", "ref"})
PERSONS = frozenset(
    (*WORDS, "account", "owner", "email", "username", "login", "tenant", "organization", "org", "company", "team",
     "friend", "staff", "admin", "impersonate", "behalf", "sub", "target", "client", "person", "contact", "profile")
)  # fmt: skip
_BRACES = re.compile(r"^\{([^{}]+)\}$")


@dataclass(frozen=True, slots=True)
class Identity:
    """``words``: what the customer is called, ("customer",); ``names``: what the developer named, as it is written."""

    words: tuple[str, ...]
    names: frozenset[str] = frozenset()

    def named(self, name: str) -> bool:
        """Whether a parameter or field of this name is the customer's id: ``user_id``, ``userId``, ``user``."""
        if name in self.names:
            return True
        words = words_of(name)
        return bool(words) and words[0] in self.words and all(word in IDS for word in words[1:])

    @property
    def spelt(self) -> list[str]:
        """How to say it again: ``named(spelt)`` is the same."""
        return sorted(self.names) or list(self.words)

    def in_path(self, path: str) -> str:
        """The path parameter that is the customer, also the ``{id}`` of ``/users/{id}``; empty if none is."""
        parts = [part for part in path.split("/") if part]
        for before, part in zip(["", *parts], parts, strict=False):
            found = _BRACES.match(part)
            if found and self.named(found[1]):
                return found[1]
            single = "_".join(words_of(before)).removesuffix("s")
            if found and single in self.words and words_of(found[1])[-1:] == ["id"]:
                return found[1] if words_of(found[1]) == ["id"] else ""
        return ""


def find(operations: Iterable[Operation], customer: Sequence[str] = ()) -> Identity:
    """What the developer says the customer's id is called, or what the document's parameters suggest."""
    if customer:
        return named(customer)
    listed = list(operations)
    for word in WORDS:
        identity = Identity((word,))
        if any(identity.in_path(o.path) or any(identity.named(p.name) for p in o.parameters) for o in listed):
            return identity
    return Identity(())


def named(customer: Sequence[str]) -> Identity:
    """The names that a developer says the customer's id has, and those like them."""
    words = tuple(dict.fromkeys(words_of(name)[0] for name in customer if words_of(name)))
    return Identity(tuple(w for w in words if w not in IDS), frozenset(customer))


def is_person(parameter: Parameter) -> bool:
    """Whether a parameter may name somebody, or whose data is meant."""
    return bool(PERSONS & set(words_of(parameter.name)))


def owner_of(document: Document, schema: Any, identity: Identity) -> tuple[str, ...]:
    """Where in an answer the owner's id stands, ("user_id",) or ("data", "customer", "id"); () where nowhere."""
    try:
        kind, fields = members(document, schema)
        if kind != "object":
            return ()
        if found := _owner(document, fields, identity):
            return found
        inner = [
            (name, m[1]) for name, node in fields.items() if (m := members(document, node))[0] == "object"
        ]
    except DeclarationError:
        return ()
    if len(inner) == 1:  # an envelope: {"data": {…}}
        below = _owner(document, inner[0][1], identity)
        return (inner[0][0], *below) if below else ()
    return ()


def _owner(document: Document, fields: Json, identity: Identity) -> tuple[str, ...]:
    for name, node in fields.items():
        if not identity.named(name):
            continue
        kind, inner = members(document, node)
        if kind == "plain":
            return (name,)
        if kind == "object" and "id" in inner:
            return (name, "id")
    return ()
