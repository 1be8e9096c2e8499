"""Python as `ruff format` leaves it: what is broken into lines keeps a comma at its end, at any length of line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

__all__ = ["WIDTH", "bracketed", "docstring", "imported", "literal"]

WIDTH = 88


def literal(value: object) -> str:
    """A value as Python writes it, in double quotes where that takes no more backslashes than single ones."""
    if isinstance(value, tuple):
        inner = ", ".join(map(literal, value))  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return f"({inner},)" if len(value) == 1 else f"({inner})"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, list):
        return f"[{', '.join(map(literal, value))}]"  # pyright: ignore[reportUnknownArgumentType]
    if isinstance(value, dict):
        pairs = [f"{literal(k)}: {literal(v)}" for k, v in value.items()]  # pyright: ignore[reportUnknownArgumentType, reportUnknownVariableType]
        return f"{{{', '.join(pairs)}}}"
    if not isinstance(value, str):
        return repr(value)
    quote = "'" if value.count('"') > value.count("'") else '"'
    plain = "".join(c if c in "'\"" else repr(c)[1:-1] for c in value)
    escaped = plain.replace(quote, "\\" + quote)
    return f"{quote}{escaped}{quote}"


def bracketed(before: str, parts: Sequence[str], after: str, indent: int = 0) -> str:
    """``before`` parts ``after`` in one line where it fits, else a line for each part; ``before`` ends in a bracket."""
    space = " " * indent
    line = f"{space}{before}{', '.join(parts)}{after}"
    if "\n" not in line and len(line) < WIDTH:  # a comma may follow
        return line
    listed = "".join(f"{space}    {part},\n" for part in parts)
    return f"{space}{before}\n{listed}{space}{after}"


def imported(module: str, names: Sequence[str]) -> str:
    """An import of ``names``, in brackets where a line is too short for it."""
    line = f"from {module} import {', '.join(names)}"
    return line if len(line) <= WIDTH else bracketed(f"from {module} import (", names, ")")


def docstring(text: str, indent: int = 4, more: Sequence[str] = ()) -> str:
    """A docstring of ``text``, with ``more`` lines below it."""
    space = " " * indent
    wrapped = textwrap.wrap(_plain(text), WIDTH - indent - 6, break_long_words=False, break_on_hyphens=False)
    lines = [*(wrapped or ["It has no description."])]
    if more:
        lines += [""]
        for line in more:
            lines += textwrap.wrap(
                _plain(line), WIDTH - indent, subsequent_indent="    " if indent else "",
                break_long_words=False, break_on_hyphens=False,
            )  # fmt: skip
    if len(lines) == 1:
        return f'{space}"""{lines[0]}"""'
    return (
        f'{space}"""'
        + "\n".join(f"{space if n and line else ''}{line}" for n, line in enumerate(lines))
        + f'\n{space}"""'
    )


def _plain(text: str) -> str:
    """Text without what ends a docstring or means something in one."""
    kept = "".join(c for c in text.replace("\\", "/").replace('"', "'") if c.isprintable())
    return " ".join(kept.split())
