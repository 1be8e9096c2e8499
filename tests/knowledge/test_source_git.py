from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from frontdesk.errors import DeclarationError, SourceUnavailable
from frontdesk.knowledge.article import Raw, Unreadable
from frontdesk.knowledge.sources import command
from frontdesk.knowledge.sources import git as module
from frontdesk.knowledge.sources.git import Git
from tests.knowledge.web import page, serve

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")


class Repository:
    def __init__(self, place: Path) -> None:
        self.place = place
        place.mkdir()
        self.git("init", "-q", "-b", "main")

    def git(self, *arguments: str, day: str = "2026-01-01") -> None:
        who = {
            f"GIT_{role}_{what}": "x@example.com"
            for role in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        when = {"GIT_AUTHOR_DATE": "2020-01-01T12:00:00Z", "GIT_COMMITTER_DATE": f"{day}T12:00:00Z"}
        env = {**os.environ, **who, **when, "GIT_CONFIG_GLOBAL": os.devnull}
        subprocess.run(["git", *arguments], cwd=self.place, env=env, check=True, capture_output=True)

    def commit(self, day: str, **files: str | None) -> None:
        for name, text in files.items():
            file = self.place / (name.replace("__", "/") + ".md")
            if text is None:
                file.unlink()
            else:
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
        self.git("add", "-A")
        self.git("commit", "-q", "-m", "change", day=day)


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "origin")
    repository.commit("2024-05-01", docs__old="old", docs__both="one", other="x")
    repository.commit("2025-06-02", docs__both="two", docs__new="new")
    return repository


async def read(source: Git) -> dict[str, tuple[bytes, str]]:
    found = {}
    for item in await source.items():
        raw = await source.read(item)
        assert isinstance(raw, Raw)
        found[item.path] = (raw.data, raw.given.get("updated", ""))
    return found


DOCS = {
    "both.md": (b"two", "2025-06-02"),
    "new.md": (b"new", "2025-06-02"),
    "old.md": (b"old", "2024-05-01"),
}


async def test_a_checkout_is_read_where_it_stands(repository: Repository) -> None:
    (repository.place / "docs" / "untracked.md").write_text("not yet")
    assert await read(Git(repository.place, folder="docs")) == DOCS
    assert await read(Git(repository.place / "docs")) == DOCS
    assert Git(repository.place).name == "origin"


async def test_a_branch_is_cloned_and_fetched_again_later(repository: Repository, tmp_path: Path) -> None:
    source = Git(repository.place, branch="main", folder="docs", data_dir=tmp_path / "data")
    assert await read(source) == DOCS
    repository.commit("2026-07-03", docs__old=None, docs__both="three")
    repository.git("mv", "docs/new.md", "docs/moved.md")
    repository.commit("2026-07-04")
    assert await read(source) == {"both.md": (b"three", "2026-07-03"), "moved.md": (b"new", "2026-07-04")}
    assert len(list((tmp_path / "data" / "sources").iterdir())) == 1


async def test_a_bare_repository_is_cloned(repository: Repository, tmp_path: Path) -> None:
    bare = tmp_path / "help.git"
    repository.git("clone", "-q", "--bare", str(repository.place), str(bare))
    repository.git("--git-dir", str(bare), "config", "uploadpack.allowFilter", "true")
    source = Git(bare, folder="docs", data_dir=tmp_path / "data")
    assert source.name == "help"
    assert await read(source) == DOCS


async def test_where_history_was_cut_a_page_has_no_date(
    repository: Repository, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "DEPTH", 1)
    repository.commit("2026-07-03", docs__new="newer")
    source = Git(repository.place, branch="main", folder="docs", data_dir=tmp_path / "data")
    assert {day for _, day in (await read(source)).values()} == {""}
    monkeypatch.setattr(module, "DEPTH", 2)
    assert {path: day for path, (_, day) in (await read(source)).items()} == {
        **{"both.md": "", "new.md": "2026-07-03", "old.md": ""},
    }


