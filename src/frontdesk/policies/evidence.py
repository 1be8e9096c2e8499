"""What a tool call is evidence of: what it brought, without the words that a model asked with.

A model's arguments come back in results: in a proposal's preview, in a search's query, in a backend that repeats what
it was sent. Nothing that a model wrote becomes a fact by that. An id that it asked with is one once a result has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import orjson

from frontdesk.domain import Json, Step
from frontdesk.tools import encode

ASKED_WITH = re.compile(r'"query":"(?:[^"\\]|\\.)*",?')
OF_ACTIONS = re.compile(r'^\{"(?:proposed|action)":')
FREE = re.compile(r"[\s/@:]")  # in an id there is none of these


def of(step: Step) -> str:
    """A step's result as evidence: JSON text."""
    if step.tool == "search_knowledge":
        return ASKED_WITH.sub("", step.result)
    if OF_ACTIONS.match(step.result):
        return _of_action(step)
    result = step.result
    for text in _strings(step.arguments):
        if FREE.search(text):
            result = result.replace(encode(text)[1:-1], "")
    return result


def _of_action(step: Step) -> str:
    """Of a proposal: what code put there beside the arguments, and the amount, which code has read and ruled on."""
    (kind, shown), *_ = cast("Json", orjson.loads(step.result)).items()
    words = {word for text in _strings(step.arguments) for word in text.split()}
    told = _without(shown, words)
    return encode({kind: {**told, **({"amount": shown["amount"]} if shown.get("amount") else {})}})


def _without(value: Any, words: set[str]) -> Any:
    if isinstance(value, str):
        return " ".join(
            word for word in value.split() if word not in words and word.rstrip(".,;") not in words
        )
    if isinstance(value, dict):
        return {key: _without(inner, words) for key, inner in cast("Json", value).items()}
    if isinstance(value, list):
        return [_without(inner, words) for inner in cast("list[Any]", value)]
    return value


def _strings(value: Any) -> Iterator[str]:
    """All texts in a call's arguments."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in cast("Json", value).values():
            yield from _strings(inner)
    elif isinstance(value, list):
        for inner in cast("list[Any]", value):
            yield from _strings(inner)
