"""Patterns of paths: ``*`` within a folder, ``**`` across folders, ``?`` for one character."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache

_WILD = re.compile(r"\*\*/|\*\*|\*|\?")
_MEANING = {"**/": "(?:.*/)?", "**": ".*", "*": "[^/]*", "?": "[^/]"}


def matches(path: str, patterns: Sequence[str]) -> bool:
    """Whether one of ``patterns`` fits ``path``. A pattern without a slash fits a name in any folder."""
    return any(_compiled(pattern).match(path) for pattern in patterns)


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> re.Pattern[str]:
    # A trailing slash names everything in a folder.
    whole = pattern + "**" if pattern.endswith("/") else pattern
    whole = whole if "/" in whole else f"**/{whole}"
    parts: list[str] = []
    end = 0
    for wild in _WILD.finditer(whole):
        parts += [re.escape(whole[end : wild.start()]), _MEANING[wild[0]]]
        end = wild.end()
    return re.compile("".join([*parts, re.escape(whole[end:])]) + r"\Z", re.DOTALL)
