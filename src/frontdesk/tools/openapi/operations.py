"""The operations of a document, those of OpenAPI 2.0 in the words of 3.x."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.load import Document

__all__ = [
    "FORM",
    "MULTIPART",
    "Operation",
    "Parameter",
    "alternatives",
    "example_of",
    "operations",
    "server",
]

METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace", "query")
_JSON = re.compile(r"^(application/(.+\+)?json|\*/\*|application/\*)\s*(;.*)?$", re.IGNORECASE)
BETWEEN = {"form": ",", "spaceDelimited": " ", "pipeDelimited": "|", "tabs": "\t"}
FORM = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
# What OpenAPI 2.0 calls them: (style, explode)
_FORMATS = {"csv": ("form", False), "ssv": ("spaceDelimited", False), "tsv": ("tabs", False),
            "pipes": ("pipeDelimited", False), "multi": ("form", True)}  # fmt: skip
_KEPT = ("type", "format", "items", "enum", "default", "minimum", "maximum", "description")


@dataclass(frozen=True, slots=True)
class Parameter:
    """``where`` is path, query, header, cookie or body, where ``inside`` are the names that lead to it.

    ``default`` is where in the record that is read first it stands already, which is taken if nothing is said.
    """

    name: str
    where: str
    required: bool
    schema: Json
    description: str = ""
    style: str = ""
    explode: bool = True
    inside: tuple[str, ...] = ()
    example: str = ""
    default: str = ""

    @property
    def between(self) -> str:
        """What stands between several values in a query; "" where each is a parameter of its own."""
        return "" if self.explode else BETWEEN.get(self.style, ",")


@dataclass(slots=True)
class Operation:
    """One method of one path. ``problem`` says why it could not be read whole.

    ``security`` are the ways to be let in, each by the names of the schemes it takes; None: as the document says.
    """

    method: str
    path: str
    id: str = ""
    summary: str = ""
    tags: tuple[str, ...] = ()
    parameters: list[Parameter] = field(default_factory=list[Parameter])
    body: Json | None = None
    body_media: str = ""
    body_required: bool = False
    answer: Json | None = None
    media: tuple[str, ...] = ()
    security: tuple[tuple[str, ...], ...] | None = None
    server: str = ""
    internal: bool = False
    deprecated: bool = False
    problem: str = ""
    extension: Any = field(default_factory=dict[str, Any])

    @property
    def reads(self) -> bool:
        """Whether the method is one that changes nothing."""
        return self.method == "get"


def operations(document: Document) -> list[Operation]:
    """Every operation, in the document's order; what cannot be read is there with its ``problem``."""
    return list(_all(document))


def _all(document: Document) -> Iterator[Operation]:
    paths = document.root.get("paths") or {}
    for path, item in paths.items() if isinstance(paths, dict) else ():
        if str(path).startswith("x-"):
            continue
        try:
            item = document.resolve(item)
        except DeclarationError as error:
            yield Operation("?", str(path), problem=error.detail)
            continue
        for method, said in item.items() if isinstance(item, dict) else ():
            if str(method).lower() in METHODS:
                yield _operation(document, str(method).lower(), str(path), item, said)


def _operation(document: Document, method: str, path: str, item: Json, said: Any) -> Operation:
    made = Operation(method, path)
    try:
        said = document.resolve(said)
        if not isinstance(said, dict):
            made.problem = "it is not described"
            return made
        _fill(document, made, item, cast("Json", said))
    except (DeclarationError, AttributeError, TypeError, ValueError, KeyError) as error:
        made.problem = (
            error.detail if isinstance(error, DeclarationError) else "it is not well-formed OpenAPI"
        )
    return made


