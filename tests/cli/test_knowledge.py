"""``frontdesk knowledge`` as people type it, on a database of their own."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from frontdesk.cli import main
from frontdesk.database import Database
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sync import sync
from frontdesk.testing import temporary_url

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def url() -> str:
    return temporary_url()


@pytest.fixture
def run(url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """``frontdesk knowledge …`` in a folder of its own: (exit code, all that was said)."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("FRONTDESK_DATABASE_URL", url)

    def knowledge(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["frontdesk", "knowledge", *arguments])
        code: object = 0
        try:
            main()
        except SystemExit as exit_:
            code = exit_.code or 0
        said = capsys.readouterr()
        assert isinstance(code, int)
        return code, said.out + said.err

    (tmp_path / "help").mkdir()
    (tmp_path / "help" / "returns.md").write_text("# Returns\n\nYou can return boots within 30 days.")
    return knowledge


def test_a_file_that_names_no_source_removes_nothing(run: Run, tmp_path: Path) -> None:
    assert run("sync", "help")[0] == 0
    (tmp_path / "knowledge.toml").write_text("[knowledge]\n")
    code, said = run("sync")
    assert (code, "unchanged" in said) == (0, True)
    assert "30 days" in run("search", "How long can I return boots?")[1]


def test_a_page_cannot_speak_to_the_terminal(run: Run, tmp_path: Path) -> None:
    (tmp_path / "help" / "a\x1b]0;x\x07.pdf").write_bytes(b"none")
    (tmp_path / "help" / "hours.md").write_text("# Opening \x9b31mhours\n\nThe shop opens at \x9b32m nine.")
    code, said = run("sync", "help")
    assert (code, "]0;x" in said) == (2, True)
    said += run("search", "When does the shop open?")[1]
    assert "opens at" in said
    assert not {"\x1b", "\x07", "\x9b"} & set(said)


def test_a_folder_keeps_the_addresses_its_articles_have(run: Run, tmp_path: Path) -> None:
    (tmp_path / "help" / "hours.md").write_text("# Opening hours\n\nThe shop opens at nine.")
    assert run("sync", "help", "--url", "https://shop.example/help/{slug}")[0] == 0
    (tmp_path / "help" / "sizes.md").write_text("# Sizes\n\nOur jackets come in seven sizes.")
    code, said = run("sync", "help")
    assert (code, "2 unchanged" in said) == (0, True)
    assert "https://shop.example/help/returns" in run("search", "How long can I return boots?")[1]
    assert "https://shop.example/help/sizes" in run("search", "How many sizes do jackets come in?")[1]
    assert run("sync", "help", "--url", "https://new.example/{slug}")[0] == 0
    assert "https://new.example/returns" in run("search", "How long can I return boots?")[1]


class Other:
    """Embeddings that nobody finds by their name."""

    name, dimension = "other", 8

    async def aencode(self, texts: Sequence[str], *, query: bool = False) -> Any:
        whole = np.array([[len(text), *range(7)] for text in texts], dtype=np.float32)
        return whole / np.linalg.norm(whole, axis=1, keepdims=True)


def test_a_folder_does_not_bring_another_model(run: Run, url: str, tmp_path: Path) -> None:
    assert run("sync", "help")[0] == 0

    async def changed() -> None:
        database = await Database.open(url)
        await sync(database, Other(), Folder(tmp_path / "help"))
        await database.close()

    asyncio.run(changed())
    code, said = run("sync", "help")
    assert (code, "no embeddings called 'other'" in said) == (1, True)
