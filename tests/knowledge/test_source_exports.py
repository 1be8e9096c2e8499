from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from frontdesk.errors import DeclarationError, SourceUnavailable
from frontdesk.knowledge.article import HTML, Raw, Unreadable
from frontdesk.knowledge.sources import records
from frontdesk.knowledge.sources.exports import Intercom, Zendesk


async def read(source: Zendesk | Intercom) -> dict[str, Raw | Unreadable]:
    return {item.path: await source.read(item) for item in await source.items()}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "export.json"


def article(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        **{
            "id": 360000 + number,
            "title": f"Title {number}",
            "body": f"<p>Body {number}</p>",
            "locale": "en-us",
        },
        **{"draft": False, "html_url": f"https://shop.example/hc/en-us/articles/{number}", "section_id": 7},
        **{
            "updated_at": "2026-02-03T04:05:06Z",
            "user_segment_id": None,
            "label_names": ["a", "b"],
            **fields,
        },
    }


def translation(number: int = 1, **fields: Any) -> dict[str, Any]:
    return {
        **{"id": 990000 + number, "source_id": 360000 + number, "source_type": "Article", "locale": "de"},
        **{"title": f"Titel {number}", "body": f"<p>Text {number}</p>", "draft": False, "outdated": False},
        **{
            "html_url": f"https://shop.example/hc/de/articles/{number}",
            "updated_at": "2026-03-04T05:06:07Z",
            **fields,
        },
    }


def answer(*articles: dict[str, Any], **more: Any) -> dict[str, Any]:
    sections = [
        {"id": 7, "name": "Returns", "html_url": "https://shop.example/hc/sections/7", "category_id": 8}
    ]
    categories = [{"id": 8, "name": "Orders", "description": "", "locale": "en-us"}]
    return {
        "count": 1,
        "next_page": None,
        "articles": articles,
        "sections": sections,
        "categories": categories,
        **more,
    }


async def test_a_zendesk_article_is_a_page(file: Path) -> None:
    file.write_text(json.dumps(answer(article())))
    found = await read(Zendesk(file, products=["shoes"]))
    assert found == {
        "en-us/360001": Raw(
            "en-us/360001",
            b"<p>Body 1</p>",
            HTML,
            "https://shop.example/hc/en-us/articles/1",
            {
                **{"title": "Title 1", "locale": "en-us", "updated": "2026-02-03", "visibility": "public"},
                **{"tags": ["a", "b"], "products": ["shoes"]},
            },
        )
    }


@pytest.mark.parametrize("shape", ["list of answers", "list of articles", "lines", "one", "folder"])
async def test_every_shape_of_an_export_is_read(shape: str, tmp_path: Path, file: Path) -> None:
    first, second = article(1), article(2)
    match shape:
        case "list of answers":
            file.write_text(json.dumps([answer(first), answer(second)]))
        case "list of articles":
            file.write_text(json.dumps([first, second]))
        case "lines":
            file.write_text("\ufeff" + json.dumps(first) + "\n\n" + json.dumps(second) + "\n")
        case "one":
            file.write_text(json.dumps({"article": first, "more": {"articles": [second]}}))
        case _:
            file = tmp_path / "export"
            file.mkdir()
            (file / "1.json").write_text(json.dumps(answer(first)))
            (file / "2.jsonl").write_text(json.dumps(second) + "\n" + json.dumps(translation(2, draft=True)))
            (file / "notes.txt").write_text("not JSON")
    assert list(await read(Zendesk(file))) == ["en-us/360001", "en-us/360002"]


async def test_drafts_are_left_out_and_translations_are_pages(file: Path) -> None:
    sideloaded = article(
        3, draft=True, translations=[translation(3, locale="fr"), translation(3, locale="it", draft=True)]
    )
    listed = [translation(1), translation(2, draft=True), translation(1, locale="en-us", title="Newer")]
    sections = [translation(9, source_type="Section")]
    file.write_text(json.dumps(answer(article(1), article(2), sideloaded, translations=listed + sections)))
    found = await read(Zendesk(file))
    assert sorted(found) == ["de/360001", "en-us/360001", "en-us/360002", "fr/360003"]
    newer, german = found["en-us/360001"], found["de/360001"]
    assert isinstance(newer, Raw)
    assert newer.given["title"] == "Newer"
    assert isinstance(german, Raw)
    assert german.given == {
        **{
            "title": "Titel 1",
            "locale": "de",
            "updated": "2026-03-04",
            "visibility": "public",
            "tags": ["a", "b"],
        },
    }


async def test_an_article_that_became_a_draft_is_not_quoted_in_its_older_version(file: Path) -> None:
    newer = translation(1, locale="en-us", draft=True)
    file.write_text(json.dumps(answer(article(1), article(2), translations=[newer])))
    assert list(await read(Zendesk(file))) == ["en-us/360002"]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"user_segment_id": None}, "public"),
        ({"user_segment_id": 5}, "internal"),
        ({"user_segment_id": 6}, "customers"),
        ({"user_segment_id": 7}, "internal"),
        ({"user_segment_id": 8}, "internal"),
        ({"user_segment_ids": [6]}, "customers"),
        ({"user_segment_ids": []}, "public"),
        ({"user_segment_ids": [6, 7]}, "internal"),
    ],
)
async def test_a_segment_limits_who_sees_an_article_and_its_translations(
    fields: dict[str, Any], expected: str, file: Path
) -> None:
    segments = [
        {"id": 6, "name": "Signed-in users", "user_type": "signed_in_users", "built_in": True, "tags": []},
        {"id": 7, "name": "Agents", "user_type": "staff", "built_in": True},
        {"id": 8, "name": "VIP", "user_type": "signed_in_users", "tags": ["vip"]},
    ]
    given = answer(article(1, **fields), translations=[translation(1)], user_segments=segments)
    file.write_text(json.dumps(given))
    found = await read(Zendesk(file))
    assert [page.given["visibility"] for page in found.values() if isinstance(page, Raw)] == [expected] * 2


