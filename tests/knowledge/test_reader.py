"""Whatever a page does to its parser, the desk goes on and the next page is read."""

from __future__ import annotations

import asyncio
import io
import os
import zipfile
from collections.abc import AsyncGenerator
from datetime import date
from pathlib import Path

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from frontdesk.knowledge.article import DOCX, HTML, MARKDOWN, MDX, PDF, TEXT, Raw, Unreadable
from frontdesk.knowledge.reader import Page, Reader

GOOD = Raw("good.md", b"---\ntitle: Good\n---\n## A\n\nFine.", MARKDOWN)


@pytest.fixture(scope="module")
async def shared() -> AsyncGenerator[Reader]:
    async with Reader() as reader:
        yield reader


@pytest.fixture(scope="module")
async def impatient() -> AsyncGenerator[Reader]:
    async with Reader(seconds=0.4) as reader:
        yield reader


async def good(reader: Reader) -> None:
    page = await reader.read(GOOD)
    assert isinstance(page, Page)
    assert (page.article.title, page.chunks[0].text, page.chunks[0].sentences) == (
        "Good",
        "Fine.",
        ("Fine.",),
    )


async def refused(reader: Reader, data: bytes, media: str, reason: str) -> None:
    page = await reader.read(Raw("bad", data, media))
    assert isinstance(page, Unreadable)
    assert reason in page.reason
    await good(reader)


async def test_a_page_comes_back_whole_with_its_final_address() -> None:
    raw = Raw(
        "es/fees.md",
        b"---\nupdated: 2025-01-02\nvalid_until: 2026-01-01\ntags: [a]\n---\n# Fees\n\nText.",
        MARKDOWN,
        url="https://own.example/x",
        given={
            "visibility": "customers",
            "products": ("boots",),
            "valid_from": date(2025, 1, 1),
            "title": "Given",
        },
    )
    async with Reader() as reader:
        page = await reader.read(raw, "https://shop.example/{locale}/{slug}?p={path}")
    assert isinstance(page, Page)
    article = page.article
    assert (article.title, article.slug, article.locale) == ("Given", "fees", "es")
    assert article.url == "https://shop.example/es/fees?p=es/fees.md"
    assert (article.updated, article.valid_from, article.valid_until) == (
        date(2025, 1, 2), date(2025, 1, 1), date(2026, 1, 1),
    )  # fmt: skip
    assert (article.visibility, article.products, article.tags) == ("customers", ("boots",), ("a",))


async def test_the_process_knows_no_secret_and_ends_with_the_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FRONTDESK_SECRET", "hunter2")
    others = set(psutil.Process().children())
    async with Reader() as reader:
        await good(reader)
        (child,) = set(psutil.Process().children()) - others
        assert "FRONTDESK_SECRET" not in child.environ()
        if os.name == "posix" and hasattr(child, "rlimit"):
            assert child.rlimit(psutil.RLIMIT_AS)[1] == 512 * 1024 * 1024
            assert child.rlimit(psutil.RLIMIT_CORE)[1] == 0
        mapped = " ".join(m.path for m in child.memory_maps())
        assert "onnxruntime" not in mapped
    assert not child.is_running()


async def test_the_language_of_a_page_is_told_inside_the_limits_too() -> None:
    texts = {
        "de": "Sie können jeden Artikel innerhalb von dreißig Tagen zurückgeben. Legen Sie die Rechnung bei. "
        * 3,
        "fr": "Vous pouvez renvoyer chaque article dans les trente jours. Joignez la facture au colis. " * 3,
        "en": "Errors:\n\n```python\n" + "de la que el para = los(una)\n" * 50 + "```\n\nSee `x`. " * 9,
    }
    async with Reader() as reader:
        for language, text in texts.items():
            page = await reader.read(Raw("page.md", text.encode(), MARKDOWN))
            assert isinstance(page, Page)
            assert page.article.locale == language


async def test_a_page_that_takes_too_long_is_given_up_and_the_next_one_is_read() -> None:
    others = set(psutil.Process().children())
    async with Reader(seconds=0.4) as reader:
        await good(reader)
        before = set(psutil.Process().children()) - others
        slow = b"[a](" * 150_000 + b"*_" * 100_000
        page = await reader.read(Raw("slow.md", slow, MARKDOWN))
        if isinstance(page, Unreadable):
            assert "seconds" in page.reason or "nested" in page.reason
            assert not any(child.is_running() for child in before)
        await good(reader)


async def test_a_process_that_dies_costs_one_page() -> None:
    others = set(psutil.Process().children())
    async with Reader() as reader:
        await good(reader)
        (child,) = set(psutil.Process().children()) - others
        child.kill()
        child.wait(5)
        results = [await reader.read(GOOD), await reader.read(GOOD)]
        assert isinstance(results[1], Page)


