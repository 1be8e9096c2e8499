"""Pages to articles and passages, in a process of its own with limits: whatever a page does, the desk goes on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import orjson

from frontdesk.knowledge.article import DOCX, HTML, PDF, Article, Raw, Unreadable, strictest
from frontdesk.knowledge.chunk import Chunk
from frontdesk.knowledge.formats.fields import visibility
from frontdesk.knowledge.formats.includes import MOST_BYTES, MOST_FILES

VERSION = 6  # raise it when a page comes out differently: every article is then read and cut again
MAX_BYTES, MAX_TEXT = 10_000_000, 2_000_000  # bytes: of any page, and of one that is text
SECONDS = 10.0  # for one page
START_SECONDS = 60.0  # for the process to begin: long, because a busy machine is no page's fault
MAX_ANSWER = 64_000_000  # bytes

# The package itself is not imported: the desk, its models and its database have no place in this process.
_CHILD = """
import json, sys, types
sys.path[:] = json.loads(sys.argv[1])
sys.dont_write_bytecode = True
package = types.ModuleType("frontdesk")
package.__path__ = [sys.argv[2]]
sys.modules["frontdesk"] = package
from frontdesk.knowledge.formats.child import main
main()
"""
_ENVIRONMENT = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "PYTHONUTF8": "1"}


@dataclass(frozen=True)
class Page:
    """A page that was read: the article with its final address, and its passages in order."""

    article: Article
    chunks: list[Chunk]


class _Failed(Exception):
    """The process gave no answer to this page, and why."""


class Reader:
    """Reads pages one at a time; the process is started by the first and replaced when a page breaks it."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._process: asyncio.subprocess.Process | None = None
        self._lock = asyncio.Lock()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def read(self, raw: Raw, template: str = "") -> Page | Unreadable:
        """The page as an article, published at ``template`` filled in, or why it is none. Raises nothing."""
        path = raw.path.encode("utf-8", "replace").decode()
        limit = MAX_BYTES if raw.media in {HTML, PDF, DOCX} else MAX_TEXT
        if len(raw.data) > limit:
            return Unreadable(path, f"larger than {limit // 1_000_000} MB")
        request: dict[str, Any] = {"path": path, "media": raw.media, "url": raw.url, "template": template}
        request["given"] = _plain(raw.given)
        beside = _bounded(raw.beside)
        request["beside"] = list(beside)
        frames = [orjson.dumps(request), raw.data, *beside.values()]
        async with self._lock:
            try:
                answer = await self._ask(b"".join(map(_frame, frames)))
            except _Failed as failed:
                return Unreadable(path, str(failed))
        if "article" not in answer:
            return Unreadable(path, str(answer.get("reason") or "cannot be read"))
        return _page(answer, raw)

    async def aclose(self) -> None:
        """End the process."""
        async with self._lock:
            await self._end()

    async def _ask(self, request: bytes) -> dict[str, Any]:
        process = await self._running()
        try:
            answer = await asyncio.wait_for(_exchange(process, request), self._seconds)
        except TimeoutError:
            await self._end()
            raise _Failed(f"takes more than {self._seconds:g} seconds to read") from None
        except (asyncio.IncompleteReadError, OSError, ValueError):
            await self._end()
            raise _Failed("needs too much memory, or breaks its parser") from None
        except BaseException:
            await self._end()  # cancelled: what the process would answer is no longer asked for
            raise
        return answer

    async def _running(self) -> asyncio.subprocess.Process:
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self._end()
        package = str(Path(__file__).parents[1])
        self._process = process = await asyncio.create_subprocess_exec(
            sys.executable, "-I", "-c", _CHILD, json.dumps(sys.path), package,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            env=_ENVIRONMENT | {key: os.environ[key] for key in ("PATH", "SYSTEMROOT") if key in os.environ},
            limit=1_000_000,
        )  # fmt: skip
        try:
            await asyncio.wait_for(_answer(process), START_SECONDS)
        except (TimeoutError, asyncio.IncompleteReadError, OSError, ValueError):
            await self._end()
            raise _Failed("the process that reads pages does not start") from None
        except BaseException:
            await self._end()
            raise
        return process

    async def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            process.kill()
        await process.wait()
        if process.stdin is not None:
            process.stdin.close()


async def _exchange(process: asyncio.subprocess.Process, request: bytes) -> dict[str, Any]:
    stdin = process.stdin
    if stdin is None:
        raise OSError
    stdin.write(request)
    await stdin.drain()
    return await _answer(process)


async def _answer(process: asyncio.subprocess.Process) -> dict[str, Any]:
    stdout = process.stdout
    if stdout is None:
        raise OSError
    size = int.from_bytes(await stdout.readexactly(4), "big")
    if size > MAX_ANSWER:
        raise ValueError
    answer = orjson.loads(await stdout.readexactly(size))
    return cast("dict[str, Any]", answer) if isinstance(answer, dict) else {}


def _frame(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def _bounded(beside: Mapping[str, bytes]) -> dict[str, bytes]:
    """As many of the pages beside a page as it may include."""
    taken: dict[str, bytes] = {}
    left = MOST_BYTES
    for path, data in list(beside.items())[:MOST_FILES]:
        left -= len(data)
        if left >= 0:
            taken[_text(path)] = data
    return taken


def _plain(given: Mapping[str, Any]) -> dict[str, Any]:
    """What a source says, as JSON can carry it."""
    plain: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, date):
            plain[str(name)] = value.isoformat()
        elif isinstance(value, list | tuple | set | frozenset):
            plain[str(name)] = [_text(item) for item in cast("list[object]", value)]
        elif value is not None:
            plain[str(name)] = value if isinstance(value, bool) else _text(value)
    return plain


def _text(value: object) -> str:
    return str(value).encode("utf-8", "replace").decode()


def _page(answer: dict[str, Any], raw: Raw) -> Page:
    said = cast("dict[str, Any]", answer["article"])
    for name in ("updated", "valid_from", "valid_until"):
        said[name] = date.fromisoformat(said[name]) if said[name] else None
    for name in ("products", "tags"):
        said[name] = tuple(said[name])
    article = Article(**said)
    # Said here as well, where no page has been: nothing a page holds makes it seen by more people.
    allowed = visibility({}, raw.given)[0]
    article = replace(article, visibility=strictest(article.visibility, allowed))
    chunks = [
        Chunk(c["position"], c["heading"], c["anchor"], c["text"], tuple(c["sentences"]))
        for c in cast("list[dict[str, Any]]", answer["chunks"])
    ]
    return Page(article, chunks)
