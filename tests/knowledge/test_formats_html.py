"""Web pages: only what a visitor reads, whole tables, anchors that exist."""

from __future__ import annotations

from datetime import date

import pytest

from frontdesk.knowledge.article import HTML, Article
from frontdesk.knowledge.chunk import Chunk, chunk
from frontdesk.knowledge.formats.build import Request, build
from frontdesk.knowledge.formats.parsed import Malformed


def read(html: str | bytes, **given: object) -> Article:
    data = html.encode() if isinstance(html, str) else html
    return build(Request("help/page.html", data, HTML, "https://shop.example/help/page", "", given))


def cut(html: str) -> list[Chunk]:
    return chunk(read(html))


PAGE = """<!doctype html><html lang="de-AT"><head><title>Rückgabe | Laden</title>
<meta property="article:modified_time" content="2025-03-04T10:00:00Z"><meta name="keywords" content="retour, geld">
<style>p{}</style><script>var a = "<main>"</script></head><body>
<nav>Start Shop</nav><header>Banner <h1>Nicht dies</h1></header>
<main><nav class="breadcrumbs">Hilfe › Rückgabe</nav>
<header><h1 id="top">Rückgabe</h1><p>von Anna</p></header>
<!-- intern --><p>Sie haben 30 Tage.</p>
<h2 id="kosten">Kosten<a class="hash-link" href="#kosten" aria-hidden="true">#</a></h2><p>4,95 EUR</p>
<p hidden>GEHEIM1</p><p style="display: none">GEHEIM2</p><span aria-hidden="true">GEHEIM3</span>
<form><p>GEHEIM4</p></form><iframe src="x">GEHEIM5</iframe><noscript>GEHEIM6</noscript>
<p style="font-size:0">GEHEIM7</p>
<aside class="starlight-aside" role="note">Bitte Etikett drucken.</aside><aside>Werbung</aside>
<img src=x onerror="alert(1)" alt="Etikett"><a href="javascript:alert(1)">klick</a><del>60 Tage</del>
</main><footer>Impressum</footer></body></html>"""


def test_only_what_a_visitor_reads_of_the_page_itself_is_kept() -> None:
    article = read(PAGE)
    assert article.body == (
        "# Rückgabe {#top}\n\nSie haben 30 Tage.\n\n## Kosten {#kosten}\n\n4,95 EUR\n\n"
        "Bitte Etikett drucken.\n\nEtikettklick"
    )
    assert (article.title, article.locale, article.updated) == ("Rückgabe", "de-AT", date(2025, 3, 4))
    assert article.tags == ("retour", "geld")
    assert article.url == "https://shop.example/help/page"


def test_what_a_button_opens_is_read_though_it_is_folded() -> None:
    (only,) = cut(
        '<button aria-controls="a1" aria-expanded="false">Is it free?</button><div id="a1" hidden><p>Yes.</p></div>'
    )
    assert (only.heading, only.text) == ("Is it free?", "Yes.")


def test_details_and_definitions_are_questions_with_answers() -> None:
    chunks = cut(
        "<h1>FAQ</h1><h2 id=pay>Paying</h2><details><summary>Can I pay by card?</summary><p>Yes.</p></details>"
        "<details><summary>And cash?</summary>No.</details><p>That is all there is to say of paying.</p>"
        "<dl><dt>How long?</dt><dd>Five days.</dd></dl>"
    )
    assert [(c.heading, c.anchor, c.text) for c in chunks] == [
        ("Paying › Can I pay by card?", "pay", "Yes."),
        ("Paying › And cash?", "pay", "No."),
        ("Paying", "pay", "That is all there is to say of paying."),
        ("Paying › How long?", "pay", "Five days."),
    ]


def test_a_table_keeps_every_cell_it_spans() -> None:
    (only,) = cut(
        "<table><thead><tr><th>Zone</th><th>Cost</th></tr></thead><tbody><tr><td rowspan=2>EU</td>"
        "<td><p>5 | 6</p></td></tr><tr><td><ul><li>7</li><li>8</li></ul></td></tr>"
        "<tr><td colspan=2>Elsewhere on request</td></tr></tbody></table>"
    )
    assert only.text.split("\n") == [
        "Zone: EU; Cost: 5 | 6",
        "Zone: EU; Cost: 7; 8",
        "Zone: Elsewhere on request",
    ]


def test_a_table_of_names_and_values_reads_as_such() -> None:
    (only,) = cut("<table><tr><th>Weight</th><td>2 kg</td></tr><tr><th>Colour</th><td>red</td></tr></table>")
    assert only.text == "Weight: 2 kg\nColour: red"


def test_text_is_text_whatever_it_looks_like() -> None:
    (only,) = cut(
        "<p>Use *stars*, _lines_, `ticks`, [x](y), {#a}, ~~z~~ and &lt;script&gt;alert(1)&lt;/script&gt;.</p>"
    )
    assert only.text == "Use *stars*, _lines_, `ticks`, [x](y), {#a}, ~~z~~ and <script>alert(1)</script>."


def test_a_selector_names_the_part_that_is_read() -> None:
    html = "<div class=other>Other</div><div class=doc><p>Mine</p></div>"
    assert read(html, selector=".doc").body == "Mine"
    assert "selector" in read(html, selector=".none").warning
    with pytest.raises(Malformed, match="CSS selector"):
        read(html, selector="[[[")


def test_the_charset_that_the_page_names_is_honoured() -> None:
    page = '<meta charset="{}"><title>x</title><p>Größe 5 €</p>'
    for name in ("iso-8859-15", "windows-1252", "utf-8", "no-such-charset"):
        data = page.format(name).encode(name if name != "no-such-charset" else "utf-8")
        assert read(data).body == "Größe 5 €"
    assert read("<p>a\x00b</p>".encode("utf-16")).body == "ab"


def test_a_fragment_from_an_export_takes_its_title_from_its_source() -> None:
    article = read("<h2>Steps</h2><p>Do this.</p>", title="Returns", visibility="customers", locale="fr")
    assert (article.title, article.visibility, article.locale) == ("Returns", "customers", "fr")


@pytest.mark.parametrize("tag", ["div", "b", "ul", "table", "blockquote", "font"])
def test_deep_nesting_is_refused_at_once(tag: str) -> None:
    with pytest.raises(Malformed, match="nested too deeply"):
        read(f"<{tag}>" * 100_000 + "x")
