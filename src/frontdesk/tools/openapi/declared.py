"""What a document says of its operations in ``x-frontdesk``: words, limits and rules, which never widen what is allowed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.errors import DeclarationError
from frontdesk.models.local.says import TemplateError, parse, render
from frontdesk.tools.openapi.operations import Operation

__all__ = ["EXTENSION", "OF_FIELDS", "read"]

EXTENSION = "x-frontdesk"
OF_FIELDS = (
    "x-frontdesk-default"  # a body's field: where it stands in the record, which is taken if nothing is said
)
_KINDS: Mapping[str, tuple[type | tuple[type, ...], str]] = {
    "examples": (list, "a list of what customers say"),
    "says": (str, "a template"),
    "step": (str, "a text"),
    "asks": (dict, "a question for each argument"),
    "limits": (dict, "what the articles say, by name"),
    "limit": ((str, list), '"3/day", or a list of such'),
    "approve_above": ((str, list), '"100 EUR", or a list of such'),
    "approve_twice_above": ((str, list), '"500 EUR", or a list of such'),
    "expires": (str, '"10 minutes"'),
    "requires": (list, "a list of rules"),
    "preview": (dict, "title and text as templates"),
    "undo": (bool, "true or false"),
    "leave_out": (str, "why it is no tool"),
}
_OF_CHANGES = ("limit", "approve_above", "approve_twice_above", "expires", "requires", "preview", "undo")


def read(operation: Operation) -> Json:
    """What stands in ``x-frontdesk`` of an operation. Raises DeclarationError for what cannot be followed."""
    said: Any = operation.extension
    if not isinstance(said, dict):
        raise DeclarationError(f"{EXTENSION} is a table of words")
    for word, value in cast("Json", said).items():
        kind, meant = _KINDS.get(word, (None, ""))
        if kind is None:
            raise DeclarationError(f"{EXTENSION} has no {word!r}; it has {', '.join(_KINDS)}")
        if not isinstance(value, kind):
            raise DeclarationError(f"{EXTENSION}: {word} is {meant}")
        if operation.reads and word in _OF_CHANGES:
            raise DeclarationError(f"{EXTENSION}: {word} is for an operation that changes data")
    words = cast("Json", said)
    for rule in words.get("requires", ()):
        _check_rule(rule)
    preview = words.get("preview", {})
    if set(preview) - {"title", "text"}:
        raise DeclarationError(f"{EXTENSION}: preview has title and text")
    of_parts = [rule["else"] for rule in words.get("requires", ()) if "without" in rule]
    for template in (words.get("says", ""), *preview.values(), *of_parts):
        try:
            parse(template)
            render(template, {})
        except (TemplateError, TypeError) as error:
            raise DeclarationError(f"{EXTENSION}: a template cannot be read: {error}") from None
    return words


def _check_rule(rule: Any) -> None:
    keys = set(cast("Json", rule)) if isinstance(rule, dict) else set[str]()
    known = ({"field", "in", "else"}, {"argument", "is", "else"}, {"argument", "without", "else"})
    if keys not in known or ("in" in keys and not isinstance(rule["in"], list)):
        raise DeclarationError(
            f"{EXTENSION}: a rule is {{field: status, in: [placed], else: …}}, {{argument: …, is: field, else: …}}"
            " or {argument: …, without: field, else: …}"
        )
    for word in keys - {"in"}:
        if not isinstance(rule[word], str) or not rule[word].strip():
            raise DeclarationError(f"{EXTENSION}: {word} of a rule is a text, and says something")
