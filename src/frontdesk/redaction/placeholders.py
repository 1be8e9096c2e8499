"""Placeholders in the place of personal data, and back: what a model reads, and what code makes of its answer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import count
from typing import Any

from frontdesk.redaction.find import KINDS, find

__all__ = ["Placeholders", "mapped"]

# Brackets and all: CARD-1 may be an order's number.
TOKEN = re.compile(rf"\[(?:{'|'.join(KINDS)})-\d{{1,4}}\]")


class Placeholders:
    """The same value has the same placeholder, numbered in the order they are met: ``[email-1]``, ``[card-1]``."""

    def __init__(self, known: Sequence[str] = ()) -> None:
        """``known``: the customer's own words, as ``find`` takes them."""
        self._known = known
        self._tokens: dict[tuple[str, str], str] = {}
        self._values: dict[str, str] = {}
        self._said: set[str] = set()

    def said_in(self, value: Any) -> None:
        """What looks like a placeholder in the texts of a JSON value is somebody's own words: none is called so."""

        def heard(text: str) -> None:
            self._said.update(TOKEN.findall(text))

        mapped(heard, value)

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
        return TOKEN.sub(lambda match: self._values.get(match[0], match[0]), text)

    def hide_in(self, value: Any) -> Any:
        """The same in all texts of a JSON value."""
        return mapped(self.hide, value)

    def show_in(self, value: Any) -> Any:
        """The same in all texts of a JSON value."""
        return mapped(self.show, value)

    def _token(self, kind: str, value: str) -> str:
        key = (kind, value)
        if key not in self._tokens:
            free = (f"[{kind}-{number}]" for number in count(1))
            token = next(each for each in free if each not in self._said and each not in self._values)
            self._tokens[key] = token
            self._values[token] = value
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
