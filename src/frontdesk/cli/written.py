"""Files that a command writes into a developer's project: what they have changed is not written over."""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

import click

from frontdesk.cli.shown import plain
from frontdesk.errors import SettingsError

__all__ = ["marked", "plain_lines", "write"]

MOST_LINES = 40
_MARK = re.compile(r"\n\n(?:# |<!-- )written as ([0-9a-f]{16})(?: -->)?\n\Z")


def marked(text: str, path: Path) -> str:
    """``text`` with a last line by which it is told later whether somebody has edited it."""
    digest = hashlib.sha256(text.encode()).hexdigest()[:16]
    mark = f"<!-- written as {digest} -->" if path.suffix == ".md" else f"# written as {digest}"
    return f"{text}\n\n{mark}\n"


def edited(text: str) -> bool:
    """Whether a file is no longer as a command has written it."""
    found = _MARK.search(text)
    return not found or hashlib.sha256(text[: found.start()].encode()).hexdigest()[:16] != found[1]


def write(files: Mapping[Path, str], *, force: bool) -> None:
    """Write ``files`` and say what is new and what changes.

    Raises SettingsError, and writes nothing, where one is there that was edited and that would change.
    """
    made = {path: marked(text, path) for path, text in files.items()}
    before = {path: _read(path) for path in made}
    refused = [
        path for path, text in before.items() if text is not None and text != made[path] and edited(text)
    ]
    if refused and not force:
        for path in refused:
            click.echo(f"\n{path} would change:")
            click.echo(plain_lines(changes(before[path] or "", made[path])))
        names = " and ".join(str(path) for path in refused)
        raise SettingsError(
            f"{names} {'is' if len(refused) == 1 else 'are'} there already, and yours by now: nothing was written; "
            "name another place with --out, or write over it with --force"
        )
    for path, text in made.items():
        old = before[path]
        path.parent.mkdir(parents=True, exist_ok=True)
        if old != text:
            path.write_text(text, encoding="utf-8")
        click.echo(f"{path}: {'new' if old is None else 'as it was' if old == text else _counted(old, text)}")


def changes(old: str, new: str) -> str:
    """What differs, line by line, as far as it is short."""
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))[2:]
    more = [f"… and {len(lines) - MOST_LINES} lines more"] if len(lines) > MOST_LINES else []
    return "\n".join([*lines[:MOST_LINES], *more])


def plain_lines(text: str) -> str:
    """``text`` without what a terminal would obey, line by line."""
    return "\n".join(plain(line) for line in text.splitlines())


def _counted(old: str, new: str) -> str:
    lines = list(difflib.unified_diff(old.splitlines(), new.splitlines(), n=0, lineterm=""))[2:]
    added, gone = (sum(line.startswith(sign) for line in lines) for sign in "+-")
    return f"changed, {added} lines new and {gone} gone"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None
