"""A test for each written tool: the customer's own is read or changed, and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from frontdesk.tools.openapi.access import PREFIX
from frontdesk.tools.openapi.arguments import annotation
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.layout import bracketed, literal
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import Parameter
from frontdesk.tools.openapi.write import DONE, Module

__all__ = ["tests"]

CUSTOMER = "anna-1"
VALUES = {"str": "1", "int": 1, "float": 1.5, "bool": True}
HEAD = '''"""A test for each tool, against a backend on loopback, written by `frontdesk tools from-openapi`."""

import os

import pytest
from frontdesk import Customer{not_found}
from frontdesk.tools.loopback import {loopback}

{environment}

import {module} as tools

ANNA, BEN = Customer("anna-1"), Customer("ben-2")


@pytest.fixture
def backend() -> Loopback:
    """The backend, which holds nothing yet."""
    made = Loopback.shared()
    made.forget()
    return made


def test_what_changes_data_waits_for_a_confirmation() -> None:
    for tool in tools.TOOLS:
        assert tool.grant.confirm == tool.grant.changes
'''


def tests(document: Document, module: Module, name: str) -> str:
    """The tests of the module called ``name``."""
    names = [
        f"{PREFIX}_URL=Loopback.shared().url",
        *(f'{variable}="secret"' for variable in module.access.variables),
    ]
    names += [f'{PREFIX}_TOKEN_URL=f"{{Loopback.shared().url}}/token"'] if module.access.client else []
    head = HEAD.replace("{module}", name).replace(
        "{environment}", bracketed("os.environ.update(", names, ")")
    )
    shown = any(module.shows[id(made)] != DONE for made in module.made)
    head = head.replace("{not_found}", ", ToolNotFound" if module.made else "")
    head = head.replace("{loopback}", "Loopback, example" if shown else "Loopback")
    return "\n\n".join([head, *(_test(document, module, made) for made in module.made)])


def _test(document: Document, module: Module, made: Decision) -> str:
    verb = "reads" if made.status == "read" else "changes"
    lines = [
        f"def test_{made.name}_{verb}_the_customers_own_and_nobody_elses(",
        "    backend: Loopback,",
        ") -> None:",
    ]
    lines += [_holds(document, module, before.read, shows=bool(before.parts)) for before in made.before]
    lines.append(_holds(document, module, made, shows=True))
    given = [f"{name}={literal(_value(document, p))}" for name, p in _needed(made)]
    shows = module.shows[id(made)]
    typed = _typed(shows)
    expected = '{"done": True}' if shows == DONE else f"example({typed})"
    call = [f"tools.{made.name}", "ANNA", *given]
    lines.append(bracketed("found = backend.call(", call, ")", 4))
    lines.append(f"    assert found == {expected}")
    other = [f"tools.{made.name}", "BEN", *given]
    lines.append("    with pytest.raises(ToolNotFound):")
    lines.append(bracketed("backend.call(", other, ")", 8))
    if made.status == "enabled" and made.before:
        lines.append('    assert backend.changes == ["effect-1"]')
    return "\n".join(lines) + "\n"


def _typed(shows: str) -> str:
    """The type as the test names it: ``list[tools.Order]``."""
    bare = shows.removeprefix("list[").removesuffix("]")
    if shows.startswith("list["):
        return f"list[{_typed(bare)}]"
    return shows if shows in ("str", "int", "float", "bool", "Any") else f"tools.{shows}"


def _holds(document: Document, module: Module, made: Decision, *, shows: bool) -> str:
    """The line that lets the backend hold what this asks for."""
    operation = made.operation
    path = operation.path
    for _, parameter in _needed(made):
        if parameter.where == "path":
            path = path.replace(f"{{{parameter.name}}}", quote(str(_value(document, parameter)), safe=""))
    if made.customer is not None and made.customer.where == "path":
        path = path.replace(f"{{{made.customer.name}}}", CUSTOMER)
    parts = [literal(f"{operation.method.upper()} {path}")]
    if shows and module.shows[id(made)] != DONE:
        parts.append(_typed(module.shows[id(made)]))
    if made.proof == "field":
        parts += [f"owner={literal(made.owner)}", "of=ANNA"]
    if made.customer is not None and made.customer.where == "query":
        parts.append(f'query={{{literal(made.customer.name)}: "{CUSTOMER}"}}')
    if made.bound:
        pairs = [f'{literal(p.name)}: "{CUSTOMER}"' for p in made.bound]
        parts.append(f"body={{{', '.join(pairs)}}}")
    if made.proof == "token":
        parts.append(f'token="token-of-{CUSTOMER}"')
    return bracketed("backend.holds(", parts, ")", 4)


def _needed(made: Decision) -> Iterator[tuple[str, Parameter]]:
    return ((name, parameter) for name, parameter in made.arguments if parameter.required)


def _value(document: Document, parameter: Parameter) -> Any:
    """A value that the parameter may have."""
    kind, values, several = annotation(document, parameter.schema)
    value = values[0] if values else VALUES[kind]
    return [value] if several else value
