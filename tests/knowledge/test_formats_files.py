"""PDF, Word and plain text: pages and headings are kept, hidden text and bombs are not."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfWriter
from pypdf.generic import DecodedStreamObject, DictionaryObject, NameObject

from frontdesk.knowledge.article import DOCX, HTML, PDF, TEXT, Article
from frontdesk.knowledge.chunk import chunk
from frontdesk.knowledge.formats.build import Request, build
from frontdesk.knowledge.formats.parsed import Malformed

W = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def read(data: bytes, media: str, **given: Any) -> Article:
    return build(Request("guide/file.bin", data, media, "", "", given))


# ------------------------------------------------------------------ PDF
def pdf(pages: list[list[tuple[int, str]]], *, password: str = "", **metadata: str) -> bytes:
    """A document with, on each page, lines of (letter size, text)."""
    writer = PdfWriter()
    font = DictionaryObject(
        {
            NameObject("/Type"): NameObject("/Font"),
            NameObject("/Subtype"): NameObject("/Type1"),
            NameObject("/BaseFont"): NameObject("/Helvetica"),
            NameObject("/Encoding"): NameObject("/WinAnsiEncoding"),
        }
    )
    for lines in pages:
        page = writer.add_blank_page(595, 842)
        commands, height = [], 800
        for size, text in lines:
            commands.append(f"BT /F1 {size} Tf 1 0 0 1 50 {height} Tm ({text}) Tj ET")
            height -= size + 6
        stream = DecodedStreamObject()
        stream.set_data("\n".join(commands).encode("latin-1"))
        page[NameObject("/Contents")] = writer._add_object(stream)  # pyright: ignore[reportPrivateUsage]
        page[NameObject("/Resources")] = DictionaryObject(
            {NameObject("/Font"): DictionaryObject({NameObject("/F1"): font})}
        )
    writer.add_metadata({f"/{name}": value for name, value in metadata.items()})
    if password:
        writer.encrypt(password, algorithm="AES-256")
    target = io.BytesIO()
    writer.write(target)
    return target.getvalue()


FOOTER = (8, "Shop Ltd. - internal use is not allowed")


def test_each_page_of_a_pdf_can_be_linked_to_and_larger_lines_are_headings() -> None:
    article = read(
        pdf(
            [
                [
                    (24, "Guarantee"),
                    (11, "The guarantee lasts two years from the day of de-"),
                    (11, "livery. It covers the motor."),
                    FOOTER,
                ],
                [
                    (16, "Claims"),
                    (11, "Write to us within 14 days."),
                    (11, "\x95 the number of the order"),
                    FOOTER,
                ],
                [(11, "Third page."), FOOTER],
            ],
            Title="guarantee_final.docx",
            ModDate="D:20250304100000Z",
        ),
        PDF,
    )
    chunks = chunk(article)
    assert article.title == "Guarantee"
    assert str(article.updated) == "2025-03-04"
    assert [(c.heading, c.anchor) for c in chunks] == [("", "page=1"), ("Claims", "page=2"), ("", "page=3")]
    assert chunks[0].text == "The guarantee lasts two years from the day of delivery. It covers the motor."
    assert chunks[1].text == "Write to us within 14 days.\n\n- the number of the order"


def test_an_encrypted_pdf_is_refused_and_one_without_a_password_is_read() -> None:
    with pytest.raises(Malformed, match="is encrypted"):
        read(pdf([[(11, "Secret.")]], password="hunter2"), PDF)


def test_a_scan_says_what_it_needs() -> None:
    with pytest.raises(Malformed, match="text recognition"):
        read(pdf([[]]), PDF)


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(Malformed, match="is not a PDF"):
        read(b"%PDF-1.7 nothing", PDF)


def test_a_pdf_whose_page_unpacks_to_too_much_is_refused() -> None:
    whole = pdf([[(11, "x")]])
    bomb = zlib.compress(b"(A) Tj " * 30_000_000)
    stream = whole.index(b"stream\n")
    head = whole[:stream].rindex(b"<<")
    data = whole[:head] + f"<< /Filter /FlateDecode /Length {len(bomb)} >>\n".encode() + b"stream\n" + bomb
    data += whole[whole.index(b"\nendstream", stream) :]
    with pytest.raises(Malformed):
        read(data, PDF)


# ------------------------------------------------------------------ Word
def docx(body: str, *, more: dict[str, bytes] | None = None, head: str = "") -> bytes:
    parts = {
        "[Content_Types].xml": b'<?xml version="1.0"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>',
        "_rels/.rels": (
            b'<?xml version="1.0"?><Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
            b'<Relationship Id="r1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument"'
            b' Target="word/document.xml"/></Relationships>'
        ),
        "word/document.xml": f'<?xml version="1.0"?>{head}<w:document xmlns:w="{W}"><w:body>{body}</w:body></w:document>'.encode(),
        "docProps/core.xml": (
            b'<cp:coreProperties xmlns:cp="c" xmlns:dc="d" xmlns:dcterms="t"><dc:title>Core</dc:title>'
            b"<dcterms:modified>2025-06-07T08:00:00Z</dcterms:modified></cp:coreProperties>"
        ),
    }
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**parts, **(more or {})}.items():
            archive.writestr(name, data)
    return target.getvalue()


def paragraph(text: str, style: str = "", run: str = "") -> str:
    kind = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f"<w:p>{kind}<w:r>{run}<w:t>{text}</w:t></w:r></w:p>"


def test_a_word_document_keeps_headings_and_tables_and_leaves_out_hidden_text() -> None:
    cell = "<w:tc>{}</w:tc>"
    row = "<w:tr>{}</w:tr>"
    table = "<w:tbl>" + "".join(
        row.format("".join(cell.format(paragraph(text)) for text in texts))
        for texts in (("Zone", "Cost"), ("EU", "5 EUR"))
    )
    hidden = paragraph("SECRET", run="<w:rPr><w:vanish/></w:rPr>")
    article = read(
        docx(
            paragraph("Fees", "Heading1")
            + paragraph("All fees.")
            + hidden
            + paragraph("By zone", "Heading2")
            + table
            + "</w:tbl>"
        ),
        DOCX,
    )
    assert (article.title, str(article.updated)) == ("Fees", "2025-06-07")
    assert article.body == (
        "# Fees\n\nAll fees.\n\n## By zone\n\n|  |  |\n| --- | --- |\n| Zone | Cost |\n| EU | 5 EUR |"
    )
    assert chunk(article)[-1].text.endswith("Zone: Cost\nEU: 5 EUR")


def test_a_zip_bomb_is_refused_before_it_is_unpacked() -> None:
    with pytest.raises(Malformed, match="unpacks to far more"):
        read(docx(paragraph("x"), more={"word/media/a.bin": b"\0" * 90_000_000}), DOCX)


def test_a_billion_laughs_are_not_heard() -> None:
    entities = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 10))
    with pytest.raises(Malformed, match="entities"):
        read(docx(paragraph("&a9;"), head=f'<!DOCTYPE x [<!ENTITY a0 "lol">{entities}]>'), DOCX)


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"PK nothing", "not a zip"), (b"\xd0\xcf\x11\xe0old", "encrypted, or an old"), (b"", "not a zip")],
)
def test_what_is_no_word_document_is_refused(data: bytes, reason: str) -> None:
    with pytest.raises(Malformed, match=reason):
        read(data, DOCX)


# ------------------------------------------------------------------ plain text
def test_plain_text_reads_as_it_stands() -> None:
    article = read(
        b"Lost parcels\n\nWrite to <help@shop.example> if *nothing* came.\n\n\xe2\x80\xa2 one_two_three\n  - two\n",
        TEXT,
    )
    assert article.title == "Lost parcels"
    assert [c.text for c in chunk(article)] == [
        "Lost parcels\n\nWrite to <help@shop.example> if *nothing* came.\n\n- one_two_three\n  - two"
    ]


def test_text_in_another_encoding_is_refused() -> None:
    with pytest.raises(Malformed, match="not UTF-8"):
        read("Größe".encode("latin-1"), TEXT)


# ------------------------------------------------------------------ anything
_SEEDS = [pdf([[(11, "Hello there.")]]), docx(paragraph("Hello there.")), b"<main><table><td>x", b"# x\n\ny"]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(_SEEDS), st.sampled_from([HTML, PDF, DOCX, TEXT]), st.data())
def test_any_bytes_of_any_kind_are_an_article_or_malformed(
    seed: bytes, media: str, data: st.DataObject
) -> None:
    at = data.draw(st.integers(0, len(seed)))
    broken = seed[:at] + data.draw(st.binary(max_size=20)) + seed[at + data.draw(st.integers(0, 20)) :]
    try:
        article = read(broken, media)
    except Malformed:
        return
    assert chunk(article)
    assert "\x00" not in article.body
