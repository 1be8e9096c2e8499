"""What was decided of each operation, and why: for a terminal, and as Markdown to keep beside the tools."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Sequence

from frontdesk.tools.openapi.access import Access
from frontdesk.tools.openapi.decision import Decision
from frontdesk.tools.openapi.load import Document
from frontdesk.tools.openapi.operations import server
from frontdesk.tools.openapi.schema import is_money

__all__ = ["markdown", "row", "summary"]

INDENT = 10  # what is said of an operation stands below its method


def row(made: Decision, width: int = 0) -> str:
    """One operation for a terminal of ``width`` columns, what was decided below it; in one line where width is 0."""
    operation = made.operation
    first = f"{made.status:{INDENT}}{operation.method.upper():7} {operation.path}"
    parts = [made.name, made.reason]
    if made.status != "left out":
        line = f"--enable {made.name}" if made.status == "change" and not operation.reads else ""
        parts = [made.name, made.permission, *_facts(made), made.reason, line]
    said = [" ".join(part.split()) for part in parts if part]
    if not width:
        return "  ".join([first, *said])
    # What is to be copied stays whole.
    whole = [part.replace(" ", "\N{NO-BREAK SPACE}") if part.startswith("--") else part for part in said]
    space = " " * INDENT
    below = textwrap.fill(" · ".join(whole), max(width, 40), initial_indent=space, subsequent_indent=space,
                          break_long_words=False, break_on_hyphens=False)  # fmt: skip
    return f"{first}\n{below.replace(chr(0xA0), ' ')}"


def summary(document: Document, decisions: Sequence[Decision]) -> str:
    """All of them in a line."""
    counted = Counter(made.status for made in decisions)
    enabled = f"{counted['enabled']} change data when confirmed, " if counted["enabled"] else ""
    return (
        f"OpenAPI {document.version}, {server(document) or 'no server named'}: {len(decisions)} operations: "
        f"{counted['read']} read, {enabled}{counted['change']} change data (off), {counted['left out']} left out"
    )


def markdown(document: Document, decisions: Sequence[Decision], access: Access) -> str:
    """The table of decisions as a file."""
    lines = ["# What was decided of each operation", "", f"{summary(document, decisions)}.", ""]
    lines.append("Written by `frontdesk tools from-openapi`.")
    if access.variables:
        lines += ["", f"The credential: {', '.join(f'`{name}`' for name in access.variables)}."]
    made = [d for d in decisions if d.status in ("read", "enabled")]
    if made:
        lines += ["", "## Tools", "", "| operation | tool | permission | decided |", "|---|---|---|---|"]
        for d in made:
            confirmed = ["only when the customer has confirmed it"] if d.status == "enabled" else []
            lines.append(
                _line(_operation(d), f"`{d.name}`", f"`{d.permission}`", "; ".join([*_facts(d), *confirmed]))
            )
    off = [d for d in decisions if d.status == "change"]
    if off:
        lines += [
            "",
            "## Changes that are off",
            "",
            "Each runs only when a customer has confirmed it. Turn one on with",
        ]
        lines += [
            "its line; nothing changes data without.",
            "",
            "| operation | write | what it rests on |",
            "|---|---|---|",
        ]
        for d in off:
            write = d.reason if d.operation.reads else f"`--enable {d.name}`"
            lines.append(_line(_operation(d), write, "; ".join(_facts(d))))
    out = [d for d in decisions if d.status == "left out"]
    if out:
        lines += ["", "## Left out", "", "| operation | why |", "|---|---|"]
        lines += [_line(_operation(d), d.reason) for d in out]
    return "\n".join(lines) + "\n"


def _facts(made: Decision) -> list[str]:
    """Who is the customer, how it is proved, what is hidden, what is money."""
    facts = [f"{made.customer.name} is the customer"] if made.customer else []
    facts += [f"{'.'.join(p.inside)} is the customer" for p in made.bound]
    if made.proof == "field":
        facts.append(f"proved by {'.'.join(made.owner)} of the answer")
    elif made.proof == "token":
        facts.append("the backend checks it by the customer's token")
    elif made.proof != "parent":
        facts.append(f"proved by the {made.proof}")
    facts += [
        f"proved by {b.read.name}{f', which has {_joined(b.parts)}' if b.parts else ''}" for b in made.before
    ]
    facts += [f"hidden: {', '.join(made.shown.dropped)}"] if made.shown.dropped else []
    given = [name for name, p in made.arguments if p.where == "body" and is_money(p.name)]
    money = [*made.shown.money, *given]
    return facts + ([f"money: {', '.join(dict.fromkeys(money))}"] if money else [])


def _operation(made: Decision) -> str:
    return f"`{made.operation.method.upper()} {made.operation.path}`"


def _line(*cells: str) -> str:
    return f"| {' | '.join(' '.join(cell.split()).replace('|', chr(92) + '|') for cell in cells)} |"


def _joined(names: Iterable[str]) -> str:
    return " and ".join(names)
