"""A tool of an MCP server behind a grant: its owner bound by code, its result bounded and taken as data."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from concurrent.futures import TimeoutError as Late
from typing import Any, cast

import orjson
from mcp.types import CallToolResult, TextContent
from mcp.types import Tool as McpTool

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError, SettingsError, ToolError, ToolNotFound, ToolUnavailable
from frontdesk.tools import INJECTED, Tool, ToolContext
from frontdesk.tools.declare import Declaration, described, rights
from frontdesk.tools.mcp import McpDeclaration, Server
from frontdesk.tools.mcp.session import START_SECONDS, Session, at_once

MOST_CHARS = 20_000  # of one result, as JSON
MOST_DESCRIPTION = 2000
WORDS = ("owner", "effect", "sha256")


def tools_of(server: Server, grants: Mapping[str, McpDeclaration]) -> list[Tool]:
    """See ``from_mcp``."""
    met: dict[str, str] = {}
    found: dict[str, McpTool] = {}

    def check(tools: list[McpTool]) -> None:
        """What was granted is there, and is what it was: when the desk starts, and after each reconnect."""
        for tool in tools:
            if tool.name in grants and met.setdefault(tool.name, digest(tool)) != digest(tool):
                raise ToolUnavailable
        found.clear()
        found.update({tool.name: tool for tool in tools})

    session = Session(server, check)
    try:
        at_once(session.open()).result(START_SECONDS + 5)
    except (ToolUnavailable, Late):
        raise SettingsError(
            f"the MCP server {server.name} does not answer: check how it is started, or its address"
        ) from None
    made: list[Tool] = []
    for name, declared in grants.items():
        if name not in found:
            session.close()
            raise DeclarationError(
                f"the MCP server {server.name} has no tool {name!r}; it has {', '.join(sorted(found)) or 'none'}"
            )
        made.append(granted(found[name], declared, session))
    return made


def digest(tool: McpTool) -> str:
    """The SHA-256 of all of a tool that reaches a model: its name, description and schema."""
    parts = [tool.name, tool.description or "", tool.inputSchema]
    return hashlib.sha256(orjson.dumps(parts, option=orjson.OPT_SORT_KEYS)).hexdigest()


def granted(tool: McpTool, declared: McpDeclaration, session: Session) -> Tool:
    """``tool`` with the grant that ``declared`` makes of it. Raises DeclarationError with what to write instead."""
    properties: dict[str, Any] = dict(tool.inputSchema.get("properties", {}))
    owner, effect = _bound(tool, declared, properties)
    kind = str(properties.get(owner, {}).get("type", "string")) if owner else ""
    schema = _schema(tool, {name: value for name, value in properties.items() if name not in (owner, effect)})
    plain = cast("Declaration", {word: value for word, value in declared.items() if word not in WORDS})
    made = rights(tool.name, schema["properties"], ("effect_id",) if effect else (), plain)
    _hinted(tool, declared, changes=made.changes)

    async def call(context: ToolContext, **arguments: Any) -> Any:
        sent = {name: value for name, value in arguments.items() if name in schema["properties"]}
        if owner:
            sent[owner] = _customer(context.customer.id, kind)
        if effect:
            sent[effect] = context.effect_id
        work = at_once(session.call(tool.name, sent, again=not made.changes))
        return content(await asyncio.wrap_future(work))

    said = (tool.description or tool.title or tool.name)[:MOST_DESCRIPTION]
    return Tool(
        name=tool.name,
        description=described(said, made),
        args_schema=schema,
        grant=made,
        function=call,
        injected=("context",),
    )


def content(result: CallToolResult) -> Any:
    """What a tool said, as data of a bounded size. Raises ToolError where it says that it failed.

    Its own words for a failure are not passed on: they may tell a foreign id from one that is not there.
    """
    if result.isError:
        raise ToolError("This could not be done.")
    value: Any = result.structuredContent
    if value is None:
        text = "\n".join(part.text for part in result.content if isinstance(part, TextContent))
        try:
            value = orjson.loads(text)
        except orjson.JSONDecodeError:
            value = {"text": text}
    encoded = orjson.dumps(value).decode()
    return value if len(encoded) <= MOST_CHARS else {"text": encoded[:MOST_CHARS], "cut": True}


def _bound(tool: McpTool, declared: McpDeclaration, properties: Json) -> tuple[str, str]:
    """(the argument that is the owner, the one that names the effect), "" for none."""
    if "owner" not in declared:
        raise DeclarationError(
            f'{tool.name}: say which argument is the customer, owner="customer_id", or owner=None where it says the same'
            f" to everybody; it has {', '.join(properties) or 'no arguments'}"
        )
    owner, effect = declared["owner"] or "", declared.get("effect", "")
    for word, argument in (("owner", owner), ("effect", effect)):
        if argument and argument not in properties:
            raise DeclarationError(
                f"{tool.name}: {word}={argument!r} names no argument; it has {', '.join(properties) or 'none'}"
            )
    pinned = declared.get("sha256")
    if pinned is not None and pinned != digest(tool):
        raise DeclarationError(
            f'{tool.name}: its schema or description is not the one that was pinned: read it again, then write sha256="{digest(tool)}"'
        )
    if clash := ({*properties} - {owner, effect}) & {*INJECTED}:
        raise DeclarationError(
            f"{tool.name}: bind {clash.pop()!r} with owner=, since code fills in that name"
        )
    return owner, effect


def _hinted(tool: McpTool, declared: McpDeclaration, *, changes: bool) -> None:
    """A server's annotation is a hint: it makes nothing a read, but one that warns is not passed over in silence."""
    warned = tool.annotations is not None and tool.annotations.readOnlyHint is False
    if warned and not changes and "changes" not in declared:
        raise DeclarationError(
            f"{tool.name}: the server says that it changes data: write confirm=True, or changes=False if it does not"
        )


def _schema(tool: McpTool, properties: Json) -> dict[str, Any]:
    """The schema that a model sees: without what code fills in."""
    required = [name for name in tool.inputSchema.get("required", []) if name in properties]
    rest = {key: value for key, value in tool.inputSchema.items() if key in ("$defs", "definitions")}
    return {"type": "object", **rest, "properties": properties, "required": required}


def _customer(identity: str, kind: str) -> str | int:
    """The customer's id as the argument takes it. Raises ToolNotFound for one that it cannot hold."""
    if kind != "integer":
        return identity
    if not identity.isascii() or not identity.isdigit() or str(int(identity)) != identity:
        raise ToolNotFound
    return int(identity)
