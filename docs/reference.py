"""Writes docs/reference/*.md from the code: ``python -m docs.reference``. A test compares."""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import click
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, iter_route_contexts

import frontdesk
from docs import settings as settings_page
from frontdesk import Frontdesk, errors
from frontdesk.cli import cli
from frontdesk.desk import VISITOR_PERMISSIONS
from frontdesk.errors import FrontdeskError
from frontdesk.settings import Settings
from frontdesk.web.app import create_app

FOLDER = Path(__file__).with_name("reference")
MADE = "Written from the code by `python -m docs.reference`; a test compares.\n"
MODULES = {
    "frontdesk": "what a `support.py` is written with",
    "frontdesk.helpdesks": "where tickets go: [helpdesks](../helpdesks.md)",
    "frontdesk.knowledge.sources": "where articles come from: [knowledge](../knowledge.md)",
    "frontdesk.tools.sql": "tools over tables: [SQL](../sql.md)",
    "frontdesk.tools.openapi": "tools of an HTTP API: [OpenAPI](../openapi.md)",
    "frontdesk.tools.mcp": "tools of an MCP server: [MCP](../mcp.md)",
    "frontdesk.testing": "parts for tests of your own",
}
# Who passes a dependency of FastAPI's: the strictest that a route has is what it asks for.
DOORS = (
    ("admins_only", "staff: admin"),
    ("leads_only", "staff: lead or admin"),
    ("signed_in", "staff"),
    ("visitor", "a browser, before sign-in"),
    ("frontdesk.web.actions._backend", "service key with `approvals`"),
    ("frontdesk.web.customers._backend", "service key with `privacy`"),
    ("frontdesk.web.knowledge._backend", "service key with `knowledge`"),
    ("_authenticator", "service key, customer's token or session"),
)


def first(text: str | None) -> str:
    """The first paragraph of a docstring, on one line, fit for a table."""
    return " ".join((inspect.cleandoc(text or "")).split("\n\n")[0].split()).replace("|", "\\|")


def error_page() -> str:
    """Each error that a caller can meet, and those that are raised at start or inside a turn."""
    kinds = [
        kind for kind in vars(errors).values() if inspect.isclass(kind) and issubclass(kind, FrontdeskError)
    ]
    answered = sorted((k for k in kinds if k.status != 500), key=lambda kind: (kind.status, kind.code))
    inside = sorted((k for k in kinds if k.status == 500), key=lambda kind: kind.code)
    rows = [f"| {k.status} | `{k.code}` | {first(k.__doc__)} | {k.retry_after or ''} |" for k in answered]
    raised = [f"| `{k.__name__}` | `{k.code}` | {first(k.__doc__)} |" for k in inside]
    return (
        "# Errors\n\nA refusal is `application/problem+json`: `{type, title, status, detail, code}`. Switch on `code`; "
        f"`detail` is the sentence below, or one that says more. {MADE}\n"
        "| status | code | sentence | `Retry-After` |\n|---|---|---|---|\n" + "\n".join(rows) + "\n\n"
        "## Raised in Python\nAt start, on the command line (one sentence, exit code 1), or inside a turn, where a model reads them. "
        "Over HTTP they are 500 with a reference to the log.\n\n"
        "| class | code | sentence |\n|---|---|---|\n" + "\n".join(raised) + "\n"
    )


def passed(dependant: Dependant) -> Iterator[str]:
    """The names of all that stands before a route."""
    for needed in dependant.dependencies:
        call = needed.call
        yield from (
            getattr(call, "__name__", ""),
            f"{getattr(call, '__module__', '')}.{getattr(call, '__name__', '')}",
        )
        yield from passed(needed)


def routes(app: FastAPI, under: str = "") -> Iterator[tuple[str, str, str, str]]:
    """(path, method, who may, what) of each route, those of mounted applications too."""
    for route in iter_route_contexts(app.routes):
        path = under + str(route.path or "")
        if isinstance(route.original_route, APIRoute):
            names = set(passed(route.dependant))
            who = next((who for door, who in DOORS if door in names), "anybody")
            for method in sorted((route.methods or set()) - {"HEAD"}):
                yield path, method, who, first(route.endpoint.__doc__)
        elif isinstance(inner := getattr(route.original_route, "app", None), FastAPI):
            yield from routes(inner, path)


