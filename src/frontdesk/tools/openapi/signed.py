"""The @tool(…) of an operation around the function that calls it: its signature, and the words beside it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import Parameter as Argument
from inspect import Signature
from typing import Annotated, Any, Literal, cast

from pydantic import Field

from frontdesk.domain import Customer, Money
from frontdesk.tools import Tool, tool
from frontdesk.tools.openapi.arguments import annotation
from frontdesk.tools.openapi.beside import live
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import Operation, Parameter
from frontdesk.tools.openapi.spoken import spoken

__all__ = ["check", "declared", "described"]

KINDS: dict[str, type] = {"str": str, "int": int, "float": float, "bool": bool}


def declared(
    document: Document,
    made: Decision,
    call: Callable[..., Any],
    *,
    subject: Callable[..., Any] | None,
    tools: Callable[[], Sequence[Tool]],
) -> Tool:
    """The tool whose function is ``call``; ``subject`` reads what a change is about, ``tools`` gives all tools later.

    Raises DeclarationError for words of the document that cannot stand beside it.
    """
    changes = not made.operation.reads
    call.__name__ = made.name
    call.__doc__ = described(made.operation)
    hints = {name: _hint(document, p, money=name == made.amount) for name, p in made.arguments}
    code: dict[str, Any] = {"customer": Customer, **({"effect_id": str} if changes else {})}
    call.__annotations__ = {**code, **hints}
    signature = [Argument(name, Argument.KEYWORD_ONLY) for name in code]
    for name, parameter in made.arguments:
        default = Argument.empty if parameter.required else None
        signature.append(Argument(name, Argument.KEYWORD_ONLY, default=default))
    cast("Any", call).__signature__ = Signature(signature)
    if not changes:
        return tool(permission=made.permission, **spoken(made))(call)
    reconcile = {"reconcile": "repeat"} if made.repeatable else {}
    more: Any = {**spoken(made), **({"subject": subject} if subject else {}), **reconcile}
    more |= live(made, tools)
    return tool(permission=made.permission, confirm=True, **more)(call)


def check(document: Document, made: Decision) -> None:
    """Raises DeclarationError for what ``declared`` would: where it is found out, one operation is left out."""

    async def call(**_: Any) -> None: ...
    async def subject() -> None: ...

    declared(document, made, call, subject=subject if made.before else None, tools=tuple)


def described(operation: Operation) -> str:
    """What a model reads of a tool."""
    said = " ".join(operation.summary.split())[:300]
    return said or f"{operation.method.upper()} {operation.path}"


def _hint(document: Document, parameter: Parameter, *, money: bool) -> Any:
    name, values, several = annotation(document, parameter.schema)
    hint: Any = Money if money else Literal[values] if values else KINDS[name]
    hint = list[hint] if several else hint
    said = " ".join(parameter.description.split())[:200] or None
    return Annotated[hint if parameter.required else hint | None, Field(description=said)]
