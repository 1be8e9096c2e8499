"""The process in which pages are parsed. It can use little memory and time, and knows no secret.

Frames on standard input and output: four bytes of length, then that many. A request is a frame of JSON
(path, media, url, template, given; beside: the paths of pages it includes), a frame of bytes, and one for each
path of ``beside``; an answer is one frame of JSON, ``{"article": …,
"chunks": […]}`` or ``{"reason": …}``.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Any, BinaryIO

import orjson

from frontdesk.knowledge.chunk import chunk
from frontdesk.knowledge.formats.build import Request, build
from frontdesk.knowledge.formats.parsed import Malformed

MEMORY = 512 * 1024 * 1024  # bytes of address space
FILES = 160 * 1024 * 1024  # bytes of a file it may write: what tells languages apart unpacks 65 MiB into one
SECONDS = 15  # of processor a page: the parent stops the page before, unless it is gone itself
DEPTH = 3000  # of Python calls


def main() -> None:
    """Answer requests until standard input ends."""
    limit()
    source = os.fdopen(os.dup(0), "rb")
    answers = os.fdopen(os.dup(1), "wb")
    # Whatever a parser prints goes nowhere, and not between two frames.
    os.dup2(os.open(os.devnull, os.O_RDWR), 1)
    _write(answers, {"ready": True})
    while (head := _frame(source)) is not None:
        _more_time()
        data = _frame(source) or b""
        request: dict[str, Any] = orjson.loads(head)
        request["beside"] = {path: _frame(source) or b"" for path in request["beside"]}
        answer, sound = _answer(request, data)
        _write(answers, answer)
        if not sound:
            return  # short of memory: a new process begins with all of it


def limit() -> None:
    """Bound this process. Where the system knows no such limits, the parent's clock remains."""
    sys.setrecursionlimit(DEPTH)
    with suppress(ImportError):
        import resource  # noqa: PLC0415 - not on every system

        for name, value in (
            (resource.RLIMIT_CORE, 0),
            (resource.RLIMIT_FSIZE, FILES),
            (resource.RLIMIT_AS, MEMORY),
        ):
            with suppress(ValueError, OSError):
                resource.setrlimit(name, (value, value))


def _more_time() -> None:
    with suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 - not on every system

        used = resource.getrusage(resource.RUSAGE_SELF)
        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (int(used.ru_utime + used.ru_stime) + SECONDS, hard))


def _answer(request: dict[str, Any], data: bytes) -> tuple[dict[str, Any], bool]:
    """The answer, and whether this process can go on."""
    try:
        article = build(Request(data=data, **request))
        return {"article": asdict(article), "chunks": [asdict(piece) for piece in chunk(article)]}, True
    except Malformed as error:
        return {"reason": str(error)}, True
    except RecursionError:
        return {"reason": "nested too deeply"}, True
    except MemoryError:
        return {"reason": "needs too much memory to be read"}, False
    except Exception as error:  # noqa: BLE001 - one page must not end the sync; its text is not repeated
        return {"reason": f"cannot be read ({type(error).__name__})"}, True


def _frame(source: BinaryIO) -> bytes | None:
    head = source.read(4)
    if len(head) < 4:
        return None
    return source.read(int.from_bytes(head, "big"))


def _write(answers: BinaryIO, answer: dict[str, Any]) -> None:
    data = orjson.dumps(answer)
    answers.write(len(data).to_bytes(4, "big") + data)
    answers.flush()
