"""What becomes of each operation: a tool that reads, a change that is off until it is enabled, or left out, and why."""

from __future__ import annotations

from collections.abc import Sequence
from difflib import get_close_matches

from frontdesk.errors import DeclarationError
from frontdesk.tools.backend import leads_away
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi import naming
from frontdesk.tools.openapi.arguments import LeftOut, fields_of
from frontdesk.tools.openapi.decision import Decision, Status, braces
from frontdesk.tools.openapi.declared import read
from frontdesk.tools.openapi.fill import Ground, above, fill
from frontdesk.tools.openapi.identity import Identity, find, owner_of
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.openapi.operations import (
    FORM,
    MULTIPART,
    Operation,
    Parameter,
    alternatives,
    operations,
    speaks_json,
)
from frontdesk.tools.openapi.schema import members, shown
from frontdesk.tools.openapi.signed import check
from frontdesk.tools.openapi.standing import stand
from frontdesk.tools.openapi.under import bare
from frontdesk.tools.openapi.verbs import named_like_a_change

__all__ = ["Decision", "decide", "enable", "ordered"]

STAFF = frozenset({"admin", "admins", "internal", "staff", "backoffice", "superuser", "management"})
HEADERS = frozenset(
    {"accept", "content-type", "authorization", "user-agent", "accept-language", "idempotency-key"}
)

DEEPEST = 3  # an order, its parcels, a parcel's events
OFF = "changes data: off until a confirmation is declared for it"
BY_GET = "changes data, though it is a GET: write it by hand, as a tool with confirm=True"


def decide(document: Document, customer: Sequence[str] = (), *, token: bool = False) -> list[Decision]:
    """A decision for every operation, in the document's order.

    customer  what the customer's id is called
    token     each call carries the customer's own token, by which the backend checks whose it is
    """
    every = operations(document)
    taken: set[str] = set()
    made = [Decision(o, naming.tool_name(o, taken), naming.permission(o)) for o in every]
    # Reads that prove themselves come first: what lies under them, and what changes them, is proved by them.
    nouns: dict[str, Decision | None] = {noun: None for o in every if (noun := _own_path(o.path))}
    ground = Ground(find(every, customer), nouns=nouns, token=token)
    left = [d for d in made if d.operation.reads]
    for _ in range(DEEPEST):
        settled = [d for d in left if _settle(document, d, ground)]
        for decision in settled:
            if decision.status == "read" and _by_path_alone(decision):
                _build_on(decision, ground)
        left = [d for d in left if d.status == "left out"]
    for decision in made:
        if not decision.operation.reads:
            _settle(document, decision, ground)
    return made


def enable(decisions: Sequence[Decision], names: Sequence[str]) -> None:
    """Turn on the changes that ``names`` name, by tool, by operationId or as "POST /orders/{id}/cancel".

    Each is then proposed to the customer and runs when they have confirmed it. Raises DeclarationError where a name
    names nothing, or what cannot be proved to be the customer's.
    """
    known = {made.name: made for made in decisions}
    for made in decisions:
        known.setdefault(f"{made.operation.method.upper()} {made.operation.path}", made)
        known.setdefault(made.operation.id or made.name, made)
    for name in names:
        made = known.get(name)
        if made is None:
            near = get_close_matches(name, known, 1)
            raise DeclarationError(
                f"there is no operation {name!r}{f': did you mean {near[0]!r}?' if near else ''}"
            )
        if made.status == "left out" or made.reason == BY_GET:
            raise DeclarationError(f"{name!r} cannot be enabled: {made.reason}")
        if made.status == "read":
            raise DeclarationError(f"{name!r} changes nothing: it is a tool without being enabled")
        made.status, made.reason = "enabled", ""


def ordered(decisions: Sequence[Decision]) -> list[Decision]:
    """Those that are tools. What is known only from a list of something else's comes last: customers name the order,
    not the payment.
    """
    made = [d for d in decisions if d.status in ("read", "enabled")]
    reads = [d for d in made if d.operation.reads]
    listed = {noun(d.operation.path) for d in reads if d.proof == "parent" or _by_another(d)}
    return sorted(
        made,
        key=lambda d: (
            d.operation.path.endswith("}") and d.proof == "field" and noun(d.operation.path) in listed
        ),
    )


def _by_another(made: Decision) -> bool:
    """Whether a list can be asked for by the id of another thing: returns by order_id."""
    return any(name.endswith("_id") for name, p in made.arguments if p.where == "query")


def _own_path(path: str) -> str:
    """The thing that a path names by its id: ``order`` for ``/v1/orders/{id}``; "" where it ends otherwise."""
    parts = [part for part in path.split("/") if part]
    named = len(parts) > 1 and parts[-1].startswith("{") and not parts[-2].startswith("{")
    return "_".join(words_of(parts[-2])).removesuffix("s") if named else ""


def _build_on(made: Decision, ground: Ground) -> None:
    """Let others rest on a read."""
    path = made.operation.path
    ground.reads[bare(path)] = made
    if made.proof != "field":
        return
    ground.parents[bare(path)] = made
    if len(braces(path)) == 1 and (noun := _own_path(path)):
        ground.nouns[noun] = made


