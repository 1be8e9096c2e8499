"""What a page says of itself: what is unclear is for staff only, and nothing makes it seen by more people."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontdesk.knowledge.article import MARKDOWN, MDX, Article
from frontdesk.knowledge.chunk import chunk
from frontdesk.knowledge.formats.build import Request, build
from frontdesk.knowledge.formats.locales import of_path, of_text
from frontdesk.knowledge.formats.parsed import Malformed


def read(front: str, body: str = "Text.", path: str = "a.md", template: str = "", **given: Any) -> Article:
    return build(
        Request(
            path, f"---\n{front}\n---\n{body}".encode(), MARKDOWN, "https://own.example/a", template, given
        )
    )


def test_front_matter_is_read_under_the_names_people_use() -> None:
    article = read(
        "title: Returns\nlanguage: pt_br\nlast_update:\n  date: 2025-02-01\nproduct: boots\nkeywords: a, b\n"
        "publishDate: 2025-01-01\nexpiryDate: 2026-12-31T00:00:00Z"
    )
    assert (article.title, article.locale, article.updated) == ("Returns", "pt-BR", date(2025, 2, 1))
    assert (article.products, article.tags) == (("boots",), ("a", "b"))
    assert (article.valid_from, article.valid_until) == (date(2025, 1, 1), date(2026, 12, 31))


def test_toml_front_matter_is_read() -> None:
    data = b'+++\ntitle = "Refunds"\nlastmod = 2025-05-06\ntags = ["a"]\ndraft = false\n+++\n# Other\nText.'
    article = build(Request("x.md", data, MARKDOWN, "", "", {}))
    assert (article.title, article.updated, article.tags) == ("Refunds", date(2025, 5, 6), ("a",))
    assert article.visibility == "public"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"\xff\xfe broken", "not UTF-8"),
        (b"a\x00b", "NUL"),
        (b"---\ntitle: [unclosed\n---\nx", "not YAML"),
        (b"---\ntitle: x\nno end", "no end"),
        (b"+++\ntitle = \n+++\nx", "not TOML"),
        (b"---\n- a\n- b\n---\nx", "name: value"),
        (b"---\nx: !!python/object/apply:os.system [ls]\n---\nx", "not YAML"),
        (b"---\nvisibility: internal\nvisibility: public\n---\nx", "not YAML"),
        (b"---\nvisibility: internal\nVisibility: public\n---\nx", "twice"),
        (b"---\n" + b"a: b\n" * 20_000 + b"---\nx", "no end"),
        (b"---\na: " + b"[" * 5000 + b"\n---\nx", "YAML"),
    ],
)
def test_what_is_malformed_is_refused_with_a_sentence(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        build(Request("bad.md", data, MARKDOWN, "", "", {}))


@pytest.mark.parametrize(
    "value", ["intern", "[public, customers]", "42", "true", "''", "PUBLIC!", "{a: public}"]
)
def test_an_unknown_visibility_is_internal_and_reported(value: str) -> None:
    article = read(f"visibility: {value}")
    assert article.visibility == "internal"
    assert "visibility" in article.warning


@pytest.mark.parametrize(
    "front",
    ["draft: true", "published: false", "unlisted: yes", "hidden: maybe", "status: draft", "draft: [no]x"],
)
def test_a_draft_is_for_staff_only_and_says_so(front: str) -> None:
    if front == "draft: [no]x":
        with pytest.raises(Malformed):
            read(front)
        return
    article = read(front)
    assert (article.visibility, "draft" in article.warning) == ("internal", True)


@pytest.mark.parametrize(
    "front", ["draft: false", "published: true", "published: 2024-01-01", "hidden: 'no'", "status: stable"]
)
def test_a_published_page_is_no_draft(front: str) -> None:
    assert read(front).visibility == "public"


ORDER = ["public", "customers", "internal"]


@given(st.sampled_from(ORDER), st.sampled_from([*ORDER, "other"]), st.booleans())
def test_the_stricter_visibility_holds_whatever_the_page_says(given_one: str, said: str, draft: bool) -> None:
    article = read(f"access: {said}\ndraft: {str(draft).lower()}", visibility=given_one)
    assert ORDER.index(article.visibility) >= ORDER.index(given_one)
    assert ORDER.index(article.visibility) >= (ORDER.index(said) if said in ORDER else 2)


def test_a_validity_date_that_is_none_fails_closed() -> None:
    article = read("valid_until: next spring")
    assert (article.visibility, article.valid_until) == ("internal", None)
    assert "date" in article.warning


def test_the_title_is_the_page_s_own_else_the_source_s_else_a_heading() -> None:
    assert read("title: Own", "# Heading", title="Given").title == "Own"
    assert read("x: y", "# Heading", title="Given").title == "Given"
    assert read("sidebar_label: Short", "# The *long* [heading](x) {#a}\n\nText.").title == "The long heading"
    assert read("sidebar_label: Short", "Text.").title == "Short"
    assert read("x: y", "Text.", path="help/lost-parcel.md").title == "Lost parcel"
    assert read("title: '{% data variables.product.prodname_actions %} <b>now</b>'").title == "Actions now"


def test_a_page_of_nothing_but_links_says_its_description_first() -> None:
    assert chunk(read("description: All about fees.", ""))[0].text == "All about fees."
    article = read("description: All about fees.", "## Related\n\n* [One](/one)\n")
    assert article.body.startswith("All about fees.")
    assert not read("description: All about fees.", "Real text.").body.startswith("All")


@pytest.mark.parametrize(
    ("path", "slug", "locale"),
    [
        ("faq._es.md", "faq", "es"),
        ("faq.pt-BR.md", "faq", "pt-BR"),
        ("a/index.en-US.md", "a", "en-US"),
        ("es/returns/fees.md", "returns/fees", "es"),
        ("pt-br/x.md", "x", "pt-BR"),
        ("docs/zh-Hans/x.mdx", "docs/x", "zh-Hans"),
        ("content/de/x/_index.md", "content/x", "de"),
        ("site/src/content/fr/x.md", "site/src/content/x", "fr"),
        ("i18n/fr/docusaurus-plugin-content-docs/current/a/b.md", "docs/a/b", "fr"),
        ("docs/api/de/x.md", "docs/api/de/x", ""),
        ("release.js.md", "release.js", ""),
        ("guides/go/x.md", "guides/go/x", ""),
        ("x/README.md", "x", ""),
        ("index.md", "index", ""),
    ],
)
def test_the_locale_in_a_path(path: str, slug: str, locale: str) -> None:
    named = of_path(path)
    assert (named.slug, named.locale) == (slug, locale)


def test_a_folder_named_like_a_language_is_one_only_if_the_text_is_in_it() -> None:
    english = (
        "The department of information technology can help you with your computer, and it is open all day. "
        * 3
    )
    italian = (
        "Puoi restituire il prodotto entro trenta giorni dalla consegna, gratuitamente e senza motivazione. "
        * 3
    )
    assert (
        read("x: y", english, path="it/laptop.md").slug,
        read("x: y", english, path="it/laptop.md").locale,
    ) == ("it/laptop", "en")
    assert (
        read("x: y", italian, path="it/resi.md").slug,
        read("x: y", italian, path="it/resi.md").locale,
    ) == ("resi", "it")


def test_the_language_of_a_text_that_nothing_else_tells() -> None:
    german = (
        "Sie können das Produkt innerhalb von dreißig Tagen zurückgeben, und wir erstatten Ihnen den Preis. "
        * 3
    )
    assert read("x: y", german).locale == "de"
    assert read("x: y", german, locale="fr").locale == "fr"
    assert read("locale: no", german).locale == "no"
    assert of_text("Kurz.") == ""
    assert of_text("您可以在三十天内退货，我们会全额退款。请保留收据。" * 3) == "zh"


@pytest.mark.parametrize(
    ("front", "url"),
    [
        ("x: y", "https://shop.example/help/guides/fees"),
        ("permalink: /es/help/fees/", "https://shop.example/es/help/fees/"),
        ("url: https://shop.example/other", "https://shop.example/other"),
        ("url: https://evil.example/x", "https://shop.example/help/guides/fees"),
        ("permalink: //evil.example/x", "https://shop.example/evil.example/x"),
        ("permalink: javascript:alert(1)", "https://shop.example/help/guides/fees"),
        ("permalink: /:categories/:title/", "https://shop.example/help/guides/fees"),
        ("slug: /start/now", "https://shop.example/help/start/now"),
        ("slug: prices", "https://shop.example/help/guides/prices"),
        ("slug: ../../admin", "https://shop.example/help/guides/fees"),
        ("id: fee-list\nsidebar_label: Fees", "https://shop.example/help/guides/fee-list"),
        ("id: 4711", "https://shop.example/help/guides/fees"),
    ],
)
def test_where_a_page_is_published(front: str, url: str) -> None:
    article = read(front, path="guides/fees.md", template="https://shop.example/help/{slug}")
    assert (article.url, article.slug) == (url, "guides/fees")


def test_a_yaml_alias_bomb_is_neither_repeated_nor_a_danger() -> None:
    bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 30)
    )
    article = read(f"{bomb}title: *a29\ntags: *a29\nvisibility: *a29\nlast_update: *a29")
    assert (article.title, article.tags, article.visibility) == ("A", (), "internal")


_FRONT = st.text(max_size=120).map(lambda text: f"---\n{text}\n---\n{text}".encode("utf-8", "replace"))


@given(st.binary(max_size=200) | _FRONT, st.booleans())
def test_any_bytes_are_an_article_or_malformed(data: bytes, mdx: bool) -> None:
    try:
        article = build(Request("a.md", data, MDX if mdx else MARKDOWN, "", "", {}))
    except Malformed:
        return
    assert chunk(article)
    assert "\x00" not in f"{article.title}{article.body}"