async def test_a_history_of_many_pages_is_read_in_one_pass(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository.commit("2026-07-03", **{f"docs__page{number}": "x" for number in range(200)})
    calls: list[str] = []
    real = command.git

    async def counting(*arguments: str, **options):
        calls.append(arguments[0])
        return await real(*arguments, **options)

    monkeypatch.setattr(module, "git", counting)
    assert len(await read(Git(repository.place, folder="docs"))) == 203
    assert calls.count("log") == 1
    assert len(calls) <= 5


async def test_links_out_of_the_repository_are_left_out(repository: Repository, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "a.md").write_text("secret")
    (repository.place / "docs" / "link.md").symlink_to(tmp_path / "secret" / "a.md")
    (repository.place / "away").symlink_to(tmp_path / "secret")
    repository.commit("2026-07-03")
    assert await read(Git(repository.place, branch="main", folder="docs", data_dir=tmp_path / "data")) == DOCS
    with pytest.raises(SourceUnavailable, match="no such folder"):
        await Git(repository.place, folder="away").items()


async def test_programs_that_a_repository_brings_do_not_run(repository: Repository, tmp_path: Path) -> None:
    ran = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\ntouch {ran}\n")
    script.chmod(0o755)
    hooks = repository.place / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for name in ("post-checkout", "pre-auto-gc", "reference-transaction"):
        shutil.copy(script, hooks / name)
    for name in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand", "gpg.program"):
        repository.git("config", name, str(script))
    repository.git("config", "log.showSignature", "true")
    assert await read(Git(repository.place, folder="docs")) == DOCS
    assert await read(Git(repository.place, branch="main", folder="docs", data_dir=tmp_path / "data")) == DOCS
    assert not ran.exists()


@pytest.mark.parametrize(
    "options",
    [
        {"repository": "--upload-pack=touch x"},
        {"repository": "ext::sh -c touch% x"},
        {"repository": "http://example.com/x.git"},
        {"repository": "git://example.com/x.git"},
        {"repository": "fd::17"},
        {"repository": "ssh://-oProxyCommand=x/y"},
        {"repository": "https://me:secret@example.com/x.git"},
        {"repository": "https://token@example.com/x.git"},
        {"repository": "file:///etc"},
        {"repository": ""},
        {"repository": "a\nb"},
        {"repository": ".", "branch": "--upload-pack=x"},
        {"repository": ".", "branch": "a..b"},
        {"repository": ".", "branch": "a:b"},
        {"repository": ".", "folder": "../x"},
        {"repository": ".", "folder": "/etc"},
        {"repository": ".", "folder": "-x"},
    ],
)
def test_what_git_could_take_for_an_order_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(DeclarationError) as raised:
        Git(**options)
    assert "secret" not in raised.value.detail


@pytest.mark.parametrize(
    "repository",
    ["https://example.com/x.git", "ssh://git@example.com:22/x", "git@example.com:shop/help.git", "../x"],
)
def test_usual_addresses_are_taken(repository: str) -> None:
    assert Git(repository).name in {"x", "help"}


async def test_a_repository_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="is not there"):
        await Git(tmp_path / "missing").items()
    (tmp_path / "empty").mkdir()
    with pytest.raises(SourceUnavailable, match="git failed: fatal"):
        await Git(tmp_path / "empty", data_dir=tmp_path / "data").items()


async def test_a_branch_that_is_not_there_is_gits_last_line(repository: Repository, tmp_path: Path) -> None:
    with pytest.raises(SourceUnavailable, match="git failed: fatal: couldn't find remote ref none"):
        await Git(repository.place, branch="none", data_dir=tmp_path / "data").items()


async def test_no_password_is_asked_for_and_none_is_shown(tmp_path: Path) -> None:
    async with serve() as site:
        site.pages["/x.git/info/refs?service=git-upload-pack"] = page(
            "no", status=401, **{"WWW-Authenticate": "Basic"}
        )
        address = f"http://me:secret@{site.place}/x.git"
        settings = {"protocol.http.allow": "always"}
        async with asyncio.timeout(20):
            with pytest.raises(SourceUnavailable) as raised:
                await command.git("ls-remote", address, where=tmp_path, settings=settings)
    assert "git failed" in raised.value.detail
    assert "secret" not in raised.value.detail
    assert "\n" not in raised.value.detail


async def test_git_that_takes_too_long_is_ended(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(command._SETTINGS, "alias.wait", "!sleep 60")
    with pytest.raises(SourceUnavailable, match="did not end within"):
        await command.git("wait", where=repository.place, seconds=0.2)


async def test_a_clone_goes_on_after_git_was_killed(repository: Repository, tmp_path: Path) -> None:
    source = Git(repository.place, branch="main", folder="docs", data_dir=tmp_path / "data")
    await source.items()
    (place,) = (tmp_path / "data" / "sources").iterdir()
    (place / ".git" / "index.lock").touch()
    (place / "docs" / "old.md").unlink()
    assert await read(source) == DOCS


async def test_a_page_that_cannot_be_read_stays_one(repository: Repository) -> None:
    source = Git(repository.place, folder="docs")
    (item, *_) = await source.items()
    (repository.place / "docs" / item.path).unlink()
    assert isinstance(await source.read(item), Unreadable)