def _fill(document: Document, made: Operation, item: Json, said: Json) -> None:
    made.id = str(said.get("operationId") or "")
    made.summary = _summary(str(said.get("summary") or ""), str(said.get("description") or ""), made)
    made.tags = tuple(str(tag) for tag in said.get("tags") or ())
    made.extension = said.get("x-frontdesk") or {}
    made.deprecated = bool(said.get("deprecated"))
    made.internal = bool(said.get("x-internal") or item.get("x-internal"))
    own: Any = said.get("servers") or item.get("servers")
    made.server = _url(own) if own and _url(own) != server(document) else ""
    made.security = alternatives(said["security"]) if "security" in said else None
    raw: dict[tuple[str, str], Json] = {}
    for node in [*(item.get("parameters") or ()), *(said.get("parameters") or ())]:
        parameter = document.resolve(node)
        raw[str(parameter["name"]), str(parameter["in"])] = parameter
    form = [p for p in raw.values() if p["in"] == "formData"]
    made.parameters = [_parameter(document, p) for p in raw.values() if p["in"] not in ("body", "formData")]
    body = next((p for p in raw.values() if p["in"] == "body"), None)
    if body is not None:
        made.body, made.body_media = body.get("schema") or {}, "application/json"
        made.body_required = bool(body.get("required"))
    elif form:
        consumes = said.get("consumes") or document.root.get("consumes") or (FORM,)
        made.body_media = next((m for m in (FORM, MULTIPART) if m in consumes), str(consumes[0]))
        if any(p.get("type") == "file" for p in form):
            made.body_media = MULTIPART
        needed = [p["name"] for p in form if p.get("required")]
        made.body = {
            "type": "object",
            "properties": {p["name"]: _schema(p) for p in form},
            "required": needed,
        }
        made.body_required = bool(needed)
    elif said.get("requestBody"):
        asked = document.resolve(said["requestBody"])
        content = asked.get("content") or {}
        forms = (m for m in (FORM, MULTIPART, *content) if m in content)
        made.body_media = next((m for m in content if _JSON.match(m)), next(forms, ""))
        made.body = (content.get(made.body_media) or {}).get("schema") or {}
        made.body_required = bool(asked.get("required"))
    _answer(document, made, said)


def _summary(short: str, long: str, made: Operation) -> str:
    """The summary; where that only says the name again, the description's first paragraph."""
    said = set(words_of(short)) - {"a", "an", "the"}
    if long and (not short or said <= {*words_of(made.id), *words_of(made.path)}):
        return long.strip().split("\n\n")[0]
    return short


def _parameter(document: Document, node: Json) -> Parameter:
    where = str(node["in"])
    style, explode = str(node.get("style") or ""), node.get("explode")
    if document.version.startswith("2"):
        style, explode = _FORMATS.get(str(node.get("collectionFormat", "csv")), ("form", False))
        style = style if where == "query" else ""
    return Parameter(
        str(node["name"]),
        where,
        bool(node.get("required")) or where == "path",
        cast("Json", document.resolve(_schema(node))),
        str(node.get("description") or ""),
        style,
        bool(style in ("", "form") if explode is None else explode),
        example=example_of(node) or example_of(_schema(node)),
    )


def example_of(node: Any) -> str:
    """The first example of a parameter, a field or a schema, where it is a plain value; "" where there is none."""
    said: Any = node if isinstance(node, dict) else {}
    listed: Any = said.get("examples") or ([said["example"]] if "example" in said else [])
    first: Any = next(iter(listed.values() if isinstance(listed, dict) else listed), "")
    first = cast("Json", first).get("value", "") if isinstance(first, dict) else first
    return str(first) if isinstance(first, str | int) and not isinstance(first, bool) else ""


def _schema(node: Json) -> Json:
    """A parameter's schema, which OpenAPI 2.0 writes into the parameter."""
    schema = node.get("schema")
    if schema is None and node.get("content"):
        return {"type": "object"}
    return {key: node[key] for key in _KEPT if key in node} if schema is None else schema


def alternatives(said: Any) -> tuple[tuple[str, ...], ...]:
    """The ways to be let in of a ``security``: one of them is enough, and each takes all its schemes."""
    return tuple(tuple(map(str, way)) for way in said or ())


def _answer(document: Document, made: Operation, said: Json) -> None:
    answers = {str(status): node for status, node in (said.get("responses") or {}).items()}
    status = next((s for s in sorted(answers) if s.startswith("2")), "default")
    answer: Any = document.resolve(answers.get(status) or {})
    if "schema" in answer:
        made.answer = answer["schema"]
        made.media = tuple(said.get("produces") or document.root.get("produces") or ("application/json",))
        return
    content: Json = answer.get("content") or {}
    made.media = tuple(content)
    media = next((m for m in content if _JSON.match(m)), "")
    made.answer = (content.get(media) or {}).get("schema") if media else None


def speaks_json(media: tuple[str, ...]) -> bool:
    """Whether one of these media types is JSON."""
    return any(_JSON.match(m) for m in media)


def server(document: Document) -> str:
    """Where the document says that its operations are; empty where it does not."""
    root = document.root
    if root.get("host"):
        scheme = "https" if "https" in (root.get("schemes") or ["https"]) else "http"
        return f"{scheme}://{root['host']}{root.get('basePath') or ''}".rstrip("/")
    return _url(root.get("servers") or [])


def _url(servers: Any) -> str:
    """The first server, its variables at their defaults."""
    first: Any = servers[0] if isinstance(servers, list) and servers else {}
    url = str(first.get("url") or "") if isinstance(first, dict) else ""
    for name, variable in (first.get("variables") or {}).items() if url else ():
        url = url.replace(f"{{{name}}}", str(variable.get("default", "")))
    return url.rstrip("/")
