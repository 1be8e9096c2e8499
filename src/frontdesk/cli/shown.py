"""Text of others in the terminal: a page, a path or a reason may come from anywhere."""

from __future__ import annotations

from rich.markup import escape


def plain(text: str) -> str:
    """``text`` without what a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in text)


def shown(text: str) -> str:
    """The same, without what rich would take for markup."""
    return escape(plain(text))
