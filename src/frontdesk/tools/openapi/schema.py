"""What an answer may show: the fields its schema names, without those that are nobody's to see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.tools.names import is_secret, words_of
from frontdesk.tools.openapi.load import Document

__all__ = [
    "Shape",
    "Shown",
    "is_money",
    "members",
    "python",
    "required",
    "select",
    "shown",
]

DEEPEST = 5
MOST_FIELDS = 200
PERSONS = frozenset(
    [
        "author",
        "assignee",
        "agent",
        "employee",
        "friend",
        "friends",
        "follower",
        "followers",
        "seller",
        "driver",
        "courier",
        "reviewer",
        "approver",
        "referrer",
        "referred",
        "manager",
        "operator",
        "creator",
        "updater",
        "sender",
        "recipient",
        "contact",
        "contacts",
        "members",
        "users",
        "customers",
        "owners",
        "participants",
    ]
)
MONEY = frozenset(
    [
        "amount",
        "total",
        "subtotal",
        "price",
        "fee",
        "fees",
        "tax",
        "balance",
        "refund",
        "refunded",
        "cost",
        "charge",
        "paid",
        "due",
    ]
)

Shape = Any  # a plain value's Python type as text, or None; [Shape]: a list; {name: Shape}: an object
PYTHON = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}


@dataclass(slots=True)
class Shown:
    """``shape`` holds what passes; ``dropped`` and ``money`` are the names of fields, as ``lines.price``."""

    shape: Shape = None
    dropped: list[str] = field(default_factory=list[str])
    money: list[str] = field(default_factory=list[str])
    empty: bool = True
    count: int = 0


def members(document: Document, schema: Any, depth: int = 0) -> tuple[str, Any]:
    """("object", its properties), ("list", its items), ("plain", the schema) or ("unknown", None); unions merged."""
    node = document.resolve(schema)
    if not isinstance(node, dict) or depth > DEEPEST:
        return "unknown", None
    node = cast("Json", node)
    properties: Json = dict(node.get("properties") or {})
    kinds: Any = node.get("type")
    kinds = {kinds} if isinstance(kinds, str) else set(kinds or ())
    for word in ("allOf", "oneOf", "anyOf"):
        for part in node.get(word) or ():
            kind, inner = members(document, part, depth + 1)
            if kind == "object":
                properties = {**inner, **properties}
            elif kind == "list" and not properties:
                return kind, inner
            elif kind == "plain" and inner != {"type": "null"}:
                said: Any = inner.get("type", "string")
                kinds |= {said} if isinstance(said, str) else set(said)
    if properties:
        return "object", properties
    if "array" in kinds or "items" in node:
        return "list", node.get("items") or {}
    if kinds & {"string", "integer", "number", "boolean", "null"} or "enum" in node or "const" in node:
        return "plain", node if "type" in node else {**node, "type": sorted(kinds - {"null"}) or ["string"]}
    return "unknown", None


def shown(document: Document, schema: Any, hidden: Callable[[str], bool]) -> Shown:
    """What of an answer may be seen; ``hidden`` knows the names that say whose it is, which code checks."""
    made = Shown()
    kept = _walk(document, schema, "", made, hidden, 0)
    made.shape = kept[0] if kept else None
    made.empty = not made.count
    return made


def _walk(
    document: Document, schema: Any, at: str, made: Shown, hidden: Callable[[str], bool], depth: int
) -> list[Shape]:
    """[the shape], or [] where nothing of it may be seen."""
    if depth > DEEPEST or made.count >= MOST_FIELDS:
        return []
    kind, inner = members(document, schema)
    if kind == "plain":
        made.count += 1
        return [python(inner)]
    if kind == "list":
        items = _walk(document, inner, f"{at}[]", made, hidden, depth + 1)
        return [items] if items else []
    if kind != "object":
        return []
    fields: dict[str, Shape] = {}
    for name, node in inner.items():
        path = f"{at}.{name}".lstrip(".")
        said = document.resolve(node)
        private = isinstance(said, dict) and (said.get("writeOnly") or said.get("format") == "password")
        if private or is_secret(name) or set(words_of(name)[:1]) & PERSONS:
            made.dropped.append(path)
        elif not hidden(name) and (below := _walk(document, node, path, made, hidden, depth + 1)):
            fields[name] = below[0]
            if isinstance(below[0], str) and is_money(name):
                made.money.append(path)
    return [fields] if fields else []


def required(document: Document, schema: Any, depth: int = 0) -> set[str]:
    """The properties that an object must have; of unions, none can be told."""
    node = document.resolve(schema)
    if not isinstance(node, dict) or depth > DEEPEST:
        return set()
    said: Any = cast("Json", node).get("required")
    names = {str(name) for name in cast("list[Any]", said)} if isinstance(said, list) else set[str]()
    for part in node.get("allOf") or ():
        names |= required(document, part, depth + 1)
    return names


def python(schema: Json) -> str:
    """The type of a plain value in Python: ``str``; ``Any`` where it may be of several."""
    said: Any = schema.get("type", "string")
    kinds = {said} if isinstance(said, str) else {kind for kind in said if kind != "null"}
    return PYTHON.get(next(iter(kinds)), "Any") if len(kinds) == 1 else "Any"


def is_money(name: str) -> bool:
    """Whether a field of this name holds an amount."""
    words = words_of(name)
    return bool(MONEY & set(words)) and words[-1] not in ("on", "at", "date", "id", "until", "status")


def select(value: Any, shape: Shape) -> Any:
    """Only what ``shape`` names of a backend's answer; what is of another kind than it says becomes None."""
    if not isinstance(shape, dict | list):
        return None if isinstance(value, dict | list) else value
    if isinstance(shape, list):
        inner = cast("list[Shape]", shape)[0]
        return [select(item, inner) for item in cast("list[Any]", value)] if isinstance(value, list) else None
    if not isinstance(value, dict):
        return None
    had = cast("Json", value)
    return {name: select(had[name], below) for name, below in cast("Json", shape).items() if name in had}
