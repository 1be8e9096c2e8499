"""Placeholders in the place of personal data, and back: what a model reads, and what code makes of its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from frontdesk.redaction.find import KINDS, find

__all__ = ["Placeholders", "mapped"]

TOKEN = re.compile(rf"\[?\b({'|'.join(KINDS)})-(\d{{1,4}})\b\]?", re.IGNORECASE)


class Placeholders:
    """The same value has the same placeholder, numbered in the order they are met: ``[email-1]``, ``[card-1]``."""

    def __init__(self, known: Sequence[str] = ()) -> None:
        """``known``: the customer's own words, as ``find`` takes them."""
        self._known = known
        self._tokens: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}

    def hide(self, text: str) -> str:
        """The text with placeholders."""
        pieces: list[str] = []
        end = 0
        for found in find(text, self._known):
            pieces += [text[end : found.start], self._token(found.kind, text[found.start : found.end])]
            end = found.end
        return "".join([*pieces, text[end:]])

    def show(self, text: str) -> str:
        """The text with the values put back; a placeholder that was never given out stays."""
        return TOKEN.sub(
            lambda match: self._values.get(f"{match[1].lower()}-{int(match[2])}", match[0]), text
        )

    def hide_in(self, value: Any) -> Any:
        """The same in all texts of a JSON value."""
        return mapped(self.hide, value)

    def show_in(self, value: Any) -> Any:
        """The same in all texts of a JSON value."""
        return mapped(self.show, value)

    def _token(self, kind: str, value: str) -> str:
        key = (kind, value)
        if key not in self._tokens:
            name = f"{kind}-{1 + sum(other == kind for other, _ in self._tokens)}"
            self._tokens[key] = f"[{name}]"
            self._values[name] = value
        return self._tokens[key]


def mapped(change: Any, value: Any) -> Any:
    """A JSON value with ``change`` made in each of its texts."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, list):
        return [mapped(change, each) for each in value]  # pyright: ignore[reportUnknownVariableType]
    if isinstance(value, dict):
        return {key: mapped(change, each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType]
    return value
