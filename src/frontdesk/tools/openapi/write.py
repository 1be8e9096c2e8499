"""Decisions as Python that a developer reads, keeps and changes: one module of tools."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from frontdesk.tools.openapi import rules
from frontdesk.tools.openapi.access import PREFIX, Access
from frontdesk.tools.openapi.arguments import annotation
from frontdesk.tools.openapi.beside import beside, worded
from frontdesk.tools.openapi.decide import ordered
from frontdesk.tools.openapi.decision import Before, Decision
from frontdesk.tools.openapi.identity import Identity
from frontdesk.tools.openapi.layout import bracketed, docstring, imported, literal
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.naming import noun
from frontdesk.tools.openapi.operations import FORM, MULTIPART, Parameter, server
from frontdesk.tools.openapi.signed import described
from frontdesk.tools.openapi.spoken import spoken
from frontdesk.tools.openapi.typed import Types
from frontdesk.tools.sql.declared import singular

__all__ = ["DONE", "Module"]

DONE = "dict[str, bool]"


class Module:
    """The module of the tools among ``decisions``; what its tests need to know of it."""

    def __init__(
        self, document: Document, decisions: Sequence[Decision], identity: Identity, access: Access
    ) -> None:
        self.made = ordered(decisions)
        self.access = access
        self._document = document
        self._identity = identity
        self._types = Types()
        self._first = {id(b.read): b.read for made in self.made for b in made.before}
        self._own = self._owns()
        # A thing's own read names its type: what a list shows of it is often less.
        named = sorted(
            self.made, key=lambda made: not (made.operation.reads and made.operation.path.endswith("}"))
        )
        self.shows = {id(made): self._shows(made) for made in named}
        # What others rest on comes first: a tool names it as its subject.
        owned = [self._owned(made) for made in self.made if id(made) in self._own]
        self._functions = [*owned, *map(self._written, self.made)]

    def text(self) -> str:
        """The module."""
        body = "\n\n\n".join([*self._types.written, *self._functions])
        names = [made.name for made in self.made]
        tools = bracketed(f"{'TOOLS: list[Tool]' if self._typed else 'TOOLS'} = [", names, "]")
        return (
            f"{self._head(body)}\n\n\n{body}\n\n\n{tools}\n" if body else f"{self._head(body)}\n\n{tools}\n"
        )

    @property
    def _typed(self) -> bool:
        """Whether the type of TOOLS has to be said: where none is in it, and where one of them looks into it."""
        return not self.made or any(made.words.get("undo") for made in self.made)

    def _head(self, body: str) -> str:
        """The docstring, the imports, and the backend."""
        about = [
            "They are yours: read, change, keep. Whose a thing is, code proves: no model names a customer, and somebody "
            "else's is answered like what is absent. What no TypedDict names is never shown.",
        ]
        if self.access.token:
            about.append(
                "Each call carries the token that the customer came with: the backend checks whose a thing is."
            )
        if self.access.variables:
            about.append(f"The environment holds the credential: {', '.join(self.access.variables)}.")
        said = docstring("Tools that call the backend, written by `frontdesk tools from-openapi`.", 0, about)
        return "\n".join([said, "", *self._imports(body), "", *self._backend()])

    def _imports(self, body: str) -> list[str]:
        used = {node.id for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Name)}
        typing = [name for name in ("Any", "Literal", "TypedDict") if name in used]
        lines = ["import os"] + ([f"from typing import {', '.join(typing)}"] if typing else []) + [""]
        lines += ["import httpx"] if self.access.basic else []
        shop = [name for name in ("Customer", "Money") if name in used]
        shop += [*(["Tool"] if self._typed else []), *(["tool"] if self.made else [])]
        lines.append(f"from frontdesk import {', '.join(shop)}")
        lines.append(f"from frontdesk.tools.backend import Backend{', joined' if 'joined' in used else ''}")
        lines += ["from frontdesk.tools.credentials import ClientCredentials"] if self.access.client else []
        lines.append("from frontdesk.tools.openapi import Records")
        calls = [node.func for node in ast.walk(ast.parse(body)) if isinstance(node, ast.Call)]
        called = {func.id for func in calls if isinstance(func, ast.Name)}
        helpers = [name for name in rules.__all__ if name in called]
        lines += [imported("frontdesk.tools.openapi.rules", helpers)] if helpers else []
        return [*lines, *(["from frontdesk.tools.tokens import presented"] if self.access.token else [])]

    def _backend(self) -> list[str]:
        place = server(self._document)
        address = f'os.environ.get("{PREFIX}_URL", {literal(place)})'
        if not place.startswith(("http://", "https://")):
            address = f'os.environ["{PREFIX}_URL"]'
        access, parts = self.access, [address]
        for word in ("headers", "query", "cookies"):
            filled: list[tuple[str, str, str]] = getattr(access, word)
            pairs = [f"{literal(name)}: {_held(before, variable)}" for name, before, variable in filled]
            parts += [bracketed(f"{word}={{", pairs, "}", 4).lstrip()] if pairs else []
        if access.certificate:
            names = [f'os.environ["{name}"]' for name in access.certificate]
            parts.append(bracketed("certificate=(", names, ")", 4).lstrip())
        if access.basic:
            names = [f'os.environ["{name}"]' for name in access.basic]
            parts.append(bracketed("auth=httpx.BasicAuth(", names, ")", 4).lstrip())
        parts += ["token=presented"] if access.token else []
        if access.client:
            held, secret, url, scope = access.client
            names = [
                f'os.environ.get("{PREFIX}_TOKEN_URL", {literal(url)})',
                f'os.environ["{held}"]',
                f'os.environ["{secret}"]',
            ]
            names += [literal(scope)] if scope else []
            parts.append(bracketed("auth=ClientCredentials(", names, ")", 4).lstrip())
        spelt = f"[{', '.join(map(literal, self._identity.spelt))}]"
        return [
            bracketed("BACKEND = Backend(", parts, ")"),
            bracketed("API = Records(", ["BACKEND", f"customer={spelt}"], ")"),
        ]

    def _owns(self) -> dict[int, str]:
        """The name of the function that reads what others rest on: ``own_order``."""
        names: dict[int, str] = {}
        for read in self._first.values():
            name = first = f"own_{singular(noun(read.operation.path))}"
            n = 1
            while name in names.values():
                n += 1
                name = f"{first}_{n}"
            names[id(read)] = name
        return names

    def _shows(self, made: Decision) -> str:
        if made.shown.empty:
            return DONE
        thing = noun(made.operation.path)
        name = singular(thing) if made.operation.reads and "}" in made.operation.path[-1:] else thing
        return self._types.of(made.shown.shape, name if made.operation.reads else made.name)

    def _owned(self, made: Decision) -> str:
        """The function that reads what others rest on."""
        own = self._own[id(made)]
        path = [(name, p) for name, p in made.arguments if p.where == "path"]
        thing = own.removeprefix("own_").replace("_", " ")
        said = f"The {thing}, when it is the customer's; else ToolNotFound."
        signature = self._signature(own, path, made, effect=False)
        return "\n".join([signature, docstring(said), self._call(made, only_path=True)])

    def _written(self, made: Decision) -> str:
        own = self._own.get(id(made))
        if own is None or any(p.where != "path" for _, p in made.arguments):
            return self._tool(made, self._call(made))
        names = [name for name, _ in made.arguments]
        return self._tool(made, bracketed(f"return await {own}(", [*names, "customer"], ")", 4))

    def _tool(self, made: Decision, call: str) -> str:
        changes = made.status == "enabled"
        words: list[str] = [f'permission="{made.permission}"']
        if changes:
            words.append("confirm=True")
            words += [f"subject={own}"] if (own := self._subject(made)) else []
            words += ['reconcile="repeat"'] if made.repeatable else []
        words += worded(spoken(made) | (beside(made) if changes else {}))
        if changes and made.words.get("undo"):
            places = [made.standing, *([made.again] if made.again else [])]
            listed = [_dict("", {name: literal(at) for name, at in place.items()}) for place in places]
            parts = ["lambda: TOOLS", literal(made.name), *listed]
            words.append(bracketed("undo=undoing(", parts, ")", 4).lstrip())
        about = [f"{name}: {said}" for name, p in made.arguments if (said := p.description[:200].strip())]
        lines = [
            bracketed("@tool(", words, ")"),
            self._signature(made.name, made.arguments, made, effect=changes),
            docstring(described(made.operation), 4, about),
        ]
        return "\n".join([*lines, call])

    def _signature(
        self, name: str, arguments: Sequence[tuple[str, Parameter]], made: Decision, *, effect: bool
    ) -> str:
        needed = [f"{n}: {self._hint(n, p, made)}" for n, p in arguments if p.required]
        others = [f"{n}: {self._hint(n, p, made)} | None = None" for n, p in arguments if not p.required]
        code = ["customer: Customer", *(["effect_id: str"] if effect else [])]
        parts = [*needed, *code, *others]
        return bracketed(f"async def {name}(", parts, f") -> {self.shows[id(made)]}:")

    def _hint(self, name: str, parameter: Parameter, made: Decision) -> str:
        kind, values, several = annotation(self._document, parameter.schema)
        thing = singular(noun(made.operation.path))
        hint = self._types.choice(values, name if thing in name else f"{thing}_{name}") if values else kind
        hint = "Money" if name == made.amount else hint
        return f"list[{hint}]" if several else hint

    def _subject(self, made: Decision) -> str:
        """The function that reads what a change is about, where it takes the same arguments."""
        if made.before and all(theirs == ours for theirs, ours in made.before[0].arguments.items()):
            return self._own[id(made.before[0].read)]
        return ""

    def _call(self, made: Decision, *, only_path: bool = False) -> str:
        """The body of a function: what must be proved first, then the call."""
        lines = [self._prove(before) for before in made.before]
        operation = made.operation
        at = {p.name: name for name, p in made.arguments if p.where == "path"}
        query = {p.name: _sent(name, p) for name, p in made.arguments if p.where == "query" and not only_path}
        if made.customer is not None:
            (at if made.customer.where == "path" else query)[made.customer.name] = "customer.id"
        shows = self.shows[id(made)]
        if operation.reads:
            parts = [shows, literal(operation.path), "customer"]
        else:
            parts = [
                shows,
                f'"{operation.method.upper()}"',
                literal(operation.path),
                "customer",
                "key=effect_id",
            ]
        parts += [_dict("at=", at)] if at else []
        parts += [_dict("query=", query)] if query else []
        if made.proof == "field":
            parts.append(f"owner={literal(made.owner if len(made.owner) > 1 else '.'.join(made.owner))}")
        if not operation.reads and operation.body is not None:
            parts.append(_dict("body=", _body(made)))
            parts += ["form=True"] if operation.body_media == FORM else []
            parts += ["multipart=True"] if operation.body_media == MULTIPART else []
        verb = "read" if operation.reads else "change"
        if shows == DONE:
            lines += [bracketed(f"await API.{verb}(", parts, ")", 4), '    return {"done": True}']
        else:
            lines.append(bracketed(f"return await API.{verb}(", parts, ")", 4))
        return "\n".join(lines)

    def _prove(self, before: Before) -> str:
        """The line that reads what must be the customer's."""
        given = [*before.arguments.values(), "customer"]
        read = f"await {self._own[id(before.read)]}("
        if not before.parts:
            return bracketed(read, given, ")", 4)
        parts = [f"({literal(noun)}, {name})" for name, noun in before.parts.items()]
        return bracketed("API.holds(", [f"{read}{', '.join(given)})", *parts], ")", 4)


