"""The pictures of docs/how-it-works.md, as a browser draws them on a narrow page."""

from xml.etree import ElementTree

import pytest

from tests.browser.conftest import NewPage
from tests.process import ROOT

PICTURES = sorted((ROOT / "docs" / "pictures").glob("*.svg"))
OUTSIDE = """() => {
  const boxes = [...document.querySelectorAll("rect:not(.paper):not(.frame)")].map((box) => box.getBBox());
  return [...document.querySelectorAll("text")].filter((text) => {
    const words = text.getBBox(), middle = words.y + words.height / 2;
    const box = boxes.find((b) => words.x >= b.x && words.x <= b.x + b.width && middle >= b.y && middle <= b.y + b.height);
    return words.x + words.width > (box ? box.x + box.width : 320);
  }).map((text) => text.textContent);
}"""


@pytest.mark.parametrize("picture", PICTURES, ids=lambda path: path.stem)
async def test_a_picture_says_what_it_shows_and_its_words_stay_in_their_boxes(
    picture, new_page: NewPage
) -> None:
    root = ElementTree.parse(picture).getroot()
    names = {child.tag.rpartition("}")[2]: child for child in root}
    assert root.get("aria-labelledby") == "title desc"
    assert len(names["desc"].text or "") > 100
    page = await new_page(viewport={"width": 320, "height": 720})
    await page.set_content(f"<body style='margin:0'>{picture.read_text()}")
    assert await page.evaluate(OUTSIDE) == []
    smallest = await page.evaluate(
        "() => Math.min(...[...document.querySelectorAll('text')].map((t) => parseFloat(getComputedStyle(t).fontSize)))"
    )
    assert smallest >= 12  # at 320 px, where the picture is drawn as large as it is written


async def test_a_picture_is_dark_where_the_reader_is(new_page: NewPage) -> None:
    colours = set()
    for scheme in ("light", "dark"):
        page = await new_page(color_scheme=scheme)
        await page.set_content(PICTURES[0].read_text())
        colours.add(await page.evaluate("() => getComputedStyle(document.querySelector('.paper')).fill"))
    assert len(colours) == 2
