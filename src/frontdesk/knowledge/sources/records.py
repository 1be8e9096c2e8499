"""The JSON objects in an export: one file or a folder of them, whole or a line each."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import orjson

from frontdesk.errors import SourceUnavailable

MAX_BYTES = 200_000_000  # of an export, all its files together
SUFFIXES = {".json", ".jsonl", ".ndjson"}
MAX_DEPTH = 4  # a list of pages of a list of articles, and one to spare

Record = dict[str, Any]


def records(place: Path, name: str, known: Callable[[Record], bool]) -> Iterator[Record]:
    """Each object in the export at ``place`` that ``known`` knows, wherever it stands. Raises SourceUnavailable.

    A file that is damaged is an error and not an absence: else the articles in it would look removed.
    """
    left = MAX_BYTES
    for file in _files(place, name):
        try:
            with file.open("rb") as stream:
                data = stream.read(left + 1)
        except OSError as error:
            raise SourceUnavailable(f"The export of {name} cannot be read: {error.strerror}.") from None
        left -= len(data)
        if left < 0:
            raise SourceUnavailable(f"The export of {name} is larger than {MAX_BYTES // 1_000_000} MB.")
        for document in _documents(data, name):
            yield from _within(document, known, MAX_DEPTH)


def _files(place: Path, name: str) -> list[Path]:
    if not place.is_dir():
        return [place]
    files = sorted(
        file for file in place.iterdir() if file.suffix.lower() in SUFFIXES and file.name[0] != "."
    )
    if not files:
        raise SourceUnavailable(f"The folder of {name} holds no JSON file; nothing was removed.")
    return files


def _documents(data: bytes, name: str) -> Iterator[object]:
    data = data.removeprefix(b"\xef\xbb\xbf").strip()
    try:
        yield orjson.loads(data)
    except orjson.JSONDecodeError:
        lines = data.splitlines()
        if len(lines) < 2:
            raise _damaged(name, 1) from None
        for number, line in enumerate(lines, 1):
            if line.strip():
                yield _line(line, name, number)


def _line(line: bytes, name: str, number: int) -> object:
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        raise _damaged(name, number) from None


def _damaged(name: str, line: int) -> SourceUnavailable:
    return SourceUnavailable(
        f"The export of {name} is not JSON (line {line} of a file); nothing was removed."
    )


def _within(value: object, known: Callable[[Record], bool], depth: int) -> Iterator[Record]:
    if isinstance(value, dict):
        record = cast("Record", value)
        if known(record):
            yield record
            return
        value = list(record.values())
    if isinstance(value, list) and depth:
        for part in cast("list[object]", value):
            if isinstance(part, dict | list):
                yield from _within(part, known, depth - 1)
