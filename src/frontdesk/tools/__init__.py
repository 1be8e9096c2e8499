"""@tool: a function becomes a LangChain tool with a grant beside it.

The schema a model sees holds only what a model may fill in. ``customer`` (a Customer), ``effect_id``
(a string that is the same each time this effect is tried) and ``context`` (a ToolContext) are injected
by code; a value for them among a model's arguments is dropped.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from types import UnionType
from typing import Annotated, Any, Union, Unpack, cast, get_args, get_origin, get_type_hints
from uuid import UUID

import orjson
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from frontdesk.domain import Action, Customer, Grant, Json, Money, Passage, Principal
from frontdesk.errors import DeclarationError, ToolError
from frontdesk.knowledge.conflict import Conflict
from frontdesk.tools.declare import Declaration, described, policy_version, rights, rule
from frontdesk.tools.money import MoneyArgument
from frontdesk.tools.reads import remembering

__all__ = [
    "Declaration",
    "InvalidArguments",
    "Tool",
    "ToolContext",
    "called",
    "encode",
    "grant",
    "policy_version",
    "rule",
    "storable",
    "tool",
]

THREADS = ThreadPoolExecutor(32, thread_name_prefix="tool")
INJECTED = ("customer", "effect_id", "context")


class InvalidArguments(ToolError):
    """The arguments do not fit the tool."""

    code = "invalid_arguments"


@dataclass(slots=True)
class ToolContext:
    """What code knows while a tool runs. ``passages`` collects what was read in this turn, for citations.

    ``said`` are the customer's own earlier messages, oldest first, ``message`` is the one that is answered;
    ``conflicts`` collects articles that disagree, ``actions`` what the customer is to see beside the reply;
    ``reads`` keeps what a backend has answered, until the turn ends.
    """

    principal: Principal
    turn_id: UUID
    conversation_id: UUID
    effect_id: str = ""
    passages: list[Passage] = field(default_factory=list[Passage])
    said: tuple[str, ...] = ()
    message: str = ""
    conflicts: list[Conflict] = field(default_factory=list[Conflict])
    actions: list[Action] = field(default_factory=list[Action])
    reads: dict[Any, bytes] = field(default_factory=dict[Any, bytes])

    @property
    def customer(self) -> Customer:
        """The person who asks."""
        return Customer(id=self.principal.id, verified=self.principal.kind == "customer")


class Tool(BaseTool):
    """A LangChain tool that runs only with a context, through the gate."""

    grant: Grant
    function: Callable[..., Any]
    injected: tuple[str, ...] = ()
    own: bool = False  # Frontdesk's own, whose row in the database is the ledger of its effect

    @cached_property
    def accepts(self) -> frozenset[str]:
        """The names of the arguments a model may fill in."""
        schema: Any = self.args_schema
        if isinstance(schema, dict):
            return frozenset(cast("dict[str, Any]", schema).get("properties", {}))
        return frozenset(field.alias or name for name, field in schema.model_fields.items())

    async def call(self, arguments: Json, context: ToolContext) -> str:
        """Run for ``context.customer``; returns the result as JSON text.

        Raises InvalidArguments, or the ToolError the function raised.
        """
        values, _ = self.parse(arguments)
        given = {name: getattr(context, name) if name != "context" else context for name in self.injected}
        with remembering(context.reads):
            return encode(await called(self.function, {**values, **given}))

    def parse(self, arguments: Json) -> tuple[Json, Json]:
        """(what the function takes, the same as canonical JSON). Raises InvalidArguments."""
        schema: Any = self.args_schema
        if isinstance(schema, dict):  # a tool described by JSON schema alone checks its arguments itself
            return arguments, arguments
        try:
            parsed = schema.model_validate(arguments)
        except ValidationError as error:
            fields = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
            raise InvalidArguments(f"Check these arguments: {fields or 'all'}.") from None
        return {name: getattr(parsed, name) for name in type(parsed).model_fields}, parsed.model_dump(
            mode="json"
        )

    async def ask(
        self, function: Callable[..., Any], arguments: Json, context: ToolContext, **more: Any
    ) -> Any:
        """Call ``subject=``, ``undo=`` or ``reconcile=`` with those of its arguments that it names."""
        values, _ = self.parse(arguments)
        may = {
            **values,
            "customer": context.customer,
            "context": context,
            "effect_id": context.effect_id,
            **more,
        }
        takes = {name: may[name] for name in inspect.signature(function).parameters}
        with remembering(context.reads):
            return await called(function, takes)

    def _run(self, *_: Any, **__: Any) -> Any:
        raise ToolError(f"{self.name} runs only for a customer, through Frontdesk's gate.")


async def called(function: Callable[..., Any], values: Json) -> Any:
    """What ``function`` returns; one that is not async runs in a thread of its own.

    A function that hangs past its time must not hold up what else needs a thread.
    """
    if inspect.iscoroutinefunction(function):
        return await function(**values)
    return await asyncio.get_running_loop().run_in_executor(THREADS, partial(function, **values))


def encode(value: Any) -> str:
    """A tool's result as JSON text: dataclasses, pydantic models, dates, decimals and text."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def storable(value: Any) -> Any:
    """A backend's answer as PostgreSQL can hold it: JSON without NUL."""
    return orjson.loads(encode(value).replace("\\u0000", ""))


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


