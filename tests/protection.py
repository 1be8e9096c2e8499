"""One protection that ``make prove`` switches off."""

from __future__ import annotations

from typing import NamedTuple


class Protection(NamedTuple):
    """What is switched off: in ``file`` the first of each pair becomes the second, and ``tests`` must fail.

    ``also`` is what is switched off with it, as (file, first, second), where one protection stands behind another.
    """

    name: str
    file: str
    changes: tuple[tuple[str, str], ...]
    tests: tuple[str, ...]
    also: tuple[tuple[str, str, str], ...] = ()

    def edits(self) -> tuple[tuple[str, str, str], ...]:
        """All that is switched off, as (file, first, second)."""
        return (*((self.file, old, new) for old, new in self.changes), *self.also)
