"""Markdown files become articles; what cannot be read is reported, what is unclear is for staff only."""

from __future__ import annotations

from contextlib import suppress
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.errors import KnowledgeFolderMissing
from frontdesk.knowledge.chunk import chunk
from frontdesk.knowledge.load import Article, Unreadable, load, parse, read


def write(folder: Path, name: str, text: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def test_front_matter_is_read() -> None:
    text = "---\ntitle: Returns\nlocale: de\nupdated: 2025-02-01\nvisibility: customers\nproducts: [boots]\ntags: a, b\n---\nText."
    article = parse("returns/how-to.md", text.encode())
    assert (article.title, article.locale, article.visibility) == ("Returns", "de", "customers")
    assert (article.updated, article.products, article.tags) == (date(2025, 2, 1), ("boots",), ("a", "b"))
    assert (article.slug, article.body) == ("returns/how-to", "Text.")
    assert len(article.sha256) == 64


def test_without_front_matter_there_are_defaults() -> None:
    article = parse("help/lost-parcel.md", b"Some text.\n\n# Lost parcels\n")
    assert (article.title, article.visibility, article.locale) == ("Lost parcels", "public", "en")
    assert parse("help/lost-parcel.md", b"Some text.").title == "Lost parcel"


@pytest.mark.parametrize("value", ["intern", "[public, customers]", "42", "true", "''", "PUBLIC!"])
def test_an_unknown_visibility_is_internal_and_reported(value: str) -> None:
    article = parse("a.md", f"---\nvisibility: {value}\n---\nx".encode())
    assert article.visibility == "internal"
    assert "visibility" in article.warning


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe broken", "not UTF-8"),
        (b"a\x00b", "NUL"),
        (b"---\ntitle: [unclosed\n---\nx", "not YAML"),
        (b"---\ntitle: x\nno end", "no end"),
        (b"---\n- a\n- b\n---\nx", "name: value"),
        (b"---\nupdated: 2025-99-99\n---\nx", "not YAML"),
        (b"---\nx: !!python/object/apply:os.system [ls]\n---\nx", "not YAML"),
    ],
)
def test_a_malformed_file_is_reported_and_stops_nothing(tmp_path: Path, data: bytes, reason: str) -> None:
    write(tmp_path, "bad.md", data)
    write(tmp_path, "good.md", "# Good\n\nFine.")
    bad, good = load(tmp_path)
    assert isinstance(bad, Unreadable)
    assert reason in bad.reason
    assert isinstance(good, Article)


def test_the_locale_comes_from_the_name_where_the_front_matter_has_none() -> None:
    assert parse("faq._es.md", b"x").locale == "es"
    assert parse("faq.pt-BR.md", b"x").slug == "faq"
    assert parse("faq.es.md", b"---\nlocale: no\n---\nx").locale == "no"


def test_hidden_files_and_links_that_lead_out_are_left_alone(tmp_path: Path) -> None:
    outside = write(tmp_path, "outside/secret.md", "secret")
    folder = tmp_path / "help"
    write(folder, ".git/x.md", "x")
    write(folder, "page.md", "x")
    write(folder, "note.txt", "x")
    (folder / "link.md").symlink_to(outside)
    assert [article.path for article in load(folder)] == ["page.md"]


def test_a_missing_folder_is_an_error_and_not_an_empty_one(tmp_path: Path) -> None:
    with pytest.raises(KnowledgeFolderMissing):
        list(load(tmp_path / "nowhere"))


def test_a_file_that_is_too_large_is_reported(tmp_path: Path) -> None:
    path = write(tmp_path, "big.md", b"x" * 2_000_001)
    result = read(path, tmp_path)
    assert isinstance(result, Unreadable)
    assert "larger" in result.reason


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(lambda t: f"---\n{t}\n---\n{t}".encode("utf-8", "replace"))
)
def test_no_bytes_break_the_loader(data: bytes) -> None:
    with suppress(ValueError):
        assert chunk(parse("a.md", data))
