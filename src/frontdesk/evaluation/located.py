"""YAML whose tables know the line each key stands on, so that a mistake is named with file and line.

Only true, false, null and whole numbers are more than text: ``24.90`` stays as it is written, ``no`` is a language and
``2025-01-20`` a string.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NoReturn, cast

import yaml

from frontdesk.domain import Json
from frontdesk.errors import SettingsError

__all__ = ["Table", "each", "near", "read"]


class _Loader(yaml.SafeLoader):
    """PyYAML's safe loader with fewer kinds of words."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012  (PyYAML's attribute)


for tag, shape, first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", ["~", "n", ""]),
    ("int", r"-?(?:0|[1-9][0-9]*)", "-0123456789"),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(rf"(?:{shape})\Z"), list(first))


class _Located(dict[str, Any]):
    """A mapping with the line of each key and its own."""

    line: int
    lines: dict[str, int]


def _mapping(loader: _Loader, node: yaml.MappingNode) -> _Located:
    loader.flatten_mapping(node)
    found = _Located()
    found.line, found.lines = node.start_mark.line + 1, {}
    for key_node, value_node in node.value:
        key = str(key_node.value)
        line = key_node.start_mark.line + 1
        if key in found:
            raise _Wrong(line, f"{key!r} stands here twice: keep one")
        found[key] = loader.construct_object(value_node, deep=True)
        found.lines[key] = line
    return found


_Loader.add_constructor("tag:yaml.org,2002:map", _mapping)


class _Wrong(Exception):
    def __init__(self, line: int, sentence: str) -> None:
        super().__init__(sentence)
        self.line, self.sentence = line, sentence


class Table:
    """A mapping of a file that is taken apart key by key; what is left over is unknown."""

    def __init__(self, where: str, given: object, line: int, what: str) -> None:
        """Raises SettingsError where ``given`` is no mapping; ``what`` is what one would look like."""
        self.where = where
        self.line = getattr(given, "line", line)
        if not isinstance(given, dict):
            self.wrong(f"write {what}", line)
        self._given = cast("Json", given)
        self._lines: dict[str, int] = getattr(given, "lines", {})
        self._taken: list[str] = []

    def line_of(self, key: str) -> int:
        """The line ``key`` stands on; the table's own where it is not there."""
        return self._lines.get(key, self.line)

    def __contains__(self, key: str) -> bool:
        return key in self._given

    def any(self, key: str, default: Any = None) -> Any:
        """What stands at ``key``, as it stands."""
        self._taken.append(key)
        value = self._given.get(key)
        return default if value is None else value

    def text(self, key: str, default: str | None = None) -> str:
        """One text. Raises SettingsError where there is none and no default."""
        value = self.any(key, default)
        if isinstance(value, bool) or not isinstance(value, str | int) or not str(value).strip():
            self.wrong(
                f"{key} is missing: write {key}: …" if value is None else f"{key} is one text",
                self.line_of(key),
            )
        return str(value)

    def texts(self, key: str) -> tuple[str, ...]:
        """Several texts; one alone is one of them."""
        value = self.any(key, [])
        value = value if isinstance(value, list) else [value]
        items = cast("list[object]", value)
        if any(isinstance(item, bool) or not isinstance(item, str | int) for item in items):
            self.wrong(f"{key} is a list of texts: {key}: [one, another]", self.line_of(key))
        return tuple(str(item) for item in items)

    def flag(self, key: str) -> bool | None:
        """True, false, or None where it is not there."""
        value = self.any(key)
        if value is not None and not isinstance(value, bool):
            self.wrong(f"{key} is true or false", self.line_of(key))
        return value

    def number(self, key: str, default: int) -> int:
        """A whole number, 1 or more."""
        value = self.any(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            self.wrong(f"{key} is a whole number, 1 or more", self.line_of(key))
        return value

    def items(self, key: str) -> list[Any]:
        """A list, empty where it is not there."""
        value = self.any(key, [])
        if not isinstance(value, list):
            self.wrong(f"{key} is a list", self.line_of(key))
        return cast("list[Any]", value)

    def table(self, key: str, what: str) -> Table | None:
        """The mapping at ``key``; None where it is not there."""
        value = self.any(key)
        return None if value is None else Table(self.where, value, self.line_of(key), what)

    def done(self) -> None:
        """Raise SettingsError for a key nobody has asked for."""
        for key in self._given:
            if key not in self._taken:
                hint = near(key, self._taken) or f": write {', '.join(self._taken)}"
                self.wrong(f"there is no key {key!r}{hint}", self.line_of(key))

    def wrong(self, sentence: str, line: int | None = None) -> NoReturn:
        """Raise SettingsError with file, line and ``sentence``."""
        raise SettingsError(f"{self.where}:{line or self.line}: {sentence}")


def read(path: Path, where: str, what: str) -> Table:
    """The mapping in the file at ``path``, called ``where`` in errors. Raises SettingsError."""
    try:
        given = yaml.load(path.read_text(encoding="utf-8"), _Loader)  # noqa: S506  (a safe loader)
    except _Wrong as wrong:
        raise SettingsError(f"{where}:{wrong.line}: {wrong.sentence}") from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        raise SettingsError(
            f"{where}:{mark.line + 1 if mark else 1}: this is no YAML: {error.problem}"
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError):
        raise SettingsError(f"{where}:1: this is no YAML in UTF-8") from None
    except OSError as error:
        raise SettingsError(f"{where} cannot be read: {error.strerror}") from None
    return Table(where, given, 1, what)


def near(word: str, known: Iterable[str]) -> str:
    """ "; did you mean …?", or nothing."""
    found = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {found[0]!r}?" if found else ""


def each(found: Iterable[Path], make: Callable[[Path], Any]) -> list[Any]:
    """What ``make`` makes of each file. Raises one SettingsError that holds the sentences of all of them."""
    made: list[Any] = []
    wrong: list[str] = []
    for path in found:
        try:
            made.append(make(path))
        except SettingsError as error:
            wrong.append(error.detail)
    if wrong:
        raise SettingsError("\n".join(wrong))
    return made
