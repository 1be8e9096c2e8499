"""Front matter: YAML between ``---`` lines, TOML between ``+++`` lines."""

from __future__ import annotations

import re
import tomllib
from typing import Any, cast

import yaml

from frontdesk.knowledge.formats.parsed import Malformed

MAX_FRONT = 65_536  # characters
_OPEN = re.compile(r"\s*\n?(---|\+\+\+)[ \t]*\n")


class _Loader(yaml.SafeLoader):
    """SafeLoader that refuses a name said twice: which of two visibilities holds, nobody can know."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        names = [key.value for key, _ in node.value if isinstance(key, yaml.ScalarNode)]
        if len(names) != len(set(names)):
            raise yaml.constructor.ConstructorError(None, None, "a name stands twice", node.start_mark)
        return super().construct_mapping(node, deep)


def split(text: str) -> tuple[dict[str, Any], str]:
    """Front matter and body. Raises Malformed when it begins and does not end, or is not what it should be."""
    opened = _OPEN.match(text[:200])
    if opened is None:
        return {}, text
    mark, start = opened[1], opened.end()
    end = re.compile(rf"^{re.escape(mark)}[ \t]*$", re.MULTILINE).search(text, start, start + MAX_FRONT)
    if end is None:
        raise Malformed(f"the front matter has no end: a line of {mark} is missing")
    source = text[start : end.start()]
    front = _yaml(source, text.count("\n", 0, start)) if mark == "---" else _toml(source)
    return _named(front), text[end.end() :].removeprefix("\n")


def _yaml(source: str, line: int) -> object:
    try:
        return yaml.load(source, Loader=_Loader)  # noqa: S506 - a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError, TypeError, AttributeError) as error:
        mark = getattr(error, "problem_mark", None)
        where = f" (line {mark.line + line + 1})" if mark is not None else ""
        raise Malformed(f"the front matter is not YAML{where}") from None


def _toml(source: str) -> object:
    try:
        return tomllib.loads(source)
    except (ValueError, RecursionError):
        raise Malformed("the front matter is not TOML") from None


def _named(front: object) -> dict[str, Any]:
    if front is None:
        return {}
    if not isinstance(front, dict):
        raise Malformed("the front matter is not a list of 'name: value' lines")
    found: dict[str, Any] = {}
    for key, value in cast("dict[object, Any]", front).items():
        name = str(key).strip().lower().replace("-", "_") if isinstance(key, str) else ""
        if name in found:
            raise Malformed("a name stands twice in the front matter")
        if name:
            found[name] = value
    return found
