"""What stands in another page is read where it stands."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from frontdesk.knowledge.article import MARKDOWN, MDX, Item, Raw
from frontdesk.knowledge.formats.includes import MOST_BYTES, MOST_FILES
from frontdesk.knowledge.formats.markdown import parse
from frontdesk.knowledge.reader import Page, Reader
from frontdesk.knowledge.sources.folder import Folder
from frontdesk.knowledge.sources.git import Git


def write(root: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def git(where: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=where, check=True)


async def raw(root: Path, path: str) -> Raw:
    found = await Folder(root).read(Item(path))
    assert isinstance(found, Raw)
    return found


async def body(root: Path, path: str) -> str:
    """The text of the page at ``path``, with what its source hands over."""
    found = await raw(root, path)
    return parse(found.data, mdx=found.media == MDX, path=path, beside=found.beside).body


async def test_an_imported_page_stands_where_its_component_stands(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "guide/page.mdx": (
                "import Intro from './include/_intro.mdx'\nimport Fee from \"@site/docs/parts/_fee.md\";\n"
                "import Root from '~/parts/_root.mdx'\nimport Icon from './icon.tsx'\n\n<Intro />\n\n"
                '<Steps>\n  <Root/>\n  1. Press **Pay**.\n</Steps>\n\nIt costs <Fee product="a" /> <Icon /> a day.\n\n'
                "```mdx\n<Intro />\n```\n`<Intro />`"
            ),
            "guide/include/_intro.mdx": "---\ntitle: Part\n---\nimport Deep from '../_deep.mdx'\n\nHello.\n\n<Deep />\n",
            "guide/_deep.mdx": "Deeper.\n\n```js\nimport a from 'b'\n```",
            "parts/_fee.md": "5 EUR\n",
            "parts/_root.mdx": "import X from 'y'\n1. Open the cart.\n\n   It is above.",
        },
    )
    assert await body(tmp_path, "guide/page.mdx") == (
        "Hello.\n\nDeeper.\n\n```js\nimport a from 'b'\n```\n\n1. Open the cart.\n\n   It is above.\n\n1. Press **Pay**.\n\n"
        "It costs 5 EUR  a day.\n\n```mdx\n<Intro />\n```\n`<Intro />`"
    )


async def test_mkdocs_and_vitepress_include_by_marks(tmp_path: Path) -> None:
    write(
        tmp_path,
        {
            "docs/page.md": (
                'A.\n\n{!parts/a.md!}\n\n--8<-- "docs/parts/a.md"\n\n--8<--\nparts/a.md\nparts/b.md\n--8<--\n\n'
                '- item\n    --8<-- "parts/b.md:2:9"\n\n<!--@include: ./../parts/a.md{1,}-->\n<!-- @include: @/parts/b.md -->\n\n'
                '```py\n{!> ../src/main.py!}\n```\n\n``` js\n--8<-- "a.js"\n```\n\n```md\n{!parts/a.md!}\n```\n\n'
                "{!parts/none.md!}End.\n"
            ),
            "parts/a.md": "Part *a*.",
            "parts/b.md": "# Part b",
        },
    )
    assert await body(tmp_path, "docs/page.md") == (
        "A.\n\nPart *a*.\n\nPart *a*.\n\nPart *a*.\n\n# Part b\n\n- item\n\n    # Part b\n\nPart *a*.\n\n# Part b\n\n"
        "```md\n{!parts/a.md!}\n```\n\nEnd."
    )


@pytest.mark.parametrize(
    "said", ["../out.mdx", "../../out.mdx", "./.hidden.mdx", "./.git/x.mdx", "./link.mdx", "/etc/x.md"]
)
async def test_nothing_outside_the_folder_and_nothing_hidden_is_included(tmp_path: Path, said: str) -> None:
    root = tmp_path / "in"
    write(tmp_path, {"out.mdx": "SECRET", "in/.hidden.mdx": "SECRET", "in/.git/x.mdx": "SECRET"})
    (root / "link.mdx").symlink_to(tmp_path / "out.mdx")
    write(root, {"page.mdx": f"import X from '{said}'\n\nText. {{!{said}!}}\n\n<X />\n"})
    assert not (await raw(root, "page.mdx")).beside
    assert "SECRET" not in await body(root, "page.mdx")


@pytest.mark.parametrize(
    "front", ["visibility: internal", "visibility: what", "draft: true", "valid_until: 2020-01-01", "x: ["]
)
async def test_what_is_for_fewer_people_stands_in_no_other_page(tmp_path: Path, front: str) -> None:
    write(tmp_path, {"page.md": "Text.\n\n{!part.md!}", "part.md": f"---\n{front}\n---\nSECRET"})
    assert await body(tmp_path, "page.md") == "Text."


async def test_pages_that_include_each_other_end(tmp_path: Path) -> None:
    chain = {f"p{n}.md": f"Level {n}.\n\n{{!p{n + 1}.md!}}" for n in range(9)}
    write(tmp_path, {**chain, "a.md": "A.\n\n{!b.md!}\n\n{!a.md!}", "b.md": "B.\n\n{!a.md!}\n\n{!b.md!}"})
    assert await body(tmp_path, "a.md") == "A.\n\nB."
    assert await body(tmp_path, "p0.md") == "Level 0.\n\nLevel 1.\n\nLevel 2.\n\nLevel 3."


async def test_what_a_page_includes_is_bounded(tmp_path: Path) -> None:
    write(tmp_path, {f"p{n}.md": f"Part {n}." for n in range(100)})
    write(tmp_path, {"many.md": "\n\n".join(f"{{!p{n}.md!}}" for n in range(100))})
    write(tmp_path, {"large.md": "x" * (MOST_BYTES + 1), "half.md": "y" * 900_000})
    write(tmp_path, {"big.md": "{!large.md!}\n\n" + "{!half.md!}\n\n" * 50})
    assert len((await raw(tmp_path, "many.md")).beside) == MOST_FILES
    assert set((await raw(tmp_path, "big.md")).beside) == {"half.md"}
    assert len(await body(tmp_path, "big.md")) < 2_000_000


async def test_what_is_included_reaches_the_limited_process(tmp_path: Path) -> None:
    write(tmp_path, {"page.md": "Text.\n\n{!part.md!}", "part.md": "Included."})
    async with Reader() as reader:
        page = await reader.read(await raw(tmp_path, "page.md"))
        many = Raw(
            "page.md", b"Text. {!p1.md!}", MARKDOWN, beside={f"p{n}.md": b"x" * 900_000 for n in range(99)}
        )
        again = await reader.read(many)
    assert isinstance(page, Page)
    assert page.chunks[0].sentences == ("Text.", "Included.")
    assert isinstance(again, Page)


async def test_a_repository_hands_over_only_what_git_tracks(tmp_path: Path) -> None:
    write(tmp_path, {"page.md": "{!a.md!} {!b.md!}", "a.md": "A.", "b.md": "B."})
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", "page.md", "a.md")
    git(tmp_path, "-c", "user.name=n", "-c", "user.email=e@x.example", "commit", "-qm", "x")
    found = await Git(tmp_path).read(Item("page.md"))
    assert isinstance(found, Raw)
    assert dict(found.beside) == {"a.md": b"A."}


@pytest.mark.parametrize(
    "said",
    [
        "{!a.md!} ",
        "{!" + " " * 300,
        "<!-- @include: " + "x" * 300,
        "import A from './a.md'\n",
        "--8<--\na.md\n",
        "<A x",
        "{!a.py!}\n",
    ],
)
async def test_a_page_of_nothing_but_marks_is_read(tmp_path: Path, said: str) -> None:
    write(tmp_path, {"page.mdx": said * (1_900_000 // len(said)), "a.md": "A."})
    async with Reader(seconds=0.5) as reader:
        found = await raw(tmp_path, "page.mdx")
        assert set(found.beside) <= {"a.md"}
        await reader.read(found)
        assert isinstance(await reader.read(Raw("good.md", b"Fine.", MARKDOWN)), Page)
