import re
from html import unescape

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from frontdesk.web.console.markdown import DEEPEST, markdown
from tests.browser.payloads import PAYLOADS

SAFE = re.compile(r'(?:target="_blank" )?href="(?:https?://|mailto:|tel:)[^"]*"')
MADE = frozenset(
    ["p", "br", "hr", "strong", "em", "s", "code", "pre", "blockquote", "ul", "ol", "li", "a", "div", "table", "thead", "tbody", "tr", "th", "td"]
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It is **on its way**.", '<p dir="auto">It is <strong>on its way</strong>.</p>'),
        ("Bring\n- a\n- b", '<ul>\n<li dir="auto">a</li>\n<li dir="auto">b</li>\n</ul>'),
        ("1. one", '<ol>\n<li dir="auto">one</li>\n</ol>'),
        ("one\ntwo", "one<br>\ntwo"),
        ("## Returns", "<strong>Returns</strong>"),
        ("see https://a.example/x.", 'href="https://a.example/x"'),
        ("[call](tel:+4930123)", 'href="tel:+4930123"'),
        ("[](https://a.example)", ">https://a.example</a>"),
        ("![a tent](https://evil.example/p.png)", '<p dir="auto">a tent</p>'),
        ("[x](javascript:alert)", '<p dir="auto">[x](javascript:alert)</p>'),
        ("<b>bold</b>", "&lt;b&gt;bold&lt;/b&gt;"),
        ("|a|b|\n|-|-|\n|1|2|", '<td dir="auto">2</td>'),
        ("```html\n<i>\n```", "<pre><code>&lt;i&gt;"),
    ],
)
def test_a_message_reads_as_in_the_widget(text: str, expected: str) -> None:
    assert expected in markdown(text)


def test_a_citation_leads_to_its_source_and_an_unknown_one_nowhere() -> None:
    cited = [
        {"n": 1, "url": "https://help.example/a", "title": 'Returns "2026"'},
        {"n": 2, "url": "javascript:x"},
    ]
    made = markdown("Within 30 days [1], maybe [2][3].", cited)
    assert made.count("<a ") == 1
    assert 'href="https://help.example/a"' in made
    assert "[2][3]" in made


@pytest.mark.parametrize("mark", ["> ", "- "])
def test_what_nests_too_deeply_or_has_too_many_marks_is_shown_as_it_was_written(mark: str) -> None:
    deep = 16 if mark == "> " else 7
    assert "<blockquote" in markdown("> " * 4 + "x")
    assert 'class="written"' not in markdown(mark * deep + "x")
    for text in (mark * 600 + "end", "[" * 5000 + "end"):
        made = markdown(text)
        assert 'class="written"' in made
        assert "end" in made
    assert markdown("> " * (DEEPEST - 1) + "x").count("<blockquote") == DEEPEST - 1


@pytest.mark.parametrize(
    "text",
    [
        "|a" * 300 + "\n" + "|-" * 300 + "\n" + "|a\n" * 99,  # 30,000 cells
        "1.\n" * 2600,
        "+\n" * 4000,
        "# a\n" * 2000,
        "*\n" + "a\n" * 3900,
    ],
    ids=lambda text: text[:4],
)
def test_what_would_take_long_to_read_is_shown_as_it_was_written(text: str) -> None:
    made = markdown(text)
    assert 'class="written"' in made
    assert len(made) < 2 * len(text) + 100


@pytest.mark.parametrize("text", PAYLOADS)
def test_s5_nothing_but_the_named_tags_and_safe_addresses_comes_of_hostile_text(text: str) -> None:
    made = str(markdown(text, [{"n": 1, "url": text, "title": text}]))
    for name, attributes in re.findall(r"<([a-z0-9]+)((?:[^<>\"]|\"[^\"]*\")*)>", made):
        assert name in MADE
        assert not re.search(r"\s(?:on|src|style|formaction|ping)", re.sub(r'"[^"]*"', '""', attributes))
        assert "href" not in attributes or SAFE.search(attributes)


@settings(max_examples=200, deadline=None, database=None)
@given(st.text("ab. !:'\"(-1#\n\t\u05d0", max_size=40))
def test_a_text_without_a_mark_is_read_as_the_reader_would_read_it(text: str) -> None:
    assume(text.strip())
    quick = str(markdown(text))
    slow = str(markdown(f"{text}\n\n**x**")).removesuffix('<p dir="auto"><strong>x</strong></p>\n')
    assert [_seen(quick)] == [_seen(slow)]


def _seen(html: str) -> str:
    return " ".join(unescape(re.sub(r"\s*(<[^>]+>)\s*", r"\1", html)).split())