def route_page() -> str:
    """Each path of the server."""
    app = create_app(
        Frontdesk("Reference"), Settings(environment="development", service_keys=("sk_doc_" + "x" * 32,))
    )
    rows = [
        f"| {method} | `{path}` | {who} | {what} |" for path, method, who, what in sorted(set(routes(app)))
    ]
    return (
        f"# Routes\n\n{MADE}\nWho may is who passes the door; behind one that is open to anybody, a token, a signature or an origin is checked. A customer's token reaches that customer's things only; what is somebody else's is "
        "the same 404 as what is not there. `/dev/token` is there in development mode only. "
        "`POST /mcp` (service key) is the desk as an MCP server.\n\n"
        "| method | path | who may | what |\n|---|---|---|---|\n" + "\n".join(rows) + "\n"
    )


def command_page() -> str:
    """The whole tree of ``frontdesk --help``."""
    parts = [f"# Commands\n\n{MADE}"]
    for path, command in commands(cli, "frontdesk"):
        context = click.Context(command, info_name=path, terminal_width=100, max_content_width=100)
        parts.append(
            f"## {path}\n<!-- not run: it is compared with the commands themselves -->\n```text\n{command.get_help(context)}\n```\n"
        )
    return "\n".join(parts)


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """(what is typed, the command) of a group and all below it."""
    yield path, group
    context = click.Context(group, info_name=path)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        elif command:
            yield f"{path} {name}", command


def python_page() -> str:
    """``__all__`` of each public module."""
    parts = [f"# Python\n\n{MADE}"]
    for name, about in MODULES.items():
        module = importlib.import_module(name)
        parts.append(f"## {name}\n{about[0].upper()}{about[1:]}.\n\n| name | what |\n|---|---|")
        for each in sorted(module.__all__):
            thing = getattr(module, each)
            parts.append(f"| `{each}{signature(thing)}` | {first(getattr(thing, '__doc__', ''))} |")
        parts[-1] += "\n"
    return "\n".join(parts)


def signature(thing: Any) -> str:
    """How it is called; nothing for what is not called by a shop."""
    if inspect.isclass(thing) and issubclass(thing, BaseException):
        return "(sentence)"
    if not callable(thing) or get_args(thing) or thing is frontdesk.Tool:  # made by @tool
        return ""
    try:
        words = inspect.signature(thing).parameters.values()
    except (TypeError, ValueError):
        return ""
    shown: list[str] = []
    for word in words:
        if (
            word.kind is word.KEYWORD_ONLY
            and "*" not in shown
            and not any(each.startswith("*") for each in shown)
        ):
            shown.append("*")
        star = {word.VAR_POSITIONAL: "*", word.VAR_KEYWORD: "**"}.get(word.kind, "")
        default = "" if word.default is word.empty else f"={plain(word.default)}"
        shown.append(f"{star}{word.name}{default}")
    return f"({', '.join(shown)})".replace("|", "\\|")


def plain(value: object) -> str:
    """A default as it is written; ``…`` for one that is made anew."""
    return repr(value) if isinstance(value, str | int | float | bool | tuple | None) else "…"


def permission_page() -> str:
    """What may be held, by whom."""
    visitor = ", ".join(f"`{name}`" for name in sorted(VISITOR_PERMISSIONS))
    return f"""# Permissions, rights and roles

{MADE}
| who | holds |
|---|---|
| a customer | the permissions that the desk's tools ask for, `actions:read`, {visitor}; `Frontdesk(permissions=…)` says otherwise, a token's claim `permissions` narrows it |
| a visitor | {visitor} |
| a service key | what the customer holds in whose name it speaks |
| a service key made with `--knowledge` | also `/support/knowledge`: what all customers asked, syncing, publishing |
| a service key made with `--privacy` | also `/support/customers`: exporting and erasing customers |
| a service key made with `--approvals` | also `/support/approvals`: approving, declining and settling actions |
| staff: agent | the inbox, taking over, replying, notes, drafts; reads what waits for approval |
| staff: lead | also approves and publishes, takes conversations from a colleague, reads the reports |
| staff: admin | also who works here, and service keys |

Permissions are words of your own, written beside a tool: `@tool(permission="orders:read")` ([tools](../tools.md)). Which page of the
console needs which role is listed under [routes](routes.md); who may call, and with what, under [identity](../identity.md).
"""


PAGES = {
    "errors": error_page,
    "routes": route_page,
    "commands": command_page,
    "python": python_page,
    "permissions": permission_page,
}


def main() -> None:
    """Write them all, and the settings."""
    FOLDER.mkdir(exist_ok=True)
    for name, made in PAGES.items():
        (FOLDER / f"{name}.md").write_text(made(), encoding="utf-8")
    Path(settings_page.__file__).with_suffix(".md").write_text(settings_page.text(), encoding="utf-8")


if __name__ == "__main__":
    main()
