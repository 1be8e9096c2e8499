"""from_openapi(…): a backend's operations as tools, from its OpenAPI document alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter as Argument
from inspect import Signature
from pathlib import Path
from typing import Any, cast

from frontdesk.domain import Customer, Json
from frontdesk.errors import DeclarationError
from frontdesk.tools import Tool
from frontdesk.tools.backend import Backend, Token, joined
from frontdesk.tools.openapi.access import PREFIX, access_of
from frontdesk.tools.openapi.decide import decide, enable, ordered
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.identity import find
from frontdesk.tools.openapi.load import Document, load
from frontdesk.tools.openapi.operations import FORM, MULTIPART, operations, server
from frontdesk.tools.openapi.records import Call, Records
from frontdesk.tools.openapi.rules import number
from frontdesk.tools.openapi.schema import select
from frontdesk.tools.openapi.signed import declared

__all__ = ["from_openapi"]

DONE = {"done": True}


def from_openapi(
    spec: str | Path | Json,
    *,
    base_url: str = "",
    customer: Sequence[str] = (),
    enable: Sequence[str] = (),
    headers: Mapping[str, str] | None = None,
    token: Token | None = None,
    backend: Backend | None = None,
) -> list[Tool]:
    """The operations of ``spec`` that read what is proved to be the customer's own, and the changes of ``enable``.

    base_url  where the backend is; by default, where the document says
    customer  what the customer's id is called in it, ["user_id"]; by default, what its parameters suggest
    enable    the changes that a customer may confirm, ["cancel_order"]: nothing else changes data
    headers   the credential of this service, {"authorization": "Bearer …"}
    token     a function of the Customer that gives the customer's own token, for a backend that checks by it whose a
              thing is; ``frontdesk.tools.tokens.presented`` passes on the one that the customer came with
    backend   in place of base_url, headers and token: a Backend of your own, which you can close

    Without headers, token and backend, the credential that the document asks for comes from the environment, from
    API_TOKEN, API_KEY and so on.

    `frontdesk tools from-openapi SPEC` shows what was decided and why. Raises DeclarationError.
    """
    document = load(spec)
    place = base_url or server(document)
    if backend is None and not place.startswith(("http://", "https://")):
        raise DeclarationError('the document names no server: write from_openapi(…, base_url="https://…")')
    names = [customer] if isinstance(customer, str) else customer
    made = decide(document, names, token=token is not None)
    _enable(made, [enable] if isinstance(enable, str) else enable)
    if backend is None:
        own = headers is not None or token is not None
        backend = (
            Backend(place, headers, token=token) if own else access_of(document, made, PREFIX).backend(place)
        )
    records = Records(backend, customer=find(operations(document), names).spelt)
    tools: list[Tool] = []
    tools += [_tool(document, d, records, lambda: tools) for d in ordered(made)]
    return tools


_enable = enable  # the keyword has the same name


def _tool(document: Document, made: Decision, records: Records, every: Callable[[], Sequence[Tool]]) -> Tool:
    async def call(customer: Customer, effect_id: str = "", **arguments: Any) -> Any:
        answer = await _call(made, records, customer, arguments, effect_id)
        return select(answer, made.shown.shape) if not made.shown.empty else DONE

    return declared(document, made, call, subject=_subject(made, records), tools=every)


def _subject(made: Decision, records: Records) -> Any:
    """What reads the record that a change is about, and proves that it is the customer's."""
    if not made.before:
        return None
    first = made.before[0]

    async def subject(customer: Customer, **arguments: Any) -> Any:
        answer = await _call(
            first.read, records, customer, {n: arguments[a] for n, a in first.arguments.items()}
        )
        return select(answer, first.read.shown.shape)

    names = ["customer", *first.arguments.values()]
    cast("Any", subject).__signature__ = Signature([Argument(name, Argument.KEYWORD_ONLY) for name in names])
    return subject


async def _call(
    made: Decision, records: Records, customer: Customer, arguments: Json, effect_id: str = ""
) -> Any:
    """The answer, once it is proved to be the customer's. Somebody else's is answered like what is absent."""
    for before in made.before:
        first = {n: arguments[a] for n, a in before.arguments.items()}
        found = select(await _call(before.read, records, customer, first), before.read.shown.shape)
        records.holds(found, *((noun, arguments.get(name)) for name, noun in before.parts.items()))
    at: Json = {}
    query: Json = {}
    body: Json = {}
    for name, parameter in made.arguments:
        value = arguments.get(name)
        if parameter.where == "body":
            _put(body, parameter.inside, number(value))
        elif parameter.where == "path":
            at[parameter.name] = value
        else:
            several = isinstance(value, list) and parameter.between
            query[parameter.name] = joined(cast("Any", value), parameter.between) if several else value
    if made.customer is not None:
        (at if made.customer.where == "path" else query)[made.customer.name] = customer.id
    for parameter in made.bound:
        _put(body, parameter.inside, customer.id)
    operation = made.operation
    if operation.reads:
        owner = made.owner if made.proof == "field" else ()
        return await records.proved(Call("GET", operation.path, at, query, owner), customer)
    sent = body if operation.body is not None else None
    form, multipart = (operation.body_media == media for media in (FORM, MULTIPART))
    method = operation.method.upper()
    asked = Call(method, operation.path, at, query, body=sent, form=form, multipart=multipart)
    return await records.changed(asked, customer, effect_id)


def _put(body: Json, inside: Sequence[str], value: Any) -> None:
    for name in inside[:-1]:
        body = body.setdefault(name, {})
    body[inside[-1]] = value
