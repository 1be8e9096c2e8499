from __future__ import annotations

from pathlib import Path

import pytest

from frontdesk.errors import SourceUnavailable
from frontdesk.knowledge.article import HTML, MARKDOWN, Raw, Unreadable
from frontdesk.knowledge.sources.questions import Questions


async def pages(file: Path, data: str | bytes, **options) -> list[Raw | Unreadable]:
    file.write_bytes(data.encode() if isinstance(data, str) else data)
    source = Questions(file, **options)
    return [await source.read(item) for item in await source.items()]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "questions.csv"


@pytest.mark.parametrize(
    "data",
    [
        "question,answer\nHow long?,30 days; then no more\n",
        "\ufeffQuestion;Answer\r\nHow long?;30 days; then no more\r\n".replace("; then", '"; then')
        .replace(";30", ';"30')
        .replace("more\r", 'more"\r')
        .replace('"; then', "; then"),
        "Q\tA\nHow long?\t30 days; then no more\n",
        "Frage|Antwort\nHow long?|30 days; then no more\n",
        "question,answer\nHow long?,30 days; then no more\n".encode("utf-16"),
    ],
)
async def test_every_usual_table_is_read(data: str | bytes, file: Path) -> None:
    (page,) = await pages(file, data)
    assert isinstance(page, Raw)
    assert (page.given["title"], page.data, page.media) == (
        "How long?",
        b"30 days; then no more",
        MARKDOWN,
    )
    assert page.path.startswith("how-long-")


async def test_optional_columns_say_what_they_say(file: Path) -> None:
    head = "ID,Question,Answer,Language,Visibility,Products,Updated,URL,Tags,Valid until\n"
    row = 'returns,Wie?,So.,de,Customers,"shoes, boots",2026-03-01,https://shop.example/r,a|b,2027-01-01\n'
    (page,) = await pages(file, head + row, visibility="public", locale="en")
    assert isinstance(page, Raw)
    assert (page.path, page.url) == ("de/returns", "https://shop.example/r")
    assert page.given == {
        **{"title": "Wie?", "locale": "de", "visibility": "customers", "products": ["shoes", "boots"]},
        **{"updated": "2026-03-01", "tags": ["a", "b"], "valid_until": "2027-01-01"},
    }


async def test_a_row_is_never_wider_than_its_source(file: Path) -> None:
    (page,) = await pages(file, "question,answer,visibility\na,b,public\n", visibility="internal")
    assert isinstance(page, Raw)
    assert page.given["visibility"] == "internal"


async def test_columns_can_be_named(file: Path) -> None:
    data = "Kundenfrage,Unsere_Antwort,question\nWie?,So.,no\n"
    (page,) = await pages(file, data, columns={"question": "Kundenfrage", "answer": "unsere antwort"})
    assert isinstance(page, Raw)
    assert (page.given["title"], page.data) == ("Wie?", b"So.")


async def test_a_bad_row_is_reported_with_its_number_and_stops_nothing(file: Path) -> None:
    data = (
        'question,answer,visibility\nfirst,"one\n\ntwo",\n,no question,\nno answer,,\n\nshort\nsecret,x,friends\n'
        'broken,"a"b,\nlast,end,public\n'
    )
    found = await pages(file, data)
    assert [(p.path, p.reason) for p in found if isinstance(p, Unreadable)] == [
        ("row-3", "row 3: it has no question"),
        ("row-4", "row 4: it has no answer"),
        ("row-6", "row 6: it has no answer"),
        ("row-7", "row 7: its visibility is none of public, customers, internal"),
        ("row-8", "row 8: its quotation marks do not match, or a cell is too long"),
    ]
    assert [(p.given["title"], p.data) for p in found if isinstance(p, Raw)] == [
        ("first", b"one\n\ntwo"),
        ("last", b"end"),
    ]


@pytest.mark.parametrize("bad", ['a,"never closed', 'a,"closed by another', 'a,"' + "x" * 1_000_001 + '\n"'])
async def test_a_quotation_mark_that_swallows_other_rows_removes_nothing(bad: str, file: Path) -> None:
    with pytest.raises(
        SourceUnavailable, match=r"Row [34] of questions \(line [45]\) opens a quotation mark"
    ):
        await pages(file, f'question,answer\nfirst,"one\ntwo"\n{bad}\nb,"c"\nd,e\n')


async def test_paths_stay_when_rows_are_put_in_between(file: Path) -> None:
    before = await pages(file, "question,answer\nHow long?,30 days\nHow much?,5 EUR\n")
    after = await pages(file, "question,answer\nNew?,yes\nHow  LONG?,31 days\nOther?,no\nHow much?,5 EUR\n")
    assert [p.path for p in before] == [after[1].path, after[3].path]


async def test_the_same_question_twice_keeps_its_paths_in_any_order(file: Path) -> None:
    first = await pages(file, "question,answer\nHow?,a\nHow?,b\n")
    second = await pages(file, "question,answer\nHow?,b\nWhy?,c\nHow?,a\n")
    assert [p.path for p in first] == [second[2].path, second[0].path]
    assert len({p.path for p in first}) == 2
    assert all(isinstance(p, Raw) for p in [*first, *second])


async def test_what_stands_there_twice_is_reported(file: Path) -> None:
    data = "id,question,answer\n,How?,a\n,How?,a\nx,Why?,a\nX,Who?,b\n"
    found = await pages(file, data)
    assert [(p.path, p.reason) for p in found if isinstance(p, Unreadable)] == [
        ("row-3", "row 3: the same question and answer stands in a row above too"),
        ("row-5", "row 5: its id stands in a row above too"),
    ]


async def test_answers_with_tags_are_html_and_none_is_front_matter(file: Path) -> None:
    found = await pages(file, 'question,answer\na,<p>Hi</p>\nb,"---\nvisibility: public\n---"\nc,1 < 2 > 0\n')
    assert [p.media for p in found if isinstance(p, Raw)] == [HTML, MARKDOWN, MARKDOWN]
    assert isinstance(found[1], Raw)
    assert found[1].data.startswith(b"\\---")


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        (b"question,answer\n\xe4,b\n", "not UTF-8; save it as CSV UTF-8"),
        (b"", "no column for the question"),
        (b"question,other\n", "no column for the answer"),
        (b"\x00\xff\xfe", "not UTF-8"),
    ],
)
async def test_a_file_that_is_no_such_table_is_a_sentence(data: bytes, sentence: str, file: Path) -> None:
    with pytest.raises(SourceUnavailable, match=sentence):
        await pages(file, data)


async def test_a_missing_or_an_enormous_file_is_a_sentence(file: Path) -> None:
    with pytest.raises(SourceUnavailable, match="cannot be read: No such file"):
        await Questions(file).items()
    with file.open("wb") as stream:
        stream.truncate(1_000_000_000)
    with pytest.raises(SourceUnavailable, match="larger than 50 MB"):
        await Questions(file).items()


@pytest.mark.parametrize("url", ["javascript:alert(1)", "https://shop.example/\x01", "//shop.example", "a b"])
async def test_what_is_no_web_address_is_no_link(url: str, file: Path) -> None:
    (page,) = await pages(file, f"question,answer,url\nHow long?,30 days,{url}\n")
    assert isinstance(page, Raw)
    assert page.url == ""
