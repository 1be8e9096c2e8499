"""from_openapi(…): the reads of a backend as tools, from its OpenAPI document alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from inspect import Parameter as Argument
from inspect import Signature
from pathlib import Path
from typing import Annotated, Any, cast

from pydantic import Field

from frontdesk.domain import Customer, Json
from frontdesk.errors import DeclarationError, ToolNotFound, ToolUnavailable
from frontdesk.tools import Tool, tool
from frontdesk.tools.backend import NOT_FOUND, Backend, path_of
from frontdesk.tools.openapi.decide import Decision, decide
from frontdesk.tools.openapi.identity import Identity, find
from frontdesk.tools.openapi.load import load
from frontdesk.tools.openapi.operations import Operation, Parameter, operations, server
from frontdesk.tools.openapi.schema import select

__all__ = ["from_openapi"]

KINDS: dict[str, type] = {"integer": int, "number": float, "boolean": bool}


def from_openapi(
    spec: str | Path | Json,
    *,
    base_url: str = "",
    customer: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    backend: Backend | None = None,
) -> list[Tool]:
    """The operations of ``spec`` that read what is proved to be the customer's own; nothing that changes data.

    base_url  where the backend is; by default, where the document says
    customer  what the customer's id is called in it, ["user_id"]; by default, what its parameters suggest
    headers   the credential of this service, {"authorization": "Bearer …"}
    backend   in place of base_url and headers: a Backend of your own, which you can close

    `frontdesk tools from-openapi SPEC` shows what was decided and why. Raises DeclarationError.
    """
    document = load(spec)
    place = base_url or server(document)
    if backend is None and not place.startswith(("http://", "https://")):
        raise DeclarationError('the document names no server: write from_openapi(…, base_url="https://…")')
    called = backend or Backend(place, headers)
    names = [customer] if isinstance(customer, str) else customer
    identity = find(operations(document), names)
    made = decide(document, names)
    return [_tool(decision, called, identity) for decision in made if decision.status == "read"]


def _tool(decision: Decision, backend: Backend, identity: Identity) -> Tool:
    async def call(customer: Customer, **arguments: Any) -> Any:
        answer = await _read(decision, backend, identity, customer, arguments)
        return select(answer, decision.shown.shape)

    call.__name__ = decision.name
    call.__doc__ = _described(decision.operation)
    hints = {name: _hint(parameter) for name, parameter in decision.arguments}
    call.__annotations__ = {"customer": Customer, **hints}
    signature = [Argument("customer", Argument.KEYWORD_ONLY)]
    for name, parameter in decision.arguments:
        default = Argument.empty if parameter.required else None
        signature.append(Argument(name, Argument.KEYWORD_ONLY, default=default))
    cast("Any", call).__signature__ = Signature(signature)
    return tool(permission=decision.permission)(call)


async def _read(
    made: Decision, backend: Backend, identity: Identity, customer: Customer, arguments: Json
) -> Any:
    """The answer, once it is proved to be the customer's. Somebody else's is answered like what is absent."""
    if made.parent is not None:
        known = {parameter.name: name for name, parameter in made.arguments if parameter.where == "path"}
        above = {name: arguments[known[p.name]] for name, p in made.parent.arguments if p.where == "path"}
        await _read(made.parent, backend, identity, customer, above)
    places: dict[str, Json] = {"path": {}, "query": {}}
    for name, parameter in made.arguments:
        places[parameter.where][parameter.name] = arguments.get(name)
    if made.customer is not None:
        places[made.customer.where][made.customer.name] = customer.id
    answer = await backend.read(path_of(made.operation.path, places["path"]), places["query"])
    if made.proof == "field" and not _is(_at(answer, made.owner), customer):
        raise ToolNotFound(NOT_FOUND)
    if _foreign(answer, identity, customer):
        if made.proof == "field":
            raise ToolNotFound(NOT_FOUND)
        raise ToolUnavailable("The system behind this answered with what is not this customer's.")
    return answer


def _is(value: Any, customer: Customer) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and str(value) == customer.id


def _at(answer: Any, owner: Sequence[str]) -> Any:
    for name in owner:
        answer = cast("Json", answer).get(name) if isinstance(answer, dict) else None
    return answer


def _foreign(value: Any, identity: Identity, customer: Customer) -> bool:
    """Whether anything in an answer says that it is another customer's."""
    if isinstance(value, list):
        return any(_foreign(item, identity, customer) for item in cast("list[Any]", value))
    if not isinstance(value, dict):
        return False
    for name, inner in cast("Json", value).items():
        said = inner.get("id") if isinstance(inner, dict) else inner
        plain = said is not None and not isinstance(said, dict | list)
        if identity.named(name) and plain and not _is(said, customer):
            return True
    return any(_foreign(inner, identity, customer) for inner in value.values())


def _described(operation: Operation) -> str:
    said = " ".join(operation.summary.split())[:300]
    return said or f"{operation.method.upper()} {operation.path}"


def _hint(parameter: Parameter) -> Any:
    kinds = parameter.schema.get("type", "string")
    kind = next((k for k in ([kinds] if isinstance(kinds, str) else kinds) if k != "null"), "string")
    said = " ".join(parameter.description.split())[:200] or None
    hint = KINDS.get(kind, str)
    return Annotated[hint if parameter.required else hint | None, Field(description=said)]