async def test_pages_at_once_are_read_one_after_the_other() -> None:
    async with Reader() as reader:
        raws = [Raw(f"p{n}.md", f"# Page {n}\n\nText {n}.".encode(), MARKDOWN) for n in range(20)]
        pages = await asyncio.gather(*(reader.read(raw) for raw in raws))
    assert [page.article.title for page in pages if isinstance(page, Page)] == [
        f"Page {n}" for n in range(20)
    ]


async def test_a_page_that_is_no_longer_waited_for_leaves_the_reader_sound() -> None:
    async with Reader() as reader:
        await good(reader)
        task = asyncio.create_task(reader.read(Raw("p.md", b"> " * 500_000, MARKDOWN)))
        await asyncio.sleep(0.05)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await good(reader)


@pytest.mark.parametrize(
    ("data", "media", "reason"),
    [
        (b"x" * 2_000_001, MARKDOWN, "larger than 2 MB"),
        (b"x" * 10_000_001, HTML, "larger than 10 MB"),
        (b"<p>" + b"word " * 500_000, HTML, "larger than 2 MB of text"),
        (b"<div>" * 100_000, HTML, "nested too deeply"),
        (b"<div>\n" * 100_000, MARKDOWN, "nested too deeply"),
        (b"x", "image/png", "of a kind that is not read"),
        (b"a\x00b", TEXT, "NUL"),
    ],
)
async def test_what_is_too_large_or_of_no_known_kind_is_refused(
    data: bytes, media: str, reason: str, shared: Reader
) -> None:
    await refused(shared, data, media, reason)


@pytest.mark.parametrize(
    "data",
    [
        b"> " * 3_125, b"- " * 3_125, b"[" * 3_125, b"*a **a " * 1_562, b"`" * 3_124 + b" a", b"<" * 6_250,
        b"{" * 3_125, b"{{<" * 1_875, b"{% x" * 1_875, b"<!--" * 1_875, b"<a b='" * 1_875, b"|a" * 3_125,
        b"[^1]" * 1_875, b"[^1]: x\n" * 937, b":::note\n" * 937, b"<ul>" * 1_875, b"<details><summary>" * 937,
        b"---\nx: &a [*a]\ntitle: *a\n---\ntext", b"# x {#" * 1_562, b"export const a = {" * 625, b":a" * 3_125,
        b"``` x\n" * 1_875, b"<table><td>" * 937, b"![a](" * 1_875, b"[[a|" * 1_562,
    ],
    ids=lambda data: data[:12].decode(),
)  # fmt: skip
async def test_a_hostile_page_ends_in_time_and_the_next_one_is_read(data: bytes, impatient: Reader) -> None:
    page = await impatient.read(Raw("x", data, MDX if data[:1] in b"{<e#" else MARKDOWN))
    assert isinstance(page, Page | Unreadable)
    await good(impatient)


async def test_a_page_that_needs_too_much_memory_is_refused() -> None:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_STORED) as archive:
        archive.writestr("word/document.xml", b"<a>" + b"<b/>" * 2_000_000 + b"</a>")
    async with Reader(seconds=1.0) as reader:
        page = await reader.read(Raw("x.docx", target.getvalue(), DOCX))
        assert isinstance(page, Unreadable)
        await good(reader)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(
    data=st.binary(max_size=300)
    | st.text(max_size=100).map(lambda t: f"---\ntitle: {t}\n---\n{t}".encode("utf-8", "replace")),
    media=st.sampled_from([MARKDOWN, MDX, HTML, TEXT, PDF, DOCX]),
    said=st.sampled_from(["public", "customers", "internal", "other"]),
)
async def test_any_bytes_are_a_page_or_unreadable_and_never_seen_by_more_people(
    data: bytes, media: str, said: str, shared: Reader
) -> None:
    page = await shared.read(Raw("a", data, media, given={"visibility": said}))
    if isinstance(page, Page):
        order = ["public", "customers", "internal"]
        assert order.index(page.article.visibility) >= (order.index(said) if said in order else 2)
        assert page.chunks
    else:
        assert page.reason


async def test_the_package_s_own_help_center_is_read_without_a_complaint() -> None:
    folder = Path(__file__).parents[2] / "examples" / "ourshop" / "help-center"
    async with Reader() as reader:
        for path in sorted(folder.rglob("*.md")):
            page = await reader.read(Raw(path.relative_to(folder).as_posix(), path.read_bytes(), MARKDOWN))
            assert isinstance(page, Page)
            assert page.article.warning == ""
            assert (page.article.locale, bool(page.chunks)) == ("en", True)