def tool(
    *bare: Callable[..., Any], name: str = "", **declared: Unpack[Declaration]
) -> Callable[[Callable[..., Any]], Tool]:
    """Declare a function as a tool; see Grant for what each word means.

    A tool that changes data needs a person's confirmation unless ``confirm=False`` says that it does not.
    Raises DeclarationError with what to write instead.
    """
    if bare:
        raise DeclarationError(
            'write @tool(permission="orders:read"): a tool needs the permission to call it'
        )

    def declare(function: Callable[..., Any]) -> Tool:
        title = name or getattr(function, "__name__", "tool")
        description = inspect.getdoc(function) or ""
        if not description:
            raise DeclarationError(f"{title} needs a docstring: it tells the model what the tool is for")
        schema, injected = _schema(title, function)
        made = rights(title, schema.model_fields, injected, declared)
        _counted(title, made, schema)
        return Tool(
            name=title,
            description=described(description, made),
            args_schema=schema,
            grant=made,
            function=function,
            injected=injected,
        )

    return declare


def grant(wrapped: BaseTool, **declared: Unpack[Declaration]) -> Tool:
    """Let a LangChain tool of somebody else's in by the same door, with a grant beside it."""

    async def forward(**arguments: Any) -> Any:
        return await wrapped.ainvoke(arguments)

    schema: Any = wrapped.args_schema or wrapped.get_input_schema()
    accepts: Any = schema.get("properties", {}) if isinstance(schema, dict) else schema.model_fields
    made = rights(wrapped.name, accepts, (), declared)
    return Tool(
        name=wrapped.name,
        description=described(wrapped.description, made),
        args_schema=schema,
        grant=made,
        function=forward,
    )


def _schema(title: str, function: Callable[..., Any]) -> tuple[type[BaseModel], tuple[str, ...]]:
    """The pydantic model of what a model may fill in, and the names code fills in."""
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {}
    injected: list[str] = []
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
            raise DeclarationError(f"{title}: name each argument; *args and **kwargs have no schema")
        if parameter.name in INJECTED:
            injected.append(parameter.name)
            continue
        if Customer in _parts(hints.get(parameter.name)):
            raise DeclarationError(f"{title}: call the injected Customer 'customer', not {parameter.name!r}")
        default = FieldInfo() if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (_exact(hints.get(parameter.name, str)), default)
    config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, str_max_length=4000)
    return create_model(f"{title}_arguments", __config__=config, **fields), tuple(injected)


def _counted(title: str, made: Grant, schema: type[BaseModel]) -> None:
    """What limits count must be exact: money as Money, and one value, not a list, where they count per argument."""
    hints = {name: field.annotation for name, field in schema.model_fields.items()}
    if made.amount and Money not in _parts(hints[made.amount]):
        raise DeclarationError(
            f"{title}: amount={made.amount!r} is to be Money, imported from frontdesk: exact"
        )
    for cap in made.capped:
        if _parts(hints.get(cap.scope)) & {list, tuple, set, dict, frozenset}:
            raise DeclarationError(f"{title}: {cap.said!r} counts per {cap.scope}, which is no single value")


def _exact(hint: Any) -> Any:
    """The hint with Money read as MoneyArgument does, also in ``Money | None`` and ``list[Money]``."""
    if hint is Money:
        return MoneyArgument
    if Money not in _parts(hint):
        return hint
    if hasattr(hint, "__metadata__"):
        return Annotated[(_exact(hint.__origin__), *hint.__metadata__)]
    parts = tuple(_exact(part) for part in get_args(hint))
    origin: Any = get_origin(hint)
    return Union[parts] if origin in (Union, UnionType) else origin[parts]  # noqa: UP007  (made of parts)


def _parts(hint: Any) -> set[Any]:
    """A hint and all that it is made of."""
    inner = set[Any]().union(*(_parts(part) for part in get_args(hint) if part is not ...))
    return inner | {part for part in (hint, get_origin(hint)) if isinstance(part, type)}
