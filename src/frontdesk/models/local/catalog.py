"""The bound tools as the local model knows them: role, parameters, vectors of what customers say for each."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Protocol

from langchain_core.utils.function_calling import convert_to_openai_tool

from frontdesk.domain import Grant
from frontdesk.knowledge.limit import IN_DESCRIPTION
from frontdesk.models.local.examples import KNOWLEDGE, ROLES, UTTERANCES
from frontdesk.models.local.parameters import ID, Parameter, parameters
from frontdesk.models.local.slots import identifiers
from frontdesk.models.local.text import content_words, plain

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

BUILT_IN = ("search_knowledge", "open_ticket", "hand_over", "list_actions")


class Encoder(Protocol):
    """What the local model needs of frontdesk.knowledge.embed.Embedder."""

    def encode(self, texts: Sequence[str]) -> Vectors:
        """Unit vectors of shape (len(texts), n)."""
        ...


@dataclass(frozen=True, slots=True)
class Entry:
    """One bound tool."""

    name: str
    description: str
    grant: Grant
    parameters: tuple[Parameter, ...]
    role: str = ""
    stems: frozenset[str] = frozenset()

    @property
    def id_parameter(self) -> Parameter | None:
        """The argument that names a thing of the customer's: an order, an appointment."""
        return next((p for p in self.parameters if p.kind == ID), None)


@dataclass(slots=True)
class Catalog:
    """Every bound tool, and one row of ``vectors`` for each utterance with its class in ``classes``.

    A class is a tool's name, or a role's (``order_status``) that no bound tool plays.
    """

    entries: dict[str, Entry]
    roles: dict[str, Entry]
    classes: list[str] = field(default_factory=list[str])
    vectors: Any = None

    def bound(self, name: str) -> bool:
        """Whether a built-in tool may be called."""
        return name in self.entries

    def own(self) -> list[Entry]:
        """The shop's tools, Frontdesk's own three left out."""
        return [entry for entry in self.entries.values() if entry.name not in BUILT_IN]


def describe(tools: Sequence[Any]) -> list[Entry]:
    """Tools of any kind LangChain takes, as entries. Each role goes to the first tool that fits it."""
    taken: set[str] = set()
    entries: list[Entry] = []
    for tool in tools:
        entry = _entry(tool, taken)
        taken.add(entry.role)
        entries.append(entry)
    return _with_shared_shapes(entries)


def _with_shared_shapes(entries: Sequence[Entry]) -> list[Entry]:
    """An order number looks the same to every tool that takes one."""
    shapes: dict[str, list[re.Pattern[str]]] = {}
    for parameter in (p for entry in entries for p in entry.parameters):
        shapes.setdefault(parameter.name, []).extend(parameter.shapes)

    def shared(parameter: Parameter) -> Parameter:
        return replace(parameter, shapes=tuple(dict.fromkeys(shapes[parameter.name])))

    return [replace(entry, parameters=tuple(map(shared, entry.parameters))) for entry in entries]


def build(entries: Sequence[Entry], encoder: Encoder) -> Catalog:
    """Embed what customers say for each tool. Costs about 1.5 ms an utterance, once for each set of tools."""
    roles = {entry.role: entry for entry in entries if entry.role}
    said: list[tuple[str, str]] = []
    for role, utterances in UTTERANCES.items():
        name = roles[role].name if role in roles else role
        said += [(name, masked(text)) for text in utterances]
    for entry in entries:
        if entry.name not in BUILT_IN:
            said += [(entry.name, masked(text, things_in(text, entry))) for text in _own_words(entry)]
    catalog = Catalog({e.name: e for e in entries}, roles, [name for name, _ in said])
    catalog.vectors = encoder.encode([text for _, text in said])
    return catalog


_THING = re.compile(
    r"\b(?:my |the |an? |this |that )?(?:parcel|package|shipment|purchase|delivery)\b(?! (?:cost|time|address|date|option|fee|charge|to|in))"
)
_MONEY_BACK = re.compile(r"\b(?:reimburse\w*|money back)\b")


def masked(text: str, things: Mapping[str, str] | None = None) -> str:
    """Text for the embedding: which order says nothing about what is wanted, nor which word for "order".

    ``things`` names what each id in the text is an id of, ``{"456": "order"}``.
    """
    low = plain(text)
    for token, thing in (things or {}).items():
        low = re.sub(
            rf"(?:\b(?:my |the )?{re.escape(thing)} )?(?:number |id |no |# ?)*#?\b{re.escape(token.lower())}\b",
            f"my {thing}",
            low,
        )
    low = _MONEY_BACK.sub("refund", _THING.sub("my order", low))
    low = re.sub(r"\b(my \w+)(?: \1)+\b", r"\1", low)
    return re.sub(r"\s+", " ", re.sub(r"([?!.])\1+", r"\1", low)).strip()


def things_in(text: str, entry: Entry) -> dict[str, str]:
    """The ids in an example utterance of the tool."""
    parameter = entry.id_parameter
    return dict.fromkeys(identifiers(text, parameter), parameter.thing) if parameter else {}


def _own_words(entry: Entry) -> list[str]:
    sentences = [s.strip() for s in re.split(r"(?<=[.;])\s+|\n", entry.description) if len(s.split()) > 1]
    return [*entry.grant.examples, *sentences[:2], entry.name.replace("_", " ")]


def _entry(tool: Any, taken: set[str]) -> Entry:
    function: Mapping[str, Any] = convert_to_openai_tool(tool)["function"]
    # A limit's words are the help center's: a question about them is no call of the tool.
    description = str(function.get("description") or "").partition(IN_DESCRIPTION)[0]
    name = str(function["name"])
    found = getattr(tool, "grant", None)
    grant = found if isinstance(found, Grant) else Grant("")
    fields = parameters(function.get("parameters") or {}, grant.examples, grant.asks)
    role = "" if grant.changes or name in BUILT_IN else _role(name, fields, taken)
    said = " ".join([name.replace("_", " "), description, *grant.examples])
    return Entry(name, description, grant, fields, role, frozenset(content_words(said)))


def _role(name: str, fields: Sequence[Parameter], taken: set[str]) -> str:
    needs_id = any(p.kind == ID and p.required for p in fields)
    for role, has, has_not, wants_id in ROLES:
        bare = re.sub(r"^(get|list|show|find|read|fetch|lookup|look_up|check)_", "", name)
        clash = has_not.search(bare) or (has_not.search(name) and role != "list_orders")
        if role not in taken and has.search(name) and not clash and wants_id in (None, needs_id):
            return role
    return ""


Scores = dict[str, float]
Likeness = Callable[[str], Scores]
__all__ = [
    "BUILT_IN",
    "KNOWLEDGE",
    "Catalog",
    "Encoder",
    "Entry",
    "Likeness",
    "Scores",
    "build",
    "describe",
    "masked",
]