async def test_segments_can_be_declared_the_customers(file: Path) -> None:
    file.write_text(json.dumps(answer(article(1, user_segment_id=5), article(2))))
    found = await read(Zendesk(file, restricted="customers"))
    assert [page.given["visibility"] for page in found.values() if isinstance(page, Raw)] == [
        "customers",
        "public",
    ]
    with pytest.raises(DeclarationError, match="restricted of a Zendesk source"):
        Zendesk(file, restricted="nobody")  # type: ignore[arg-type]


async def test_an_article_in_two_lists_has_the_stricter_visibility(file: Path) -> None:
    again = article(1, locale="fr", user_segment_id=None)
    file.write_text(json.dumps([answer(article(1, user_segment_id=5)), answer(again)]))
    found = await read(Zendesk(file))
    assert {page.given["visibility"] for page in found.values() if isinstance(page, Raw)} == {"internal"}


async def test_what_is_no_page_is_reported(file: Path) -> None:
    odd = [
        article(1, body=None),
        article(2, body=" "),
        article(3, title=""),
        article(4, body="x" * 10_000_001),
    ]
    fine = article(5, html_url="javascript:alert(1)", locale="../../x", label_names="no", updated_at=[1])
    file.write_text(json.dumps(answer(*odd, fine, translations=[translation(9)])))
    found = await read(Zendesk(file))
    assert [(f.path, f.reason) for f in found.values() if isinstance(f, Unreadable)] == [
        ("en-us/360001", "has no text"),
        ("en-us/360002", "has no text"),
        ("en-us/360003", "has no title"),
        ("en-us/360004", "larger than 10 MB"),
        ("de/360009", "translates an article that is not in the export"),
    ]
    page = found["-x/360005"]
    assert isinstance(page, Raw)
    assert (page.url, "updated" in page.given) == ("", False)


def intercom(**fields: Any) -> dict[str, Any]:
    return {
        **{
            "type": "article",
            "id": "42",
            "title": "Refunds",
            "description": "",
            "body": "<p>Thirty days.</p>",
        },
        **{"state": "published", "url": "https://help.shop.example/en/articles/42", "default_locale": "en"},
        **{"created_at": 1672928359, "updated_at": 1672928610, "author_id": 1, "parent_id": 3, **fields},
    }


async def test_an_intercom_article_and_its_translations_are_pages(file: Path) -> None:
    translated = {
        "type": "article_translated_content",
        "en": {**intercom(), "title": "An older copy"},
        "fr": {
            **{"type": "article_content", "title": "Remboursements", "body": "<p>Trente jours.</p>"},
            **{
                "state": "published",
                "updated_at": 1709251200,
                "url": "https://help.shop.example/fr/articles/42",
            },
        },
        "de": {"type": "article_content", "title": "Entwurf", "body": "<p>x</p>", "state": "draft"},
        "it": None,
    }
    pages = {"type": "pages", "page": 1, "total_pages": 1}
    data = [
        intercom(translated_content=translated, tags={"tags": [{"name": "money"}]}),
        intercom(id="43", state="draft"),
    ]
    file.write_text(json.dumps({"type": "list", "pages": pages, "total_count": 2, "data": data}))
    found = await read(Intercom(file, visibility="customers"))
    assert list(found) == ["en/42", "fr/42"]
    english, french = found.values()
    assert isinstance(english, Raw)
    assert isinstance(french, Raw)
    assert english.given == {
        **{
            "title": "Refunds",
            "locale": "en",
            "updated": "2023-01-05",
            "visibility": "customers",
            "tags": ["money"],
        },
    }
    assert (french.given["title"], french.given["updated"]) == ("Remboursements", "2024-03-01")
    assert french.url == "https://help.shop.example/fr/articles/42"


async def test_an_intercom_article_without_a_language_has_the_sources(file: Path) -> None:
    file.write_text(json.dumps([intercom(default_locale=None)]))
    (page,) = (await read(Intercom(file, locale="sv"))).values()
    assert isinstance(page, Raw)
    assert (page.path, page.given["locale"]) == ("sv/42", "sv")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"", "is not JSON"),
        (b"{", "is not JSON .line 1"),
        (b'{"a": 1}\n{', "is not JSON .line 2"),
        (b"\xff\xfe\x00", "is not JSON"),
        (b"[" * 100_000, "is not JSON"),
        (b"[]", "holds no published article"),
        (b'{"articles": [[[[[[[[1]]]]]]]]}', "holds no published article"),
        (
            b'{"articles": [{"id": 1, "title": "x", "body": "y", "draft": true}]}',
            "holds no published article",
        ),
    ],
)
async def test_a_damaged_export_removes_nothing(data: bytes, sentence: str, file: Path) -> None:
    file.write_bytes(data)
    for source in (Zendesk(file), Intercom(file)):
        with pytest.raises(SourceUnavailable, match=sentence):
            await source.items()


async def test_a_missing_or_an_enormous_export_is_a_sentence(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read: No such file"):
        await Zendesk(file).items()
    with pytest.raises(SourceUnavailable, match="holds no JSON file"):
        await Zendesk(tmp_path).items()
    monkeypatch.setattr(records, "MAX_BYTES", 2_000_000)
    with file.open("wb") as stream:
        stream.truncate(1_000_000_000)
    with pytest.raises(SourceUnavailable, match="larger than 2 MB"):
        await Zendesk(file).items()
