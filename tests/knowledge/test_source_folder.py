from __future__ import annotations

import os
from pathlib import Path

import pytest

from frontdesk.errors import DeclarationError, KnowledgeFolderMissing, SourceUnavailable
from frontdesk.knowledge.article import DOCX, HTML, MARKDOWN, MDX, PDF, TEXT, Item, Raw, Source, Unreadable
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sources.patterns import matches


def write(root: Path, *names: str) -> None:
    for name in names:
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"# {name}\n")


async def listed(source: Source) -> list[str]:
    return [item.path for item in await source.items()]


async def test_pages_are_listed_sorted_with_their_media(tmp_path: Path) -> None:
    names = ["b.md", "a.markdown", "c/d.mdx", "c/e.HTML", "f.htm", "g.pdf", "h.docx", "i.txt", "j.xhtml"]
    write(tmp_path, *names, "k.png", "l", "m.json")
    folder = Folder(tmp_path)
    assert await listed(folder) == sorted(names)
    media = {}
    for item in await folder.items():
        raw = await folder.read(item)
        assert isinstance(raw, Raw)
        media[item.path] = raw.media
    assert [media[name] for name in names] == [MARKDOWN, MARKDOWN, MDX, HTML, HTML, PDF, DOCX, TEXT, HTML]


async def test_a_folder_is_a_source_named_after_itself(tmp_path: Path) -> None:
    folder: Source = Folder(tmp_path / "help-center", url="https://shop.example/{slug}")
    assert (folder.name, folder.url) == ("help-center", "https://shop.example/{slug}")
    assert Folder(tmp_path, name="help").name == "help"


async def test_hidden_files_partials_and_foreign_code_are_left_out(tmp_path: Path) -> None:
    write(
        tmp_path,
        ".git/a.md",
        ".hidden.md",
        "node_modules/x/README.md",
        "_partial.mdx",
        "robots.txt",
        "404.html",
    )
    write(tmp_path, "README.md", "_help/one.md", "page._es.md", "_snippets/two.md", "deep/.x/three.md")
    assert await listed(Folder(tmp_path)) == ["README.md", "_help/one.md", "_snippets/two.md", "page._es.md"]


async def test_links_out_of_the_folder_are_left_out(tmp_path: Path) -> None:
    inside, outside = tmp_path / "in", tmp_path / "out"
    write(inside, "real.md", "sub/other.md")
    write(outside, "secret.md")
    (inside / "link.md").symlink_to(outside / "secret.md")
    (inside / "folder").symlink_to(outside)
    (inside / "loop").symlink_to(inside)
    (inside / "same.md").symlink_to("real.md")
    (inside / "dangling.md").symlink_to("nowhere.md")
    folder = Folder(inside)
    assert await listed(folder) == ["real.md", "same.md", "sub/other.md"]
    for path in ("link.md", "../out/secret.md", "folder/secret.md", str(outside / "secret.md")):
        assert await folder.read(Item(path)) == Unreadable(path, "leads out of the folder")


async def test_links_to_hidden_files_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, ".env", ".git/config", "real.md")
    (tmp_path / "a.md").symlink_to(".git/config")
    (tmp_path / "_b.md").symlink_to(".env")
    (tmp_path / "real.md").write_text("{! _b.md !} Text.")
    folder = Folder(tmp_path)
    assert await listed(folder) == ["real.md"]
    assert await folder.read(Item("a.md")) == Unreadable("a.md", "leads out of the folder")
    raw = await folder.read(Item("real.md"))
    assert isinstance(raw, Raw)
    assert raw.beside == {}


async def test_patterns_choose_among_the_pages(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "guides/b.md", "guides/deep/c.md", "guides/c.draft.md", "_faq.md", "api/d.md")
    assert await listed(Folder(tmp_path, include=["guides/**"], exclude=["*.draft.md"])) == [
        "guides/b.md",
        "guides/deep/c.md",
    ]
    assert await listed(Folder(tmp_path, exclude=["guides/", "api/"])) == ["a.md"]
    assert await listed(Folder(tmp_path, include=["*.md", "_faq.md"], exclude=["guides/**", "api/*"])) == [
        "_faq.md",
        "a.md",
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        *(("*.md", "a/b.md", True), ("a/*.md", "a/b.md", True), ("a/*.md", "a/b/c.md", False)),
        *(("a/**/c.md", "a/c.md", True), ("a/**/c.md", "a/b/b/c.md", True), ("?.md", "a.md", True)),
        *(("[a].md", "a.md", False), ("a/", "a/b/c.md", True), ("b", "a/b", True), ("/en/**", "/en/x", True)),
    ],
)
def test_patterns_are_read_as_people_write_them(pattern: str, path: str, fits: bool) -> None:
    assert matches(path, [pattern]) is fits


async def test_a_missing_folder_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeFolderMissing):
        await Folder(tmp_path / "missing").items()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may list every folder")
async def test_a_folder_that_cannot_be_listed_does_not_look_empty(tmp_path: Path) -> None:
    write(tmp_path, "a.md", "locked/b.md")
    (tmp_path / "locked").chmod(0)
    try:
        with pytest.raises(SourceUnavailable, match="cannot be listed"):
            await Folder(tmp_path).items()
    finally:
        (tmp_path / "locked").chmod(0o700)


async def test_a_file_over_ten_megabytes_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "big.pdf").write_bytes(bytes(10_000_001))
    folder = Folder(tmp_path)
    assert await folder.read(Item("big.pdf")) == Unreadable("big.pdf", "larger than 10 MB")


async def test_a_file_that_went_away_is_a_sentence(tmp_path: Path) -> None:
    assert await Folder(tmp_path).read(Item("a.md")) == Unreadable(
        "a.md", "cannot be read: No such file or directory"
    )


async def test_a_pipe_is_no_page(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.md")
    assert await listed(Folder(tmp_path)) == []


async def test_names_that_are_not_utf8_survive(tmp_path: Path) -> None:
    name = os.fsdecode(b"caf\xe9.md")
    (tmp_path / name).write_text("coffee")
    (tmp_path / "back\\x.md").write_text("slash")
    (tmp_path / "日本.md").write_text("japan")
    folder = Folder(tmp_path)
    found = {item.path: await folder.read(item) for item in await folder.items()}
    assert list(found) == ["back\\x.md", "caf\\xe9.md", "日本.md"]
    assert [raw.data for raw in found.values() if isinstance(raw, Raw)] == [
        b"slash",
        b"coffee",
        b"japan",
    ]
    for path in found:
        path.encode()  # PostgreSQL takes it


async def test_what_the_source_says_of_all_pages_is_given_with_each(tmp_path: Path) -> None:
    write(tmp_path, "a.md")
    folder = Folder(tmp_path, visibility="customers", locale="de", products=["a", "b"])
    raw = await folder.read(Item("a.md"))
    assert isinstance(raw, Raw)
    assert raw.given == {"visibility": "customers", "locale": "de", "products": ["a", "b"]}
    with pytest.raises(DeclarationError, match="public, customers, internal"):
        Folder(tmp_path, visibility="everyone")  # type: ignore[arg-type]