def _by_path_alone(made: Decision) -> bool:
    """Whether it can be read with nothing but what stands in its path."""
    return all(not p.required or p.where == "path" for _, p in made.arguments)


def _settle(document: Document, made: Decision, ground: Ground) -> bool:
    try:
        made.status, made.reason = _judge(document, made, ground), ""
        if not (made.status == "change" and made.operation.reads):
            check(document, made)
    except LeftOut as why:
        made.status, made.reason = "left out", str(why)
    except DeclarationError as error:
        made.status, made.reason = "left out", error.detail
    except RecursionError:
        made.status, made.reason = "left out", "it is nested too deeply"
    if made.status == "change":
        made.reason = BY_GET if made.operation.reads else OFF
    return made.status != "left out"


def _judge(document: Document, made: Decision, ground: Ground) -> Status:
    operation = made.operation
    _refuse_outright(operation)
    made.words = read(operation)
    if "leave_out" in made.words:
        raise LeftOut(made.words["leave_out"])
    try:
        _prove(document, made, ground)
        fill(document, made, ground)
    except LeftOut:
        if not (ground.token and _secured(document, operation)):
            raise
        made.customer, made.proof = None, "token"
        fill(document, made, ground)
    stand(document, made)
    made.shown = shown(document, operation.answer, ground.identity.named)
    if not operation.reads:
        return "change"
    if named_like_a_change(operation):
        return "change"
    if not speaks_json(operation.media):
        raise LeftOut("its answer is not described as JSON")
    if made.shown.empty:
        raise LeftOut("its answer names no field that may be seen")
    return "read"


def _refuse_outright(operation: Operation) -> None:
    if operation.problem:
        raise LeftOut(operation.problem)
    if leads_away(operation.path):
        raise LeftOut("its path does not begin with one /, and the credential must not go to another server")
    if operation.method in ("head", "options", "trace", "query"):
        raise LeftOut(f"{operation.method.upper()} is no call for a tool")
    if operation.deprecated:
        raise LeftOut("it is deprecated")
    if operation.internal or STAFF & {w for t in (operation.path, *operation.tags) for w in words_of(t)}:
        raise LeftOut("it is for staff")
    if operation.server:
        raise LeftOut("it has a server of its own, to which the credential must not go")
    forms = (FORM, MULTIPART)
    if (
        operation.body is not None
        and operation.body_media not in forms
        and not speaks_json((operation.body_media,))
    ):
        raise LeftOut(f"it sends {operation.body_media or 'what is not described'}")
    _refuse_parameters(operation)


def _refuse_parameters(operation: Operation) -> None:
    cookie = next((p.name for p in operation.parameters if p.where == "cookie" and p.required), "")
    if cookie:
        raise LeftOut(f"it needs the cookie {cookie!r}")
    header = next((p for p in operation.parameters if p.where == "header" and p.required), None)
    if header and header.name.lower() not in HEADERS:
        raise LeftOut(f"it needs the header {header.name!r}")
    named = {p.name for p in operation.parameters if p.where == "path"}
    if missing := [name for name in braces(operation.path) if name not in named]:
        raise LeftOut(f"its path needs {missing[0]!r}, which is not described")


def _prove(document: Document, made: Decision, ground: Ground) -> None:
    """How it is known that this is the customer's own. Raises LeftOut where it is not."""
    operation, identity = made.operation, ground.identity
    in_path = braces(operation.path)
    made.owner = owner_of(document, operation.answer, identity) if operation.answer is not None else ()
    bound = identity.in_path(operation.path)
    if bound:
        if in_path[0] != bound:
            raise LeftOut(f"{in_path[0]!r} comes before the customer in its path, and is not proved")
        made.customer, made.proof = _parameter(operation, bound, "path"), "path"
        return
    queried = next((p for p in operation.parameters if p.where == "query" and identity.named(p.name)), None)
    if queried and not in_path:
        made.customer, made.proof = queried, "query"
        return
    parent = above(made, ground)
    if parent is not None and not (operation.reads and made.owner):
        made.customer, made.proof = queried, "parent"
        return
    if operation.reads and in_path and made.owner:
        made.customer, made.proof = queried, "field"
        return
    if in_path:
        raise LeftOut(f"nothing proves whose {in_path[0]!r} it is")
    if not operation.reads and _in_body(document, operation, identity):
        made.customer, made.proof = None, "body"
        return
    if operation.answer is not None and members(document, operation.answer)[0] == "list":
        raise LeftOut("it lists everybody's: no parameter is the customer")
    raise LeftOut("no parameter and no field of its answer is the customer")


def _secured(document: Document, operation: Operation) -> bool:
    """Whether the backend lets nobody in here without a credential."""
    ways = alternatives(document.root.get("security")) if operation.security is None else operation.security
    return bool(ways) and all(ways)


def _in_body(document: Document, operation: Operation, identity: Identity) -> bool:
    """Whether the body has a field for the customer's id, which code fills in."""
    if operation.body is None:
        return False
    fields = fields_of(document, operation.body, needed=False)
    return any(
        len(f.inside) == 1 and identity.named(f.name) and f.schema.get("type") != "array" for f in fields
    )


def _parameter(operation: Operation, name: str, where: str) -> Parameter:
    return next(p for p in operation.parameters if (p.name, p.where) == (name, where))