def _dict(before: str, pairs: Mapping[str, Any], indent: int = 8) -> str:
    """A dict with what fills in each of its fields, which may be a dict again."""
    parts: list[str] = []
    for name, value in pairs.items():
        key = f"{literal(name)}: "
        parts.append(_dict(key, value, indent + 4) if isinstance(value, dict) else f"{key}{value}")
    return bracketed(f"{before}{{", parts, "}", indent).lstrip()


def _body(made: Decision) -> dict[str, Any]:
    """The body's fields, those in objects in dicts of their own, each with what fills it in."""
    body: dict[str, Any] = {}
    numbered = f"API.number({made.amount})"
    filled = [
        (p, numbered if name == made.amount else name) for name, p in made.arguments if p.where == "body"
    ]
    for parameter, name in [*filled, *((p, "customer.id") for p in made.bound)]:
        at = body
        for part in parameter.inside[:-1]:
            at = at.setdefault(part, {})
        at[parameter.inside[-1]] = name
    return body


def _sent(name: str, parameter: Parameter) -> str:
    """An argument as its place in a query wants it."""
    several = parameter.schema.get("type") == "array" or "items" in parameter.schema
    if not several or not parameter.between:
        return name
    return f"joined({name})" if parameter.between == "," else f"joined({name}, {literal(parameter.between)})"


def _held(before: str, variable: str) -> str:
    return f"f\"{before}{{os.environ['{variable}']}}\"" if before else f'os.environ["{variable}"]'
