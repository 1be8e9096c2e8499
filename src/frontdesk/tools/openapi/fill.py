"""What of an operation a model may fill in, what code binds, and what must be read before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from frontdesk.tools.names import is_secret, words_of
from frontdesk.tools.openapi import naming
from frontdesk.tools.openapi.arguments import LeftOut, expanded, fields_of, is_plain, words
from frontdesk.tools.openapi.decision import Before, Decision
from frontdesk.tools.openapi.identity import IDS, Identity, is_person
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import Parameter
from frontdesk.tools.openapi.parts import parts_of
from frontdesk.tools.openapi.under import bare, given, under
from frontdesk.tools.sql.declared import singular

__all__ = ["Ground", "fill"]

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
# In a body a person may stand as a value, which a confirmation shows: an e-mail address, a company's name.
VALUES = frozenset({"email", "username", "login", "company", "contact", "profile"})
SHOPS = frozenset(
    {"role", "roles", "permission", "permissions", "scope", "scopes", "status", "state", "verified", "approved",
     "balance", "credit", "credits", "discount", "price", "plan", "tier", "quota", "limit", "limits", "metadata",
     "force", "override", "bypass", "skip", "owner", "impersonate", "behalf", "callback", "webhook", "url"}
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """What is known of a document while its operations are judged.

    parents  reads that prove themselves by a field of their answer, by their path with empty braces
    reads    every read that its path is enough for, likewise
    nouns    the things that have a path of their own, ``/orders/{id}``, and, where it proves itself, its read
    token    each call carries the customer's own token
    """

    identity: Identity
    parents: dict[str, Decision] = field(default_factory=dict[str, Decision])
    reads: dict[str, Decision] = field(default_factory=dict[str, Decision])
    nouns: dict[str, Decision | None] = field(default_factory=dict[str, "Decision | None"])
    token: bool = False


def fill(document: Document, made: Decision, ground: Ground) -> None:
    """Settle ``made.arguments`` and what code binds. Raises LeftOut for what could name somebody else."""
    taken: set[str] = set()
    made.arguments, made.bound = [], []
    for parameter in _all(document, made):
        if parameter is made.customer or parameter.where in ("header", "cookie"):
            continue
        if parameter.where == "body" and _binds(made, parameter, ground):
            continue
        if parameter.where == "path":
            _path(document, parameter, ground)
        elif why := _refused(document, made, parameter, ground):
            if parameter.required:
                raise LeftOut(f"it needs {'.'.join(parameter.inside) or parameter.name!r}, {why}")
            continue
        name = naming.argument(_called(made, parameter), parameter.where, taken)
        made.arguments.append((name, parameter))
    _before(made, ground)


def _all(document: Document, made: Decision) -> Iterator[Parameter]:
    yield from expanded(document, made.operation)
    if made.operation.body is not None and not made.operation.reads:
        yield from fields_of(document, made.operation.body, needed=made.operation.body_required)


def _called(made: Decision, parameter: Parameter) -> str:
    """What an argument is called after: of ``/orders/{id}``, order_id."""
    before = made.operation.path.partition(f"/{{{parameter.name}}}")[0]
    if parameter.where == "path" and parameter.name.lower() == "id":
        return f"{singular(naming.noun(before))}_id"
    return " ".join(parameter.inside) or parameter.name


def _binds(made: Decision, parameter: Parameter, ground: Ground) -> bool:
    """Whether this field is the customer's id, which code fills in."""
    itself = len(parameter.inside) == 1 and ground.identity.named(parameter.name)
    if itself and parameter.schema.get("type") != "array":
        made.bound.append(parameter)
        return True
    return False


def _path(document: Document, parameter: Parameter, ground: Ground) -> None:
    if ground.identity.named(parameter.name) or is_person(parameter):
        raise LeftOut(f"{parameter.name!r} in its path may be another person")
    if parameter.style not in ("", "simple") or not is_plain(document, parameter):
        raise LeftOut(f"{parameter.name!r} is written into its path in a way that is not supported")


def _refused(document: Document, made: Decision, parameter: Parameter, ground: Ground) -> str:
    """Why a model may not fill this in; "" where it may."""
    said, changes = words(parameter), not made.operation.reads
    if ground.identity.named(parameter.name) or (is_person(parameter) and not _value(parameter, said)):
        return "which may name what is not the customer's"
    if parameter.where == "query" and set(said) & WIDENING:
        return "which may name what is not the customer's"
    if not is_plain(document, parameter) and parameter.where == "query":
        return "which is no plain value"
    if changes and is_secret(parameter.name):
        return "which is no matter for a model"
    if changes and set(said) & SHOPS:
        return "which is the shop's to set"
    if changes and (noun := _noun(parameter, ground)) and not _known(made, parameter, noun, ground):
        return "and nothing proves whose that is"
    return ""


def _value(parameter: Parameter, said: list[str]) -> bool:
    return parameter.where == "body" and said[-1] not in IDS and bool(VALUES & set(said))


def _noun(parameter: Parameter, ground: Ground) -> str:
    """The thing that a parameter names by its id, ``order`` for ``order_id``, ``orderIds`` and ``order``."""
    said = words_of(parameter.name)
    last = said[-1].removesuffix("s") if said else ""
    if last in IDS and len(said) > 1:
        return "_".join(said[:-1])
    if last in ("id", "uuid"):
        return last
    whole = "_".join(said)
    return whole if whole.removesuffix("s") in ground.nouns else ""


def _known(made: Decision, parameter: Parameter, noun: str, ground: Ground) -> bool:
    """Whether an id in a change is proved: read before, or among the parts in the answer of the read above it."""
    single = noun.removesuffix("s")
    if made.proof == "token":
        return True
    if single in ground.nouns:
        return ground.nouns[single] is not None and parameter.schema.get("type") != "array"
    parent = above(made, ground) if made.proof == "parent" else None
    return parent is not None and bool(parts_of(parent.shown.shape, noun))


def _before(made: Decision, ground: Ground) -> None:
    """What is read first: what this lies under or, to be changed, is; and what a change names in its body or query."""
    made.before = []
    one = not made.operation.reads and made.operation.path.endswith("}")  # not a list, to which this adds
    itself = ground.reads.get(bare(made.operation.path)) if one else None
    parent = above(made, ground) if made.proof == "parent" else None
    if parent is not None:
        made.before += under(made, parent, ground.reads, _parts(made, ground))
    elif itself is not None:
        made.before.append(Before(itself, given(made, itself)))
    if made.operation.reads:
        return
    for name, parameter in made.arguments:
        if parameter.where == "path" or not (noun := _noun(parameter, ground)):
            continue
        read = ground.nouns.get(noun.removesuffix("s"))
        if read is not None:
            first = next(n for n, p in read.arguments if p.where == "path")
            made.before.append(Before(read, {first: name}))


def _parts(made: Decision, ground: Ground) -> dict[str, str]:
    """The arguments that must name parts of what a change lies under."""
    if made.operation.reads:
        return {}
    said = {name: _noun(p, ground) for name, p in made.arguments if p.where != "path"}
    return {name: noun for name, noun in said.items() if noun and noun.removesuffix("s") not in ground.nouns}


def above(made: Decision, ground: Ground) -> Decision | None:
    """The nearest read that proves what this lies under; a change lies under its own path as well."""
    parts = bare(made.operation.path).split("/")
    paths = ["/".join(parts[:n]) for n in range(len(parts) - 1, 1, -1)]
    whole = paths if made.operation.reads else ["/".join(parts), *paths]
    return next((ground.parents[path] for path in whole if path in ground.parents), None)
