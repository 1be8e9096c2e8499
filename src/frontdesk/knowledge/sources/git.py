"""A folder in a git repository."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from frontdesk.errors import DeclarationError, KnowledgeFolderMissing, SourceUnavailable
from frontdesk.knowledge.article import Item, Raw, Unreadable
from frontdesk.knowledge.sources.base import Options
from frontdesk.knowledge.sources.command import git
from frontdesk.knowledge.sources.folder import Folder, as_text
from frontdesk.settings import load as load_settings

# Commits that are fetched, and read: a page that none of them changed has no date, rather than a wrong one.
DEPTH = 2000
READ = 20_000
FETCH_SECONDS = 600.0

_SCHEME = re.compile(r"(?:https|ssh)://[A-Za-z0-9\[][^\s\x00-\x1f]*", re.ASCII)
_SHORT_SSH = re.compile(r"[A-Za-z0-9][\w.-]*@[A-Za-z0-9][\w.-]*:[^-\s\x00-\x1f][^\s\x00-\x1f]*", re.ASCII)
_PASSWORD = re.compile(r"\Ahttps://[^/]*@|\Assh://[^/@]*:[^/]*@")
_BRANCH = re.compile(r"(?!.*(?:\.\.|//|@\{))[A-Za-z0-9][\w./-]{0,200}", re.ASCII)


@dataclass(slots=True)
class _Found:
    """What the last listing found: where the pages are, the day each was last changed, every tracked file."""

    pages: Folder | None = None
    dates: dict[str, str] = field(default_factory=dict[str, str])
    tracked: set[str] = field(default_factory=set[str])


@dataclass(frozen=True, eq=False)
class Git(Options):
    """The pages in a git repository, each dated by the last commit that changed it.

    ``repository`` is the path of a checkout, which is read as it stands; or, with ``branch`` or without a
    checkout, a path or an address (https, ssh) that is cloned into ``data_dir`` (by default Frontdesk's own)
    with at most the last 2,000 commits. It comes from the developer's file and never from a request: git opens
    addresses by itself. For a private repository give git a credential helper or an ssh key; a password has no
    place in an address. Only files that git tracks are pages. ``folder``, ``include`` and ``exclude`` choose
    among them as in ``Folder``.
    """

    repository: str | Path
    branch: str = ""
    folder: str = ""
    include: Sequence[str] = ()
    exclude: Sequence[str] = ()
    data_dir: str | Path = ""
    _found: _Found = field(default_factory=_Found, init=False, repr=False, kw_only=True)

    def __post_init__(self) -> None:
        super().__post_init__()
        repository = str(self.repository)
        if not repository or repository.startswith("-") or any(c < " " for c in repository):
            raise DeclarationError("repository of a git source is a path or an https or ssh address")
        if _PASSWORD.match(repository):
            raise DeclarationError(
                "repository of a git source holds a password: use a credential helper or ssh"
            )
        if re.match(r"[A-Za-z0-9+.-]+:", repository) and not _SCHEME.fullmatch(repository):
            raise DeclarationError("repository of a git source is a path or an https or ssh address")
        if self.branch and not _BRANCH.fullmatch(self.branch):
            raise DeclarationError("branch of a git source is the name of a branch or a tag")
        folder = Path(self.folder)
        if folder.is_absolute() or ".." in folder.parts or self.folder.startswith("-"):
            raise DeclarationError("folder of a git source is a path inside the repository")
        last = re.split(r"[/:]", repository.rstrip("/"))[-1].removesuffix(".git")
        self._set("name", self.name or Path(last).resolve().name or "git")

    async def items(self) -> Sequence[Item]:
        """The pages, sorted, as they are in the repository now. Raises SourceUnavailable."""
        top = await self._checkout()
        root = top / self.folder
        if not await asyncio.to_thread(_inside, root, top):
            raise SourceUnavailable(f"{self.name} has no such folder; nothing of it was removed.")
        try:
            pages = Folder(
                root,
                include=self.include,
                exclude=self.exclude,
                name=self.name,
                visibility=self.visibility,
                locale=self.locale,
                products=self.products,
            )
            found = await pages.items()
        except KnowledgeFolderMissing:
            raise SourceUnavailable(f"{self.name} has no such folder; nothing of it was removed.") from None
        tracked = {
            as_text(os.fsdecode(name)) for name in (await git("ls-files", "-z", where=root)).split(b"\0")
        }
        self._found.dates = await _dates(root)
        self._found.pages, self._found.tracked = pages, tracked
        return [item for item in found if item.path in tracked]

    async def read(self, item: Item) -> Raw | Unreadable:
        """One file with the day of its last commit, or why it is no page."""
        if self._found.pages is None:
            await self.items()
        raw = await self._pages.read(item)
        if isinstance(raw, Unreadable):
            return raw
        tracked = {path: data for path, data in raw.beside.items() if path in self._found.tracked}
        day = self._found.dates.get(item.path)
        given = {**raw.given, "updated": day} if day is not None else raw.given
        return replace(raw, given=given, beside=tracked)

    async def aclose(self) -> None:
        """Nothing is held; the clone stays for the next time."""

    @property
    def _pages(self) -> Folder:
        if self._found.pages is None:
            raise SourceUnavailable
        return self._found.pages

    async def _checkout(self) -> Path:
        """The folder with the working tree, brought up to date where it is a clone of ours."""
        path = Path(self.repository)
        address = str(self.repository)
        if not (_SCHEME.fullmatch(address) or _SHORT_SSH.fullmatch(address)):
            if not await asyncio.to_thread(path.is_dir):
                raise SourceUnavailable(
                    f"The repository of {self.name} is not there; nothing of it was removed."
                )
            if not self.branch and await _has_tree(path):
                return path
            address = (await asyncio.to_thread(path.resolve)).as_uri()
        return await self._clone(address)

    async def _clone(self, address: str) -> Path:
        base = Path(self.data_dir or load_settings().data_dir) / "sources"
        place = base / hashlib.sha256(f"{address}\0{self.branch}".encode()).hexdigest()[:24]
        await asyncio.to_thread(_prepare, place)
        await git("init", "--quiet", "--template=", where=place)
        # The address goes along each time and stands in no file.
        remote = {"remote.origin.url": address, "remote.origin.promisor": "true"}
        remote["remote.origin.partialclonefilter"] = "blob:none"
        # Commits and trees now, a file's contents when it is checked out.
        wanted = ("--filter=blob:none", f"--depth={DEPTH}", "origin", self.branch or "HEAD")
        quiet = ("--quiet", "--no-tags", "--force", "--update-shallow")
        await git("fetch", *quiet, *wanted, where=place, settings=remote, seconds=FETCH_SECONDS)
        how = ("checkout", "--quiet", "--force", "--detach", "FETCH_HEAD", "--")
        await git(*how, where=place, settings=remote, seconds=FETCH_SECONDS)
        return place


def _prepare(place: Path) -> None:
    """The folder of a clone, without the locks of a git that was killed; syncs run one at a time."""
    place.mkdir(parents=True, exist_ok=True)
    for lock in ("index.lock", "shallow.lock", "HEAD.lock", "config.lock"):
        (place / ".git" / lock).unlink(missing_ok=True)


async def _has_tree(path: Path) -> bool:
    try:
        said = await git("rev-parse", "--is-inside-work-tree", where=path)
    except SourceUnavailable:
        return False
    return said.strip() == b"true"


def _inside(root: Path, top: Path) -> bool:
    return root.is_dir() and root.resolve().is_relative_to(top.resolve())


async def _dates(root: Path) -> dict[str, str]:
    """Path below ``root`` → the day of the last commit that changed it, in one pass over the history."""
    shape = (
        "--format=%x01%H%x01%cs",
        f"--max-count={READ}",
        "--name-only",
        "--no-renames",
        "--relative",
        "-z",
    )
    log = await git("log", *shape, "--", ".", where=root, seconds=FETCH_SECONDS)
    cut = await _cut(root)
    return await asyncio.to_thread(lambda: dict(_newest(log, cut)))


async def _cut(root: Path) -> set[str]:
    """Commits at which a shallow history ends: they seem to have written every file there is."""
    said = await git("rev-parse", "--git-path", "shallow", where=root)
    file = root / os.fsdecode(said.strip())
    try:
        return set((await asyncio.to_thread(file.read_text, "ascii")).split())
    except OSError:
        return set()


def _newest(log: bytes, cut: set[str]) -> Iterator[tuple[str, str]]:
    """(path, day) of what git's log names, the newest first for each path."""
    seen: set[str] = set()
    day = ""
    for part in log.split(b"\0"):
        word = part.lstrip(b"\n")
        if word.startswith(b"\x01"):
            commit, day = word[1:].decode("ascii", "replace").split("\x01")
            day = "" if commit in cut else day
        elif word:
            path = as_text(os.fsdecode(word))
            if path not in seen:
                seen.add(path)
                if day:
                    yield path, day
