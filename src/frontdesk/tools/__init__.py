"""@tool: a function becomes a LangChain tool with a grant beside it.

The schema a model sees holds only what a model may fill in. ``customer`` (a Customer), ``effect_id``
(a string that is the same each time this effect is tried) and ``context`` (a ToolContext) are injected
by code; a value for them among a model's arguments is dropped.
"""

from __future__ import annotations

import asyncio
import inspect
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any, cast, get_type_hints
from uuid import UUID

import orjson
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, ValidationError, create_model
from pydantic.fields import FieldInfo

from frontdesk.domain import Customer, Grant, Json, Passage, Principal
from frontdesk.errors import DeclarationError, ToolError
from frontdesk.knowledge.conflict import Conflict
from frontdesk.knowledge.limit import IN_DESCRIPTION, limit

__all__ = ["InvalidArguments", "Tool", "ToolContext", "encode", "grant", "tool"]

PERMISSION = re.compile(r"^[a-z][a-z_]*:[a-z][a-z_]*$")
THREADS = ThreadPoolExecutor(32, thread_name_prefix="tool")
INJECTED = ("customer", "effect_id", "context")


class InvalidArguments(ToolError):
    """The arguments do not fit the tool."""

    code = "invalid_arguments"


@dataclass(slots=True)
class ToolContext:
    """What code knows while a tool runs. ``passages`` collects what was read in this turn, for citations.

    ``said`` are the customer's own earlier messages, oldest first, ``message`` is the one that is answered;
    ``conflicts`` collects articles that disagree.
    """

    principal: Principal
    turn_id: UUID
    conversation_id: UUID
    effect_id: str = ""
    passages: list[Passage] = field(default_factory=list[Passage])
    said: tuple[str, ...] = ()
    message: str = ""
    conflicts: list[Conflict] = field(default_factory=list[Conflict])

    @property
    def customer(self) -> Customer:
        """The person who asks."""
        return Customer(id=self.principal.id, verified=self.principal.kind == "customer")


class Tool(BaseTool):
    """A LangChain tool that runs only with a context, through the gate."""

    grant: Grant
    function: Callable[..., Any]
    injected: tuple[str, ...] = ()

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
        schema: Any = self.args_schema
        if isinstance(schema, dict):  # a tool described by JSON schema alone checks its arguments itself
            return encode(await self.function(**arguments))
        try:
            parsed = schema.model_validate(arguments)
        except ValidationError as error:
            fields = ", ".join(sorted({str(e["loc"][0]) for e in error.errors() if e["loc"]}))
            raise InvalidArguments(f"Check these arguments: {fields or 'all'}.") from None
        values = {name: getattr(parsed, name) for name in type(parsed).model_fields}
        values |= {name: getattr(context, name) if name != "context" else context for name in self.injected}
        if inspect.iscoroutinefunction(self.function):
            return encode(await self.function(**values))
        # Threads of their own: a function that hangs past its time must not hold up what else needs a thread.
        loop = asyncio.get_running_loop()
        return encode(await loop.run_in_executor(THREADS, partial(self.function, **values)))

    def _run(self, *_: Any, **__: Any) -> Any:
        raise ToolError(f"{self.name} runs only for a customer, through Frontdesk's gate.")


def encode(value: Any) -> str:
    """A tool's result as JSON text: dataclasses, pydantic models, dates, decimals and text."""
    return orjson.dumps(value, default=_plain, option=orjson.OPT_NON_STR_KEYS).decode()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if isinstance(value, set | frozenset):
        return sorted(value, key=str)
    return str(value)


def tool(
    *,
    permission: str = "",
    changes: bool = False,
    confirm: bool | None = None,
    examples: Sequence[str] = (),
    says: str | Callable[[Any], str] = "",
    step: str = "",
    asks: Mapping[str, str] | None = None,
    limits: Mapping[str, str] | None = None,
    name: str = "",
) -> Callable[[Callable[..., Awaitable[Any] | Any]], Tool]:
    """Declare a function as a tool; see Grant for what each word means.

    A tool that changes data needs a person's confirmation unless ``confirm=False`` says that it does not.
    Raises DeclarationError with what to write instead.
    """

    def declare(function: Callable[..., Any]) -> Tool:
        title = name or getattr(function, "__name__", "tool")
        description = inspect.getdoc(function) or ""
        if not description:
            raise DeclarationError(f"{title} needs a docstring: it tells the model what the tool is for")
        rights = _grant(title, permission, changes, confirm, examples, says, step, asks, limits)
        schema, injected = _schema(title, function)
        return Tool(
            name=title,
            description=_with_limits(description, rights),
            args_schema=schema,
            grant=rights,
            function=function,
            injected=injected,
        )

    return declare


def grant(
    wrapped: BaseTool,
    *,
    permission: str,
    changes: bool = False,
    confirm: bool | None = None,
    examples: Sequence[str] = (),
    says: str | Callable[[Any], str] = "",
    step: str = "",
    asks: Mapping[str, str] | None = None,
    limits: Mapping[str, str] | None = None,
) -> Tool:
    """Let a LangChain tool of somebody else's in by the same door, with a grant beside it."""

    async def forward(**arguments: Any) -> Any:
        return await wrapped.ainvoke(arguments)

    rights = _grant(wrapped.name, permission, changes, confirm, examples, says, step, asks, limits)
    return Tool(
        name=wrapped.name,
        description=_with_limits(wrapped.description, rights),
        args_schema=wrapped.args_schema or wrapped.get_input_schema(),
        grant=rights,
        function=forward,
    )


def _grant(
    title: str,
    permission: str,
    changes: bool,
    confirm: bool | None,
    examples: Sequence[str],
    says: str | Callable[[Any], str],
    step: str,
    asks: Mapping[str, str] | None,
    limits: Mapping[str, str] | None,
) -> Grant:
    if not PERMISSION.match(permission):
        raise DeclarationError(f'{title}: write a permission such as @tool(permission="orders:read")')
    if confirm and not changes:
        changes = True
    needs_confirmation = changes if confirm is None else confirm
    declared = dict(limits or {})
    for thing, quantity in declared.items():
        limit(title, thing, quantity)  # refused at start, not in front of a customer
    return Grant(
        permission, changes, needs_confirmation, tuple(examples), says, step, dict(asks or {}), declared
    )


def _with_limits(description: str, rights: Grant) -> str:
    """What a model reads of a tool: its docstring, and what it allows."""
    listed = "; ".join(f"{thing}: {quantity}" for thing, quantity in rights.limits.items())
    return f"{description}{IN_DESCRIPTION}{listed}." if listed else description


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
        if hints.get(parameter.name) is Customer:
            raise DeclarationError(f"{title}: call the injected Customer 'customer', not {parameter.name!r}")
        default = FieldInfo() if parameter.default is parameter.empty else parameter.default
        fields[parameter.name] = (hints.get(parameter.name, str), default)
    config = ConfigDict(extra="ignore", coerce_numbers_to_str=True, str_max_length=4000)
    return create_model(f"{title}_arguments", __config__=config, **fields), tuple(injected)
