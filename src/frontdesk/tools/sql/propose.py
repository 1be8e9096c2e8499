"""Whose rows a table's are, and what of them a customer may see: proposals, each with its reason.

What cannot be told is left out and said, never guessed: a customer who sees too little asks; one who sees too much
is a breach.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from frontdesk.tools.names import is_secret, snake
from frontdesk.tools.sql.declared import Table, Through, singular
from frontdesk.tools.sql.reflect import Column, Shape

CUSTOMERS = ("customer", "client", "user", "account", "member", "buyer", "shopper", "patient", "guest", "passenger",
             "subscriber", "person")  # fmt: skip
OF_OTHERS = ("seller", "vendor", "agent", "staff", "admin", "employee", "driver", "approv", "assign", "created_by",
             "updated_by", "modified_by", "deleted_by", "review", "manager", "support", "referr", "sender", "recipient",
             "author", "editor", "closed_by", "handled", "operator", "courier")  # fmt: skip
INTERNAL = re.compile(
    r"internal|staff|admin|employee|agent|private|(^|_)(notes?|remarks?|memo|comments?)($|_)|risk|fraud|score|flag|"
    r"cost|margin|supplier|purchase_price|deleted|archiv|hidden|embedding|vector|version|created_by|updated_by|"
    r"assign|approv|metadata|raw|payload|debug|driver|seller|blacklist|blocked|segment|lifetime|(^|_)ltv($|_)|salar"
)
OWN_WORDS = re.compile(r"(customer|client|delivery|gift|public)_(notes?|comments?|remarks?)")
STATUS = re.compile(r"(^|_)(status|state|type|kind|category)$")
NUMBER = re.compile(r"(^|_)(number|no|reference|ref|code)$")
LATEST = re.compile(r"placed|ordered|created|issued|opened|date|_at$|_on$|time")


@dataclass(frozen=True)
class Proposal:
    """A table as it would be declared, and why; ``hidden`` are its columns that are left out, each with the reason."""

    table: Table
    why: str
    hidden: Mapping[str, str]
    remarks: tuple[str, ...] = ()


@dataclass
class Proposals:
    """All that was made of a database: what is proposed, and what is left out with the reason."""

    customers: str = ""
    tables: list[Proposal] = field(default_factory=list[Proposal])
    left_out: dict[str, str] = field(default_factory=dict[str, str])


def propose(
    shapes: Mapping[str, Shape], customers: str = "", owners: Mapping[str, str] | None = None
) -> Proposals:
    """What to declare of the tables ``shapes``.

    ``customers`` names the table of the customers where it has another name than usual; ``owners`` says by table
    which column holds the owner where that cannot be told.
    """
    made = Proposals(customers or customers_of(shapes))
    found = owners_of(shapes, made.customers, owners or {})
    for name, shape in shapes.items():
        owner, why = found[name]
        if owner is None:
            made.left_out[name] = why
            continue
        made.tables.append(_table(shape, owner, why, made.customers))
    return made


def customers_of(shapes: Mapping[str, Shape]) -> str:
    """The table that most probably holds the customers; "" where none has such a name."""
    for word in CUSTOMERS:
        for name, shape in shapes.items():
            if singular(snake(name.rpartition(".")[2])) == word and shape.key:
                return name
    return ""


Owner = str | Through
Reasoned = tuple[Owner | None, str]


def owners_of(shapes: Mapping[str, Shape], customers: str, said: Mapping[str, str]) -> dict[str, Reasoned]:
    """By table: (its owner, why) or (None, why not)."""
    found: dict[str, Reasoned] = {}
    for name, shape in shapes.items():
        leads_to = _points(shape, shapes).get(said.get(name, ""), ("", ""))[0]
        if name in said and leads_to in ("", customers):
            found[name] = (said[name], "as you said")
        elif name in said:
            why = f"{said[name]} leads to {leads_to}, whose rows are nobody's"
            found[name] = (None, why) if customers else (said[name], "as you said")
        elif name == customers:
            found[name] = (shape.key, "the customers themselves: each sees their own row")
        else:
            found[name] = _direct(shape, shapes, customers)
    # A table further away each time: order_items → orders, shipment_events → shipments → orders.
    for _ in shapes:
        further = {
            name: path for name, (owner, why) in found.items() if owner is None and not why.startswith("two ")
            for path in [_through(shapes[name], shapes, found, customers, said.get(name, ""))] if path
        }  # fmt: skip
        if not further:
            break
        found.update(further)
    return found


def _direct(shape: Shape, shapes: Mapping[str, Shape], customers: str) -> Reasoned:
    """An owner that stands in the table itself: by its foreign key, or else by its name."""
    to_customers = [c for c, (table, _) in shape.points.items() if table == customers]
    own = [name for name in to_customers if not _of_others(name)]
    if len(own) > 1:
        own = [name for name in own if _owner_name(name)] or own
    if len(own) == 1:
        return own[0], f"{own[0]} points to {customers}"
    if len(own) > 1:
        return (
            None,
            f"two columns or more point to {customers}: {', '.join(own)}; say which with --owner {shape.name}=…",
        )
    if to_customers:
        return (
            None,
            f"{', '.join(to_customers)} points to {customers}, but does not read like the owner; say so with --owner",
        )
    named = [
        name for name, column in shape.columns.items() if column.owns and name not in shape.points and _owner_name(name)
    ]  # fmt: skip
    key = shapes[customers].columns[shapes[customers].key] if customers else None
    named = [name for name in named if key is None or _alike(shape.columns[name], key)]
    if len(named) == 1:
        return named[0], f"by its name, {named[0]}; no foreign key says so: look at it"
    if named:
        return (
            None,
            f"two columns or more could be the owner: {', '.join(named)}; say which with --owner {shape.name}=…",
        )
    return (
        None,
        "no column says whose a row is: no customer may read it through a tool that is written for you",
    )


def _through(
    shape: Shape, shapes: Mapping[str, Shape], found: Mapping[str, Reasoned], customers: str, said: str = ""
) -> Reasoned | None:
    """An owner that stands in a table that ``shape`` points to, by the column ``said`` where one was named."""
    ways: list[tuple[str, str, str, str]] = []
    for column, (table, target) in _points(shape, shapes).items():
        owner, _ = found.get(table, (None, ""))
        unfit = column != said if said else _of_others(column)
        if table in (customers, shape.name) or owner is None or unfit:
            continue
        if target in shapes[table].unique or target == shapes[table].key:
            ways.append(
                (
                    column,
                    table,
                    target,
                    "" if column in shape.points else "; no foreign key says so: look at it",
                )
            )
    if len(ways) > 1:
        listed = ", ".join(f"{column} → {table}" for column, table, _, _ in ways)
        return (
            None,
            f"two ways or more lead to an owner: {listed}; say which with --owner {shape.name}=…",
        )
    if not ways:
        return None
    column, table, target, doubt = ways[0]
    owner, why = found[table]
    assert owner is not None  # noqa: S101  (only such tables are ways)
    return Through(column, f"{table}.{target}", owner), f"{column} points to {table}, where {why}{doubt}"


def _points(shape: Shape, shapes: Mapping[str, Shape]) -> dict[str, tuple[str, str]]:
    """The foreign keys, and columns named like one: ``order_id`` beside a table ``orders``."""
    points = {c: to for c, to in shape.points.items() if to[0] in shapes}
    for name, column in shape.columns.items():
        if name in points or not name.lower().endswith("_id"):
            continue
        for other in shapes.values():
            fits = singular(snake(other.name.rpartition(".")[2])) == name.lower().removesuffix("_id")
            key = name if name == other.key else other.key
            if fits and other.name != shape.name and key and _alike(column, other.columns[key]):
                points[name] = (other.name, key)
    return points


def _table(shape: Shape, owner: Owner, why: str, customers: str) -> Proposal:
    first = owner if isinstance(owner, str) else owner.column
    hidden: dict[str, str] = {}
    shown: list[str] = []
    for name, column in shape.columns.items():
        reason = _hidden(name, column, shape, first if isinstance(owner, str) else "", customers)
        if name == shape.key and shape.name != customers and not is_secret(name):
            reason = ""  # a row must be named to be asked about
        if reason:
            hidden[name] = reason
        else:
            shown.append(name)
    if not shown:
        shown = [shape.key or first]
    key = _key(shape, shown, customers)
    candidates = [
        n
        for n in shown
        if shape.columns[n].values or STATUS.search(n.lower()) or shape.columns[n].kind == "date"
    ]
    if isinstance(owner, Through) and owner.column in shown:
        candidates.insert(0, owner.column)
    filters = [] if shape.name == customers else [name for name in candidates if shape.indexed(name, first)]
    dates = [name for name in shown if shape.columns[name].kind == "date" and LATEST.search(name.lower())]
    remarks = [f"{name}: not offered as a filter, for it has no index" for name in candidates
               if name not in filters and shape.name != customers]  # fmt: skip
    if not any(index[:1] == (first,) for index in shape.indexes):
        remarks.append(f"{first} has no index: each look-up reads the whole table")
    if gone := [name for name in shape.columns if re.search(r"deleted|archived", name.lower())]:
        remarks.append(f"rows marked by {gone[0]} are shown as well; name a view that leaves them out")
    table = Table(shape.name, owner, shown, key, filters, dates[0] if dates else "")
    return Proposal(table, why, hidden, tuple(remarks))


def _key(shape: Shape, shown: list[str], customers: str) -> str:
    """The column by which a customer names a row: a number or reference that is unique, else the primary key."""
    if shape.name == customers:
        return shape.key
    numbers = [name for name in shown if name in shape.unique and NUMBER.search(name.lower())]
    return numbers[0] if numbers else shape.key if shape.key in shown else ""


def _hidden(name: str, column: Column, shape: Shape, owner: str, customers: str) -> str:
    """Why a column is not shown; "" where it may be."""
    low = snake(name)
    if name == owner:
        return "the customer's own id, which code binds"
    if is_secret(name):
        return "reads like a secret"
    if column.kind in ("binary", "json", "other"):
        return "may hold anything: name it yourself if customers may see it"
    if shape.points.get(name, ("",))[0] == customers:
        return "somebody else's id"
    if INTERNAL.search(low) and not OWN_WORDS.search(low):
        return "reads like something internal"
    return "somebody else's" if _of_others(name) else ""


def _of_others(name: str) -> bool:
    return any(word in name.lower() for word in OF_OTHERS)


def _owner_name(name: str) -> bool:
    low = snake(name)
    words = (*CUSTOMERS, "owner")
    return any(low in (f"{word}_id", f"{word}_uuid", f"{word}_no", f"{word}_number") for word in words)


def _alike(one: Column, other: Column) -> bool:
    return one.kind == other.kind
