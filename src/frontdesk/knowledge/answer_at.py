"""Putting ``answer_at`` into knowledge.toml, with every comment and line where it was."""

from __future__ import annotations

import os
import re
import tomllib
from pathlib import Path

from frontdesk.errors import SettingsError

_TABLE = re.compile(r"^[ \t]*\[[ \t]*knowledge[ \t]*\][ \t]*(?:#.*?)?\r?$", re.MULTILINE)
_NEXT = re.compile(r"^[ \t]*\[", re.MULTILINE)
_KEY = re.compile(r"^([ \t]*answer_at[ \t]*=[ \t]*)[^\s#]+", re.MULTILINE)


def write(path: Path, value: float) -> None:
    """Set ``answer_at`` under ``[knowledge]`` in the file at ``path``; it is replaced whole or not at all.

    Raises SettingsError where the file is not TOML, or is written in a way that this cannot change safely.
    """
    try:
        with path.open(encoding="utf-8", newline="") as file:
            before = file.read()
        known = tomllib.loads(before)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError):
        raise SettingsError(f"{path.name} is not TOML: nothing was written") from None
    after = _with(before, f"{value:.2f}")
    if not _same_but_for_it(known, after, value):
        raise SettingsError(
            f"{path.name}: write answer_at = {value:.2f} under [knowledge] yourself; nothing was written"
        )
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    with fresh.open("w", encoding="utf-8", newline="") as file:
        file.write(after)
    fresh.chmod(path.stat().st_mode & 0o777)
    fresh.replace(path)


def _with(text: str, value: str) -> str:
    end = "\r\n" if "\r\n" in text else "\n"
    table = _TABLE.search(text)
    if table is None:
        gap = "" if not text else end if text.endswith("\n") else end * 2
        return f"{text}{gap}[knowledge]{end}answer_at = {value}{end}"
    following = _NEXT.search(text, table.end())
    stop = following.start() if following else len(text)
    body = text[table.end() : stop]
    if _KEY.search(body):
        return text[: table.end()] + _KEY.sub(rf"\g<1>{value}", body, count=1) + text[stop:]
    line_end = text.find("\n", table.end())
    at = line_end + 1 if line_end >= 0 else len(text)
    lead = "" if line_end >= 0 else end
    return f"{text[:at]}{lead}answer_at = {value}{end}{text[at:]}"


def _same_but_for_it(known: dict[str, object], after: str, value: float) -> bool:
    try:
        now = tomllib.loads(after)
    except tomllib.TOMLDecodeError:
        return False
    table = now.get("knowledge")
    if not isinstance(table, dict) or table.pop("answer_at", None) != round(value, 2):
        return False
    before = known.get("knowledge", {})
    if isinstance(before, dict):
        before.pop("answer_at", None)
    return now == {**known, "knowledge": before}
