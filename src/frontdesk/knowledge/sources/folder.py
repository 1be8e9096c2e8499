"""A folder of pages."""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from frontdesk.errors import KnowledgeFolderMissing, SourceUnavailable
from frontdesk.knowledge.article import DOCX, HTML, MARKDOWN, MDX, PDF, TEXT, Item, Raw, Unreadable
from frontdesk.knowledge.formats.includes import gather
from frontdesk.knowledge.sources.base import MAX_BYTES, TOO_LARGE, Options
from frontdesk.knowledge.sources.patterns import matches

MEDIA = {
    **{".md": MARKDOWN, ".markdown": MARKDOWN, ".mdx": MDX, ".txt": TEXT, ".pdf": PDF, ".docx": DOCX},
    **{".html": HTML, ".htm": HTML, ".xhtml": HTML},
}
LEFT_OUT_FOLDERS = {"node_modules", "__pycache__"}
LEFT_OUT_FILES = {"robots.txt", "humans.txt", "llms.txt", "llms-full.txt", "404.html", "404.md"}

INCLUDES = (b"import", b"{!", b"8<-", b"@include")  # one of these stands in every page that includes another

_ESCAPED = re.compile(r"\\x([89a-f][0-9a-f])")


@dataclass(frozen=True, eq=False)
class Folder(Options):
    """Markdown, MDX, HTML, PDF, DOCX and text files below ``folder``.

    Left out: hidden files and folders, links to those and out of the folder, ``node_modules``, and files whose names begin
    with ``_``, which other pages include (a pattern of ``include`` that begins its name so brings them back).
    ``include`` and ``exclude`` are patterns of paths in the folder: ``guides/**``, ``*.draft.md``.
    """

    folder: str | Path
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        self._set("folder", Path(self.folder))
        self._set("name", self.name or Path(self.folder).resolve().name or "folder")

    async def items(self) -> Sequence[Item]:
        """The pages, sorted. Raises KnowledgeFolderMissing, and SourceUnavailable when part cannot be listed."""
        return await asyncio.to_thread(self._items)

    async def read(self, item: Item) -> Raw | Unreadable:
        """One file, or why it is no page."""
        return await asyncio.to_thread(self._read, item.path)

    async def aclose(self) -> None:
        """Nothing is held."""

    def _items(self) -> list[Item]:
        root = Path(self.folder)
        if not root.is_dir():
            sentence = f"the knowledge folder is no folder: {root}; nothing was synced and nothing removed"
            raise KnowledgeFolderMissing(sentence)
        return [Item(path) for path in sorted(self._walk(root))]

    def _walk(self, root: Path) -> Iterator[str]:
        # A folder that cannot be listed must not look as if its pages were gone.
        def stop(error: OSError) -> None:
            sentence = f"A folder of {self.name} cannot be listed; nothing of it was removed."
            raise SourceUnavailable(sentence) from error

        real = root.resolve()
        for where, folders, files in os.walk(root, onerror=stop):
            folders[:] = [name for name in folders if name[0] != "." and name not in LEFT_OUT_FOLDERS]
            for name in files:
                file = Path(where, name)
                path = as_text(file.relative_to(root).as_posix())
                if self._wanted(path) and file.is_file() and _within(real, file):
                    yield path

    def _wanted(self, path: str) -> bool:
        name = path.rsplit("/", 1)[-1]
        if name[0] == "." or name.lower() in LEFT_OUT_FILES or _suffix(name) not in MEDIA:
            return False
        if name[0] == "_":
            named = [pattern for pattern in self.include if pattern.rsplit("/", 1)[-1].startswith("_")]
            return matches(path, named) and not matches(path, self.exclude)
        return (not self.include or matches(path, self.include)) and not matches(path, self.exclude)

    def _read(self, path: str) -> Raw | Unreadable:
        file = Path(self.folder, path)
        if "\\" in path and not file.exists():
            file = Path(self.folder, _file_name(path))
        try:
            if not _within(Path(self.folder).resolve(), file):
                return Unreadable(path, "leads out of the folder")
            with file.open("rb") as stream:
                data = stream.read(MAX_BYTES + 1)
        except OSError as error:
            return Unreadable(path, f"cannot be read: {error.strerror}")
        if len(data) > MAX_BYTES:
            return Unreadable(path, TOO_LARGE)
        kind = MEDIA.get(_suffix(path), TEXT)
        return Raw(path, data, kind, given=self._given(), beside=self._beside(path, data, kind))

    def _beside(self, path: str, data: bytes, kind: str) -> dict[str, bytes]:
        """The pages of the folder that a page includes."""
        if kind not in {MARKDOWN, MDX} or not any(mark in data for mark in INCLUDES):
            return {}
        root = Path(self.folder).resolve()
        return gather(data.decode("utf-8", "replace"), path, lambda name, most: _page(root, name, most))


def _page(root: Path, name: str, most: int) -> bytes | None:
    """The bytes of a page below ``root``; None where there is none, or more than ``most``."""
    file = root / name
    try:
        if not _within(root, file) or not file.is_file():
            return None
        with file.open("rb") as stream:
            data = stream.read(most + 1)
    except (OSError, ValueError):
        return None
    return data if len(data) <= most else None


def _within(root: Path, file: Path) -> bool:
    """Whether a file, behind all links, is below ``root`` and not hidden there: ``a.md`` may lead to ``.git/config``."""
    real = file.resolve()
    return real.is_relative_to(root) and not any(part[0] == "." for part in real.relative_to(root).parts)


def media(path: str) -> str | None:
    """What a file is by the ending of its name, or None where that does not tell."""
    return MEDIA.get(_suffix(path.rsplit("/", 1)[-1]))


def _suffix(name: str) -> str:
    return "." + name.rsplit(".", 1)[-1].lower() if "." in name else ""


def as_text(path: str) -> str:
    """A path as text that any database takes; bytes that are not UTF-8 are written ``\\xe9``."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def _file_name(text: str) -> str:
    return os.fsdecode(_ESCAPED.sub(lambda m: os.fsdecode(bytes.fromhex(m[1])), text))
