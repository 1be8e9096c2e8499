"""The ids of a record's parts, as they stand in it: ``line_id`` of an order is one of its lines'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.identity import IDS
from frontdesk.tools.sql.declared import singular

__all__ = ["named_parts", "parts_of", "records", "several"]


def parts_of(record: Any, noun: str) -> set[str]:
    """The ids of each ``noun`` in an answer: of ``line``, line_id and line_ids anywhere, and the id of lines.

    An answer that is a list is one of these things.

    Of a shape in place of an answer: not empty where it has a place for such ids.
    """
    single = singular(noun)
    return set(_found(record, single, single if isinstance(record, list) else ""))


def named_parts(record: Any, noun: str, said: Any) -> list[Json | None]:
    """Of each id in ``said``, once, the part of the record that has it; None where the record shows none."""
    single = singular(noun)
    found: dict[str, Json] = {}
    for part in records(record, noun):
        for own in _found({k: v for k, v in part.items() if not isinstance(v, dict | list)}, single, single):
            found.setdefault(own, part)
    return [found.get(one) for one in dict.fromkeys(map(str, several(said)))]


def records(record: Any, noun: str) -> Iterator[Json]:
    """Each ``noun`` in an answer; of a shape in place of an answer, what it shows of one."""
    single = singular(noun)
    found = _objects(record, single if isinstance(record, list) else "")
    return (one for one, inside in found if _is(inside, single))


def _objects(value: Any, inside: str) -> Iterator[tuple[Json, str]]:
    """Each object in an answer, with what it lies in: ``line`` of one in ``lines``."""
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _objects(item, inside)
    elif isinstance(value, dict):
        one = cast("Json", value)
        yield one, inside
        for name, inner in one.items():
            yield from _objects(inner, singular("_".join(words_of(name))))


def _is(name: str, noun: str) -> bool:
    return name == noun or name.endswith(f"_{noun}")


def _found(value: Any, noun: str, inside: str) -> Iterator[str]:
    for one, lies_in in _objects(value, inside):
        for name, inner in one.items():
            said = words_of(name)
            if said and said[-1].removesuffix("s") in IDS and _is("_".join(said[:-1]) or lies_in, noun):
                yield from map(str, _plain(inner))


def several(value: Any) -> list[Any]:
    """What an argument names, be it one or a list; nothing of None."""
    return cast("list[Any]", value) if isinstance(value, list) else [] if value is None else [value]


def _plain(value: Any) -> list[Any]:
    listed = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, str | int)]
