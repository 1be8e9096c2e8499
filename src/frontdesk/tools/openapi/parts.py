"""The ids of a record's parts, as they stand in it: ``line_id`` of an order is one of its lines'."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from frontdesk.domain import Json
from frontdesk.tools.names import words_of
from frontdesk.tools.openapi.identity import IDS
from frontdesk.tools.sql.declared import singular

__all__ = ["named_parts", "parts_of", "records"]


def parts_of(record: Any, noun: str) -> set[str]:
    """The ids of each ``noun`` in an answer: of ``line``, line_id and line_ids anywhere, and the id of lines.

    An answer that is a list is one of these things.

    Of a shape in place of an answer: not empty where it has a place for such ids.
    """
    single = singular(noun)
    return set(_found(record, single, single if isinstance(record, list) else ""))


def named_parts(record: Any, noun: str, said: Any) -> list[Json | None]:
    """Of each id in ``said``, once, the part of the record that has it; None where the record shows none."""
    listed: list[Any] = said if isinstance(said, list) else [] if said is None else [said]
    single = singular(noun)
    found: dict[str, Json] = {}
    for part in records(record, noun):
        for own in _found({k: v for k, v in part.items() if not isinstance(v, dict | list)}, single, single):
            found.setdefault(own, part)
    return [found.get(one) for one in dict.fromkeys(map(str, listed))]


def records(record: Any, noun: str) -> Iterator[Json]:
    """Each ``noun`` in an answer; of a shape in place of an answer, what it shows of one."""
    single = singular(noun)
    return _records(record, single, single if isinstance(record, list) else "")


def _records(value: Any, noun: str, inside: str) -> Iterator[Json]:
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _records(item, noun, inside)
        return
    if not isinstance(value, dict):
        return
    if inside == noun or inside.endswith(f"_{noun}"):
        yield cast("Json", value)
    for name, inner in cast("Json", value).items():
        yield from _records(inner, noun, singular("_".join(words_of(name))))


def _found(value: Any, noun: str, inside: str) -> Iterator[str]:
    if isinstance(value, list):
        for item in cast("list[Any]", value):
            yield from _found(item, noun, inside)
        return
    if not isinstance(value, dict):
        return
    for name, inner in cast("Json", value).items():
        said = words_of(name)
        if said and said[-1].removesuffix("s") in IDS:
            about = "_".join(said[:-1]) or inside
            if about == noun or about.endswith(f"_{noun}"):
                yield from map(str, _plain(inner))
        yield from _found(inner, noun, singular("_".join(said)))


def _plain(value: Any) -> list[Any]:
    listed = cast("list[Any]", value) if isinstance(value, list) else [value]
    return [item for item in listed if isinstance(item, str | int)]
